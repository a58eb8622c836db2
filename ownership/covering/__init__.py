"""What rests on people: workarounds, who alone does what, the weekly checkpoint, rehearsals of a bad day."""

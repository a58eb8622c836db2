"""What identifies a person is taken out of a text before it leaves the building, and put back into what comes in."""

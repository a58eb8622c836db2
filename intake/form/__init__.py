"""The front door's form: its questions, who sets them, and how what was sent is read."""

"""Feeds: what tells that a process works, what it told, and what its silence means."""

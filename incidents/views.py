"""Pages of people who work here, and of the public."""

"""Pages of an outage: for people who work here, and what the public reads."""

"""Many people, one cause: what came in lately is compared with each other, for somebody to decide whether it is an outage."""

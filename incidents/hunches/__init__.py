"""Several people may write of one cause: what is noticed before anybody calls it an outage, for a person to decide."""

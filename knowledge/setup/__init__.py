"""Set-up: the model a district may ask, and the log of what it was asked."""

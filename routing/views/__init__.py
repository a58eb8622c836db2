"""The agents' desk: the queue, the ticket, what is done to it, and the quick log."""

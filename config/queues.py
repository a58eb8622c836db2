"""The one list of queues. A task names its queue; a worker serves all of them unless told otherwise."""

INTAKE = "intake"  # envelopes → tickets: people wait for it
PLACING = "placing"  # triage
SENDING = "sending"  # mail, SMS: slow third parties
PROMISES = "promises"  # clocks, breaches, ladders, feeds
SLOW = "slow"  # training, roll-ups

ALL = (INTAKE, PLACING, SENDING, PROMISES, SLOW)

"""The one list of queues, and which work goes to which. A worker serves all of them unless told otherwise."""

INTAKE = "intake"  # envelopes → tickets: people wait for it
PLACING = "placing"  # triage
SENDING = "sending"  # mail, SMS: slow third parties
PROMISES = "promises"  # clocks, breaches, ladders, feeds, what is stuck
SLOW = "slow"  # training, closing, roll-ups, the disk

ALL = (INTAKE, PLACING, SENDING, PROMISES, SLOW)

# The first pattern that fits a task's name wins.
ROUTES = (
    ("routing.retrain", {"queue": SLOW}),
    ("routing.close", {"queue": SLOW}),
    ("routing.compare", {"queue": PROMISES}),  # it takes seconds, and nobody waits for their ticket meanwhile
    ("routing.*", {"queue": PLACING}),
    ("intake.reap_files", {"queue": SLOW}),
    ("intake.reap_chats", {"queue": SLOW}),
    ("intake.recognise", {"queue": SLOW}),
    ("intake.tell_of_quarantine", {"queue": SLOW}),
    ("intake.alert", {"queue": PROMISES}),  # not behind what it is to speak of
    ("intake.*", {"queue": INTAKE}),
    ("delivery.*", {"queue": SENDING}),
    ("sla.*", {"queue": PROMISES}),
    ("ownership.sweep_calls", {"queue": SENDING}),  # of triggers, to other systems
    ("ownership.call_pending", {"queue": SENDING}),
    ("ownership.*", {"queue": PROMISES}),
    ("incidents.*", {"queue": PROMISES}),
    ("alerts.*", {"queue": PROMISES}),
    ("knowledge.write_pending", {"queue": SENDING}),  # a third party, and somebody waits
    ("knowledge.*", {"queue": SLOW}),
    ("reporting.*", {"queue": SLOW}),
)

"""Everything that runs by the clock, on one page. Each sweep claims due rows, so two beats do no harm."""

from config import queues

SCHEDULE = {
    "receive-envelopes": {"task": "intake.sweep", "schedule": 5, "options": {"queue": queues.INTAKE, "expires": 5}},
    "tell-of-parked": {"task": "intake.alert", "schedule": 60, "options": {"queue": queues.PROMISES, "expires": 60}},
    "place-tickets": {"task": "routing.sweep", "schedule": 5, "options": {"queue": queues.PLACING, "expires": 5}},
    "send-deliveries": {"task": "delivery.sweep", "schedule": 5, "options": {"queue": queues.SENDING, "expires": 5}},
    "check-clocks": {"task": "sla.sweep", "schedule": 5, "options": {"queue": queues.PROMISES, "expires": 5}},
    "climb-ladders": {"task": "ownership.sweep", "schedule": 5, "options": {"queue": queues.PROMISES, "expires": 5}},
    "read-folders": {"task": "ownership.feed_folders", "schedule": 60, "options": {"queue": queues.PROMISES, "expires": 60}},
    "call-triggers": {"task": "ownership.sweep_calls", "schedule": 5, "options": {"queue": queues.SENDING, "expires": 5}},
    "watch-alerts": {"task": "alerts.sweep", "schedule": 5, "options": {"queue": queues.PROMISES, "expires": 5}},
    "move-outages": {"task": "incidents.sweep", "schedule": 5, "options": {"queue": queues.PROMISES, "expires": 5}},
    "notice-outages": {"task": "routing.compare", "schedule": 20, "options": {"queue": queues.PROMISES, "expires": 20}},
    "recognise-people": {"task": "intake.recognise", "schedule": 300, "options": {"queue": queues.SLOW, "expires": 300}},
    "tell-of-quarantine": {"task": "intake.tell_of_quarantine", "schedule": 1800, "options": {"queue": queues.SLOW, "expires": 1800}},
    "close-resolved": {"task": "routing.close", "schedule": 3600, "options": {"queue": queues.SLOW, "expires": 3600}},
    # Several times a day, so that one restart a day does not put it off for ever.
    "reap-files": {"task": "intake.reap_files", "schedule": 6 * 3600, "options": {"queue": queues.SLOW, "expires": 3600}},
    "reap-chats": {"task": "intake.reap_chats", "schedule": 6 * 3600, "options": {"queue": queues.SLOW, "expires": 3600}},
    "keep-meanings": {"task": "knowledge.keep_meanings", "schedule": 3600, "options": {"queue": queues.SLOW, "expires": 3600}},
    "read-gaps": {"task": "knowledge.read_gaps", "schedule": 300, "options": {"queue": queues.SLOW, "expires": 300}},
    "keep-articles": {"task": "knowledge.keep_articles", "schedule": 3600, "options": {"queue": queues.SLOW, "expires": 3600}},
    "retrain": {"task": "routing.retrain", "schedule": 3600, "options": {"queue": queues.SLOW, "expires": 3600}},
}

"""`manage.py imap_door`: read the districts' mailboxes elsewhere until told to stop (SIGTERM or Ctrl-C)."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import ending, environment
from districts.postgres import roles
from intake.imap.watching import Watch


class Command(BaseCommand):
    help = "Reads the mailboxes that districts have elsewhere (IMAP), and waits for word of new mail."

    def handle(self, *args: Any, **options: Any) -> None:
        environment.refuse_examples()
        roles.check_application_role(settings.APP_URL)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.once(stop))
        Watch(stop, beat).run()


def beat() -> None:
    if heartbeat := os.environ.get("HEARTBEAT_FILE"):
        Path(heartbeat).touch()

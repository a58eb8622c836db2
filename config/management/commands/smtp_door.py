"""`manage.py smtp_door`: take mail in until told to stop (SIGTERM or Ctrl-C)."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import environment
from districts.postgres import roles
from intake.mail.smtp import listen, shut


class Command(BaseCommand):
    help = "Listens for mail to the districts' addresses on SMTP_DOOR_HOST:SMTP_DOOR_PORT."

    def handle(self, *args: Any, **options: Any) -> None:
        environment.refuse_examples()
        roles.check_application_role(settings.APP_URL)
        asyncio.run(self.serve())

    async def serve(self) -> None:
        server, handler = await listen(settings.SMTP_DOOR_HOST, settings.SMTP_DOOR_PORT)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self.stdout.write(f"SMTP door open on {settings.SMTP_DOOR_HOST}:{settings.SMTP_DOOR_PORT}")
        self.stdout.flush()
        await stop.wait()
        await shut(server, handler)
        self.stdout.write("SMTP door closed")

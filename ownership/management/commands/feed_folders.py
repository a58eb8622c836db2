from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ownership.feeds.folders import sweep_all


class Command(BaseCommand):
    help = "Read the files that were left in the folders of feeds (FEED_FOLDERS), as the schedule does once a minute."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.FEED_FOLDERS:
            raise CommandError("FEED_FOLDERS names no folder")
        for taken in sweep_all(now=timezone.now()):
            self.stdout.write(f"{taken.district}/{taken.feed}/{taken.name}: {taken.outcome or 'could not be taken, see the log'}")

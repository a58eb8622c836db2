from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from districts.models import District
from districts.scope import district_scope
from tickets.indexing import index_words


class Command(BaseCommand):
    help = "Make tickets that are older than the search of words findable by it. May be stopped, and run again, at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        for district in District.objects.order_by("host"):
            after: UUID | None = UUID(int=0)
            written = 0
            while after:
                with district_scope(district.id):
                    after, more = index_words(after=after)
                written += more
            self.stdout.write(f"{district.host}: {written:,} tickets")

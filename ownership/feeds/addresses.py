"""Where a feed can be told that it ran: every way that it has, as whoever sets it up copies it."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from districts.links import absolute
from districts.models import District
from ownership.feeds.mailed import address_of, tag_of
from ownership.models import Feed


@dataclass(frozen=True)
class Ways:
    """`folder`: below the place of the folders; empty where there are none. `tag`: for a mailbox of the district's, before its @."""

    ping: str
    mail: str
    tag: str
    file: str
    folder: str


def ways(feed: Feed, district: District) -> Ways:
    """For administrators' eyes alone: the token in them is a key."""
    return Ways(
        ping=absolute(district, reverse("ping", args=[feed.token])),
        mail=address_of(feed, district),
        tag=tag_of(feed),
        file=absolute(district, reverse("feed_file", args=[feed.token])),
        folder=f"{district.slug}/{feed.slug}/" if settings.FEED_FOLDERS else "",
    )

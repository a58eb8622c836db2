"""The district's telephone numbers: whose account each is of, and which one a text leaves from.

An answer leaves from the number that was texted: it stands in the same conversation on the telephone of whoever asked. Any other text
leaves from the district's first number. The account of whoever runs the product (settings) sends for its own numbers, each of which it
has given to one district (HOUSE_NUMBERS), and for districts that have no number of their own; no other account is ever lent its token.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from delivery.models import Delivery, Line, NumberUsed
from districts.models import District
from districts.queries import this_district
from districts.sealing import Unsealable, seal, unseal
from districts.together import insert, is_open

SID = re.compile(r"AC[0-9a-fA-F]{32}")  # of an account
_E164 = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True)
class Account:
    """A login at Twilio. Without a token nothing leaves, and nothing is proven."""

    sid: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """What a text leaves from; no number: there is none."""

    number: str
    account: Account


def house() -> Account:
    """Of whoever runs the product."""
    return Account(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)


def given(district: District) -> frozenset[str]:
    """Numbers of the account of whoever runs the product that this district has from there. One that is given to two is nobody's."""
    rows = [tuple(row.strip().partition("/")[::2]) for row in settings.HOUSE_NUMBERS]
    told = Counter(number for _host, number in rows)
    return frozenset(number for host, number in rows if host == district.host and told[number] == 1)


def is_anothers(number: str, district: District) -> bool:
    """Has another district this number: given to it, or sending its texts? Whose number it is, no account at Twilio tells us."""
    if number not in given(district) and any(row.strip().partition("/")[2] == number for row in settings.HOUSE_NUMBERS):
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT delivery_texts_elsewhere(%s, %s)", [number, district.id])
        return bool(cursor.fetchone()[0])


def is_ours(line: Line) -> bool:
    """Is it of the account of whoever runs the product?"""
    return not (line.secret or line.account)


def account_of(line: Line | None) -> Account:
    """Whose calls about this number are believed, and who sends from it. A token that cannot be opened any more is none."""
    if line is None:
        return Account("", "")
    if is_ours(line):
        return house() if line.number in given(this_district()) else Account("", "")
    try:
        return Account(line.account, unseal(line.secret).get("token", ""))
    except Unsealable:
        return Account(line.account, "")


def sealed(token: str) -> str:
    return seal({"token": token})


def sent_with(number: str) -> Account:
    """The account that a text from this number of the district left by; one from before there were lines left by ours."""
    line = Line.objects.filter(number=number).first() if number else None
    return account_of(line) if line else house()


def used(*, address: str, number: str, about: UUID, now: datetime) -> None:
    """Somebody at `address` texted or called our `number`, and the ticket `about` came of it or went on by it."""
    row = NumberUsed(address=address, number=number, about=about, at=now)
    if is_open():  # of a new ticket, in the statement that writes it
        insert(row, once=True)
        return
    keys, values = ["district", "address", "about"], ["number", "at"]
    NumberUsed.objects.bulk_create([row], update_conflicts=True, unique_fields=keys, update_fields=values)


def held_over(address: str, about: Collection[UUID]) -> dict[UUID, str]:
    """Our number that each of these tickets is texted about with `address`: the one they used last, else that of our last text."""
    texts = Delivery.objects.filter(about__in=about, channel=Delivery.Channel.SMS, address=address).exclude(sent_from="")
    ours = {about: number for about, number in texts.order_by("id").values_list("about", "sent_from") if about}
    theirs = NumberUsed.objects.filter(address=address, about__in=about).values_list("about", "number")
    return ours | dict(theirs)


def first(district: District) -> Sender:
    """What a text that answers none leaves from, in the district in scope."""
    lines = _lines(district)
    return _sender(lines[0]) if lines else _of_the_house(district)


def can_text(district: District | None = None) -> bool:
    """Is there a number that texts leave from?"""
    return bool(first(district or this_district()).number)


def texts_leave(district: District | None = None) -> bool:
    """May anybody be promised a text? Where all that goes out is kept and shown (DELIVERY_KEEP), it is."""
    return bool(settings.DELIVERY_KEEP) or can_text(district)


def senders(rows: Sequence[Delivery], district: District) -> dict[UUID, Sender]:
    """For each of these texts, by its id. In the district in scope."""
    found: dict[UUID, Sender] = {}
    if not rows:
        return found
    lines = {line.number: line for line in _lines(district)}
    if not lines:
        return dict.fromkeys((row.id for row in rows), _of_the_house(district))
    default = next(iter(lines))
    answers = _numbers_used(rows) if len(lines) > 1 else {}
    made: dict[str, Sender] = {}
    for row in rows:
        asked = (row.sent_from, answers.get((row.address, row.about)), answers.get((row.address, None)))
        number = next((one for one in asked if one in lines), default)
        made[number] = made.get(number) or _sender(lines[number])
        found[row.id] = made[number]
    return found


def _numbers_used(rows: Iterable[Delivery]) -> dict[tuple[str, UUID | None], str]:
    """(their number, ticket) → ours; without a ticket: the one they used last."""
    theirs: Collection[str] = {row.address for row in rows}
    tickets = {row.about for row in rows if row.about}
    found: dict[tuple[str, UUID | None], str] = {
        (one.address, None): one.number
        for one in NumberUsed.objects.filter(address__in=theirs).order_by("address", "-at").distinct("address")
    }
    exact = NumberUsed.objects.filter(address__in=theirs, about__in=tickets)
    return found | {(one.address, one.about): one.number for one in exact}


def _lines(district: District) -> list[Line]:
    """Those that texts leave from; the one that is first to be used comes first."""
    lines = Line.objects.filter(texts=True)
    return sorted(lines, key=lambda line: (not line.first, line.number != district.phone, line.id))


def _sender(line: Line) -> Sender:
    return Sender(line.number, account_of(line))


def _of_the_house(district: District) -> Sender:
    """The district's own telephone where that is E.164, else the house's number."""
    return Sender(district.phone if _E164.fullmatch(district.phone) else settings.SMS_FROM, house())

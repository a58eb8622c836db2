"""What was answered to the questions of a form: kept with the ticket as it was shown, whatever becomes of the question."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.together import insert
from tickets.models import Answer, ChannelKind, Ticket

WITHOUT_FORM = (ChannelKind.EMAIL, ChannelKind.SMS)


@dataclass(frozen=True)
class NewAnswer:
    """`label` and `value` in the words that the person saw."""

    key: str
    label: str
    value: str


def write(ticket: Ticket, answers: Iterable[NewAnswer]) -> None:
    """With the ticket, in the same statement. Of two with one key the last counts."""
    last = {one.key[:60]: one for one in answers}
    insert(
        *(
            Answer(ticket=ticket, key=key, label=one.label[:200], value=one.value[:1000], position=at)
            for at, (key, one) in enumerate(last.items())
        )
    )


def of(ticket: Ticket) -> list[Answer]:
    """In the order they were asked. Whoever writes a mail or a text is asked nothing, so nothing is looked for."""
    if ticket.channel in WITHOUT_FORM:
        return []
    return list(Answer.objects.filter(ticket=ticket).order_by("position", "id"))


def as_text(answers: Iterable[NewAnswer | Answer]) -> str:
    """For whoever reads only words: triage, and the screening for words of danger.

    The question's own words are nobody's but the district's, and would be the same in every ticket; a yes makes them the asker's.
    """
    return "\n".join(one.label if one.value in _yes() else one.value for one in answers)


@cache
def _yes() -> frozenset[str]:
    """A yes in every language of the product."""
    said = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            said.add(_("Yes"))
    return frozenset(said)

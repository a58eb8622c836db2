"""What was asked, in the asker's own words, and which of these tell something."""

from routing.classifier import STOP
from routing.words import WITH_ASIDES
from tickets import transcript
from tickets.models import Message, Ticket
from tickets.words import words_of

READ = 1_000  # characters
STEM = 5  # letters by which a word is known, as in routing.likeness


def asked_in(ticket: Ticket) -> str:
    """What its requester asked first."""
    rows = Message.objects.filter(ticket=ticket, kind=Message.Kind.REQUEST).order_by("at", "id")
    return asked(ticket.subject, rows.values_list("text", flat=True).first() or "", ticket.channel)[:READ]


def asked(subject: str, text: str, channel: str) -> str:
    """With the subject where that says more."""
    body = transcript.words_in(text) if channel in WITH_ASIDES else text
    return body if body.startswith(subject.rstrip(" .…")) or channel in WITH_ASIDES else f"{subject}\n{body}"


def telling(text: str) -> list[str]:
    """Its words that say something, each once."""
    return [word for word in words_of(text) if word not in STOP and len(word) > 2]


def stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in telling(text))

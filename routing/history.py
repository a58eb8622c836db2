"""What a mail quotes that nobody here has read: neither our letters, nor what was said before in the same conversation.

Somebody brings a conversation of elsewhere along ("see below"): words of danger in it are heard like any. What we sent ourselves, or
heard before, would raise the alarm again with every answer. Lines that tell a help line's number stand under half the mails of a
school; in quoted text, signatures among it, they say nothing of the writer.
"""

import re
from collections.abc import Iterable, Sequence
from uuid import UUID

from delivery.models import Delivery
from routing.danger import crisis
from routing.words import fold
from tickets.family import merged_ids
from tickets.models import ChannelKind, Link, Message, Ticket

MOST = 200  # messages, and letters, that are looked at, the newest first
MOST_KNOWN = 200_000  # characters of each
MOST_LINES = 1_000  # of what is quoted that are held against them; those below are taken to be new
_QUOTE = re.compile(r"^[\s>|]+")
_HELP_LINE = re.compile(
    r"\b(988|911|741741|(hot|help|life|tip) ?lines?|crisis (text )?lines?|lineas?( de)? (crisis|ayuda|prevencion))\b"
)


def unread(ticket: Ticket, messages: Sequence[tuple[UUID, str]]) -> str:
    """[(message of this ticket, what it quotes)] → the lines that are new here. Asks nothing where no words of danger are quoted."""
    told = [line for _id, quoted in messages for line in without_help_lines(quoted)]
    if crisis.screen("\n".join(told)) is None:
        return ""
    ours = _shown([message for message, _quoted in messages])
    told = [line for message, quoted in messages if message not in ours for line in without_help_lines(quoted)]
    known = _known(ticket, [message for message, _quoted in messages])
    new = [line for line in told[:MOST_LINES] if (folded := fold(line)) and folded not in known]
    return "\n".join([*new, *told[MOST_LINES:]])


def _shown(messages: Sequence[UUID]) -> set[UUID]:
    """Those that quote an article, which we showed to whoever asked by the form or in the chat: its words are not theirs."""
    rows = Message.objects.filter(id__in=messages, channel__in=[ChannelKind.WEB, ChannelKind.CHAT])
    return set(rows.values_list("id", flat=True))


def without_help_lines(quoted: str) -> list[str]:
    """What is quoted, line by line, without the marks of a quote."""
    lines = (_QUOTE.sub("", line) for line in quoted[: crisis.MOST].splitlines())
    return [line for line in lines if not _HELP_LINE.search(fold(line))]


def _known(ticket: Ticket, besides: Iterable[UUID]) -> str:
    """What was said or sent in this conversation and those it is linked to, the newest first, folded to one line."""
    linked = Link.objects.filter(ticket=ticket).values_list("other", flat=True)
    ids = [ticket.id, *merged_ids(ticket), *linked]
    said = Message.objects.filter(ticket__in=ids).exclude(id__in=list(besides)).order_by("-at")
    sent = Delivery.objects.filter(about__in=ids, channel=Delivery.Channel.EMAIL).order_by("-created_at")
    texts = "\n".join(text for row in said.values_list("text", "quoted")[:MOST] for text in row)
    letters = "\n".join(sent.values_list("body", flat=True)[:MOST])
    return fold(_unquoted(f"{texts[:MOST_KNOWN]}\n{letters[:MOST_KNOWN]}"))


def _unquoted(text: str) -> str:
    return "\n".join(_QUOTE.sub("", line) for line in text.splitlines())

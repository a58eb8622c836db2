"""What a visitor does in a chat, each act in one transaction: say something, judge an answer, ask for a person.

A line sent twice is one. The chat's row is held until the end of the transaction: two windows of it take turns.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from districts.queries import this_district
from districts.scope import require_district_id
from intake import contacts
from intake.actions import BadContact, NoText
from intake.chat import answering
from intake.chat.handing_over import hand_over, is_with_people, leave_a_way, pass_on
from intake.chat.limits import MOST_LINES, MOST_TEXT, TooLong
from intake.chat.lines import Who, passages_shown, product_said, said_before, visitor_said
from intake.contacts import Contact
from intake.models import Chat, ChatLine
from intake.queries import mailbox
from intake.wording import clean, one_line
from knowledge import actions as knowledge
from knowledge.models import Answer
from routing.danger import hearing

CHATS = UUID("6a4e2b5c-6d8e-4b57-9c35-6f1a5b1d2c90")  # in it, a chat is named by the id of its first line
Outcome = Answer.Outcome


class OtherWords(ValueError):
    """An id that said something else before, in `chat`: the page it stood in was gone back to."""

    def __init__(self, chat: Chat) -> None:
        super().__init__()
        self.chat = chat


@dataclass(frozen=True)
class Where:
    """Where a chat is begun: language and address of the page, and the visitor's network address."""

    language: str
    page: str = ""
    remote: str = ""


def begin(*, said_id: UUID, text: str, where: Where, now: datetime, answered: bool = True) -> Chat:
    """The chat that begins with these words; the same line sent again begins no other.

    Raises NoText, TooLong, and OtherWords: it has begun with others. Only the page that it stood in knows the id.
    """
    words = words_of(text)
    chat_id = uuid5(CHATS, f"{require_district_id()} {said_id}")
    spoken = this_district().languages or ["en"]
    language = where.language if where.language in spoken else str(spoken[0])
    new = Chat(id=chat_id, language=language, page=one_line(where.page, 500), remote=where.remote[:64], started_at=now, last_at=now)
    Chat.objects.bulk_create([new], ignore_conflicts=True)
    chat = _held(chat_id)
    say(chat, said_id=said_id, text=words, now=now, answered=answered)
    chat.refresh_from_db()
    return chat


def say(chat: Chat, *, said_id: UUID, text: str, now: datetime, answered: bool = True) -> None:
    """Answered from the articles; once people have it, one more message to them. Words of danger call a person at once.

    `answered`: False where a person was asked for in the same breath. Raises NoText, TooLong, and OtherWords for an id that is taken.
    """
    words = words_of(text)
    chat = _held(chat.id)
    if earlier := said_before(chat, said_id):
        if earlier.text != words:
            raise OtherWords(chat)
        return
    visitor_said(chat, said_id, words, now=now)
    danger = hearing.heard(words) is not None
    if danger:
        product_said(chat, said_id, "danger", now=now)
    if is_with_people(chat):
        pass_on(chat, said_id, words, now=now)
    elif danger:
        hand_over(chat, said_id, name="", contact=None, danger=True, now=now)
    elif not answered:
        return
    elif ChatLine.objects.filter(chat=chat, who=Who.VISITOR).count() > MOST_LINES:
        product_said(chat, said_id, "long", now=now)
    else:
        kind, found = answering.answer(words, language=chat.language, shown=passages_shown(chat), now=now)
        product_said(chat, said_id, kind, now=now, **found)


def judge(chat: Chat, *, answer: UUID, helped: bool, now: datetime) -> bool:
    """Did it help? The first word stands. False: no such answer was shown here."""
    chat = _held(chat.id)
    line = ChatLine.objects.filter(chat=chat, who=Who.PRODUCT, data__answer=str(answer)).first()
    if line is None:
        return False
    if "helped" not in line.data:
        line.data = {**line.data, "helped": helped}
        line.save(update_fields=["data"])
        knowledge.mark_outcome(answer_id=answer, outcome=Outcome.SOLVED if helped else Outcome.NOT_ENOUGH, ticket_ref=chat.ticket_id)
        product_said(chat, line.said_id, "glad" if helped else "sorry", now=now)
    return True


def call_a_person(chat: Chat, *, contact: str, name: str, now: datetime) -> None:
    """The chat becomes a ticket, with or without a way to answer elsewhere; who left none may leave one now.

    Raises BadContact, and NoText where nothing was said yet.
    """
    way, name = way_of(contact), one_line(name)
    chat = _held(chat.id)
    last = ChatLine.objects.filter(chat=chat, who=Who.VISITOR).order_by("-at", "-id").first()
    if last is None:
        raise NoText(_("Tell us what you need, in a few words."))
    if not is_with_people(chat):
        hand_over(chat, last.said_id, name=name, contact=way, danger=False, now=now)
    elif way:
        leave_a_way(chat, way, name, now=now)


def words_of(text: str) -> str:
    """Raises NoText and TooLong."""
    words = clean(text[: MOST_TEXT * 2])
    if not words:
        raise NoText(_("Tell us what you need, in a few words."))
    if len(words) > MOST_TEXT:
        raise TooLong(
            _("That is too long for one message. Please send it in parts of at most %(most)d characters.") % {"most": MOST_TEXT}
        )
    return words


def way_of(given: str) -> Contact | None:
    """None where nothing was typed. Raises BadContact, also for an address of our own: answers to it would come back to us."""
    if not given.strip():
        return None
    found, here = contacts.read(given), this_district()
    local, _at, host = found.value.rpartition("@")
    if host == here.host and mailbox(local, here):
        raise BadContact(_("This is our own address. Leave one of yours, so that the answer comes to you."))
    return found


def _held(chat_id: UUID) -> Chat:
    held: Chat = Chat.objects.select_for_update(of=("self",), no_key=True).get(id=chat_id)
    return held

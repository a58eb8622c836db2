"""Who a mail is from, as far as our own mail server found out: words beside the sender's name."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

PROVEN = "proven"  # last word of Message.sender_check where the domain in From stands behind the mail


@dataclass(frozen=True)
class Check:
    words: str
    icon: str
    tone: str  # good, none or bad


def not_shown() -> Check:
    """Of a mail that staff passed on."""
    return Check(_("Passed on by staff: the requester is not shown this text"), "eye-off", "none")


def check_of(found: str) -> Check | None:
    """`found`: a message's `sender_check`. None: nothing is known, as of a form, or of mail that nobody of ours has looked at."""
    results = found.split()
    if not results:
        return None
    if results[-1] == PROVEN:
        return Check(_("Sender confirmed"), "shield-check", "good")
    if "dmarc=fail" in results:
        return Check(_("Sender not confirmed: their mail system says it is not from them"), "alert-triangle", "bad")
    return Check(_("Sender not confirmed: anybody can write this address"), "question-mark", "none")

"""Filters and what they decide, as people read them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NAMES = {
    "reports": gettext_lazy("Reports about mail"), "keywords": gettext_lazy("Key words of text messages"),
    "authentication": gettext_lazy("Proof of the sender"), "spam": gettext_lazy("Spam"), "hops": gettext_lazy("Circles"),
    "automation": gettext_lazy("Machines"), "no_reply": gettext_lazy("Senders nobody reads"), "lists": gettext_lazy("Mailing lists"),
    "ours": gettext_lazy("Our own mail"), "loops": gettext_lazy("Our own mail coming back"), "abroad": gettext_lazy("Numbers abroad"),
    "crowds": gettext_lazy("Many forms from one address"), "floods": gettext_lazy("Too much from one sender"),
    "danger": gettext_lazy("Words of danger"), "person": gettext_lazy("A person"), "calls": gettext_lazy("Calls"),
    "feeds": gettext_lazy("Mail to feeds"),
}  # fmt: skip


PLAIN: tuple[tuple[re.Pattern[str], Any], ...] = tuple((re.compile(told), sentence) for told, sentence in (
    (r"spam", gettext_lazy("A filter before us marked it as spam.")),
    (r"spam: score (?P<score>-?[\d.]+)", gettext_lazy(
        "A filter before us gave it %(score)s points for spam. From 5 points nothing is answered; from 10 it waits for a person."
    )),
    (r"not from its sender: .*", gettext_lazy(
        "Nothing shows that it is from the address it names, and the owner of that address asks not to take in such mail."
    )),
    (r"auto-reply", gettext_lazy("A machine wrote it by itself, as when somebody is away.")),
    (r"automatic: .*", gettext_lazy("A program sent it, so nothing was answered.")),
    (r"bounce", gettext_lazy("A mail server reports that mail of ours did not arrive.")),
    (r"report: delayed", gettext_lazy("A mail server reports that mail of ours has not arrived yet.")),
    (r"report: delivered", gettext_lazy("A mail server reports that mail of ours arrived.")),
    (r"report: complaint", gettext_lazy("Somebody marked mail of ours as spam.")),
    (r"report: receipt", gettext_lazy("A mail program reports that mail of ours was opened.")),
    (r"null sender", gettext_lazy("It was sent from nobody, as only reports of mail servers are.")),
    (r"keyword (?P<word>\S+)", gettext_lazy("It is the word %(word)s, by which people start and stop texts or ask for help.")),
    (r"nothing was said", gettext_lazy("The call was over before anything was said.")),
    (r"too many in an hour", gettext_lazy("This sender wrote so often within an hour that no more is taken in.")),
    (r"many in an hour: not answered", gettext_lazy("This sender wrote so often within an hour that nothing is answered any more.")),
    (r"loop: (?P<count>\d+) servers", gettext_lazy("It went through %(count)s mail servers: it goes in a circle.")),
    (r"loop: our own letter", gettext_lazy("It is a letter of ours that came back.")),
    (r"our own message", gettext_lazy("We sent it ourselves.")),
    (r"our own address", gettext_lazy("It says that it comes from an address of ours.")),
    (r"word of a feed", gettext_lazy("It was sent to the address of a feed, as word that something ran.")),
    (r"no such feed", gettext_lazy("It was sent to the address of a feed that is not there.")),
    (r"no-reply sender", gettext_lazy("It comes from an address where nobody reads an answer.")),
    (r"a mailing list itself", gettext_lazy("It comes from a mailing list, not from a person.")),
    (r"asked for no more texts", gettext_lazy("In their own words they asked for no more texts, so none is sent.")),
    (r"words of danger: not screened out", gettext_lazy("It speaks of danger to a person, so it is never kept out.")),
    (r"let in by a person", gettext_lazy("A person let it in.")),
    (r"not texted: no number of ours", gettext_lazy("No text could be sent: the district has no number that texts.")),
    (r"not texted: country", gettext_lazy("No text was sent: the number is of a country the district does not text to.")),
    (r"not texted: many new numbers from one address", gettext_lazy(
        "No text was sent: the form named many new numbers from one place within a short time."
    )),
))  # fmt: skip


def plainly(reason: str) -> str:
    """A filter's reason in a sentence; the reason itself where there is none for it."""
    for told, sentence in PLAIN:
        if found := told.fullmatch(reason):
            return str(sentence) % found.groupdict() if found.groupdict() else str(sentence)
    return reason


@dataclass(frozen=True)
class Said:
    """One decision of an envelope. `reason`: a sentence; `detail`: what the filter wrote down, where that is something else.

    `overruled`: a sentence, where it did not count.
    """

    name: str
    course: str
    reason: str
    detail: str
    overruled: str
    at: datetime | None


def said(decision: dict[str, Any]) -> Said:
    courses = {"out": _("made no ticket of it"), "quiet": _("a ticket, and no answer")}
    by, at = decision.get("by") or _("somebody"), decision.get("at")
    overruled = {
        "danger": _("did not count: it speaks of danger to a person"),
        "person": _("did not count: %(by)s let it in") % {"by": by},
    }
    raw = str(decision.get("reason", ""))
    plain = plainly(raw)
    return Said(
        name=str(NAMES.get(decision.get("filter", ""), decision.get("filter", ""))), course=courses.get(decision.get("course", ""), ""),
        reason=plain, detail=raw if raw != plain else "", overruled=overruled.get(decision.get("overruled", ""), ""),
        at=datetime.fromisoformat(at) if at else None,
    )  # fmt: skip

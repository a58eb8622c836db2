"""Filters and what they decide, as people read them."""

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
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One decision of an envelope. `overruled`: a sentence, where it did not count."""

    name: str
    course: str
    reason: str
    overruled: str
    at: datetime | None


def said(decision: dict[str, Any]) -> Said:
    courses = {"out": _("made no ticket of it"), "quiet": _("a ticket, and no answer")}
    by, at = decision.get("by") or _("somebody"), decision.get("at")
    overruled = {
        "danger": _("did not count: it speaks of danger to a person"),
        "person": _("did not count: %(by)s let it in") % {"by": by},
    }
    return Said(
        name=str(NAMES.get(decision.get("filter", ""), decision.get("filter", ""))), course=courses.get(decision.get("course", ""), ""),
        reason=str(decision.get("reason", "")), overruled=overruled.get(decision.get("overruled", ""), ""),
        at=datetime.fromisoformat(at) if at else None,
    )  # fmt: skip

"""What happened, said in one line each, in the reader's language."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents.models import Happening, Incident, Update
from incidents.paper import State as PaperState
from ownership.ladders.notices import clock

What = Happening.What


def line(row: Happening) -> str:
    """Who is said by the page, beside the line."""
    return SAYS[What(row.what)](row.data)


def _declared(data: dict[str, Any]) -> str:
    said = _("Declared (%(source)s)") % {"source": Incident.Source(data["source"]).label.lower()}
    return f"{said}: {', '.join(data['systems'])}" if data.get("systems") else said


def _state(data: dict[str, Any]) -> str:
    return _("Now: %(state)s") % {"state": Incident.State(data["state"]).label}


def _scope(data: dict[str, Any]) -> str:
    if "systems" in data:
        return _("What it concerns: %(names)s") % {"names": ", ".join(data["systems"]) or "–"}
    label = str(Incident.Scope(data["scope"]).label)
    return _("Scope: %(scope)s") % {"scope": ": ".join(filter(None, [label, ", ".join(data.get("sites", []))]))}


def _eta(data: dict[str, Any]) -> str:
    if not data.get("eta"):
        return _("No expected time any more")
    return _("Expected to work again: %(time)s") % {"time": clock(datetime.fromisoformat(data["eta"]))}


def _update(data: dict[str, Any]) -> str:
    to = {
        Update.Audience.PUBLIC: _("On the status page: %(text)s"), Update.Audience.ASKERS: _("To those who asked: %(text)s"),
        Update.Audience.STAFF: _("For staff: %(text)s"),
    }  # fmt: skip
    return to[Update.Audience(data["audience"])] % {"text": data["text"]}


def _climbed(data: dict[str, Any]) -> str:
    said = {"titles": "; ".join(data["titles"]), "late": data["late"] or _("nobody"), "to": data["to"]}
    return _("%(to)s is sent for: %(late)s has not done it in time (%(titles)s)") % said


def _paper(data: dict[str, Any]) -> str:
    """Only handing out has a first number: to open again was once written with the same word, and those lines stay as they are."""
    if "first" in data:
        return _("%(kind)s forms %(first)d–%(last)d handed out to %(site)s") % data
    said = {
        PaperState.ENTERED: _("%(kind)s forms of %(site)s entered: %(numbers)s"),
        PaperState.VOID: _("%(kind)s forms of %(site)s void: %(numbers)s (%(reason)s)"),
    }  # fmt: skip
    return said.get(data["act"], _("%(kind)s forms of %(site)s open again: %(numbers)s")) % data


def _linked(data: dict[str, Any]) -> str:
    return _("Tickets linked: %(numbers)s") % {"numbers": ", ".join(f"#{number}" for number in data["numbers"][:20])}


def _answered(data: dict[str, Any]) -> str:
    said = _("%(count)d requesters are answered, their tickets resolved") if data["solves"] else _("%(count)d requesters are answered")
    return said % data


def _done(data: dict[str, Any]) -> str:
    said = f"{data['title']}: {data['evidence']}"
    return _("%(said)s (said at the school: %(who)s)") % {"said": said, "who": data["said_by"]} if data.get("said_by") else said


def _overridden(data: dict[str, Any]) -> str:
    said = _("Closed before everything was proved: %(reason)s") % data
    return f"{said} ({'; '.join(data['missing'])})"


SAYS: dict[What, Callable[[dict[str, Any]], str]] = {
    What.DECLARED: _declared,
    What.JOINED: lambda data: _("Reported again: %(title)s") % data,
    What.STATE: _state,
    What.SCOPE: _scope,
    What.ETA: _eta,
    What.UPDATE: _update,
    What.LEVEL: lambda data: _("Level %(level)d begins: %(name)s") % data,
    What.TOLD: lambda data: _("Sent for: %(names)s") % {"names": ", ".join(data["people"])},
    What.CLIMBED: _climbed,
    What.NOBODY: lambda data: _("Nobody could be found for: %(title)s") % data,
    What.DONE: _done,
    What.DECIDED: lambda data: _("Decided: %(question)s – %(answer)s") % data,
    What.LONG: lambda data: _("It takes longer than %(minutes)d minutes: each department is asked to confirm its backup") % data,
    What.PAPER: _paper,
    What.LINKED: _linked,
    What.UNLINKED: lambda data: _("Taken out again: %(numbers)s") % {"numbers": ", ".join(f"#{n}" for n in data["numbers"])},
    What.ANSWERED: _answered,
    What.OVERRIDDEN: _overridden,
    What.WORDS: lambda data: _("Its words are changed: %(title)s") % data,
    What.PLAN: lambda data: _("The plan was changed while it runs: level %(level)d, %(name)s") % data,
    What.AGAIN: lambda data: _("To be proved again, since it broke once more: %(titles)s") % {"titles": "; ".join(data["titles"])},
    What.COMMANDER: lambda data: _("%(name)s leads it now") % data,
}

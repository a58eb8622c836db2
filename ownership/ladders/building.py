"""Ladders are built: rungs added, changed, taken away; each change is written down in words.

Rungs stand in the order of their times; their levels follow from that. Ladders that are being climbed keep their place: they stand
on the rung they stood on, whatever its number is now, and what is new above is still climbed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from delivery.models import Delivery
from districts.models import Person
from districts.queries import free_slug, this_district
from ownership.ladders.climbing import FEEDS, TICKETS, fallback_ladder, rungs_of
from ownership.ladders.notices import rung_name
from ownership.models import Action, Escalation, Ladder, LadderChange, Proof, Rung, Step

DEFAULTS = (TICKETS, FEEDS)
ASIDE = 10_000  # levels are moved out of the way of one another first


class LastRung(ValueError):
    """A ladder that is climbed has a rung at least; the text says so."""


def to_change(slug: str) -> Ladder:
    """The ladder, its row held until commit; a default one is made where the district has none yet. Raises Ladder.DoesNotExist."""
    if slug in DEFAULTS:
        fallback_ladder(slug)
    ladder: Ladder = Ladder.objects.select_for_update(no_key=True).get(slug=slug)
    return ladder


def new_ladder(name: str, *, by: Person, now: datetime) -> Ladder:
    ladder = Ladder(slug=free_slug(Ladder.objects.all(), name), name=name)
    ladder.save(force_insert=True)
    _write_down(ladder, [lambda: _("Made.")], by=by, now=now)
    return ladder


def rename(ladder: Ladder, name: str, *, by: Person, now: datetime) -> bool:
    before, ladder.name = ladder.name, name
    if before == name:
        return False
    ladder.save(update_fields=["name"])
    _write_down(ladder, [lambda: _("Renamed: “%(before)s” is “%(after)s” now.") % {"before": before, "after": name}], by=by, now=now)
    return True


def save_rung(ladder: Ladder, rung: Rung | None, values: Mapping[str, Any], *, by: Person, now: datetime) -> bool:
    """A new rung, or this one changed. False: nothing was different."""
    before = _described(rung) if rung else {}
    new = rung is None
    rung = rung or Rung(ladder=ladder, level=ASIDE - 1)
    for name, value in values.items():
        setattr(rung, name, value)
    rung.save(force_insert=new)
    _renumber(ladder)
    rung = next(one for one in rungs_of(ladder.id) if one.id == rung.id)
    after = _described(rung)
    if before == after:
        return False
    _write_down(ladder, _added(rung, after) if new else _changed(rung, before, after), by=by, now=now)
    return True


def remove_rung(ladder: Ladder, rung: Rung, *, by: Person, now: datetime) -> None:
    """Raises LastRung."""
    if not Rung.objects.filter(ladder=ladder).exclude(id=rung.id).exists():
        raise LastRung(_("A ladder keeps one rung at least: nobody would be told."))
    name = _in_words(rung)
    _moved(ladder, {rung.level: rung.level - 1})
    rung.delete()
    _renumber(ladder)
    _write_down(ladder, [lambda: _("Taken away: %(rung)s.") % {"rung": name}], by=by, now=now)


def _renumber(ladder: Ladder) -> None:
    """Levels by time. Ladders that are being climbed move along."""
    rungs = list(Rung.objects.filter(ladder=ladder).order_by("after_minutes", "level"))
    moves = {rung.level: level for level, rung in enumerate(rungs, 1) if rung.level != level}
    if not moves:
        return
    _moved(ladder, moves)
    Rung.objects.filter(ladder=ladder, level__in=moves).update(level=F("level") + ASIDE)
    for before, after in moves.items():
        Rung.objects.filter(ladder=ladder, level=before + ASIDE).update(level=after)


def _moved(ladder: Ladder, moves: Mapping[int, int]) -> None:
    """What is being climbed stands on the same rungs, under their new levels; so do its steps."""
    live = Escalation.objects.filter(ladder=ladder, ended_at__isnull=True)
    rows = list(live.filter(level__in=moves).select_for_update())
    for escalation in rows:
        escalation.level = moves[escalation.level]
    Escalation.objects.bulk_update(rows, ["level"])
    steps = Step.objects.filter(escalation__in=live)
    if len(moves) == 1 and next(iter(moves.values())) not in moves:  # a rung taken away: its steps stay as they are, above all others
        top: int = steps.aggregate(top=Max("level"))["top"] or 0
        steps.filter(level__in=moves).update(level=max(top, 2 * ASIDE) + 1)
        return
    steps.filter(level__in=moves).update(level=F("level") + ASIDE)
    for before, after in moves.items():
        steps.filter(level=before + ASIDE).update(level=after)


def taken_from_file(ladder: Ladder, *, now: datetime) -> None:
    """What was changed here is gone: the file has the word again."""
    _write_down(ladder, [lambda: _("Taken from the file that the matrix is loaded from.")], by=None, now=now)
    Ladder.objects.filter(id=ladder.id).update(edited_at=None)


def _write_down(ladder: Ladder, sentences: Sequence[Any], *, by: Person | None, now: datetime) -> None:
    district = this_district()
    with override(str(district.languages[0]) if district.languages else "en"):
        words = [sentence() for sentence in sentences]
    LadderChange(ladder=ladder, by=by, at=now, words=words).save(force_insert=True)
    Ladder.objects.filter(id=ladder.id).update(edited_at=now)


def _in_words(rung: Rung) -> str:
    return rung_name(rung)


def _described(rung: Rung) -> dict[str, str]:
    """Each thing one can set, as it is said."""
    return {
        "after": _minutes(rung.after_minutes), "name": rung.name, "whom": whom_words(rung),
        "channels": ", ".join(str(Delivery.Channel(channel).label) for channel in rung.channels),
        "actions": "; ".join(action_words(action) for action in rung.todo), "steps": _minutes(rung.step_minutes),
        "wakes": _("yes") if rung.wakes else _("no"),
    }  # fmt: skip


def _labels() -> dict[str, str]:
    return {
        "after": _("after"), "name": _("name"), "whom": _("whom"), "channels": _("by"), "actions": _("to do"),
        "steps": _("time for the steps"), "wakes": _("wakes people"),
    }  # fmt: skip


def _added(rung: Rung, after: Mapping[str, str]) -> list[Any]:
    return [lambda: _("New: %(rung)s, after %(time)s.") % {"rung": _in_words(rung), "time": after["after"]}]


def _changed(rung: Rung, before: Mapping[str, str], after: Mapping[str, str]) -> list[Any]:
    differ = [name for name in after if before[name] != after[name]]

    def sentence(name: str) -> str:
        words = {"rung": _in_words(rung), "what": _labels()[name], "before": before[name] or "–", "after": after[name] or "–"}
        return _("%(rung)s, %(what)s: “%(before)s” is “%(after)s” now.") % words

    return [lambda name=name: sentence(name) for name in differ]


def whom_words(rung: Rung) -> str:
    if rung.team:
        return _("on call for %(team)s") % {"team": rung.team.name}
    return rung.role.name if rung.role else _("lead of the ticket's team, or owner of the process")


def action_words(action: Action) -> str:
    return _("%(what)s (file)") % {"what": action.title} if action.proof == Proof.FILE else action.title


def _minutes(value: int) -> str:
    return ngettext("%(n)d minute", "%(n)d minutes", value) % {"n": value}

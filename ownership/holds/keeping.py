"""The rules of a feed are written and taken away; what was changed is written down with its process."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import Person
from districts.queries import this_district
from ownership.holds.rules import MOST_RULES, Rule, rules_of
from ownership.holds.words import sentence
from ownership.models import Feed, ProcessChange


class TooMany(ValueError):
    """The text says so."""


def add(feed: Feed, rule: Rule, *, by: Person, now: datetime) -> bool:
    """False: it stands there already. Raises TooMany."""
    row = _held(feed)
    known = rules_of(row.rules)
    if rule in known:
        return False
    if len(known) >= MOST_RULES:
        raise TooMany(_("A feed has %(most)d rules at most.") % {"most": MOST_RULES})
    _keep(row, [*known, rule], _("%(feed)s: new rule. %(rule)s"), rule, by=by, now=now)
    return True


def remove(feed: Feed, place: int, *, seen: str, by: Person, now: datetime) -> bool:
    """`seen`: its sentence as the page showed it. False: it is not there any more."""
    row = _held(feed)
    known = rules_of(row.rules)
    if place >= len(known) or sentence(known[place]) != seen:
        return False
    gone = known.pop(place)
    _keep(row, known, _("%(feed)s: rule taken away. %(rule)s"), gone, by=by, now=now)
    return True


def _held(feed: Feed) -> Feed:
    row: Feed = Feed.objects.select_for_update(no_key=True).get(id=feed.id)
    return row


def _keep(row: Feed, rules: list[Rule], said: str, rule: Rule, *, by: Person, now: datetime) -> None:
    Feed.objects.filter(id=row.id).update(rules=[one.kept() for one in rules])
    district = this_district()
    with override(str(district.languages[0]) if district.languages else "en"):
        words = [said % {"feed": row.name, "rule": sentence(rule)}]
    ProcessChange(process_id=row.process_id, by=by, at=now, words=words).save(force_insert=True)

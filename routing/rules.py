"""A district's own word on where something goes."""

from collections.abc import Sequence

from routing.models import Rule
from routing.words import first_of


def active() -> list[Rule]:
    """In the order they are tried. A rule that names neither service nor team decides nothing and is left out."""
    rows = Rule.objects.filter(active=True).select_related("service__team", "team").order_by("order", "name")
    return [rule for rule in rows if rule.team_id or (rule.service_id and rule.service.active)]


def match(folded: str, channel: str, rules: Sequence[Rule]) -> tuple[Rule, str] | None:
    """The first rule that fits, with the phrase it was. A rule without words takes all of its channel."""
    for rule in rules:
        if rule.channel and rule.channel != channel:
            continue
        if not rule.words and rule.channel:
            return rule, ""
        phrase = first_of(folded, rule.words)
        if phrase:
            return rule, phrase
    return None

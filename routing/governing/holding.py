"""What was only read is acted on as far as the district lets it; else people decide, and see what triage would have done."""

from dataclasses import replace

from django.utils.translation import gettext as _

from routing.governing.tiers import Leave, Tier
from routing.triage import READERS, Choice, Guess, Question, pressing


def within_leave(question: Question, choice: Choice) -> Choice:
    if choice.engine in READERS:
        meant = _meant(question, choice)
        leave = question.around.policies.leave(meant.service)
        return replace(choice, tier=leave.tier) if leave.acts else _held(question, choice, meant, leave)
    if choice.suggestion:
        return replace(choice, tier=question.around.policies.leave(choice.suggestion.service).tier)
    return choice


def _meant(question: Question, choice: Choice) -> Guess:
    """With the likeliest service of the team, also where that was not sure enough to be named."""
    likely = question.guesses.get(choice.team.id)
    return Guess(choice.team, choice.service or (likely.service if likely else None), choice.confidence)


def _held(question: Question, choice: Choice, meant: Guess, leave: Leave) -> Choice:
    """To whom it was written, or the front office; no less urgent than its words, and closed where it reads like a sensitive matter."""
    team, service = question.ticket.team, meant.service
    return replace(
        choice, engine="front_office" if team.id == question.around.office.id else "channel", team=team, service=None,
        priority=pressing(question, None),
        reasons=[_why(leave), *choice.reasons], tier=leave.tier, shadow=leave.shadow and leave.tier == Tier.AUTOMATIC,
        suggestion=meant, suggested_by=choice.engine, closed=service is not None and service.sensitive,
    )  # fmt: skip


def _why(leave: Leave) -> str:
    if leave.tier == Tier.PERSON:
        return _("A person decides: triage never places such a matter by itself here.")
    if leave.tier == Tier.SUGGEST:
        return _("Triage only suggests here.")
    return _("Triage is only watched here: it decides, and does nothing.")

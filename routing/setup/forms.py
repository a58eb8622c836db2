"""How far triage may go, as an administrator chooses it, checked."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import EditForm
from districts.models import Service
from routing.governing.actions import Wish
from routing.governing.curve import CHOICES
from routing.governing.tiers import usual_tier
from routing.models import Tier, TriagePolicy

OWN, OTHER = "", "other"
LOWEST, HIGHEST = 50, 99.9  # percent that may be wanted
_TIERS = {
    Tier.AUTOMATIC: gettext_lazy("Automatic: what it is sure of goes to the team at once"),
    Tier.SUGGEST: gettext_lazy("Suggestion: the front office gets it, with the likeliest team and one button"),
    Tier.PERSON: gettext_lazy("Person only: as a suggestion, and shown to nobody but who may read such a ticket"),
}


class TierForm(EditForm):
    """Of the district (no `service`), or of one service."""

    tier = forms.ChoiceField(label=gettext_lazy("What triage does"), required=False, widget=forms.RadioSelect)
    shadow = forms.ChoiceField(label=gettext_lazy("Shadow mode"), required=False, widget=forms.RadioSelect)
    wanted = forms.ChoiceField(label=gettext_lazy("Right, of what it places"), required=False, widget=forms.RadioSelect)
    percent = forms.FloatField(label=gettext_lazy("Percent"), required=False, min_value=LOWEST, max_value=HIGHEST)

    def __init__(
        self, data: Any = None, *, service: Service | None, policy: TriagePolicy | None, everywhere: TriagePolicy | None
    ) -> None:
        super().__init__(data, shown=_shown(policy, service))
        self.service = service
        self.fields["tier"].choices = _tiers(service, everywhere)  # type: ignore[attr-defined]
        self.fields["shadow"].choices = _shadows(service, everywhere)  # type: ignore[attr-defined]
        self.fields["wanted"].choices = [(OWN, ""), *((_key(each), "") for each in CHOICES), (OTHER, "")]  # type: ignore[attr-defined]
        self.fields["percent"].widget.attrs |= {"step": "0.1", "inputmode": "decimal"}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and data["wanted"] == OTHER and data["percent"] is None:
            raise ValidationError(
                {"percent": _("Say how many of 100, between %(low)d and %(high).1f.") % {"low": LOWEST, "high": HIGHEST}}
            )
        return data

    def wish(self) -> Wish:
        given = self.cleaned_data
        wanted = given["percent"] / 100 if given["wanted"] == OTHER else float(given["wanted"]) if given["wanted"] else None
        shadow = {"on": True, "off": False}.get(given["shadow"])
        return Wish(given["tier"], shadow, wanted)


def _shown(policy: TriagePolicy | None, service: Service | None) -> dict[str, Any]:
    tier, shadow, wanted = (policy.tier, policy.shadow, policy.wanted) if policy else ("", None, None)
    known = OWN if wanted is None else _key(wanted) if wanted in CHOICES else OTHER
    return {
        "tier": tier or ("" if service else Tier.AUTOMATIC),
        "shadow": "on" if shadow else "off" if shadow is False or service is None else "",
        "wanted": known,
        "percent": round(wanted * 100, 1) if wanted is not None and known == OTHER else None,
    }


def _key(share: float) -> str:
    return f"{share:.2f}"


def _tiers(service: Service | None, everywhere: TriagePolicy | None) -> Sequence[tuple[str, Any]]:
    if service is None:
        return [(tier, words) for tier, words in _TIERS.items() if tier != Tier.PERSON]
    usual = Tier(usual_tier(service, everywhere.tier if everywhere else "")).label
    because = _("since it is sensitive") if service.sensitive else _("as in the whole district")
    return [("", _("As usual: %(tier)s, %(why)s") % {"tier": usual, "why": because}), *_TIERS.items()]


def _shadows(service: Service | None, everywhere: TriagePolicy | None) -> Sequence[tuple[str, Any]]:
    both = [
        ("off", _("Off: it acts as chosen above")),
        ("on", _("On: it decides and records, and does nothing; people place everything")),
    ]
    if service is None:
        return both
    now = _("on") if everywhere and everywhere.shadow else _("off")
    return [("", _("As the district: %(now)s") % {"now": now}), *both]

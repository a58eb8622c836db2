"""What people and machines send."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from districts.editing import dress
from districts.models import Person
from ownership.duty.duties import staff
from ownership.models import Proof
from ownership.proofs import LONGEST_EVIDENCE, LONGEST_REASON

PAUSES = ((30, _("30 minutes")), (60, _("1 hour")), (120, _("2 hours")), (240, _("4 hours")), (480, _("8 hours")), (1440, _("1 day")))
MOST_FILES = 5
FIRST_YEAR, LAST_YEAR = 2000, 2100


def thinkable[D: date](day: D) -> D:
    """Raises ValidationError for a year whose neighbours no calendar can count to."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise forms.ValidationError(gettext("A year between %(first)d and %(last)d.") % {"first": FIRST_YEAR, "last": LAST_YEAR})
    return day


def local_time() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def one_day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ManyFiles(forms.FileField):
    """Any number of files, as a list."""

    def __init__(self, **more: Any) -> None:
        super().__init__(widget=_Several(), **more)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MOST_FILES:
            raise forms.ValidationError(gettext("At most %(most)d files.") % {"most": MOST_FILES})
        return [super(ManyFiles, self).clean(one, initial) for one in given]


class _Several(forms.ClearableFileInput):
    allow_multiple_selected = True


class EvidenceForm(forms.Form):
    """`proof`: what the step asks for."""

    evidence = forms.CharField(
        label=_("What was done"), max_length=LONGEST_EVIDENCE, strip=True, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )  # fmt: skip
    proofs = ManyFiles(label=_("Files"), required=False)

    def __init__(self, data: Any = None, files: Any = None, *, proof: str = Proof.TEXT) -> None:
        super().__init__(data, files)
        self.proof = proof

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.proof == Proof.FILE and not data.get("proofs"):
            self.add_error("proofs", _("This step asks for a file: a photo, a list, a confirmation."))
        elif not data.get("evidence") and not data.get("proofs"):
            self.add_error("evidence", _("Say in a few words what was done, so that others can rely on it."))
        return data

    @property
    def said(self) -> str:
        """The first thing that is wrong."""
        return str(next(iter(self.errors.values()))[0]) if self.errors else ""


class GiveForm(forms.Form):
    to: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(queryset=None)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["to"].queryset = staff()  # type: ignore[attr-defined]
        self.fields["to"].empty_label = _("Choose…")  # type: ignore[attr-defined]
        dress(self.fields["to"])


class SnoozeForm(forms.Form):
    minutes = forms.TypedChoiceField(choices=PAUSES, coerce=int, error_messages={"required": _("Choose for how long.")})
    why = forms.CharField(
        max_length=LONGEST_REASON, error_messages={"required": _("Say why: whoever looks at it later wants to know.")}
    )


class SwapForm(forms.Form):
    """Somebody else is on call for a while: times on the district's clock."""

    person: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(queryset=None, label=_("Who"))
    starts_at = forms.DateTimeField(label=_("From"), widget=local_time())
    ends_at = forms.DateTimeField(label=_("Until"), widget=local_time())
    why = forms.CharField(label=_("Why"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, prefix: str = "") -> None:
        super().__init__(data, prefix=prefix, auto_id=f"{prefix}-%s")
        self.fields["person"].queryset = staff()  # type: ignore[attr-defined]
        self.fields["person"].empty_label = _("Choose…")  # type: ignore[attr-defined]
        for one in self.fields.values():
            dress(one)


class LeaveForm(forms.Form):
    person: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(queryset=None, label=_("Who"))
    first = forms.DateField(label=_("First day"), widget=one_day())
    last = forms.DateField(label=_("Last day"), widget=one_day())
    cover: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(
        queryset=None, required=False, label=_("Who stands in"), empty_label=_("Nobody named")
    )  # fmt: skip

    def __init__(self, data: Any = None, *, only: Person | None = None) -> None:
        """`only`: whoever may enter their own leave and no other's."""
        super().__init__(data, auto_id="leave-%s")
        everybody = staff()
        self.fields["person"].queryset = everybody.filter(id=only.id) if only else everybody  # type: ignore[attr-defined]
        self.fields["person"].initial = only.id if only else None
        self.fields["person"].empty_label = _("Choose…")  # type: ignore[attr-defined]
        self.fields["cover"].queryset = everybody  # type: ignore[attr-defined]
        for one in self.fields.values():
            dress(one)

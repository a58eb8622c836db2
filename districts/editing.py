"""What every set-up page has in common: who may open it, how its form looks, and what becomes of two editors at once."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Protocol
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.widgets import Input, Select, Textarea
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from districts.access import Actor, Can, require
from districts.models import DistrictModel

ONE_LINE = re.compile(r"\s+")
KINDS = (
    ("family", gettext_lazy("Families")),
    ("student", gettext_lazy("Students")),
    ("staff", gettext_lazy("Staff")),
    ("community", gettext_lazy("Community")),
    ("vendor", gettext_lazy("Vendors")),
)  # fmt: skip  whom a service is for


class View(Protocol):
    def __call__(self, request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse: ...


def for_administrators(view: Callable[..., HttpResponse]) -> View:
    """Visitors are led to the sign-in; whoever is signed in and no administrator here gets 403."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(actor_of(request), Can.ADMIN)
        return view(request, *args, **kwargs)

    return guarded


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def row_or_404[R: DistrictModel](rows: models.QuerySet[R], row_id: UUID | None, request: HttpRequest) -> R | None:
    """The row of the district in scope; None for a new one. Held until the end of the request when it is about to change."""
    if row_id is None:
        return None
    found = (rows.select_for_update(of=("self",), no_key=True) if request.method == "POST" else rows).filter(id=row_id).first()
    if found is None:
        raise Http404
    return found


class EditForm(forms.Form):
    """A form about one row. `shown`: the row's values as the page shows them; `new`: there is no row yet.

    The page carries a fingerprint of them. If the row was changed meanwhile, what was typed is shown again and not saved.
    """

    def __init__(self, data: Any = None, *, shown: Mapping[str, Any] | None = None, new: bool = False) -> None:
        super().__init__(data, initial=dict(shown or {}))
        self.fingerprint = "" if new else fingerprint(self.initial)
        self.changed_meanwhile = False
        for field in self.fields.values():
            dress(field)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.fingerprint and self.data.get("seen") != self.fingerprint:
            self.changed_meanwhile = True
            raise ValidationError(
                _("Somebody else changed this while you were at it, and nothing was saved. What you typed is still here.")
            )
        return data


def fingerprint(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def dress(field: forms.Field) -> None:
    """Our look for a field's control."""
    widget = field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        widget.attrs.setdefault("class", "form-check-input")
    elif isinstance(widget, Select):
        widget.attrs.setdefault("class", "form-select")
    elif isinstance(widget, Input | Textarea):
        widget.attrs.setdefault("class", "form-control")


class OneLine(forms.CharField):
    """Text without line breaks or double blanks; no control characters."""

    def to_python(self, value: Any) -> str:
        return ONE_LINE.sub(" ", super().to_python(value) or "").strip()


class Lines(forms.CharField):
    """A list, one entry a line; empty lines and entries that came before are left out."""

    def __init__(self, *, most: int, longest: int, **more: Any) -> None:
        self.most, self.longest = most, longest
        rows = more.pop("rows", 4)
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": rows}), **more)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = [ONE_LINE.sub(" ", line).strip() for line in (super().to_python(value) or "").replace("\0", "").splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def validate(self, value: Any) -> None:
        if len(value) > self.most:
            raise ValidationError(_("At most %(most)d lines; these are %(given)d.") % {"most": self.most, "given": len(value)})
        for line in value:
            if len(line) > self.longest:
                raise ValidationError(
                    _("A line has at most %(most)d characters: “%(line)s…”") % {"most": self.longest, "line": line[:40]}
                )

    def run_validators(self, value: Any) -> None:
        """Those of a text; a list was validated above."""


def name_once(name: str, others: models.QuerySet[Any]) -> str:
    """Two clicks on "Add" make one row, and nobody has to guess which of two is meant."""
    if others.filter(name__iexact=name).exists():
        raise ValidationError(_("There is one of this name already."))
    return name


def choices_of(rows: Iterable[Any], *, none: str = "") -> list[tuple[str, str]]:
    """For a select of rows, by id; `none`: what the empty choice says (no such choice without it)."""
    first = [("", none)] if none else []
    return first + [(str(row.id), str(row)) for row in rows]

"""Set-up: stickers for the rooms of a place, whose code opens the front door with the place filled in; printed by the browser."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import segno
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override
from django.views.decorators.http import require_http_methods

from districts import actions
from districts.editing import EditForm, actor_of, for_administrators, row_or_404
from districts.links import absolute
from districts.models import District, Site
from intake.form import rooms

A_SHEET = 10  # labels of 2 by 4 inches on US letter, such as Avery 5163


class RoomsForm(EditForm):
    rooms = forms.CharField(
        label=gettext_lazy("Rooms"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "Parted by commas or one a line. 101-120 stands for twenty rooms. A name that only looks like that goes in quotes: “2-10”."
        ),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, site: Site) -> None:
        super().__init__(data, shown={"rooms": rooms.shortened(site.rooms)})

    def clean_rooms(self) -> list[str]:
        try:
            return rooms.parse(self.cleaned_data["rooms"])
        except rooms.TooMany as many:
            said = _("These are more than %(most)d rooms. Is one of the ranges too long?")
            raise ValidationError(said % {"most": rooms.MOST}) from many


@dataclass(frozen=True)
class Sticker:
    room: str  # empty: the whole place
    url: str
    code: SafeString  # SVG

    @property
    def address(self) -> str:
        """To be typed by whoever has no camera."""
        return self.url.partition("//")[2].rstrip("/")


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def stickers(request: HttpRequest, site_id: UUID) -> HttpResponse:
    site = row_or_404(Site.objects.all(), site_id, request)
    if site is None:
        raise Http404
    form = RoomsForm(request.POST if request.method == "POST" else None, site=site)
    if form.is_valid():
        named = form.cleaned_data["rooms"]
        actions.name_rooms(site, rooms=named, by=actor_of(request).person)
        said = ngettext("Saved: %(n)d room. Print this page.", "Saved: %(n)d rooms. Print this page.", len(named))
        messages.success(request, said % {"n": len(named)})
        return redirect("setup_stickers", site.id)
    district: District = request.district  # type: ignore[attr-defined]
    made = [sticker(district, site, room) for room in ["", *site.rooms]]
    values = {
        "form": form, "site": site, "sheets": [made[at : at + A_SHEET] for at in range(0, len(made), A_SHEET)],
        "count": len(made), "lines": _lines(district),
    }  # fmt: skip
    return render(request, "setup/stickers.html", values, status=422 if form.errors else 200)


def sticker(district: District, site: Site, room: str) -> Sticker:
    path = reverse("at_place", args=[site.code, room]) if room else reverse("at_site", args=[site.code])
    url = absolute(district, path)
    drawn = segno.make(url, error="m", micro=False).svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None, light="#fff")
    return Sticker(room, url, mark_safe(drawn))  # noqa: S308  drawn out of an address, which is quoted


def _lines(district: District) -> list[tuple[str, str, str]]:
    """(language, question, what to do), the district's first language first."""
    found = []
    for code in district.languages or ["en"]:
        with override(code):
            found.append((code, _("Something broken? Need help?"), _("Scan and tell us. No account needed.")))
    return found

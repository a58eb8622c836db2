"""Set-up: the chat on schools' pages: whether there is one, where it may stand, and the line that puts it there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from districts.editing import EditForm, Lines, OneLine, actor_of, for_administrators
from districts.links import absolute
from intake.chat import door
from intake.chat.sites import NoSite, origin_of
from intake.models import Channel

MOST_SITES = 100


class ChatForm(EditForm):
    open = forms.BooleanField(label=gettext_lazy("People can chat"), required=False)
    sites = Lines(
        most=MOST_SITES, longest=260, label=gettext_lazy("Sites that may show it"),
        help_text=gettext_lazy(
            "One a line, as in https://www.school.example; https://*.school.example is all below it. Other sites cannot show it."
        ),
    )  # fmt: skip
    greeting = OneLine(
        label=gettext_lazy("First words"), max_length=200, required=False,
        help_text=gettext_lazy("What a visitor reads before typing. Empty: “Ask in your own words. …” in the visitor's language."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, channel: Channel) -> None:
        options = channel.options
        shown = {"open": channel.active, "sites": options.get("sites", []), "greeting": options.get("greeting", "")}
        super().__init__(data, shown=shown)

    def clean_sites(self) -> list[str]:
        try:
            return list(dict.fromkeys(origin_of(line) for line in self.cleaned_data["sites"]))
        except NoSite as error:
            raise ValidationError(str(error)) from None


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def chat(request: HttpRequest) -> HttpResponse:
    row = door.row(lock=request.method == "POST")
    form = ChatForm(request.POST if request.method == "POST" else None, channel=row)
    if form.is_valid():
        data = form.cleaned_data
        door.save_door(row, open=data["open"], sites=data["sites"], greeting=data["greeting"], by=actor_of(request).person)
        said = _("The chat is on.") if data["open"] else _("The chat is off. Conversations that go on are not ended.")
        messages.success(request, said)
        return redirect("setup_chat")
    return render(request, "setup/chat.html", _context(request, form, row), status=422 if form.errors else 200)


def _context(request: HttpRequest, form: ChatForm, row: Channel) -> dict[str, Any]:
    district = request.district  # type: ignore[attr-defined]
    script, page = absolute(district, reverse("widget")), absolute(district, reverse("chat_page"))
    here, ask = absolute(district, ""), _("Ask us")
    return {
        "form": form,
        "on": row.active,
        "sites": row.options.get("sites", []),
        "line": f'<script src="{script}" async></script>',
        "link": f'<a href="{page}">{ask}</a>',  # shown as it is to be pasted
        "policy": f"script-src {here}; frame-src {here}",
    }

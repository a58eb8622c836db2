"""What administrators type about triggers, checked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery import calls
from districts.editing import EditForm, OneLine, choices_of, name_once
from ownership.models import Feed, Process, Trigger
from ownership.triggers.firing import OUR_EVENTS, TEST, is_ours

OWN = "own"


class TriggerForm(EditForm):
    name = OneLine(label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("What it releases: “Nightly report cards”."))
    event = forms.ChoiceField(label=gettext_lazy("When"))
    own = OneLine(
        label=gettext_lazy("Name of your own event"), max_length=60, required=False,
        help_text=gettext_lazy("In small letters: grades-final. A system of yours tells of it, or a lead presses a button."),
    )  # fmt: skip
    feed = forms.ChoiceField(label=gettext_lazy("Only of this feed"), required=False)
    process = forms.ChoiceField(label=gettext_lazy("Only of this process"), required=False)
    url = forms.CharField(
        label=gettext_lazy("Address that is called"), max_length=500, validators=[URLValidator(schemes=["https"])],
        help_text=gettext_lazy("https only, and outside your own network."),
        widget=forms.URLInput(attrs={"placeholder": "https://…", "autocomplete": "off"}),
    )  # fmt: skip
    unknown = ""  # what to say of a name that nobody knows yet

    def __init__(self, data: Any = None, *, trigger: Trigger | None) -> None:
        self.trigger = trigger
        feeds = Feed.objects.select_related("process").order_by("process__name", "name")
        self.feeds = {str(feed.id): feed for feed in feeds}
        self.processes = {str(process.id): process for process in Process.objects.order_by("name")}
        super().__init__(data, shown=_shown(trigger), new=trigger is None)
        self.fields["event"].choices = [*OUR_EVENTS, (OWN, _("An event of your own"))]  # type: ignore[attr-defined]
        named = [(key, f"{feed.process.name}: {feed.name}") for key, feed in self.feeds.items()]
        self.fields["feed"].choices = [("", _("Any")), *named]  # type: ignore[attr-defined]
        self.fields["process"].choices = choices_of(self.processes.values(), none=_("Any"))  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        others = Trigger.objects.exclude(id=self.trigger.id) if self.trigger else Trigger.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def clean_url(self) -> str:
        """A name that nobody knows may be known tomorrow: it is kept, and `unknown` says so."""
        url: str = self.cleaned_data["url"]
        try:
            calls.addresses(url)
        except calls.UnknownName as error:
            self.unknown = str(error)
        except calls.WrongAddress as error:
            raise ValidationError(str(error)) from error
        return url

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        own = slugify(data.get("own") or "")
        if data.get("event") == OWN and (not own or own == TEST):
            self.add_error("own", _("A name like grades-final: letters, digits and hyphens."))
        if data.get("event") == OWN and (data.get("feed") or data.get("process")):
            self.add_error("event", _("Your own event is told of no feed and no process: leave both at “Any”."))
        feed, process = self.feeds.get(data.get("feed") or ""), data.get("process")
        if feed and process and str(feed.process_id) != process:
            self.add_error("process", _("This feed is of another process: choose one of the two."))
        data["own"] = own
        return data

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "name": data["name"], "event": data["own"] if data["event"] == OWN else data["event"], "url": data["url"],
            "feed": self.feeds.get(data["feed"]), "process": self.processes.get(data["process"]),
        }  # fmt: skip


def _shown(trigger: Trigger | None) -> dict[str, Any]:
    if trigger is None:
        return {"event": OUR_EVENTS[0][0]}
    ours = is_ours(trigger.event)
    return {
        "name": trigger.name, "event": trigger.event if ours else OWN, "own": "" if ours else trigger.event, "url": trigger.url,
        "feed": str(trigger.feed_id or ""), "process": str(trigger.process_id or ""),
    }  # fmt: skip

"""Words of the pages of alerts."""

from datetime import datetime

import phonenumbers
from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alerts import queries, wording
from alerts.models import Alert, AlertAct, PhoneCall
from districts.queries import this_district
from sla.words import time_words

register = template.Library()


@register.filter
def number(value: str) -> str:
    """As people write it: "(509) 555-0100"."""
    try:
        parsed = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    home = phonenumbers.PhoneNumberFormat.NATIONAL if parsed.country_code == 1 else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, home))


@register.filter
def language_name(code: str) -> str:
    return str(dict(settings.LANGUAGES).get(code, code))


@register.filter
def coming(at: datetime) -> str:
    """A time to come: "Monday, November 16, 10:00 AM"."""
    local = timezone.localtime(at)
    return f"{date_format(local, 'l, ')}{date_format(local, 'DATE_FORMAT')}, {time_words(local)}"


@register.filter
def why(reason: str) -> str:
    return queries.reason(reason)


@register.filter
def say(alert: Alert) -> str:
    """What a caller tells: the text, in the caller's own language where there is one."""
    spoken = this_district().languages or ["en"]
    language = wording.language_for(alert.words, get_language() or "en", spoken=spoken)
    return wording.written(alert.words, language, kind=alert.kind).text


@register.filter
def say_besides(alert: Alert) -> list[wording.Written]:
    """The same in the other languages of the alert, for families who speak those."""
    spoken = this_district().languages or ["en"]
    own = wording.language_for(alert.words, get_language() or "en", spoken=spoken)
    return [one for one in wording.all_written(alert.words, spoken, kind=alert.kind) if one.language != own]


@register.filter
def act_words(act: AlertAct) -> str:
    """One line of the record."""
    by, data = act.by or _("By itself"), act.data
    known = {
        "written": _("%(by)s: written."),
        "changed": _("%(by)s: changed."),
        "asked": _("%(by)s: the other leaders were asked to send it."),
        "started": _("%(by)s: sent."),
        "discarded": _("%(by)s: put away, nothing was sent."),
        "listed": _("%(by)s: %(people)s people are written down."),
        "sent": _("%(by)s: the last message is on its way."),
        "counted": _("%(by)s: %(reached)s of %(people)s people were reached in time."),
        "tree": _("%(by)s: the phone tree began with %(calls)s calls for %(people)s people."),
        "lost": _("%(by)s: no message reaches %(people)s people; %(calls)s calls are to be made at once."),
        "called": _("%(by)s called %(name)s at %(number)s: %(outcome)s."),
        "took": _("%(by)s took over the call to %(number)s."),
        "late": _("%(by)s: the report was not signed in time; leaders were told."),
        "validated": _("%(by)s: the report is signed."),
        "ended": _("%(by)s: it is over."),
    }
    values = {"by": by, **data}
    if "number" in data:
        values["number"] = number(data["number"])
    if act.kind == "called":
        values["outcome"] = PhoneCall.Outcome(data["outcome"]).label
    return known.get(act.kind, "%(by)s") % values

"""Updates of the status page by mail or text: asked for, then confirmed by the link that was sent there, and ended by one.

The second step is the law of both: nobody is signed up by somebody else. A STOP by text ends it too (`delivery.optouts`).
"""

from datetime import datetime, timedelta

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from districts.contacts import Contact
from districts.limits import texts_to, within
from districts.links import absolute
from districts.models import ContactPoint, District, Site
from districts.queries import this_district
from districts.together import together
from incidents.models import Incident, Subscriber, Update
from ownership.notices import clock

PURPOSE = "status"
AGAIN = timedelta(minutes=10)  # between two letters that ask the same address to confirm
BATCH = 500
DAY = 86_400


def ask(contact: Contact, *, language: str, site: Site | None, now: datetime) -> None:
    """Write to the address, with the link that confirms. Whoever looks on learns nothing: the page says the same always."""
    district = this_district()
    channel = Subscriber.Channel.EMAIL if contact.kind == ContactPoint.Kind.EMAIL else Subscriber.Channel.SMS
    if channel == Subscriber.Channel.SMS and not texts_to(district, contact.value):
        return
    if not within("status-ask", f"{district.id} {contact.value}", most=5, seconds=DAY):
        return
    row, new = Subscriber.objects.get_or_create(
        channel=channel, address=contact.value, defaults={"language": language, "site": site, "asked_at": now}
    )  # fmt: skip
    if not new and row.confirmed_at and not row.ended_at:
        Subscriber.objects.filter(id=row.id).update(language=language, site=site)
        return
    if not new and row.asked_at > now - AGAIN:
        return
    Subscriber.objects.filter(id=row.id).update(asked_at=now, language=language, site=site)
    row.language, row.site = language, site
    _write(row, district, now=now)


def _write(row: Subscriber, district: District, *, now: datetime) -> None:
    link = absolute(district, reverse("status_confirm", args=[row.token]))
    with override(row.language):
        name = {"name": district.name}
        subject = _("Confirm: updates from %(name)s") % name
        if row.channel == Subscriber.Channel.SMS:
            body = _("%(name)s: to get outage updates by text, confirm here: %(link)s Reply STOP to end.") % {**name, "link": link}
        else:
            asked = _("Somebody asked for updates about outages at %(name)s to be sent to this address.") % name
            body = "\n\n".join([asked, _("If it was you, confirm here: %(link)s") % {"link": link}, _("If not, do nothing.")])
    delivery.send(
        channel=row.channel, address=row.address, subject=subject, body=body, purpose=PURPOSE, now=now,
        dedupe_key=f"status-confirm:{row.id}:{now:%y%m%d%H%M}",
    )  # fmt: skip


def by_token(token: str) -> Subscriber:
    """Raises Http404."""
    found = Subscriber.objects.select_related("site").filter(token=token[:32]).first() if "\0" not in token else None
    if found is None:
        raise Http404
    return found


def confirm(row: Subscriber, *, now: datetime) -> None:
    """Twice is once."""
    Subscriber.objects.filter(id=row.id).update(confirmed_at=now, ended_at=None)


def leave(row: Subscriber, *, now: datetime) -> None:
    Subscriber.objects.filter(id=row.id, ended_at__isnull=True).update(ended_at=now)


def fan_out(update: Update, *, now: datetime) -> int:
    """One letter to each subscriber it concerns; `dedupe_key` makes each once, however often this runs. In the caller's transaction."""
    district, incident = this_district(), update.incident
    rows = Subscriber.objects.filter(confirmed_at__isnull=False, ended_at__isnull=True).order_by("id")
    if incident.scope != Incident.Scope.DISTRICT:
        rows = rows.filter(site__isnull=True) | rows.filter(site__in=incident.sites.values("site_id"))
    people, count = list(rows.distinct()), 0
    letters: dict[tuple[str, str], tuple[str, str]] = {}
    for start in range(0, len(people), BATCH):
        with together():
            for person in people[start : start + BATCH]:
                kind = (person.channel, person.language)
                subject, body = letters.setdefault(kind, _letter(update, *kind, district))
                leave_by = reverse("status_leave", args=[person.token])
                is_mail = person.channel == Subscriber.Channel.EMAIL
                delivery.send(
                    channel=person.channel, address=person.address, subject=subject, purpose=PURPOSE, now=now, about=update.id,
                    body=_foot(body, absolute(district, leave_by), person) if is_mail else body, link=leave_by if is_mail else "",
                    dedupe_key=f"status:{update.id}:{person.id}",
                )  # fmt: skip
                count += 1
    return count


def _letter(update: Update, channel: str, language: str, district: District) -> tuple[str, str]:
    incident = update.incident
    with override(language), timezone.override(district.zone):
        title = title_in(incident, language)
        state = str(Incident.State(update.state).label)
        eta = _("Expected to work again: %(time)s.") % {"time": clock(update.eta)} if update.eta and incident.is_running else ""
        text = update.versions.get(language) or update.text
        link = absolute(district, reverse("status_incident", args=[incident.id]))
        if channel == Subscriber.Channel.SMS:
            return "", " ".join(filter(None, [f"{district.name}: {title}. {state}.", eta, link, _("STOP to end.")]))
        return f"{state}: {title}", "\n\n".join(filter(None, [text, eta, link]))


def _foot(body: str, leave_by: str, person: Subscriber) -> str:
    with override(person.language):
        end = _("No more of these: %(link)s") % {"link": leave_by}
    return f"{body}\n\n-- \n{end}"


def title_in(incident: Incident, language: str) -> str:
    """In that language where it is given; the code may carry a region."""
    return str(_version(incident.versions, language).get("title") or incident.title)


def seen_in(incident: Incident, language: str) -> str:
    return str(_version(incident.versions, language).get("seen") or incident.seen)


def _version(versions: dict[str, dict[str, str]], language: str) -> dict[str, str]:
    return versions.get(language) or versions.get(language.split("-")[0]) or {}

"""Updates of the status page by mail or text: asked for, then confirmed by the link that was sent there, and ended by one.

The second step is the law of both: nobody is signed up by somebody else. A STOP by text ends it too (`delivery.optouts`).
"""

from datetime import datetime, timedelta
from urllib.parse import urlencode

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
from ownership.ladders.notices import clock

PURPOSE = "status"
AGAIN = timedelta(minutes=10)  # between two letters that ask the same address to confirm
BATCH = 500
HOUR, DAY = 3_600, 86_400  # seconds
ASKED = 3  # letters a day that ask one address
TEXTS = 500  # an hour that ask a number, of one district: a machine that orders them would cost it dear
LEFT_ALONE = timedelta(days=30)  # an address that said no to the first letter is not asked again


def ask(contact: Contact, *, language: str, site: Site | None, now: datetime) -> None:
    """Write to the address, with the link that confirms. Whoever looks on learns nothing: the page says the same always.

    Nobody can be flooded by it: three letters a day at most, none within ten minutes, none for a month to who says no.
    """
    district = this_district()
    channel = Subscriber.Channel.EMAIL if contact.kind == ContactPoint.Kind.EMAIL else Subscriber.Channel.SMS
    if channel == Subscriber.Channel.SMS and not texts_to(district, contact.value):
        return
    row, new = Subscriber.objects.get_or_create(
        channel=channel, address=contact.value, defaults={"language": language, "site": site, "asked_at": now}
    )  # fmt: skip
    if not new and (row.asked_at > now - AGAIN or _said_no(row, now=now)):
        return
    if not _may_ask(row, district):
        return
    Subscriber.objects.filter(id=row.id).update(asked_at=now)
    _write(row, district, language=language, site=site, now=now)


def _may_ask(row: Subscriber, district: District) -> bool:
    """Counts one letter more."""
    if not within("status-ask", f"{district.id} {row.address}", most=ASKED, seconds=DAY):
        return False
    return row.channel != Subscriber.Channel.SMS or within("status-ask-texts", str(district.id), most=TEXTS, seconds=HOUR)


def _said_no(row: Subscriber, *, now: datetime) -> bool:
    return row.confirmed_at is None and row.ended_at is not None and row.ended_at > now - LEFT_ALONE


def _write(row: Subscriber, district: District, *, language: str, site: Site | None, now: datetime) -> None:
    """What was wished stands in the link, so that it holds only once it is confirmed: also of somebody who has updates already."""
    wished = urlencode({"language": language, **({"school": site.code} if site else {})})
    link = absolute(district, f"{reverse('status_confirm', args=[row.token])}?{wished}")
    no = reverse("status_leave", args=[row.token])
    with override(language):
        name = {"name": district.name}
        subject = _("Confirm: updates from %(name)s") % name
        if row.channel == Subscriber.Channel.SMS:
            body = _("%(name)s: to get outage updates by text, confirm here: %(link)s Reply STOP to end.") % {**name, "link": link}
        else:
            asked = _("Somebody asked for updates about outages at %(name)s to be sent to this address.") % name
            if_not = _("If not, do nothing. If nobody is to ask this address again: %(link)s") % {"link": absolute(district, no)}
            body = "\n\n".join([asked, _("If it was you, confirm here: %(link)s") % {"link": link}, if_not])
    delivery.send(
        channel=row.channel, address=row.address, subject=subject, body=body, purpose=PURPOSE, now=now,
        dedupe_key=f"status-confirm:{row.id}:{now:%y%m%d%H%M}", link=no if row.channel == Subscriber.Channel.EMAIL else "",
    )  # fmt: skip


def by_token(token: str) -> Subscriber:
    """Raises Http404."""
    found = Subscriber.objects.select_related("site").filter(token=token[:32]).first() if "\0" not in token else None
    if found is None:
        raise Http404
    return found


def confirm(row: Subscriber, *, language: str, site: Site | None, now: datetime) -> None:
    """Twice is once."""
    row.confirmed_at, row.ended_at, row.language, row.site = now, None, language or row.language, site
    row.save(update_fields=["confirmed_at", "ended_at", "language", "site"])


def leave(row: Subscriber, *, now: datetime) -> None:
    Subscriber.objects.filter(id=row.id, ended_at__isnull=True).update(ended_at=now)


def leave_by_text(number: str, *, now: datetime) -> None:
    """STOP ends it for good: START later takes texts again, and signs nobody up for anything."""
    Subscriber.objects.filter(channel=Subscriber.Channel.SMS, address=number, ended_at__isnull=True).update(ended_at=now)


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

"""What a district needs before it can promise anything, what it has of that, and what is missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, OuterRef
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.models import Alert, AlertPolicy, AlertTemplate
from alerts.models import Kind as AlertKind
from delivery.lines import can_text
from districts.models import CalendarDay, District, Membership, Role, Service, Site, Team
from incidents.models import Action, Kind, Level, PaperKind
from intake.models import Channel, Mailbox
from ownership.duty.roles import Roster, Via
from ownership.models import Ladder, OwnerRole, Rotation
from sla.models import ClockKind, Policy
from tickets.models import ChannelKind

PROMISED = (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION)  # to every requester; the others follow from these, or are nobody's due


@dataclass(frozen=True)
class Need:
    """One line of the list. `missing`: what has to be done; `hints`: what is worth doing."""

    page: str  # name of its address
    icon: str
    title: str
    has: str
    missing: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return not self.missing


def needs(district: District, *, now: datetime) -> list[Need]:
    """In the order in which one would see to them. Some fifty small counts."""
    return [_sites(), _teams(), _people(), _services(), _promises(), _calendar(district, now), _ladders(), *_trouble(now), *_doors()]


def _trouble(now: datetime) -> list[Need]:
    """For the day on which something stops. Both begin with the usual, so that nobody has to wait for set-up."""
    return [_outages(now), _alerts(now)]


def _outages(now: datetime) -> Need:
    levels, kinds = Level.objects.count(), PaperKind.objects.count()
    if not levels:
        hints = [_("Look through its five levels before the first outage: who is sent for, and what proves that it is over.")]
        return Need("setup_outages", "alert-triangle", _("Outages"), _("the usual plan"), hints=hints)
    has = ngettext("%(n)d level", "%(n)d levels", levels) % {"n": levels}
    forms = ngettext("%(n)d paper form", "%(n)d paper forms", kinds) % {"n": kinds}
    missing = [*_unproved(), *([] if kinds else [_("No paper form: nothing stands in for a system that is down.")])]
    roles = OwnerRole.objects.filter(
        Exists(Level.objects.filter(role=OuterRef("id"))) | Exists(Action.objects.filter(role=OuterRef("id")))
    )
    return Need("setup_outages", "alert-triangle", _("Outages"), f"{has}, {forms}", [*_empty(roles, now), *missing], list(_nobodys()))


def _unproved() -> Iterator[str]:
    proofs = set(Action.objects.filter(kind__in=[Kind.CHECK, Kind.SCHOOL]).values_list("kind", flat=True))
    if not proofs:
        yield _("No step proves the recovery: an outage could be closed as soon as somebody says that it works.")
    elif Kind.SCHOOL not in proofs:
        yield _("No school is asked to confirm: what was written on paper could be forgotten.")


def _nobodys() -> Iterator[str]:
    if bare := list(Level.objects.filter(role=None).order_by("number").values_list("name", flat=True)):
        text = ngettext("%(n)d level is the administrators': %(names)s.", "%(n)d levels are the administrators': %(names)s.", len(bare))
        yield text % {"n": len(bare), "names": _some(bare)}
    if not Action.objects.filter(kind=Kind.BACKUP).exists():
        yield _("No department is asked for its backup when it takes long.")


def _empty(roles: Iterable[OwnerRole], now: datetime) -> Iterator[str]:
    """Roles that nobody of their own has, so that all of it lands on the administrators."""
    roster = Roster(now)
    found = sorted(role.name for role in roles if roster.find(role).via in (Via.ADMIN, Via.NOBODY))
    if found:
        text = ngettext("Nobody has the role of %(names)s.", "Nobody has %(n)d of its roles: %(names)s.", len(found))
        yield text % {"n": len(found), "names": _some(found)}


def _alerts(now: datetime) -> Need:
    policy = AlertPolicy.objects.first()
    words = AlertTemplate.objects.filter(active=True).count()
    has = ngettext("%(n)d text ready", "%(n)d texts ready", words) % {"n": words} if words else _("the usual texts")
    named = [policy.owner_role_id, policy.caller_role_id, policy.contacts_role_id] if policy else []
    missing = list(_empty(OwnerRole.objects.filter(id__in=[role for role in named if role]), now))
    hints = [] if policy and policy.owner_role_id else [_("Nobody is named to sign the delivery report: the leaders do.")]
    if not (policy and policy.test_on):
        hints.append(_("No monthly test is planned."))
    if not Alert.objects.filter(kind=AlertKind.TEST, started_at__isnull=False).exists():
        hints.append(_("Never tested: nobody knows how many families a message reaches."))
    return Need("setup_alerts", "speakerphone", _("Alerts"), has, missing, hints)


def _doors() -> list[Need]:
    """Ways in. A district can do without most of them."""
    return [_addresses(), _mailboxes(), _numbers(), _chat(), _stickers()]


def _sites() -> Need:
    count = Site.objects.count()
    schools = Site.objects.filter(is_school=True).count()
    has = ngettext("%(n)d place", "%(n)d places", count) % {"n": count}
    missing = [] if schools else [_("No school yet: nobody can say where it is.")]
    return Need("setup_sites", "school", _("Places"), has, missing)


def _teams() -> Need:
    count = Team.objects.count()
    working = Team.objects.filter(is_front_office=False).exists()
    safe = Team.objects.filter(is_safety=True).exists()
    missing = [] if working else [_("Only the front office: everything lands there until you add the teams that do the work.")]
    hints = [] if safe else [_("No safety team: words of danger go to the front office.")]
    return Need("setup_teams", "users-group", _("Teams"), ngettext("%(n)d team", "%(n)d teams", count) % {"n": count}, missing, hints)


def _people() -> Need:
    count = Membership.objects.aggregate(n=Count("person", distinct=True))["n"]
    has = ngettext("%(n)d person with a role", "%(n)d people with a role", count) % {"n": count}
    return Need("setup_people", "users", _("People"), has, list(_without_people()), list(_thin()))


def _without_people() -> Iterator[str]:
    staffed = Membership.objects.filter(team__isnull=False).values("team_id")
    if empty := list(Team.objects.exclude(id__in=staffed).order_by("name").values_list("name", flat=True)):
        text = ngettext("%(n)d team has nobody: %(teams)s.", "%(n)d teams have nobody: %(teams)s.", len(empty))
        yield text % {"n": len(empty), "teams": _some(empty)}


def _thin() -> Iterator[str]:
    if Membership.objects.filter(role=Role.ADMIN).count() == 1:
        yield _("One administrator only: a second can help when you are away.")
    led = Membership.objects.filter(role=Role.LEAD).values("team_id")
    if leaderless := list(Team.objects.exclude(id__in=led).order_by("name").values_list("name", flat=True)):
        text = ngettext("%(n)d team has no lead: %(teams)s.", "%(n)d teams have no lead: %(teams)s.", len(leaderless))
        yield text % {"n": len(leaderless), "teams": _some(leaderless)}


def _services() -> Need:
    offered = Service.objects.filter(active=True)
    count = offered.count()
    missing = [] if count else [_("None yet: triage has nothing to learn from, and people nothing to choose.")]
    if silent := offered.filter(example_phrases=[]).count():
        text = ngettext("%(n)d has no example of what people write.", "%(n)d have no example of what people write.", silent)
        missing.append(text % {"n": silent})
    return Need(
        "setup_services", "list-check", _("Services"), ngettext("%(n)d service", "%(n)d services", count) % {"n": count}, missing
    )


def _promises() -> Need:
    """A district that has written nothing promises the usual; that is a promise, but not its own."""
    own = Policy.objects.filter(service__isnull=False)
    wide = set(Policy.objects.filter(service__isnull=True).values_list("kind", flat=True))
    has = ngettext("%(n)d promise of your own", "%(n)d promises of your own", Policy.objects.count()) % {"n": Policy.objects.count()}
    bare = set(Service.objects.filter(active=True).values_list("id", flat=True))
    promised = [set(own.filter(kind=kind).values_list("service_id", flat=True)) for kind in PROMISED if kind not in wide]
    without = len({service for kept in promised for service in bare - kept})
    text = ngettext(
        "%(n)d service has no promise: the usual times hold for it.", "%(n)d services have no promise: the usual times hold for them.",
        without,
    )  # fmt: skip
    return Need("setup_promises", "target-arrow", _("Promises"), has, [text % {"n": without}] if without else [])


def _calendar(district: District, now: datetime) -> Need:
    ahead = CalendarDay.objects.filter(date__gte=district.today(now))
    count = ahead.count()
    has = ngettext("%(n)d day ahead that differs", "%(n)d days ahead that differ", count) % {"n": count}
    missing = [] if count else [_("No day off ahead: promises count every holiday as a working day.")]
    hints = []
    if last := ahead.order_by("-date").values_list("date", flat=True).first():
        hints.append(_("Entered until %(day)s.") % {"day": date_format(last, "DATE_FORMAT")})
    return Need("setup_calendar", "calendar", _("Calendar"), has, missing, hints)


def _ladders() -> Need:
    """A district can do with the two it begins with; each should have been tested."""
    count = Ladder.objects.filter(rungs__isnull=False).distinct().count()
    untested = Ladder.objects.filter(rungs__isnull=False, tested_at=None).distinct().count()
    turns = Rotation.objects.count()
    has = ngettext("%(n)d ladder", "%(n)d ladders", count) % {"n": count} if count else _("the usual ladder")
    if turns:
        on_call = ngettext("%(n)d on call", "%(n)d on call", turns) % {"n": turns}
        has = f"{has}, {on_call}"
    text = ngettext("%(n)d ladder was never tested.", "%(n)d ladders were never tested.", untested) % {"n": untested}
    return Need("setup_ladders", "trending-up", _("Ladders"), has, hints=[text] if untested else [])


def _addresses() -> Need:
    mail = Channel.objects.filter(kind=ChannelKind.EMAIL, active=True)
    count = mail.count()
    has = ngettext("%(n)d mail address", "%(n)d mail addresses", count) % {"n": count}
    missing = [] if count else [_("None: nobody can write to you by mail.")]
    return Need("setup_addresses", "mail", _("Addresses"), has, missing)


def _numbers() -> Need:
    """A district can do without; many families cannot."""
    lines = Channel.objects.filter(kind__in=[ChannelKind.SMS, ChannelKind.PHONE], active=True).exclude(address="")
    rows = list(lines.values_list("kind", "address"))
    count = len({address for _kind, address in rows})
    has = ngettext("%(n)d number", "%(n)d numbers", count) % {"n": count}
    texts = any(kind == ChannelKind.SMS for kind, _address in rows)
    hints = [] if texts else [_("No number for text messages.")]
    if not can_text():
        hints.append(_("Texts cannot leave: whoever leaves a phone number alone has to be called."))
    return Need("setup_numbers", "phone", _("Telephone numbers"), has, hints=hints)


def _mailboxes() -> Need:
    read = Mailbox.objects.filter(active=True).order_by("source__address")
    count = read.count()
    has = ngettext("%(n)d mailbox", "%(n)d mailboxes", count) % {"n": count}
    failing = list(read.filter(state=Mailbox.State.FAILING).values_list("source__address", flat=True))
    text = ngettext("%(n)d cannot be read: %(names)s.", "%(n)d cannot be read: %(names)s.", len(failing))
    missing = [text % {"n": len(failing), "names": _some(failing)}] if failing else []
    return Need("setup_addresses" if count else "setup_mailbox_new", "inbox", _("Mailboxes elsewhere"), has, missing)


def _chat() -> Need:
    door = Channel.objects.filter(kind=ChannelKind.CHAT, active=True).first()
    sites = len(door.options.get("sites", [])) if door else 0
    has = ngettext("on, for %(n)d site", "on, for %(n)d sites", sites) % {"n": sites} if door else _("off")
    hints = [_("No site may show it yet.")] if door and not sites else []
    return Need("setup_chat", "message-circle", _("Chat"), has, hints=hints)


def _stickers() -> Need:
    count = Site.objects.exclude(rooms=[]).count()
    has = ngettext("%(n)d place with rooms", "%(n)d places with rooms", count) % {"n": count}
    hints = [] if count else [_("A code on the door opens the form with the room filled in: choose a place, then Stickers.")]
    return Need("setup_sites", "qrcode", _("Stickers"), has, hints=hints)


def _some(names: list[str]) -> str:
    """The first three by name."""
    shown = ", ".join(names[:3])
    return f"{shown} …" if len(names) > 3 else shown

"""Two outages of the demonstration, told through the product's own acts: one of last week that is over, one that runs."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from districts.models import Membership, Person, Role, Site
from incidents import actions, linking, paper, starting
from incidents.levels import Mover
from incidents.models import Incident, Kind, PaperKind, Task
from incidents.starting import New
from ownership.models import System
from tickets.models import Ticket

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
State = Incident.State


def tell_outages(*, now: datetime) -> None:
    """Where the matrix knows systems, and somebody leads."""
    systems = list(System.objects.order_by("name"))
    lead = Membership.objects.select_related("person").filter(role=Role.LEAD).order_by("person__name").first()
    if len(systems) < 2 or lead is None:
        return
    asked = list(Ticket.objects.filter(status__in=Ticket.LIVE, sensitive=False).order_by("-opened_at")[:150])
    named = Counter(system.id for ticket in asked for system in starting.named_in(ticket.subject))
    systems.sort(key=lambda system: (-named[system.id], system.name))
    over(systems[1], lead.person, at=now - 6 * DAY)
    running(systems[0], lead.person, asked, began=now - 47 * MINUTE, now=now)


def over(system: System, by: Person, *, at: datetime) -> Incident:
    """Two schools, two hours, paper, and everything proved."""
    sites = list(Site.objects.filter(is_school=True).order_by("name")[:2])
    incident = _begin(f"{system.name}: nobody can sign in", system, by, at - 4 * MINUTE, at, sites)
    _go(incident, at, 20)
    _say(incident, "We know of it and are looking for the cause. Please use the paper forms.",
         "Lo sabemos y buscamos la causa. Por favor, usen los formularios en papel.", State.CONFIRMED, by, at + 12 * MINUTE,
         eta=at + 3 * HOUR)  # fmt: skip
    kind = PaperKind.objects.order_by("order")[1]
    for site in sites:
        paper.issue(incident, kind=kind, site=site, count=6, by=by, now=at + 15 * MINUTE)
    _go(incident, at, 65)
    _say(incident, "The vendor found a certificate that had run out.", "El proveedor encontró un certificado vencido.",
         State.IDENTIFIED, by, at + 70 * MINUTE, eta=at + 2 * HOUR)  # fmt: skip
    _prove(incident, by, at + 80 * MINUTE)
    _say(incident, "It works again. The schools are entering what was written on paper.",
         "Funciona de nuevo. Las escuelas capturan lo que se anotó en papel.", State.VALIDATING, by, at + 118 * MINUTE)  # fmt: skip
    for site in sites:
        paper.settle(incident, kind=kind, site=site, numbers=_numbers(incident, site)[:-1], state="entered", by=by, now=at + 3 * HOUR)
        paper.settle(
            incident, kind=kind, site=site, numbers=_numbers(incident, site)[-1:], state="void", reason="Never used", by=by,
            now=at + 3 * HOUR,
        )  # fmt: skip
    _prove(incident, by, at + 4 * HOUR)
    actions.describe(
        incident, title=incident.title, seen=incident.seen, severity=incident.severity,
        cause="A certificate of the sign-in had run out.",
        began_at=incident.began_at, by=by, now=at + 4 * HOUR, versions={"es": {"title": f"{system.name}: nadie puede entrar"}},
    )  # fmt: skip
    actions.resolve(incident, by=by, text="Everything is entered and checked.", now=at + 5 * HOUR,
                    versions={"es": "Todo está capturado y revisado."})  # fmt: skip
    actions.add_finding(
        incident, text="Put the certificate's last day on the technology calendar", owner=by, due_at=at + 14 * DAY, by=by, now=at + DAY
    )  # fmt: skip
    incident.refresh()
    return incident


def running(system: System, by: Person, asked: Sequence[Ticket], *, began: datetime, now: datetime) -> Incident:
    """It began three quarters of an hour ago; some of its steps are done."""
    at = began + 5 * MINUTE
    incident = _begin(f"{system.name} answers slowly or not at all", system, by, began, at, [])
    _say(incident, "We are looking into it. Nothing you entered is lost.", "Lo estamos revisando. No se pierde nada de lo capturado.",
         State.CONFIRMED, by, at + 10 * MINUTE, eta=now + 95 * MINUTE)  # fmt: skip
    for task in Task.objects.filter(incident=incident, level=1)[:2]:
        actions.complete(task.id, by=by, evidence="Checked with the offices of two schools.", now=at + 12 * MINUTE)
    _go(incident, at, int((now - at).total_seconds() // 60))
    about = [ticket for ticket in asked if system in starting.named_in(ticket.subject)][:3]
    linking.link(incident, chosen=about, by=by, now=now - 5 * MINUTE)
    return incident


def _begin(title: str, system: System, by: Person, began: datetime, at: datetime, sites: Sequence[Site]) -> Incident:
    scope = Incident.Scope.SEVERAL if sites else Incident.Scope.DISTRICT
    given = New(title=title, began_at=began, systems=[system], sites=sites, scope=scope, shown=True,
                seen="Pages of it stay white or ask for the password again. Please note on paper what cannot wait.")  # fmt: skip
    return starting.start(given, by=by, now=at, anew=True).incident


def _say(incident: Incident, text: str, spanish: str, state: str, by: Person, at: datetime, *, eta: datetime | None = None) -> None:
    actions.post(
        incident, audience="public", text=text, versions={"es": spanish}, state=state, eta=eta, keep_eta=eta is None, by=by, now=at
    )  # fmt: skip


def _go(incident: Incident, at: datetime, minutes: int) -> None:
    """As the sweep would have, at each level's minute."""
    for minute in (15, 30, 60):
        if minute <= minutes:
            row = Incident.objects.select_related("commander").get(id=incident.id)
            Mover(at + minute * MINUTE).move(row)


def _prove(incident: Incident, by: Person, now: datetime) -> None:
    for task in Task.objects.filter(incident=incident, done_at__isnull=True).exclude(kind=Kind.FINDING).order_by("level", "order"):
        actions.complete(task.id, by=by, evidence="Done, and looked at by a second person.", now=now, said_by="the school's office")


def _numbers(incident: Incident, site: Site) -> list[int]:
    return [form.number for sheet in paper.sheets(incident) if sheet.site.id == site.id for form in sheet.forms]

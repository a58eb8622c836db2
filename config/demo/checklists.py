"""The demonstration's playbooks: those every district begins with, a student who moves, and a new colleague, half done."""

from datetime import datetime, timedelta

from districts.models import ContactPoint, Membership, Person, Role, Site
from ownership.models import PlaybookRun, RunStep
from ownership.playbooks import running, usual

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SAID = {
    1: "Enrolled; the first day there is Monday.",
    2: "Books are back, the Chromebook goes along.",
    3: "Records sent, the old enrollment is closed.",
    7: "No health plan; the nurse has seen the file.",
    9: "Room 12, Ms. Alvarado. On the rosters since noon.",
}


def load() -> None:
    """The district's own copies of what is shipped."""
    for one in usual.ALL:
        usual.make(one)


def tell(*, now: datetime) -> None:
    """Two that run, told through the product's own acts, where somebody leads."""
    lead = Membership.objects.select_related("person").filter(role=Role.LEAD).order_by("person__name").first()
    schools = list(Site.objects.filter(is_school=True, name__contains="Elementary").order_by("name")[:2])
    if lead is None or len(schools) < 2:
        return
    left, joined = schools
    family = Person.objects.filter(kind="family", contact_points__kind=ContactPoint.Kind.EMAIL).order_by("name", "id").first()
    move = running.begin(
        usual.make(usual.MOVE), title=f"Mateo R. moves to {joined.name}", by=lead.person, person=family, now=now - 2 * DAY,
        facts={"Student": "Mateo R., grade 4", "From": left.name, "To": joined.name},
    )  # fmt: skip
    for order, words in SAID.items():
        _do(move, order, words, now=now - DAY + order * HOUR)
    hire = running.begin(
        usual.make(usual.HIRE), title="New bus dispatcher", by=lead.person, now=now - 3 * HOUR,
        facts={"Position": "Bus dispatcher", "Place": "Transportation yard", "First day": "in two weeks"},
    )  # fmt: skip
    _do(hire, 1, "In the staff system, with number and position.", now=now - HOUR)


def _do(run: PlaybookRun, order: int, words: str, *, now: datetime) -> None:
    step = RunStep.objects.select_related("owner").filter(run=run, order=order).first()
    if step and step.owner and step.open_at:
        running.complete(step.id, by=step.owner, evidence=words, now=now)

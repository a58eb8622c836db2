"""Vendors of the demonstration: a bus company that is live, a kitchen whose sample pack came back wrong, one that is talked with."""

import csv
import io
import json
import random
from datetime import date, datetime, timedelta

from districts.calendar import Calendar
from districts.models import Membership, Person, Role
from ownership.models import CutOff, CutOffNotice, OwnerRole, PlaybookRun, Process, RunStep, SamplePack, System, Vendor
from ownership.vendors import checking, cutoffs, onboarding, registering, samples

DAY = timedelta(days=1)
DAYS = 80  # of cut-offs before today
ROUTES, MEALS = "route-changes-to-bus-vendor", "enrollment-counts-to-food-vendor"
MENU = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Diner",
    "type": "object",
    "required": ["student"],
    "properties": {
        "student": {
            "type": "object",
            "required": ["id", "first_name", "last_name", "grade", "eligibility"],
            "properties": {
                "id": {"type": "integer"}, "first_name": {"type": "string", "maxLength": 30},
                "last_name": {"type": "string", "maxLength": 30}, "dob": {"type": "string", "format": "date"},
                "grade": {"enum": ["K", *map(str, range(1, 13))]}, "school_code": {"type": "string", "maxLength": 32},
                "lunch_status": {"type": "string"}, "eligibility": {"type": "string"}, "religion": {"type": "string"},
                "guardian": {"type": "object", "properties": {"phone": {"type": "string"}, "email": {"type": "string"}}},
            },
        },
    },
}  # fmt: skip
RIDERS = "Student ID,First Name,Last Name,DOB,Grade,School Code,Home Street,Guardian Phone,Stop\n"
ROSTER = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,middleName,email,agentSourcedIds,"
    "grades,birthDate,birthPlace,password\n"
)
SAID = {
    1: "Signed by both on the state's form.", 2: "Names, grades, schools and allergies: to cook, and to count.",
    3: "Audit report of May, no open finding.", 4: "Report of June; the order page lacks two labels, due in January.",
    5: "Two districts called: slow on Mondays, mended within the day.", 6: "CSV within 30 days, deleted after 90, in writing.",
    7: "Three years, 60 days' notice.", 9: "Our student id, never given twice.", 10: "All records nightly at 1 AM, by file.",
}  # fmt: skip


def tell_vendors(calendar: Calendar, *, now: datetime, dice: random.Random) -> None:
    """Nothing where the matrix knows no such processes."""
    routes, meals = (Process.objects.filter(slug=slug).first() for slug in (ROUTES, MEALS))
    lead = Membership.objects.select_related("person").filter(role=Role.LEAD).order_by("person__name").first()
    if routes is None or meals is None or lead is None:
        return
    _buses(routes, lead.person, calendar, now=now, dice=dice)
    _kitchen(meals, lead.person, now=now)
    _talking(lead.person, now=now)


def _vendor(name: str, role: str, system: str, *, now: datetime, **more: object) -> Vendor:
    slugs = list(System.objects.filter(name=system).values_list("slug", flat=True))
    values = {"name": name, "systems": slugs, "owner": OwnerRole.objects.filter(slug=role).first(), **more}
    return registering.save_vendor(None, values, now=now)


def _buses(process: Process, by: Person, calendar: Calendar, *, now: datetime, dice: random.Random) -> None:
    vendor = _vendor(
        "Ridgeline Student Transport", "transportation-supervisor", "BusWatch", now=now, contact="Ray Ostrander, night dispatch",
        email="dispatch@ridgeline-buses.example", phone="360-555-0177", contract_until=now.date() + 62 * DAY,
    )  # fmt: skip
    began = now - 160 * DAY
    run = PlaybookRun.objects.create(
        playbook=onboarding.playbook(), title=f"Onboarding: {vendor.name}", vendor=vendor, began_at=began, began_by=by,
        signed_at=began + 40 * DAY, ended_at=began + 40 * DAY, signed_by=by, signed_as=by.name,
    )  # fmt: skip
    names = ("order", "part", "title", "detail", "role", "team", "terms", "after", "proof")
    RunStep.objects.bulk_create(
        RunStep(run=run, open_at=began, done_at=began + step.order * DAY, done_by=by, evidence="Seen, and kept with the contract.",
                **{name: getattr(step, name) for name in names})
        for step in run.playbook.steps.select_related("role", "team")
    )  # fmt: skip
    checking.check_spec(vendor, name="riders.csv", data=RIDERS.encode(), by=by, now=began + 12 * DAY)
    pack = _sent(vendor, by, now=began + 20 * DAY)
    checking.take_back(pack.id, name="ridgeline-export.csv", data=_export(pack), report=_refusals(pack), now=began + 24 * DAY)
    registering.make_live(vendor.id, by=by, now=began + 41 * DAY)
    vendor.refresh_from_db()
    values = {"name": "Route changes for tomorrow", "terms": "by 3 PM for next-morning routes", "process": process, "active": True}
    _days(cutoffs.save_cutoff(vendor, None, values, now=now), calendar, now=now, dice=dice)


def _days(cutoff: CutOff, calendar: Calendar, *, now: datetime, dice: random.Random) -> None:
    """What was asked and answered on the days before: nearly always in time."""
    at, rows = cutoffs.next_time(cutoff.terms, calendar, after=now - DAYS * DAY), list[CutOffNotice]()
    while at and at < now - timedelta(hours=3):
        took = dice.choice((4, 7, 11, 18, 26, 45, 62, 95)) if dice.random() < 0.93 else dice.choice((135, 190, 0))
        said = at + timedelta(minutes=took) if took else None
        rows.append(CutOffNotice(
            cutoff=cutoff, cut_at=at, sent_at=at, due_at=at + timedelta(minutes=cutoff.ack_minutes), acknowledged_at=said,
            acknowledged_by="R. Ostrander" if said else "", counts={
                "feed": "Route changes", "outcome": "ok", "at": (at - timedelta(minutes=20)).isoformat(),
                "counts": {"routes": 94, "changes": dice.randrange(2, 31)},
            },
        ))  # fmt: skip
        at = cutoffs.next_time(cutoff.terms, calendar, after=at)
    CutOffNotice.objects.bulk_create(rows)


def _kitchen(process: Process, by: Person, *, now: datetime) -> None:
    vendor = _vendor(
        "Harvest Table Food Service", "food-service-manager", "MealTrack", now=now, contact="Dolores Whitaker",
        email="onboarding@harvest-table.example", phone="360-555-0142", contract_until=date(now.year + 3, 6, 30),
    )  # fmt: skip
    run = onboarding.begin(vendor, by=by, now=now - 30 * DAY)
    for order, words in SAID.items():
        done = now - (29 - order) * DAY
        RunStep.objects.filter(run=run, order=order).update(open_at=now - 30 * DAY, done_at=done, done_by=by, evidence=words)
    RunStep.objects.filter(run=run, part=_part(run, 8)).update(open_at=now - 22 * DAY)
    checking.check_spec(vendor, name="diner-v3.schema.json", data=json.dumps(MENU).encode(), by=by, now=now - 12 * DAY)
    pack = _sent(vendor, by, now=now - 6 * DAY)
    report = "Refuse-1 was refused: bad date.\nRefuse-3 was refused: name is longer than 30.\nRefuse-5 was refused: no such school."
    checking.take_back(pack.id, name="harvest-table-export.csv", data=_spoiled(pack), report=report, now=now - 2 * DAY)
    values = {"name": "Counts for tomorrow's meals", "terms": "by 2 PM for next-day service", "process": process, "active": True}
    cutoffs.save_cutoff(vendor, None, values, now=now)


def _part(run: PlaybookRun, order: int) -> str:
    return str(RunStep.objects.values_list("part", flat=True).get(run=run, order=order))


def _talking(by: Person, *, now: datetime) -> None:
    vendor = _vendor(
        "Brightpath Learning", "curriculum-specialist", "ClassHub", now=now, contact="Amit Rao, sales", email="amit@brightpath.example",
        notes="Wants to replace two of our reading programs. Asked for our rosters before anything was signed.",
    )  # fmt: skip
    checking.check_spec(vendor, name="users.csv", data=ROSTER.encode(), by=by, now=now - DAY)


def _sent(vendor: Vendor, by: Person, *, now: datetime) -> SamplePack:
    return checking.make_pack(vendor, by=by, now=now)


def _export(pack: SamplePack) -> bytes:
    return samples.as_csv(samples.make(pack.seed).records).encode()


def _refusals(pack: SamplePack) -> str:
    return "\n".join(f"{record.values['first_name']}: refused" for record in samples.make(pack.seed).broken)


def _spoiled(pack: SamplePack) -> bytes:
    """As a system gives it back that keeps ids as numbers, names of 30 letters, and one child for each birthday and address."""
    made, seen, rows = samples.make(pack.seed), set[tuple[str, str]](), list[dict[str, str]]()
    for record in made.records:
        row = dict(record.values)
        key = (row["birth_date"], row["home_street"])
        if key not in seen:
            rows.append(row | {"student_id": row["student_id"].lstrip("0"), "last_name": row["last_name"][:30]})
        seen.add(key)
    rows.append(dict(made.broken[3].values))
    out = io.StringIO()
    table = csv.DictWriter(out, samples.COLUMNS)
    table.writeheader()
    table.writerows(rows)
    return out.getvalue().encode()

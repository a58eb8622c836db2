"""Paper mode: forms with numbers are handed out to schools, and each number is accounted for before the outage is over."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from districts.models import Person, Site
from incidents.happening import What, record
from incidents.levels import held
from incidents.models import Incident, PaperForm, PaperKind
from incidents.saying import PRESSED

State = PaperForm.State
REOPENED = "reopened"  # what became of a form, in the timeline
MOST = 500  # forms of one kind for one school at a time
MOST_NUMBERS = 2_000  # said in one line
_ONE = r"(?:([^\W\d_]{1,3})-?)?(\d{1,7})"  # "E-0012", "e12", "12"
_RANGE = re.compile(f"{_ONE}(?:-{_ONE})?")


class BadNumbers(ValueError):
    """What was typed is no list of numbers that were handed out; the text says which part."""


@dataclass(frozen=True)
class Sheet:
    """The forms of one kind at one school."""

    kind: PaperKind
    site: Site
    forms: Sequence[PaperForm]

    @property
    def key(self) -> str:
        return f"{self.site.id}{self.kind.id}"

    @property
    def range(self) -> str:
        first, last = self.forms[0].number, self.forms[-1].number
        return f"{self.kind.letter}-{first:04d} – {self.kind.letter}-{last:04d}"

    @property
    def entered(self) -> int:
        return sum(form.state == State.ENTERED for form in self.forms)

    @property
    def void(self) -> list[PaperForm]:
        return [form for form in self.forms if form.state == State.VOID]

    @property
    def open(self) -> list[PaperForm]:
        return [form for form in self.forms if form.state == State.ISSUED]

    @property
    def voided(self) -> list[tuple[str, str, str]]:
        """(numbers, why, by whom): in as few lines as there are reasons."""
        groups: dict[tuple[str, str], list[int]] = {}
        for form in self.void:
            groups.setdefault((form.reason, form.settled_by.name if form.settled_by else ""), []).append(form.number)
        return [(spans(numbers), reason, name) for (reason, name), numbers in groups.items()]

    @property
    def open_numbers(self) -> str:
        """ "12–14, 20": in as few words as it can be said."""
        return spans([form.number for form in self.open])


def issue(incident: Incident, *, kind: PaperKind, site: Site, count: int, by: Person | None, now: datetime) -> list[PaperForm]:
    """The next numbers of a kind, for one school; pressed twice, the same. Raises BadNumbers."""
    if not 0 < count <= MOST:
        raise BadNumbers(_("Between 1 and %(most)d forms at a time.") % {"most": MOST})
    incident = held(incident.id)
    if not incident.is_running:
        raise BadNumbers(_("This outage is over: no more forms are handed out."))
    lately = PaperForm.objects.filter(incident=incident, kind=kind, site=site, issued_by=by, issued_at__gt=now - PRESSED)
    if by and len(pressed := list(lately.order_by("number"))) == count:
        return pressed
    last = PaperForm.objects.filter(incident=incident, kind=kind).aggregate(last=Max("number"))["last"] or 0
    forms = [
        PaperForm(incident=incident, kind=kind, site=site, number=last + n, issued_at=now, issued_by=by) for n in range(1, count + 1)
    ]
    PaperForm.objects.bulk_create(forms)
    record(incident, What.PAPER, now=now, by=by, act="issued", kind=kind.name, site=site.name, first=last + 1, last=last + count)
    return forms


def settle(
    incident: Incident, *, kind: PaperKind, site: Site, numbers: Sequence[int], state: str, by: Person | None, now: datetime,
    reason: str = "",
) -> int:  # fmt: skip
    """Entered, void with a reason, or open again after a slip; returns how many. All of them or none: raises BadNumbers."""
    if state == State.VOID and not reason.strip():
        raise BadNumbers(_("Say why they are void: spoiled, lost, never used."))
    incident = held(incident.id)
    if not incident.is_running:
        raise BadNumbers(_("This outage is over: its papers are closed."))
    rows = PaperForm.objects.filter(incident=incident, kind=kind, number__in=list(numbers)).select_related("site")
    if wrong := _wrong(kind, site, numbers, {form.number: form for form in rows}, state):
        raise BadNumbers(" ".join([*wrong, _("Nothing was changed.")]))
    values = {"settled_at": None, "settled_by": None} if state == State.ISSUED else {"settled_at": now, "settled_by": by}
    changed = rows.update(state=state, reason=reason.strip()[:300], **values)
    act = REOPENED if state == State.ISSUED else state
    record(incident, What.PAPER, now=now, by=by, act=act, kind=kind.name, site=site.name, numbers=spans(numbers), reason=reason)
    return changed


def _wrong(kind: PaperKind, site: Site, numbers: Sequence[int], known: Mapping[int, PaperForm], state: str) -> list[str]:
    """What keeps these from being entered, void or open again, each number by its own reason."""
    groups: dict[str, list[int]] = {}
    for number in numbers:
        if why := _why_not(known.get(number), site, state):
            groups.setdefault(why, []).append(number)
    return [f"{why}: {codes(kind, found)}." for why, found in groups.items()]


def _why_not(form: PaperForm | None, site: Site, state: str) -> str:
    """Empty: it is handed out here, and what it is now becomes `state` by nobody's slip."""
    if form is None:
        return _("Never handed out to %(site)s") % {"site": site.name}
    if form.site_id != site.id:
        return _("Handed out to %(there)s, not to %(site)s") % {"there": form.site.name, "site": site.name}
    if State.ISSUED in (form.state, state):
        return _("Not entered nor void, so there is nothing to open again") if form.state == state else ""
    if form.state == state:
        return _("Entered already") if state == State.ENTERED else _("Void already")
    return _("Entered before, so not void: open it again first") if state == State.VOID else _("Void: open it again first")


def read_numbers(text: str, *, letter: str = "") -> list[int]:
    """ "12-14, 20" or "E-0012": in order. `letter`: of the form they are of; another's is no number of it. Raises BadNumbers."""
    found: list[int] = []
    for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–—]\s*", "-", text.strip())):
        if part:
            found += _read(part, letter)
    twice = sorted(number for number, times in Counter(found).items() if times > 1)
    if twice:
        raise BadNumbers(_("Typed twice: %(numbers)s. Which ones did you mean?") % {"numbers": spans(twice)})
    if not found:
        raise BadNumbers(_("Type the numbers, for example: 12-18, 21"))
    return sorted(found)


def _read(part: str, letter: str) -> range:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise BadNumbers(_("“%(part)s” is no number. For example: 12-18, 21") % {"part": part})
    for said in filter(None, (match[1], match[3])):
        if letter and said.casefold() != letter.casefold():
            raise BadNumbers(
                _("“%(part)s” is of another form: the numbers here begin with %(letter)s.") % {"part": part, "letter": letter}
            )
    first, last = int(match[2]), int(match[4] or match[2])
    if last < first or last - first > MOST_NUMBERS:
        raise BadNumbers(_("“%(part)s” is no range of numbers. For example: 12-18") % {"part": part})
    return range(first, last + 1)


def codes(kind: PaperKind, numbers: Sequence[int]) -> str:
    """As they stand on the paper: "E-0003–E-0005, E-0009"."""
    return ", ".join("–".join(f"{kind.letter}-{int(n):04d}" for n in span.split("–")) for span in spans(numbers).split(", "))


def spans(numbers: Sequence[int]) -> str:
    out: list[list[int]] = []
    for number in sorted(numbers):
        if out and out[-1][1] == number - 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in out)


def sheets(incident: Incident) -> list[Sheet]:
    """Every range handed out, by school and kind. One query."""
    rows = PaperForm.objects.filter(incident=incident).select_related("kind", "site", "settled_by")
    groups: dict[tuple[str, int, str], list[PaperForm]] = {}
    for form in rows.order_by("site__name", "kind__order", "number"):
        groups.setdefault((form.site.name, form.kind.order, form.kind.slug), []).append(form)
    return [Sheet(forms[0].kind, forms[0].site, forms) for forms in groups.values()]

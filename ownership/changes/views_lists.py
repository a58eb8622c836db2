"""Two lists laid side by side: the files, which column is which, and the differences to work off."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Mapped
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.editing import dress
from districts.limits import within
from districts.models import Person
from ownership import queries
from ownership.changes import listing, parking, tolerance
from ownership.changes.guessing import guess
from ownership.changes.parking import Gone, Parked
from ownership.changes.reconciling import Mapping, Rules, compare, difference_percent, differences_in
from ownership.changes.sheets import BIGGEST, BadSheet, Sheet, read_sheet
from ownership.changes.shown import KINDS, Line, lines
from ownership.changes.spreadsheets import as_csv
from ownership.models import Process, Reconciliation, System
from ownership.views import actor_of

EACH = 50
EARLIER = 20
MOST_AT_ONCE, WITHIN = 20, 600  # uploads of a person in ten minutes: each takes seconds, and memory
_AS_TEXT = {"accept": ".csv,.tsv,.txt,text/csv"}


class FilesForm(forms.Form):
    left = forms.FileField(
        label=gettext_lazy("From the source"), help_text=gettext_lazy("What must be there: a CSV file with a row of names on top."),
        widget=forms.ClearableFileInput(attrs=_AS_TEXT),
    )  # fmt: skip
    right = forms.FileField(
        label=gettext_lazy("From the target"), help_text=gettext_lazy("What is there. Neither file is kept."),
        widget=forms.ClearableFileInput(attrs=_AS_TEXT),
    )  # fmt: skip

    target = forms.ChoiceField(
        label=gettext_lazy("Which target"), help_text=gettext_lazy("The newest comparison with each system is the one that counts."),
    )  # fmt: skip

    def __init__(self, *args: Any, targets: Mapped[str, str], **kwargs: Any) -> None:
        """`targets`: by slug. Of one alone, or of none, nobody is asked."""
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [("", _("Choose…")), *targets.items()]  # type: ignore[attr-defined]
        if len(targets) < 2:
            del self.fields["target"]
        for field in self.fields.values():
            dress(field)


@dataclass(frozen=True)
class Choice:
    """A column of the left with what it is on the right."""

    at: int
    name: str
    example: str
    chosen: int | None
    is_key: bool


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lists(request: HttpRequest, slug: str) -> HttpResponse:
    """The form and what was compared before; with two files, which column is which."""
    process, person = _mine(request, slug)
    if request.method != "POST":
        return _form(request, process, FilesForm(targets=_targets(process)))
    form = FilesForm(request.POST, request.FILES, targets=_targets(process))
    if not within("lists", f"{process.district_id} {person.id}", most=MOST_AT_ONCE, seconds=WITHIN):
        form.add_error(None, _("That were many files in a short time. Wait ten minutes."))
    sheets = _sheets(form)
    if sheets is None:
        return _form(request, process, form, status=422)
    (left, given_left), (right, given_right) = sheets
    handle = parking.park((given_left, given_right), by=person.id)
    return _mapping(request, process, left, right, guess(left, right), handle)


def _targets(process: Process) -> dict[str, str]:
    """Slug → name, in the order of the process."""
    names = dict(System.objects.filter(slug__in=process.targets).values_list("slug", "name"))
    return {slug: names[slug] for slug in process.targets if slug in names}


def _target(request: HttpRequest, process: Process) -> str:
    """Which one was chosen; where there is only one, that."""
    known, given = list(_targets(process)), request.POST.get("target", "")
    return given if given in known else known[0] if len(known) == 1 else ""


def _sheets(form: FilesForm) -> list[tuple[Sheet, Parked]] | None:
    """None: the form says what is wrong."""
    found = list[tuple[Sheet, Parked]]()
    if not form.is_valid():
        return None
    for name in ("left", "right"):
        given: UploadedFile = form.cleaned_data[name]
        try:
            parked = Parked(str(given.name or "")[:200], given.read(BIGGEST + 1))
            found.append((read_sheet(parked.name, parked.data), parked))
        except BadSheet as error:
            form.add_error(name, str(error))
    return None if form.errors else found


def _form(request: HttpRequest, process: Process, form: FilesForm, *, status: int = 200) -> HttpResponse:
    earlier = Reconciliation.objects.filter(process=process).select_related("by").defer("differences")
    names = _targets(process)
    rows = [(row, difference_percent(row.counts), names.get(row.target, "")) for row in earlier.order_by("-at", "-id")[:EARLIER]]
    context = {"process": process, "form": form, "earlier": rows, "now": timezone.now()}
    return render(request, "ownership/changes_lists.html", context, status=status)


def _mapping(
    request: HttpRequest, process: Process, left: Sheet, right: Sheet, mapping: Mapping, handle: str, *, wrong: str = ""
) -> HttpResponse:  # fmt: skip
    context = {
        "process": process, "left": left, "right": right, "handle": handle, "wrong": wrong, "rules": mapping.rules,
        "choices": list(_choices(left, mapping)), "right_columns": list(enumerate(right.columns)), "target": _target(request, process),
    }  # fmt: skip
    return render(request, "ownership/changes_map.html", context, status=422 if wrong else 200)


def _choices(left: Sheet, mapping: Mapping) -> Iterator[Choice]:
    chosen, keys = dict([*mapping.columns, *mapping.keys]), dict(mapping.keys)
    for at, name in enumerate(left.columns):
        example = next((cell for row in left.rows[:20] if (cell := row[at].strip())), "")
        yield Choice(at, name, example[:60], chosen.get(at), at in keys)


@login_required
@require_POST
def lay(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare by the columns that were chosen, and keep what was found."""
    process, person = _mine(request, slug)
    handle = request.POST.get("handle", "")
    try:
        left, right = (read_sheet(file.name, file.data) for file in parking.fetch(handle, by=person.id))
    except (Gone, BadSheet):
        messages.error(request, _("The files are not here any more. Choose them again."))
        return redirect("changes_lists", process.slug)
    mapping = _chosen(request, left, right)
    if not mapping.keys:
        wrong = _("Say which column names the record: without it nothing can be compared.")
        return _mapping(request, process, left, right, mapping, handle, wrong=wrong)
    made = _keep(process, left, right, mapping, target=_target(request, process), by=person)
    parking.leave(handle, by=person.id)
    return redirect("changes_result", process.slug, made.id)


def _chosen(request: HttpRequest, left: Sheet, right: Sheet) -> Mapping:
    """What is no column of the other list is not compared."""
    keys, columns = list[tuple[int, int]](), list[tuple[int, int]]()
    for at in range(len(left.columns)):
        given = request.POST.get(f"column-{at}", "")
        if given.isascii() and given.isdigit() and len(given) < 6 and int(given) < len(right.columns):
            (keys if request.POST.get(f"key-{at}") else columns).append((at, int(given)))
    return Mapping(tuple(keys), tuple(columns), Rules("zeros" in request.POST, "case" in request.POST))


def _keep(process: Process, left: Sheet, right: Sheet, mapping: Mapping, *, target: str, by: Person) -> Reconciliation:
    found = compare(left, right, mapping)
    made: Reconciliation = Reconciliation.objects.create(
        process=process, at=timezone.now(), by=by, target=target, left_name=left.name, right_name=right.name,
        mapping=mapping.named(left, right), counts=found.counts, differences=[one.kept() for one in found.differences],
    )  # fmt: skip
    return made


@login_required
@never_cache
@require_safe
def result(request: HttpRequest, slug: str, result_id: UUID) -> HttpResponse:
    """Counts, and the differences that are left to work off."""
    process, _person = _mine(request, slug)
    row = _result(process, result_id)
    everything = lines(row)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    open_only = request.GET.get("seen") != "1"
    found = [line for line in everything if kind in ("", line.kind) and not (open_only and line.seen)]
    system = _targets(process).get(row.target, "")
    context: dict[str, Any] = {
        "process": process, "result": row, "key_pairs": row.mapping.get("keys", []), "percent": difference_percent(row.counts),
        "kind": kind, "open_only": open_only, "page": Paginator(found, EACH).get_page(request.GET.get("page")),
        "kinds": _kinds(everything), "now": timezone.now(), "left_open": sum(not line.seen for line in everything),
        "kept": len(everything), "all": differences_in(row.counts), "system": system,
        "beyond": tolerance.beyond_of(row, process, system=system),
    }  # fmt: skip
    return render(request, "ownership/changes_result.html", context)


def _kinds(everything: Sequence[Line]) -> list[tuple[str, str, int]]:
    """(kind, what it is called, how many are kept) of those there are."""
    counted = [(kind, str(label), sum(line.kind == kind for line in everything)) for kind, label in KINDS.items()]
    return [one for one in counted if one[2]]


@login_required
@require_POST
def seen_to(request: HttpRequest, slug: str, result_id: UUID) -> HttpResponse:
    """Somebody has seen to a difference, or takes that back."""
    process, _person = _mine(request, slug)
    row = _result(process, result_id, held=True)
    key = request.POST.get("key", "")
    if key not in {one["key"] for one in row.differences}:
        raise Http404
    row.worked = [one for one in row.worked if one != key] if key in row.worked else [*row.worked, key]
    row.save(update_fields=["worked"])
    shown = {name: request.POST[name] for name in ("kind", "seen", "page") if request.POST.get(name)}
    return redirect(f"{reverse('changes_result', args=[process.slug, row.id])}?{urlencode(shown)}#differences")


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, result_id: UUID) -> HttpResponse:
    """Names and values stand in it: it goes when the work is done."""
    process, _person = _mine(request, slug)
    _result(process, result_id, held=True).delete()
    messages.success(request, _("The result is gone."))
    return redirect("changes_lists", process.slug)


@login_required
@never_cache
@require_safe
def differences_file(request: HttpRequest, slug: str, result_id: UUID) -> HttpResponse:
    process, _person = _mine(request, slug)
    row = _result(process, result_id)
    head = [_("Key"), _("Name"), _("What is different"), _("Column"), row.left_name, row.right_name, _("Seen to")]
    rows = (
        [line.key, line.label, line.words, column, ours, theirs, _("yes") if line.seen else ""]
        for line in lines(row)
        for column, ours, theirs in (line.values or [("", "", "")])
    )
    return as_csv(f"differences-{process.slug}", head, rows)


def _result(process: Process, result_id: UUID, *, held: bool = False) -> Reconciliation:
    rows = Reconciliation.objects.filter(process=process)
    found: Reconciliation | None = (rows.select_for_update(no_key=True) if held else rows).filter(id=result_id).first()
    if found is None:
        raise Http404
    return found


def _mine(request: HttpRequest, slug: str) -> tuple[Process, Person]:
    """For those who lead and the owners of the process. Raises Http404 or PermissionDenied."""
    actor = actor_of(request)
    process = queries.get_process(slug)
    if actor.person is None or not listing.sees_names(actor, process, now=timezone.now()):
        raise PermissionDenied
    return process, actor.person

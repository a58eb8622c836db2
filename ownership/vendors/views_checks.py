"""What vendors bring is looked through: specifications, sample packs; and the data dictionary that they are held against."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.access import Can, may
from districts.editing import for_administrators, row_or_404
from ownership.models import DataField, SamplePack, SpecCheck
from ownership.vendors import checking, dictionary, registering, samples, specs, verdicts, words
from ownership.vendors.fields import BIGGEST, BadSpec
from ownership.vendors.forms import FieldForm, ReturnForm, SpecForm
from ownership.vendors.views import csv_answer, get_vendor, lead, reader

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
DOWNLOADS = ("records", "oneroster", "broken", "broken-oneroster")


# --- specifications ---------------------------------------------------------------------------------------------------


@login_required
@ONE_FORM
def spec_new(request: HttpRequest, slug: str) -> HttpResponse:
    person = lead(request)
    row = get_vendor(request, slug)
    form = SpecForm()
    wrong = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise BadSpec(_("Choose a file first."))
            check = checking.check_spec(row, name=str(file.name), data=file.read(BIGGEST + 1), by=person, now=timezone.now())
            return redirect("vendor_spec", slug, check.id)
        except BadSpec as error:
            wrong = str(error)
    context = {"form": form, "vendor": row, "wrong": wrong, "lines": len(dictionary.of_district())}
    return render(request, "ownership/vendors/spec_new.html", context, status=422 if wrong else 200)


@login_required
@require_safe
def spec(request: HttpRequest, slug: str, check_id: UUID) -> HttpResponse:
    reader(request)
    row = get_vendor(request, slug)
    check = SpecCheck.objects.filter(vendor=row, id=check_id).select_related("by").first()
    if check is None:
        raise Http404
    context = {
        "vendor": row,
        "check": check,
        "now": timezone.now(),
        "form_name": specs.NAMES.get(check.form, check.form),
        "verdict": verdicts.verdict(check),
        **_told(check),
    }
    return render(request, "ownership/vendors/spec.html", context)


def _told(check: SpecCheck) -> dict[str, Any]:
    """What was found, put into words."""
    found = check.findings
    fields = {one["path"]: one for one in check.fields}
    conflicts = [(one, words.conflict(one)) for one in found["conflicts"]]
    return {
        "matches": [(one, words.SURE[one["sure"]], words.HOW[one["how"]], words.KINDS.get(fields[one["path"]]["kind"], ""),
                     words.record(one["record"])) for one in found["matches"]],
        "stops": [pair for pair in conflicts if pair[0]["weight"] == "stop"],
        "looks": [pair for pair in conflicts if pair[0]["weight"] != "stop"],
        "missing": found["missing"], "silent": [words.record(one) for one in found["silent"]],
        "asked": [(one, words.asked(one["sensitive"])) for one in found["extras"] if one["sensitive"]],
        "extras": [one for one in found["extras"] if not one["sensitive"]],
    }  # fmt: skip


# --- sample packs -----------------------------------------------------------------------------------------------------


@login_required
@require_POST
def sample_new(request: HttpRequest, slug: str) -> HttpResponse:
    person = lead(request)
    row = get_vendor(request, slug)
    made = checking.make_pack(row, by=person, now=timezone.now())
    return redirect("vendor_sample", slug, made.id)


def _pack(request: HttpRequest, slug: str, pack_id: UUID) -> SamplePack:
    """Raises Http404."""
    row = get_vendor(request, slug)
    found: SamplePack | None = SamplePack.objects.filter(vendor=row, id=pack_id).select_related("by", "vendor").first()
    if found is None:
        raise Http404
    return found


@login_required
@ONE_FORM
def sample(request: HttpRequest, slug: str, pack_id: UUID) -> HttpResponse:
    actor = reader(request, Can.LEAD if request.method == "POST" else Can.READ)
    found = _pack(request, slug, pack_id)
    form, wrong = ReturnForm(), ""
    if request.method == "POST":
        form = ReturnForm(shown={"report": request.POST.get("report", "")})
        try:
            _take_back(request, found)
            return redirect("vendor_sample", slug, found.id)
        except BadSpec as error:
            wrong = str(error)
    made = samples.make(found.seed)
    context = {
        "pack": found, "vendor": found.vendor, "form": form, "wrong": wrong, "groups": words.groups(found.findings),
        "broken": [(one, words.FIELDS[one.traits[0]]) for one in made.broken], "may_lead": may(actor, Can.LEAD),
        "shown": [one for one in made.records if one.traits][:8], "now": timezone.now(),
    }  # fmt: skip
    return render(request, "ownership/vendors/sample.html", context, status=422 if wrong else 200)


def _take_back(request: HttpRequest, pack: SamplePack) -> None:
    """Raises BadSpec."""
    file = request.FILES.get("file")
    if file is None:
        raise BadSpec(_("Choose a file first."))
    data, report = file.read(BIGGEST + 1), request.POST.get("report", "")
    taken = checking.take_back(pack.id, name=str(file.name), data=data, report=report, now=timezone.now())
    if taken.passed:
        messages.success(request, _("Passed: nothing was different."))
    else:
        count = len(taken.findings)
        messages.warning(request, ngettext("%(n)d thing was different.", "%(n)d things were different.", count) % {"n": count})


@login_required
@require_safe
def sample_file(request: HttpRequest, slug: str, pack_id: UUID, which: str) -> HttpResponse:
    reader(request)
    if which not in DOWNLOADS:
        raise Http404
    found = _pack(request, slug, pack_id)
    made = samples.make(found.seed)
    records = made.broken if which.startswith("broken") else made.records
    text = samples.as_csv(records, oneroster=which.endswith("oneroster"))
    return csv_answer(text, f"samples-{slug}-{found.seed}-{which}.csv")


# --- the data dictionary ----------------------------------------------------------------------------------------------


@login_required
@require_safe
def fields(request: HttpRequest) -> HttpResponse:
    actor = reader(request)
    own = {row.slug: row.id for row in DataField.objects.all()}
    entries = [(entry, own.get(entry.slug), words.KINDS.get(entry.kind, entry.kind)) for entry in dictionary.of_district()]
    records: dict[str, list[Any]] = {}
    for one in entries:
        records.setdefault(words.record(one[0].record), []).append(one)
    return render(request, "ownership/vendors/fields.html", {"records": records, "own": bool(own), "may_set_up": actor.is_admin})


@for_administrators
@require_POST
def fields_begin(request: HttpRequest) -> HttpResponse:
    if dictionary.begin():
        messages.success(request, _("The dictionary is the district's own now: change what is different here."))
    return redirect("vendor_fields")


@for_administrators
@ONE_FORM
def field(request: HttpRequest, field_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(DataField.objects.all(), field_id, request)
    form = FieldForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_valid():
        dictionary.begin()
        saved = registering.save_field(row, form.cleaned_data)
        messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
        return redirect("vendor_fields")
    return render(request, "ownership/vendors/field.html", {"form": form, "field": row}, status=422 if form.errors else 200)


@for_administrators
@require_POST
def field_remove(request: HttpRequest, field_id: UUID) -> HttpResponse:
    row = row_or_404(DataField.objects.all(), field_id, request)
    assert row is not None
    row.delete()
    messages.success(request, _("%(name)s is taken out of the dictionary.") % {"name": row.name})
    return redirect("vendor_fields")

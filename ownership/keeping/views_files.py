"""Set-up: the whole matrix as a file, out and in. Nothing is taken from a file before somebody has seen what it would change."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from districts.editing import EditForm, actor_of, for_administrators
from ownership.keeping import importing, writing
from ownership.keeping.files import BIGGEST, BadFile, Read, as_csv, as_yaml, read

KINDS = {"csv": (as_csv, "text/csv; charset=utf-8"), "yaml": (as_yaml, "application/yaml; charset=utf-8")}


class FileForm(EditForm):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV from a spreadsheet, or YAML. You see what it would change before anything is."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.yaml,.yml,text/csv"}),
    )  # fmt: skip


@for_administrators
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    written, content_type = KINDS[kind]
    response = HttpResponse(written(writing.everything()), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="matrix.{kind}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """Three requests: the form, the file, and that it may be taken."""
    if request.method != "POST":
        return _page(request)
    kept = "kept" in request.POST
    try:
        found = _kept(request) if kept else _given(request)
    except BadFile as error:
        return _page(request, problems=error.problems, status=422)
    if found is None:
        return _page(request, problems=[_("Choose a file first.")], status=422)
    if kept:
        person = actor_of(request).person
        assert person is not None  # a key of a machine opens no page
        taken = importing.take(found, seen=request.POST.get("seen", ""), by=person, now=timezone.now())
        if taken is not None:
            said = ngettext("%(n)d process is as the file has it.", "%(n)d processes are as the file has them.", taken) % {"n": taken}
            messages.success(request, said)
            return redirect("setup_matrix")
        messages.warning(request, _("The matrix was changed meanwhile, and nothing was taken. This is what the file would change now."))
    context: dict[str, Any] = {"preview": importing.preview(found), "kept": as_yaml(found.rows), "named": " ".join(sorted(found.named))}
    return _page(request, **context)


def _given(request: HttpRequest) -> Read | None:
    """Raises BadFile."""
    file = request.FILES.get("file")
    return read(str(file.name), file.read(BIGGEST + 1)) if file else None


def _kept(request: HttpRequest) -> Read:
    """What was looked at, sent again. Raises BadFile."""
    found = read("kept.yaml", request.POST["kept"].encode())
    return Read(found.rows, frozenset(request.POST.get("named", "").split()) & writing.EVERYTHING)


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "ownership/setup/files.html", {"form": FileForm(), **more}, status=status)

"""Files of feeds: the address that machines send them to, and a page of each feed where a person may bring one."""

from dataclasses import replace
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from districts.access import Can, may, require
from districts.arriving import FORM, before_scope, with_whole_body
from districts.editing import actor_of, dress
from districts.scope import district_scope
from ownership.feeds import addresses, files, saying, tables
from ownership.feeds.answers import NO_FEED, feed_of, plain, stopped
from ownership.feeds.asking import early_actor
from ownership.feeds.files import Brought
from ownership.models import Feed, FeedFile, FeedRun

LENGTH_REQUIRED = 411
SHOWN = 30
NAME, FILE = "name", "file"
NOTHING = "nothing was written down"
Outcome = FeedRun.Outcome


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


def _listen(request: HttpRequest, token: str) -> None:
    """With no transaction open: what was sent is read, counted and hashed, which may take seconds."""
    try:
        request.brought = _brought(request, token)  # type: ignore[attr-defined]
    except _Refused as refused:
        request.brought = refused  # type: ignore[attr-defined]
    except Http404:
        request.brought = _Refused(404, NO_FEED)  # type: ignore[attr-defined]


@with_whole_body(_listen)
@csrf_exempt
@never_cache
@require_http_methods(["POST", "PUT"])
def send_file(request: HttpRequest, token: str) -> HttpResponse:
    """A machine leaves a file. The token is all it needs; a token of another district is not known here."""
    brought: Brought | _Refused = request.brought  # type: ignore[attr-defined]
    if isinstance(brought, _Refused):
        return plain(brought.why, brought.status)
    feed = feed_of(token)
    run = files.take(feed, brought, now=timezone.now(), district=request.district)  # type: ignore[attr-defined]
    if said := stopped(run):
        return plain(*said)
    figures = " ".join(f"{name}={number}" for name, number in run.counts.items())
    return plain(" ".join(filter(None, (run.outcome, figures))))


def _brought(request: HttpRequest, token: str) -> Brought:
    """Raises _Refused, and Http404 for a token that is not known here."""
    with district_scope(request.district.id):  # type: ignore[attr-defined]
        feed = feed_of(token)
    name, data = _sent(request)
    told = request.GET.dict()
    name = files.plain_name(told.pop(NAME, "") or name)
    try:
        said = saying.said(query=told)
        return Brought(name, files.read(feed, name, data), key=said.key, counts=said.counts, note=said.note)
    except saying.BadPing as error:
        raise _Refused(400, f"{error}; {NOTHING}") from None
    except tables.TooBig as error:
        raise _Refused(413, f"{error}; {NOTHING}") from None


def _sent(request: HttpRequest) -> tuple[str, bytes]:
    """A name, where a form tells one, and the bytes; one more than can be taken at most. Raises _Refused."""
    most = tables.MOST_BYTES + 1
    if request.content_type == FORM and request.method == "POST":
        file = request.FILES.get(FILE)
        if file is None:
            raise _Refused(400, f"a form with a file in the field {FILE!r}; {NOTHING}")
        return str(file.name), file.read(most)
    if not request.META.get("CONTENT_LENGTH") and "Transfer-Encoding" in request.headers:
        raise _Refused(LENGTH_REQUIRED, f"say how long it is: a file, and no pipe; {NOTHING}")
    return "", request.read(most)


# --- the page of a feed -------------------------------------------------------------------------------------------------


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("The file"),
        allow_empty_file=True,
        help_text=gettext_lazy("At most 20 MB. It is counted and compared with the one before; the file itself is not kept."),
    )

    def __init__(self, data: object = None, given: object = None) -> None:
        super().__init__(data, given)  # type: ignore[arg-type]
        for field in self.fields.values():
            dress(field)


def _read_before(request: HttpRequest, feed_id: UUID) -> None:
    """With no transaction open: what a lead brings is read, counted and hashed, which may take seconds; of others nothing is read."""
    sent = request.FILES.get(FILE)
    if sent is None:
        return
    with district_scope(request.district.id):  # type: ignore[attr-defined]
        row = Feed.objects.filter(id=feed_id).first() if may(early_actor(request), Can.LEAD) else None
    if row is None:
        return
    name = files.plain_name(str(sent.name))
    try:
        request.brought = Brought(name, files.read(row, name, sent.read(tables.MOST_BYTES + 1)))  # type: ignore[attr-defined]
    except tables.TooBig as error:
        request.brought = error  # type: ignore[attr-defined]


@before_scope(_read_before)
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feed(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """How one feed is told, and the files it brought; leads may bring one themselves."""
    actor = actor_of(request)
    require(actor, Can.LEAD if request.method == "POST" else Can.READ)
    row = get_object_or_404(Feed.objects.select_related("process"), id=feed_id)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_bound and form.is_valid() and (run := _upload(request, row, form)):
        if run.outcome == Outcome.OK:
            messages.success(request, _("Written down: %(note)s") % {"note": run.note})
        else:
            messages.warning(request, f"{run.get_outcome_display()}: {run.note}")
        return redirect("feed", row.id)
    context = {
        "feed": row, "process": row.process, "form": form, "may_lead": may(actor, Can.LEAD), "now": timezone.now(),
        "ways": addresses.ways(row, request.district) if actor.is_admin else None,  # type: ignore[attr-defined]
        "files": FeedFile.objects.filter(feed=row).defer("digests").select_related("run__by").order_by("-at", "-id")[:SHOWN],
    }  # fmt: skip
    return render(request, "ownership/feed.html", context, status=422 if form.errors else 200)


def _upload(request: HttpRequest, row: Feed, form: FileForm) -> FeedRun | None:
    """Write down what was read before. None: it is too big, or was not read, and the form says so."""
    brought: Brought | tables.TooBig | None = getattr(request, "brought", None)
    if not isinstance(brought, Brought):
        too_big = brought is not None
        form.add_error(FILE, _("It is over 20 MB, more than can be taken.") if too_big else _("It was not read. Send it again."))
        return None
    brought = replace(brought, by=actor_of(request).person)
    return files.take(row, brought, now=timezone.now(), district=request.district)  # type: ignore[attr-defined]

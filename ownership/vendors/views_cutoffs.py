"""Cut-offs: set up by administrators, acknowledged by whoever has the link. The link is all it needs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from districts.editing import for_administrators, row_or_404
from districts.limits import remote_of, within
from ownership.models import CutOff
from ownership.vendors import cutoffs
from ownership.vendors.forms import CutOffForm
from ownership.vendors.views import get_vendor

MOST_LOOKS = 120  # for each address and hour: an office is one address
UNKNOWN, TOO_MANY = 404, 429


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def cutoff(request: HttpRequest, slug: str, cutoff_id: UUID | None = None) -> HttpResponse:
    parent, now = get_vendor(request, slug), timezone.now()
    row = row_or_404(CutOff.objects.filter(vendor=parent), cutoff_id, request)
    form = CutOffForm(request.POST if request.method == "POST" else None, vendor=parent, cutoff=row, now=now)
    if form.is_valid():
        saved = cutoffs.save_cutoff(parent, row, form.values(), now=now)
        messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
        return redirect("vendor", slug)
    context = {"form": form, "vendor": parent, "cutoff": row, "now": now}
    return render(request, "ownership/vendors/cutoff.html", context, status=422 if form.errors else 200)


@for_administrators
@require_POST
def cutoff_remove(request: HttpRequest, slug: str, cutoff_id: UUID) -> HttpResponse:
    row = row_or_404(CutOff.objects.filter(vendor=get_vendor(request, slug)), cutoff_id, request)
    assert row is not None
    cutoffs.remove(row, now=timezone.now())
    messages.success(request, _("%(name)s is removed, with what was acknowledged of it.") % {"name": row.name})
    return redirect("vendor", slug)


@csrf_exempt  # the link is the key, nobody is signed in by it, and a vendor's program may post to it
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows it: programs that look through mail follow links. POST acknowledges; the same again is nothing."""
    if not within("vendor-ack", remote_of(request), most=MOST_LOOKS, seconds=3600):
        return _page(request, {"trouble": "many"}, TOO_MANY)
    notice = cutoffs.by_token(token[:40])
    if notice is None:
        return _page(request, {"trouble": "unknown"}, UNKNOWN)
    now = timezone.now()
    if request.method == "POST":
        cutoffs.acknowledge(notice.id, name=request.POST.get("name", ""), now=now)
        notice.refresh_from_db()
    late = (notice.acknowledged_at or now) > notice.due_at
    return _page(request, {"notice": notice, "counted": cutoffs.counted(notice), "late": late, "now": now}, 200)


def _page(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    answer = render(request, "ownership/vendors/ack.html", context, status=status)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django's: the address is a key, and stands in no log
    return answer

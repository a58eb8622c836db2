"""Families: no more tests and announcements by mail, by the link in one of them. The signed link is the key; nobody signs in."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts import stopping


@csrf_exempt  # a mail program presses the button for its reader, with no cookie (RFC 8058 3.1)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, contact_id: UUID, proof: str) -> HttpResponse:
    contact = stopping.contact_of(contact_id, proof)
    if contact is None:
        raise Http404
    if request.method == "POST":
        if request.POST.get("again"):
            stopping.again(contact)
        else:
            stopping.stop(contact, now=timezone.now())
    values = {"address": contact.address, "stopped": stopping.stopped(contact), "done": request.method == "POST"}
    return render(request, "alerts/stop.html", values)

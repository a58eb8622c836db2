"""Files that people sent, by the signed links that their pages make (`tickets.files.link_to`)."""

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from tickets import files
from tickets.models import Attachment

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})  # made anew by us; never SVG, which is a program


@require_safe
def file(request: HttpRequest, signed: str) -> HttpResponse:
    """Pictures are shown, all else is saved: nothing in a file may run on our address, nor be guessed at, framed or kept by a proxy."""
    try:
        found = Attachment.objects.filter(id=files.from_link(signed)).first()
        data = files.read(found) if found else None
    except signing.SignatureExpired:
        return render(request, "intake/link_over.html", status=410)
    except (signing.BadSignature, ValueError, FileNotFoundError):
        raise Http404 from None
    if found is None or data is None:
        raise Http404
    return _served(found, data)


def _served(found: Attachment, data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type=found.content_type if found.content_type in SHOWN else "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(found.content_type not in SHOWN, found.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def by_link(found: Attachment) -> HttpResponse:
    """From a page that knows whose the file is, to a link that is made anew each time."""
    response = HttpResponseRedirect(files.link_to(found))
    response["Cache-Control"] = "private, no-store"
    return response

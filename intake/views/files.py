"""Files that people sent, by the signed links that their pages make (`tickets.files.link_to`)."""

import re

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from tickets import files
from tickets.models import Attachment

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})  # made anew by us; never SVG, which is a program
PLAYED = frozenset({"audio/mpeg", "audio/wav", "audio/mp4", "audio/ogg"})
_RANGE = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")


@require_safe
def file(request: HttpRequest, signed: str) -> HttpResponse:
    """Pictures are shown, recordings played, all else is saved: nothing in a file may run on our address, nor be guessed at, framed or
    kept by a proxy."""
    try:
        found = Attachment.objects.filter(id=files.from_link(signed)).first()
        data = files.read(found) if found else None
    except signing.SignatureExpired:
        return render(request, "intake/link_over.html", status=410)
    except (signing.BadSignature, ValueError, FileNotFoundError):
        raise Http404 from None
    if found is None or data is None:
        raise Http404
    return _served(found, data, request.headers.get("Range", "") if found.content_type in PLAYED else "")


def _served(found: Attachment, data: bytes, wanted: str) -> HttpResponse:
    opened = found.content_type in SHOWN | PLAYED
    part, where = _part(data, wanted)
    response = HttpResponse(part, content_type=found.content_type if opened else "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(not opened, found.name) or "attachment"
    if found.content_type in PLAYED:
        response["Accept-Ranges"] = "bytes"
    if where:
        response.status_code, response["Content-Range"] = 206, where
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _part(data: bytes, wanted: str) -> tuple[bytes, str]:
    """The one range that a player asks for when somebody jumps (RFC 9110 14.2), and its name; else the whole."""
    found = _RANGE.fullmatch(wanted)
    if found is None or int(found[1]) >= len(data):
        return data, ""
    first, last = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
    return (data[first : last + 1], f"bytes {first}-{last}/{len(data)}") if last >= first else (data, "")


def by_link(found: Attachment) -> HttpResponse:
    """From a page that knows whose the file is, to a link that is made anew each time."""
    response = HttpResponseRedirect(files.link_to(found))
    response["Cache-Control"] = "private, no-store"
    return response

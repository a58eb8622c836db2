"""A provider's form, one field of which may be a whole mail: more than Django takes for a field, and bytes that are no text.

multipart/form-data is cut at its boundaries (RFC 7578); nothing is decoded that nobody asks for. Of a field that is a whole mail
(`WHOLE`) the form keeps the headers, for whoever reads the form; the mail itself is kept byte for byte beside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

WHOLE = frozenset({"email", "body-mime"})  # SendGrid's "raw", Mailgun's "mime"
MOST_PARTS = 1000
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True)
class Part:
    name: str
    content: bytes
    filename: str | None = None
    kind: str = ""


def fill(request: HttpRequest, body: bytes) -> bytes | None:
    """Give `request` the form in its body, and return the whole mail in it; None where there is none, or where it is no form."""
    if request.content_type == "multipart/form-data":
        parts = list(_parts(body, request.headers["Content-Type"]))
    elif request.content_type == "application/x-www-form-urlencoded":
        parts = list(_pairs(body))
    else:
        return None
    form, files, mail = QueryDict(mutable=True), MultiValueDict[str, SimpleUploadedFile](), None
    for part in parts:
        if part.filename is not None:
            files.appendlist(part.name, SimpleUploadedFile(part.filename or "file", part.content, part.kind))
        elif part.name in WHOLE:
            mail = part.content
            form.appendlist(part.name, head_of(mail).decode("utf-8", "replace"))
        else:
            form.appendlist(part.name, part.content.decode("utf-8", "replace"))
    request._post, request._files = form, files  # type: ignore[attr-defined]
    return mail


def head_of(mail: bytes) -> bytes:
    """Its headers and the empty line."""
    found = _BLANK_LINE.search(mail)
    return mail[: found.end()] if found else mail[:100_000]


def _parts(body: bytes, content_type: str) -> Iterator[Part]:
    """Raises ValueError where there is no boundary."""
    boundary = parse_header_parameters(content_type)[1].get("boundary", "")
    if not boundary:
        raise ValueError("a form without a boundary")
    line = b"--" + boundary.encode("latin-1", "replace")
    at = 0 if body.startswith(line) else body.find(b"\r\n" + line) + 2
    for _part in range(MOST_PARTS):
        begins = body.find(b"\r\n", at) + 2
        ends = body.find(b"\r\n" + line, begins - 2)
        if at < 0 or begins < 2 or ends < 0 or body.startswith(b"--", at + len(line)):
            return
        found = _part_of(body, begins, ends)
        if found:
            yield found
        at = ends + 2


def _part_of(body: bytes, begins: int, ends: int) -> Part | None:
    blank = body.find(b"\r\n\r\n", begins - 2, ends)
    if blank < 0:
        return None
    fields = dict(_field(line) for line in body[begins:blank].decode("utf-8", "replace").split("\r\n"))
    told = parse_header_parameters(fields.get("content-disposition", ""))[1]
    if "name" not in told:
        return None
    return Part(told["name"], body[blank + 4 : ends], told.get("filename"), fields.get("content-type", ""))


def _field(line: str) -> tuple[str, str]:
    name, _colon, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _pairs(body: bytes) -> Iterator[Part]:
    for pair in body.split(b"&", MOST_PARTS)[:MOST_PARTS]:
        name, _equals, value = pair.replace(b"+", b" ").partition(b"=")
        yield Part(unquote_to_bytes(name).decode("utf-8", "replace"), unquote_to_bytes(value))

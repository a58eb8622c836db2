"""Documents: known by their bytes; one that could run something is none."""

import codecs
import re
import zipfile
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from tickets.refusal import Refused

HEAD = 65_536  # bytes that tell what a file is
CHUNK = 256 * 1024

MAX_MEMBERS = 5_000
MAX_LIST = 2 * 1024 * 1024  # bytes
MAX_UNPACKED = 500 * 1024 * 1024
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OLD_OFFICE = {  # stream names of an OLE file, in UTF-16
    "WordDocument".encode("utf-16-le"): "application/msword",
    "Workbook".encode("utf-16-le"): "application/vnd.ms-excel",
    "PowerPoint Document".encode("utf-16-le"): "application/vnd.ms-powerpoint",
}
_MACRO_STORE = "_VBA_PROJECT".encode("utf-16-le")
_MACROS = ("vbaproject", "activex", "macrosheets", "scripts/", "basic/")
_RUNS = re.compile(
    r"\.(bat|cmd|com|exe|js|jse|mjs|vbs|vbe|ps1|psm1|sh|bash|py|pl|rb|php|wsf|hta|lnk|reg|scr|inf|url|desktop|jar|svg|x?html?|xml|mht)$",
    re.I,
)
_MARKUP = re.compile(
    rb"<\s*(!doctype|html|head|body|script|svg|iframe|object|embed|\?xml|\?php|math|style|link|meta)\b|<\?xml|<\?php", re.IGNORECASE
)
_MAIL_FIELD = re.compile(
    rb"^(from|to|subject|date|received|return-path|message-id|delivered-to|mime-version|content-type):", re.IGNORECASE | re.MULTILINE
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BY_ENDING = {".csv": "text/csv", ".ics": "text/calendar", ".vcf": "text/vcard", ".md": "text/plain", ".log": "text/plain"}


def kind_of(name: str, data: IO[bytes]) -> str:
    """Content type, or an empty string for what is not taken. Reads what it needs, never the whole of a large file at once.

    Raises Refused with a sentence of its own where there is more to say than that.
    """
    data.seek(0)
    head = data.read(HEAD)
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return _packed(data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _old_office(data)
    return _text(name, head, data)


def chunks(data: IO[bytes], overlap: int = 0) -> Iterator[bytes]:
    """From its beginning to its end; each begins with the last `overlap` bytes of the one before, so that nothing is cut in two."""
    data.seek(0)
    kept = b""
    while chunk := data.read(CHUNK):
        yield kept + chunk
        kept = (kept + chunk)[-overlap:] if overlap else b""


def _packed(data: IO[bytes]) -> str:
    """Office and OpenDocument are zip files; any other zip is refused, and so are macros and bombs."""
    if _too_long_a_list(data):
        return ""
    try:
        with zipfile.ZipFile(data) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                return ""
            names = [member.filename for member in members]
            if any(word in name.lower() for name in names for word in _MACROS):
                raise _macros()
            if "[Content_Types].xml" in names:
                return next((kind for folder, kind in _OFFICE.items() if any(name.startswith(folder) for name in names)), "")
            return _open_document(archive, names)
    except Refused:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        return ""


def _too_long_a_list(data: IO[bytes]) -> bool:
    """A zip file's list of contents stands at its end (APPNOTE 4.3.16). It is read as a whole, so its length is looked at first."""
    size = data.seek(0, 2)
    data.seek(max(0, size - 66_000))
    end = data.read()
    at = end.rfind(b"PK\x05\x06")
    return at < 0 or int.from_bytes(end[at + 12 : at + 16], "little") > MAX_LIST


def _open_document(archive: zipfile.ZipFile, names: list[str]) -> str:
    if names[:1] != ["mimetype"] or archive.getinfo("mimetype").file_size > 100:
        return ""
    kind = archive.read("mimetype").decode("ascii", "replace")
    return kind if kind.startswith("application/vnd.oasis.opendocument.") else ""


def _old_office(data: IO[bytes]) -> str:
    kind = ""
    for part in chunks(data, overlap=64):
        if _MACRO_STORE in part:
            raise _macros()
        kind = kind or next((kind for stream, kind in _OLD_OFFICE.items() if stream in part), "")
    return kind


def _macros() -> Refused:
    return Refused(_("Office files with macros are not taken: save it without macros, or as a PDF."))


def _text(name: str, head: bytes, data: IO[bytes]) -> str:
    if _RUNS.search(name) or head.startswith(b"#!") or _CONTROL.search(head):
        return ""
    ending = f".{name.rpartition('.')[2].lower()}"
    if ending == ".eml" and len(_MAIL_FIELD.findall(head[:8192])) >= 2:
        return "message/rfc822"
    if _MARKUP.search(head):
        return ""
    if ending not in (".txt", ".csv", ".ics", ".vcf", ".log") and not _is_utf8(data):
        return ""
    return _BY_ENDING.get(ending, "text/plain")


def _is_utf8(data: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for part in chunks(data):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True

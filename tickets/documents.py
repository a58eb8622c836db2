"""Documents: known by their bytes; one that could run something is none."""

import io
import re
import zipfile

MAX_MEMBERS = 5_000
MAX_UNPACKED = 500 * 1024 * 1024
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OLD_OFFICE = {  # stream names of an OLE file, in UTF-16
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
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


def kind_of(name: str, data: bytes) -> str:
    """Content type, or an empty string for what is not taken."""
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    if data.startswith(b"PK\x03\x04"):
        return _packed(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _old_office(data)
    return _text(name, data)


def _packed(data: bytes) -> str:
    """Office and OpenDocument are zip files; any other zip is refused, and so are macros and bombs."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                return ""
            names = [member.filename for member in members]
            if any(word in name.lower() for name in names for word in _MACROS):
                return ""
            if "[Content_Types].xml" in names:
                return next((kind for folder, kind in _OFFICE.items() if any(name.startswith(folder) for name in names)), "")
            return _open_document(archive, names)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        return ""


def _open_document(archive: zipfile.ZipFile, names: list[str]) -> str:
    if names[:1] != ["mimetype"] or archive.getinfo("mimetype").file_size > 100:
        return ""
    kind = archive.read("mimetype").decode("ascii", "replace")
    return kind if kind.startswith("application/vnd.oasis.opendocument.") else ""


def _old_office(data: bytes) -> str:
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        return ""
    return next((kind for stream, kind in _OLD_OFFICE.items() if stream.encode("utf-16-le") in data), "")


def _text(name: str, data: bytes) -> str:
    if _RUNS.search(name) or data.startswith(b"#!") or _CONTROL.search(data[:65_536]):
        return ""
    ending = f".{name.rpartition('.')[2].lower()}"
    if ending == ".eml" and len(_MAIL_FIELD.findall(data[:8192])) >= 2:
        return "message/rfc822"
    if _MARKUP.search(data[:65_536]):
        return ""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if ending not in (".txt", ".csv", ".ics", ".vcf", ".log"):
            return ""
    return _BY_ENDING.get(ending, "text/plain")

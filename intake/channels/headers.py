"""Header fields of a mail → text, addresses, ids. Nothing here raises on what somebody sent."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import getaddresses

from intake.channels.charsets import decode
from intake.channels.parts import Defects, Part, unfold
from intake.wording import one_line

_ENCODED = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?]*)?\?([bBqQ])\?([^?]*\?*?)\?=")
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]+@[A-Za-z0-9\u0080-\uffff][A-Za-z0-9.\-\u0080-\uffff]*")
_ALONE = re.compile(r"\s*(?!\")([^<>,;()\\]{0,500}?)[\s>]*<([^\s<>@,;:\\()\[\]]{1,320}@[^\s<>@,;:\"()\[\]\\]{1,320})>\s*")
_BARE = re.compile(r"()\s*([^\s<>@,;:\"\\()\[\]]{1,320}@[^\s<>@,;:\"\\()\[\]]{1,320})\s*")
_PLAIN = r"([^\s<>@,;:\"\\()\[\]\0]{1,320}@[a-z0-9.-]{1,253})"
_CERTAIN = re.compile(
    r'(?:"(?:[^"\\]|\\.)*+"|\([^()<>@"\\]*+\)|[^"<>@,;:()\[\]\\\0])*+<' + _PLAIN + r">|" + _PLAIN + r'(?:\s+\([^()<>@"\\]*+\))?',
    re.IGNORECASE,
)
_AROUND = re.compile(r"[\s<>\"']")
_ANGLED = re.compile(r"<([^<>\s]{1,900})>")
_COMMENT = re.compile(r"\([^()]*\)")
MAX_NAME = 2_000  # characters of one name before it is decoded
MAX_READ = 5_000  # characters of a field that breaks the parser
MAX_ADDRESSES = 40_000  # characters of all fields of one name that are read as addresses: a thousand people
_NO_ADDRESSES = (RecursionError, ValueError, IndexError, TypeError, AttributeError)  # what Python's parser raises on hostile ones

_NO_REPLY = ("noreply", "donotreply", "dontreply", "notreply", "autoreply", "autoresponder")
_NOBODY = frozenset({"mailerdaemon", "postmaster", "bounce", "bounces", "notification", "notifications", "alert", "alerts"})


@dataclass(frozen=True)
class Address:
    name: str
    address: str  # lower case


class Headers:
    """Fields by lower-case name; unfolded, 8-bit bytes decoded, encoded words left for `text`."""

    def __init__(self, part: Part, defects: Defects | None = None) -> None:
        self._fields: dict[str, list[str]] = {}
        self._addresses: dict[str, list[Address]] = {}
        label = next((one for one in (part, *part.children) if "charset" in one.parameters), part).parameters.get("charset", "")
        for name, value in part.fields:
            self._fields.setdefault(name, []).append(unfold(value, label))
        if defects is not None and not all(value.isascii() for _name, value in part.fields):
            defects.note("8-bit header")

    def all(self, name: str) -> list[str]:
        return self._fields.get(name, [])

    def raw(self, name: str) -> str:
        """The first one, encoded words as they came."""
        fields = self._fields.get(name)
        return fields[0] if fields else ""

    def text(self, name: str) -> str:
        return words(self.raw(name)).strip()

    def token(self, name: str) -> str:
        """The first word of a field that holds a keyword, lower case, without comments and parameters."""
        return _COMMENT.sub("", self.raw(name)).split(";")[0].strip().lower()

    def addresses(self, name: str) -> list[Address]:
        """Read once: who wrote is asked for in many places."""
        if name not in self._addresses:
            self._addresses[name] = [found for value in _within(self.all(name), MAX_ADDRESSES) for found in addresses(value)]
        return self._addresses[name]

    def certain(self, name: str) -> str:
        """The address of a field that is there once and that no program reads in another way; empty where it is not so."""
        fields = self.all(name)
        found = _CERTAIN.fullmatch(fields[0].strip()) if len(fields) == 1 else None
        return (found[1] or found[2]).lower() if found else ""

    def ids(self, name: str) -> tuple[str, ...]:
        value = " ".join(_within(self.all(name), MAX_ADDRESSES))
        return tuple(ids(words(value)))  # some programs encode what is too long for a line

    def __contains__(self, name: str) -> bool:
        return name in self._fields


def _within(values: list[str], most: int) -> Iterator[str]:
    """The first of these, so many characters of them in all."""
    for value in values:
        if most <= 0:
            return
        yield value[:most]
        most -= len(value) + 1


def words(value: str) -> str:
    """RFC 2047 encoded words → text; a character split over two words of one charset is put together again."""
    if "=?" not in value:
        return value
    out: list[str] = []
    held, charset, end = b"", "", 0
    for found in _ENCODED.finditer(value):
        between = value[end : found.start()]
        if held and (between.strip() or found[1].lower() != charset):
            out.append(decode(held, charset))
            held = b""
        if between.strip() or (not out and not held and between):
            out.append(between)
        charset = found[1].lower()
        held += _word(found[2], found[3])
        end = found.end()
    if held:
        out.append(decode(held, charset))
    out.append(value[end:])
    return "".join(out)


def _word(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b" ").replace(b" ", b"=20"))
    try:
        return base64.b64decode(data + b"=" * (-len(data.rstrip(b"=")) % 4 or 0), validate=False)
    except (binascii.Error, ValueError):
        return data


def addresses(value: str) -> list[Address]:
    """Mailboxes of an address field, in order; what is not an address is left out. Encoded words make names, never addresses."""
    alone = _ALONE.fullmatch(value) or _BARE.fullmatch(value)
    found = [(alone[1], alone[2])] if alone else _mailboxes(value)
    if not any("@" in address for _name, address in found):
        found = [(value.partition("<")[0], match[0]) for match in _ADDRESS.finditer(value[:MAX_READ])]
    return [Address(_name(name), plain) for name, address in found if (plain := _plain(address))]


def _plain(address: str) -> str:
    """Lower case; empty where it is none."""
    plain = _AROUND.sub("", address).strip(".").lower()
    return plain if "@" in plain.strip("@") and "=?" not in plain else ""


def _name(name: str) -> str:
    """Without the quotes around all of it."""
    plain = words(name[:MAX_NAME]).strip('" ')
    while len(plain) > 1 and plain[0] == plain[-1] == "'":
        plain = plain[1:-1].strip()
    return one_line(plain, 200)


def without_host(value: str) -> Address | None:
    """Who is named where no address is: "Moderator <moderator>", "root"."""
    name, angled, rest = value.partition("<")
    local = rest.partition(">")[0] if angled else "" if "=?" in value else value
    found = Address(_name(name) if angled or not local else "", one_line(local.strip("\"' "), 200).lower())
    return found if found.name or found.address else None


def _mailboxes(value: str) -> list[tuple[str, str]]:
    """(name, address) as Python reads them, strictly where that finds any; none where the field breaks its parser."""
    try:
        pairs = getaddresses([value], strict=True)
        return pairs if any("@" in address for _name, address in pairs) else getaddresses([value], strict=False)
    except _NO_ADDRESSES:
        return []


def ids(value: str) -> list[str]:
    """Message-IDs without their brackets; a broken field's words where it has none. At most 100."""
    found = _ANGLED.findall(value)
    if not found:
        found = [word.strip("<>,;\"'") for word in value.split() if "@" in word]
    return list(dict.fromkeys(one_line(one, 250) for one in found))[-100:]


def is_no_reply(address: str) -> bool:
    """An address whose mail nobody reads, by its local part."""
    plain = re.sub(r"[._-]", "", address.partition("@")[0].partition("+")[0])
    return plain in _NOBODY or plain.startswith(_NO_REPLY)

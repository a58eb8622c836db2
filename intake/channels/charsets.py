"""Bytes whose character set may be missing, wrong or made up → text."""

import codecs
import re

_ALIASES = {  # what senders call it → what it is (WHATWG Encoding: labels of old sets mean their Windows supersets)
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "hz-gb-2312": "hz", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "iso-8859-9": "cp1254", "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7", "x-unknown": "utf-8", "unknown-8bit": "utf-8", "utf8mb4": "utf-8", "windows-874": "cp874",
    "x-mac-roman": "mac-roman", "macintosh": "mac-roman", "cp-850": "cp850", "iso-2022-jp": "iso2022_jp_ext", "tis-620": "cp874",
}  # fmt: skip
_TEXT_CODEC = re.compile(r"^(utf|cp\d|iso|koi8|gb|big5|euc|mac|hz$|johab|ascii|latin|ptcp|tis)")
_HIGH = re.compile(rb"[\x80-\xff]+")
_IN_WORDS = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")
_KANA = re.compile(rb"[\x81-\x83][\x40-\xfc]")
_JIS = re.compile(rb"\x1b\$[@B]([^\x1b]*)(?:\x1b\([BJ])?")
LOOK = 20_000  # bytes from which a set is guessed
_STATEFUL = ("iso2022", "utf-7", "hz", "utf-16", "utf-32")


def codec(label: str) -> str:
    """Python's name of a charset, or an empty string where there is no such thing."""
    name = label.strip("\"' ").lower()
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    return found if _TEXT_CODEC.match(found) else ""


def decode(data: bytes, label: str = "") -> str:
    """UTF-8 where it is valid (few texts of another set are), else what was said, else the likeliest; never raises."""
    if data.isascii() and not _stateful(label):
        return data.decode("ascii")
    said = _big_endian(codec(label), data)
    for name in (said,) if said.startswith(_STATEFUL) and data.isascii() else _order(said):
        try:
            return _whole(data.decode(name))
        except (UnicodeError, ValueError):
            continue
    return _whole(_anyhow(data, said))


def _whole(text: str) -> str:
    """UTF-7 can say half a character, which nothing can keep."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def decode_guessed(data: bytes, label: str = "") -> str:
    """Bytes whose set nobody told: `label` is only that of something near them."""
    if data.isascii():
        return data.decode("ascii")
    try:
        return data.decode("utf-8")
    except UnicodeError:
        return decode(data, _likely(data) or label)


def _stateful(label: str) -> bool:
    """Sets whose text is ASCII bytes that mean something else."""
    return bool(label) and codec(label).startswith(_STATEFUL)


def _big_endian(said: str, data: bytes) -> str:
    """UTF-16 and UTF-32 that do not say in which order their bytes are (RFC 2781)."""
    return f"{said}-be" if said in ("utf-16", "utf-32") and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) else said


def _order(said: str) -> tuple[str, ...]:
    if not said:
        return ("utf-8",)
    single_byte = said.startswith(("cp125", "iso8859", "koi8", "mac", "cp8", "cp4"))
    return ("utf-8", said) if single_byte else (said, "utf-8")


def _anyhow(data: bytes, said: str) -> str:
    """Broken in its own set, or of another one."""
    if said.startswith("iso2022") and b"\x1b$" in data:
        return _JIS.sub(lambda run: bytes(byte | 0x80 for byte in run[1]), data).decode("euc_jis_2004", "replace")
    guessed = _likely(data)
    if guessed and not said.startswith(("gb", "big5", "cp9", "euc")):
        return data.decode(guessed, "replace")
    if said and said != "utf-8":
        return data.decode(said, "replace")
    text = data.decode("utf-8", "replace")
    high = sum(byte > 127 for byte in data[:LOOK])
    broken = text[:LOOK].count("\ufffd")
    return data.decode("cp1252", "replace") if broken * 3 > high else text


def _likely(data: bytes) -> str:
    """A set of two bytes for a character, or a Cyrillic one, told by which bytes come together; empty where unsure.

    Western European texts have single high bytes between ASCII; Chinese (GB 2312: the usual characters begin with B0 to D7) and
    Japanese (Shift JIS: kana begin with 81 to 83) pairs; Russian (Windows 1251) whole words, most of them in small letters.
    """
    looked = data[:LOOK]
    high = sum(byte > 127 for byte in looked)
    kana = len(_KANA.findall(looked))
    if kana >= 2 and kana * 3 >= high:
        return "cp932"
    runs = _HIGH.findall(looked)
    if high >= 4 and len(_IN_WORDS.findall(looked)) * 5 <= len(runs) and all(len(run) % 2 == 0 for run in runs):
        leads = [lead for run in runs for lead in run[::2]]
        if sum(0xB0 <= lead <= 0xD7 for lead in leads) * 10 >= len(leads) * 6:
            return "gb18030"
    if high >= 8 and high >= 3 * len(runs):
        return "cp1251" if sum(byte >= 0xE0 for byte in looked) * 2 > high else "koi8-r"
    return ""

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
    said = codec(label)
    for name in _order(said):
        try:
            return data.decode(name)
        except (UnicodeError, ValueError):
            continue
    return _anyhow(data, said)


def _stateful(label: str) -> bool:
    """Sets whose text is ASCII bytes that mean something else."""
    return bool(label) and codec(label).startswith(_STATEFUL)


def _order(said: str) -> tuple[str, ...]:
    if not said:
        return ("utf-8",)
    single_byte = said.startswith(("cp125", "iso8859", "koi8", "mac", "cp8", "cp4"))
    return ("utf-8", said) if single_byte else (said, "utf-8")


def _anyhow(data: bytes, said: str) -> str:
    if said and said != "utf-8":
        return data.decode(said, "replace")
    text = data.decode("utf-8", "replace")
    high = sum(byte > 127 for byte in data[:20_000])
    broken = text[:20_000].count("�")
    return data.decode("cp1252", "replace") if broken * 3 > high else text

"""Who a mail is proven to be from: what our own mail server found of SPF, DKIM and DMARC (RFC 8601).

Anybody can write "Authentication-Results" into a mail. Believed is the topmost field that bears the name of our own server, with
those right above the first Received (one for each filter of that server). The same name further down, and any other name, is
the sender's word. Providers tell the same with their webhooks, under their own name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

LONGEST = 8_000  # characters of a field that are read
NAMELESS = ("outlook.com",)  # servers that write no name of their own
FIELD = "authentication-results"
METHODS = ("spf", "dkim", "dmarc")
_GLUED = "\0"  # where a comment stood with no space before it: nothing that a server writes into a domain
_RESULT = re.compile(r"\s*(spf|dkim|dmarc)\s*(?:/\s*\d+\s*)?=\s*([a-z]{2,20})(?=[\s\0]|$)", re.IGNORECASE)
_PAIR = re.compile(r'\s*([a-z][a-z0-9._-]{0,60})\s*=\s*((?:"(?:[^"\\]|\\.)*"|[^\s\0";])+)(?=\s|$)', re.IGNORECASE)
_AGAINST = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*(fail)\b", re.IGNORECASE)
_PART = re.compile(r'[^"();]+|"(?:[^"\\]|\\.)*"|;', re.DOTALL)
_IN_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)
_FAILED = re.compile(r"\bdmarc\s*=\s*fail\b(.{0,500})", re.IGNORECASE | re.DOTALL)
_POLICY = re.compile(
    r"(?:[( ]p|\bpolicy|\bpolicy\.published-domain-policy|\baction)\s*=\s*(?:o|pct\.)?(none|quarantine|reject)\b", re.IGNORECASE
)
_TELLS: dict[str, tuple[str, ...]] = {  # of which domain a result is; the first property that is told
    "spf": ("smtp.mailfrom", "smtp.mfrom", "smtp.mail"),
    "dkim": ("header.d", "header.i"),
    "dmarc": ("header.from",),
}
_WORST = ("fail", "permerror", "temperror", "policy", "softfail", "neutral", "none")  # worse than any other word, and that than "pass"
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")


@dataclass(frozen=True)
class Authentication:
    """Each "pass", "fail", …; empty where nobody whom we believe has told."""

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    domain: str = ""  # proven, and that of the address in From
    policy: str = ""  # what that domain wishes done with a mail that fails DMARC: "none", "quarantine", "reject"

    def __str__(self) -> str:
        told = (("spf", self.spf), ("dkim", self.dkim), ("dmarc", self.dmarc))
        return " ".join(f"{name}={result}" for name, result in told if result)

    def __bool__(self) -> bool:
        return bool(self.spf or self.dkim or self.dmarc)

    @property
    def passed(self) -> bool:
        """The domain in From stands behind it."""
        return self.dmarc == "pass" or (self.dmarc != "fail" and bool(self.domain))

    @property
    def failed(self) -> bool:
        """The domain in From says that such a mail is not its own."""
        if self.dmarc in ("pass", "fail"):
            return self.dmarc == "fail"
        return self.spf == "fail" and self.dkim != "pass"

    @property
    def unwanted(self) -> bool:
        """And wishes that nobody reads it."""
        return self.dmarc == "fail" and self.policy in ("quarantine", "reject")

    def unproven(self) -> "Authentication":
        """Of another address than the one in From only what speaks against it is told."""
        return self if self.failed else Authentication()


@dataclass(frozen=True)
class _Finding:
    method: str
    result: str
    domains: tuple[str, ...] = ()


def read(fields: Sequence[tuple[str, str]], trusted_hop: str, writer: str) -> Authentication:
    """`fields`: names (lower case) and values from the top; `trusted_hop`: our own server's name; `writer`: the address in From, empty
    where it is not certain who that is."""
    believed = _believed(fields, trusted_hop.strip().lower().rstrip("."))
    found = _summed_up([finding for value in believed for finding in _findings(value)], _domain(writer))
    return replace(found, policy=_policy(believed)) if found.dmarc == "fail" else found


def _policy(believed: Sequence[str]) -> str:
    """ "p=reject" or "policy=reject" in a comment, Microsoft's "action=oreject", "policy.published-domain-policy=reject"."""
    said = (found for value in believed for found in _FAILED.findall(value[:LONGEST]))
    wished = [found[1].lower() for one in said if (found := _POLICY.search(one))]
    return next((one for one in ("reject", "quarantine", "none") if one in wished), "")


def _believed(fields: Sequence[tuple[str, str]], hop: str) -> list[str]:
    if not hop:
        return []
    at = next((index for index, (name, _value) in enumerate(fields) if name == FIELD), None)
    if at is None or not _is_of(fields[at][1], hop):
        return []
    if any(name == "received" for name, _value in fields[:at]):
        return [fields[at][1]]
    return [value for _name, value in takewhile(lambda field: field[0] == FIELD and _is_of(field[1], hop), fields[at:])]


def _is_of(value: str, hop: str) -> bool:
    """The name stands before whatever a sender could have a hand in."""
    first = (_pieces(value) or value.split(";"))[0].split()
    name = first[0].lower().rstrip(".") if first else ""
    return name == hop or ("=" in name and any(hop == one or hop.endswith(f".{one}") for one in NAMELESS))


def _findings(value: str) -> Iterator[_Finding]:
    """Some of it is the sender's own (the local part of an address, say), and not every server writes it as it should: of what cannot
    be taken apart for certain, only what speaks against the mail counts."""
    pieces = _pieces(value)
    if pieces is None:
        yield from (_Finding(method.lower(), result.lower()) for method, result in _AGAINST.findall(value[:LONGEST]))
        return
    for piece in pieces:
        found = _RESULT.match(piece)
        if found:
            method, result, told = found[1].lower(), found[2].lower(), _pairs(piece[found.end() :].lstrip(_GLUED).rstrip())
            if told is not None:
                yield _Finding(method, result, _domains(method, told))
            elif result != "pass":
                yield _Finding(method, result)


def _pieces(value: str) -> list[str] | None:
    """What stands between the semicolons, without comments; None where a quote or a comment has no end, or it is too long."""
    pieces, at = [""], 0
    while at < len(value) <= LONGEST:
        found = _PART.match(value, at)
        ends = found.end() if found else _end_of_comment(value, at)
        if not ends:
            return None
        if value[at] == ";":
            pieces.append("")
        elif found:
            pieces[-1] += found[0]
        else:
            pieces[-1] += " " if not pieces[-1] or pieces[-1][-1].isspace() else _GLUED
        at = ends
    return pieces if len(value) <= LONGEST else None


def _end_of_comment(value: str, at: int) -> int:
    """A comment may hold comments (RFC 5322). 0: there is none at `at`, or it has no end."""
    depth = 0
    for found in _IN_COMMENT.finditer(value, at) if value[at] == "(" else ():
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return 0


def _pairs(text: str) -> list[tuple[str, str]] | None:
    """[("header.d", "cedar.example")]; None where anything else stands there."""
    pairs, at = [], 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            return None
        pairs.append((found[1].lower(), found[2]))
        at = found.end()
    return pairs


def _domains(method: str, told: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    for name in _TELLS[method]:
        values = tuple(_domain(value) for key, value in told if key == name)
        if values:
            return values
    return ()


def _summed_up(findings: Sequence[_Finding], writer: str) -> Authentication:
    told = {method: _told([one for one in findings if one.method == method], writer) for method in METHODS}
    aligned = any(result == "pass" and is_writers for result, is_writers in told.values())
    dmarc, is_writers = told["dmarc"]
    return Authentication(
        told["spf"][0], told["dkim"][0], dmarc if is_writers or dmarc != "pass" else "", writer if aligned else ""
    )  # fmt: skip


def _told(findings: Sequence[_Finding], writer: str) -> tuple[str, bool]:
    """Told twice, the worst counts; of several signatures that are all good, one by the writer's domain is enough. And is it theirs?"""
    worst = min((one.result for one in findings), key=_badness, default="")
    return worst, any(_is_of_writer(one, writer) for one in findings)


def _badness(result: str) -> tuple[bool, int]:
    return result == "pass", _WORST.index(result) if result in _WORST else len(_WORST)


def _is_of_writer(one: _Finding, writer: str) -> bool:
    if one.method == "dmarc":
        return bool(writer and one.domains) and set(one.domains) == {writer}
    return bool(one.domains) and all(_same(domain, writer) for domain in one.domains)


def _same(domain: str, writer: str) -> bool:
    """Relaxed alignment (RFC 7489 3.1), without the list of public suffixes: the same domain, or one below the other."""
    return bool(domain and writer) and (
        domain == writer or domain.endswith(f".{writer}") or (writer.endswith(f".{domain}") and "." in domain)
    )


def _domain(address: str) -> str:
    """Of an address, or alone; empty where it is not one in plain letters."""
    domain = address.rpartition("@")[2].strip().lower()
    quoted = domain.endswith('"') and address.count('"') == 2 and address.startswith('"')
    domain = (domain.strip('"') if quoted else domain).strip("<>").rstrip(".")
    return domain if len(domain) <= 253 and _DOMAIN.fullmatch(domain) else ""

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
_METHOD = re.compile(r"\s*(spf|dkim|dmarc)(?:/\d+)?\s*=\s*([a-z]{2,20})\b(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(?:header|smtp)\.(d|i|from|mailfrom|mail|mfrom)\s*=\s*\"?([^\s;\"]{1,320})", re.IGNORECASE)
_FAILED = re.compile(r"\bdmarc\s*=\s*fail\b(.{0,500})", re.IGNORECASE | re.DOTALL)
_POLICY = re.compile(
    r"(?:[( ]p|\bpolicy|\bpolicy\.published-domain-policy|\baction)\s*=\s*(?:o|pct\.)?(none|quarantine|reject)\b", re.IGNORECASE
)
_DEEPEST = 20  # comments in comments


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
    domains: tuple[str, ...]


def read(fields: Sequence[tuple[str, str]], trusted_hop: str, writer: str) -> Authentication:
    """`fields`: names (lower case) and values from the top; `trusted_hop`: our own server's name; `writer`: the address in From."""
    believed = _believed(fields, trusted_hop.strip().lower().rstrip("."))
    found = _summed_up([finding for value in believed for finding in _findings(value)], _domain(writer))
    return replace(found, policy=_policy(believed)) if found.dmarc == "fail" else found


def _policy(believed: Sequence[str]) -> str:
    """ "p=reject" or "policy=reject" in a comment, Microsoft's "action=oreject", "policy.published-domain-policy=reject"."""
    said = (_FAILED.search(value[:LONGEST]) for value in believed)
    wished = (_POLICY.search(found[1]) for found in said if found)
    return next((found[1].lower() for found in wished if found), "")


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
    first = _without_comments(value).split(";")[0].split()
    name = first[0].lower().rstrip(".") if first else ""
    return name == hop or ("=" in name and any(hop == one or hop.endswith(f".{one}") for one in NAMELESS))


def _findings(value: str) -> Iterator[_Finding]:
    for piece in _without_comments(value).split(";"):
        found = _METHOD.match(piece)
        if found:
            said = _PROPERTY.findall(found[3])
            yield _Finding(found[1].lower(), found[2].lower(), tuple(_domain(text) for _name, text in said))


def _without_comments(value: str) -> str:
    """In one pass: a comment may hold comments (RFC 5322)."""
    out, depth = [], 0
    for char in value[:LONGEST]:
        if char == "(":
            depth = min(depth + 1, _DEEPEST)
        elif char == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            out.append(char)
    return "".join(out)


def _summed_up(findings: Sequence[_Finding], writer: str) -> Authentication:
    """Of several signatures the one that proves most."""
    best = {method: _best([one for one in findings if one.method == method], writer) for method in ("spf", "dkim", "dmarc")}
    proven = [one for one in best.values() if one and one.result == "pass"]
    aligned = any(one.method == "dmarc" or any(_same(domain, writer) for domain in one.domains) for one in proven)
    spf, dkim, dmarc = (found.result if (found := best[method]) else "" for method in ("spf", "dkim", "dmarc"))
    return Authentication(spf, dkim, dmarc, writer if aligned else "")


def _best(findings: Sequence[_Finding], writer: str) -> _Finding | None:
    ranked = sorted(findings, key=lambda one: (one.result != "pass", not any(_same(domain, writer) for domain in one.domains)))
    return next(iter(ranked), None)


def _same(domain: str, writer: str) -> bool:
    """Relaxed alignment (RFC 7489 3.1), without the list of public suffixes: the same domain, or one below the other."""
    return bool(domain and writer) and (
        domain == writer or domain.endswith(f".{writer}") or (writer.endswith(f".{domain}") and "." in domain)
    )


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip(" <>\"'.").lower()

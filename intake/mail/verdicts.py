"""What a provider that takes mail in found of its sender, and how much it looks like spam.

Told as the field our own mail server would write (RFC 8601), under the provider's name: "sendgrid; spf=pass smtp.mailfrom=…". Whether
it is believed is the address's own setting. Each provider tells it in its own way; what it does not tell is left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from anymail.signals import AnymailInboundEvent

from intake.channels.headers import Headers

_DKIM = re.compile(r"@([A-Za-z0-9.-]{1,253})\s*:\s*([a-z]{1,12})", re.IGNORECASE)  # SendGrid: "{@example.com : pass}"
_WORD = re.compile(r"[a-z]+")
_SES = {"PASS": "pass", "FAIL": "fail", "GRAY": "none", "PROCESSING_FAILED": "temperror"}
_POLICIES = ("none", "quarantine", "reject")


def verdicts(provider: str, event: AnymailInboundEvent, headers: Headers) -> dict[str, Any]:
    """{"authentication": "…", "spam": {"flagged": …, "score": …}} of an envelope's meta, as far as it is told."""
    name = provider.lower().replace(" ", "")
    read = _READERS.get(name)
    results = [*read(event, headers)] if read else []
    spam = {"flagged": event.message.spam_detected, "score": event.message.spam_score}
    found: dict[str, Any] = {}
    if results:
        found["authentication"] = "; ".join([name, *results])
    if any(value is not None for value in spam.values()):
        found["spam"] = {key: value for key, value in spam.items() if value is not None}
    return found


def _ses(event: AnymailInboundEvent, headers: Headers) -> Iterator[str]:
    """docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html"""
    receipt = _mapping(event.esp_event.get("receipt"))
    for method in ("spf", "dkim", "dmarc"):
        result = _SES.get(str(_mapping(receipt.get(f"{method}Verdict")).get("status", "")).upper())
        if result:
            author = _author(headers) if method == "dmarc" and result == "pass" else ""
            policy = str(receipt.get("dmarcPolicy", "")).lower() if method == "dmarc" else ""
            yield (
                f"{method}={result}"
                + (f" header.from={author}" if author else "")
                + (f" policy.published-domain-policy={policy}" if policy in _POLICIES else "")
            )


def _sendgrid(event: AnymailInboundEvent, _headers: Headers) -> Iterator[str]:
    """docs.sendgrid.com/for-developers/parsing-email/setting-up-the-inbound-parse-webhook"""
    form = event.esp_event.POST
    spf = _WORD.match(form.get("SPF", "").strip().lower())
    if spf:
        yield f"spf={spf[0]}{_mailfrom(event)}"
    for domain, result in _DKIM.findall(form.get("dkim", "")[:2000]):
        yield f"dkim={result.lower()} header.d={domain.lower()}"


def _mailgun(event: AnymailInboundEvent, _headers: Headers) -> Iterator[str]:
    """documentation.mailgun.com: fields of a route's message while its spam filter is on. Of DKIM it does not say whose."""
    form = event.esp_event.POST
    for spf in _words(form.getlist("X-Mailgun-Spf")):
        yield f"spf={spf}{_mailfrom(event)}"
    for dkim in _words(form.getlist("X-Mailgun-Dkim-Check-Result")):
        yield f"dkim={dkim}"


def _postmark(event: AnymailInboundEvent, _headers: Headers) -> Iterator[str]:
    """postmarkapp.com/developer/webhooks/inbound-webhook: Received-SPF, and what its SpamAssassin found, stand among the mail's own
    fields. Nothing tells who wrote them, so they prove nothing: only what speaks against the sender is told."""
    told = [(str(field.get("Name", "")).lower(), str(field.get("Value", ""))) for field in event.esp_event.get("Headers", [])[:200]]
    if "fail" in _words(value for name, value in told if name == "received-spf"):
        yield f"spf=fail{_mailfrom(event)}"
    tests = {one.strip() for name, value in told if name == "x-spam-tests" for one in value.split(",")}
    if "DKIM_SIGNED" in tests and "DKIM_VALID" not in tests:
        yield "dkim=fail"


_READERS = {"amazonses": _ses, "sendgrid": _sendgrid, "mailgun": _mailgun, "postmark": _postmark}


def _words(values: Iterable[str]) -> list[str]:
    """The first word of each, whoever wrote it: of several the worst counts."""
    return [found[0] for value in values if (found := _WORD.match(value.strip().lower()))]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mailfrom(event: AnymailInboundEvent) -> str:
    domain = _domain(event.message.envelope_sender or "")
    return f" smtp.mailfrom={domain}" if domain else ""


def _author(headers: Headers) -> str:
    """Domain of the one who wrote it, where all programs read the same."""
    return _domain(headers.certain("from"))


def _domain(address: str) -> str:
    """In plain letters, or nothing: it becomes part of a field."""
    domain = address.strip("<> ").rpartition("@")[2].lower()
    return domain if re.fullmatch(r"[a-z0-9.-]{1,253}", domain) else ""

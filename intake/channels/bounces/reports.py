"""Reports by the book: delivery status (RFC 3464), complaints (RFC 5965), receipts of a reader (RFC 8098)."""

import re
from collections.abc import Sequence
from typing import Literal

from intake.channels.arrival import Bounce, Failure
from intake.channels.bounces import codes, words
from intake.channels.bounces.reasons import is_gone
from intake.channels.bounces.returned import first_text, original_ids
from intake.channels.charsets import decode
from intake.channels.headers import Headers
from intake.channels.parts import LETTERS, Part

STATUS = ("message/delivery-status", "message/global-delivery-status")
COMPLAINT = "message/feedback-report"
READ = "message/disposition-notification"
KINDS = ("multipart/report", *STATUS, COMPLAINT, READ)  # of a whole mail: no person's program writes one
_FOLD = re.compile(r"\r?\n[ \t]+")
_BLOCKS = re.compile(r"\n\s*\n")
_COMPLAINING = re.compile(
    r"complaint about message from|\bthis is an? .{0,40}(abuse|complaint|feedback|authentication.failure) report", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z]{2,}")
LOOK = 200_000  # characters of a report that are read
_OF_RECIPIENT = ("final-recipient", "original-recipient", "action")
Block = dict[str, str]
Kind = Literal["failed", "delayed", "delivered"]
_WORST_FIRST: tuple[Kind, ...] = ("failed", "delayed", "delivered")


def read(message: Part, headers: Headers, parts: Sequence[Part]) -> Bounce | None:
    kinds = {part.kind for part in parts}
    reported = message.parameters.get("report-type", "").lower() if message.kind == "multipart/report" else ""
    if COMPLAINT in kinds or reported == "feedback-report" or _complains(headers, parts):
        return _complaint(parts)
    if READ in kinds:
        return Bounce("receipt", original_ids=original_ids(parts))
    blocks = [block for part in parts if part.kind in STATUS for block in _blocks(part)]
    blocks = blocks or [block for block in _blocks_of(first_text(parts)) if "final-recipient" in block]
    if any("status" in block or "action" in block for block in blocks):
        return _delivery(blocks, parts)
    return None


def _complains(headers: Headers, parts: Sequence[Part]) -> bool:
    """Of providers that send the mail back under a few words of their own; and a mail program that unsubscribes from ours."""
    if "x-apple-unsubscribe" in headers:
        return True
    returned = any(part.kind in LETTERS or part.kind == "text/rfc822-headers" for part in parts)
    return returned and bool(_COMPLAINING.search(headers.text("subject")) or _COMPLAINING.search(first_text(parts)[:500]))


def _complaint(parts: Sequence[Part]) -> Bounce:
    blocks = [block for part in parts if part.kind == COMPLAINT for block in _blocks(part)]
    told = (words.address(block.get("original-rcpt-to", "") or block.get("removal-recipient", "")) for block in blocks)
    return Bounce("complaint", tuple(Failure(one) for one in dict.fromkeys(told) if one), original_ids(parts))


def _blocks(part: Part) -> list[Block]:
    """The groups of fields of a report part: one for the message, one for each recipient."""
    return _blocks_of(decode(part.content()[:LOOK]).replace("\r\n", "\n"))


def _blocks_of(text: str) -> list[Block]:
    return [_fields(block) for block in _BLOCKS.split(_FOLD.sub(" ", text))]


def _fields(block: str) -> Block:
    fields: Block = {}
    for line in block.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _delivery(blocks: Sequence[Block], parts: Sequence[Part]) -> Bounce:
    """What became of the mail, for each recipient; the worst of it is what kind of report it is."""
    said = words.about(parts)
    became: dict[Kind, list[Failure]] = {kind: [] for kind in _WORST_FIRST}
    for block in blocks:
        if any(name in block for name in _OF_RECIPIENT):
            became[_action(block)].append(_failure(block, said))
    kind = next((kind for kind in _WORST_FIRST if became[kind]), _WORST_FIRST[0])
    return Bounce(kind, tuple(became[kind]), original_ids(parts))


def _action(block: Block) -> Kind:
    """failed, delayed or delivered: as it says, else by its status."""
    said = block.get("action", "").split("(")[0].strip(" <>;").lower()
    code = next(iter(codes.statuses(block.get("status", ""))), "")
    if said.startswith(("fail", "error", "expired", "abort")) or (not said and code.startswith("5")):
        return "failed"
    if said.startswith("delay") or (not said and code.startswith("4")):
        return "delayed"
    return "delivered" if said or code.startswith("2") else "failed"


def _failure(block: Block, said: words.Said) -> Failure:
    """The last server's words count where it gave any; the reporting one has words of its own for all that is refused."""
    address = words.address(block.get("final-recipient", "")) or words.address(block.get("original-recipient", ""))
    diagnostic, spoken = block.get("diagnostic-code", ""), said.of(address)
    told = codes.best([*codes.statuses(diagnostic), *codes.statuses(block.get("status", ""))])
    told = codes.best([*told, *codes.statuses(spoken)]) if codes.are_vague(told) else [*told, *codes.statuses(spoken)]
    telling = len(_WORD.findall(diagnostic)) > 1
    return Failure(address, tuple(told), is_gone(diagnostic if telling else spoken, told, spoken))

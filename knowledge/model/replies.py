"""What an endpoint sent back → the words in it and what it says it took; and the JSON object in those words. Pure.

Nothing of it is believed: it may be a page of a proxy, half an answer, or an answer wrapped in talk.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from districts.told import Unreadable, readable, shallow

_WRAPPED = re.compile(r"^\s*```[a-z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL | re.IGNORECASE)
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)  # of models that reason aloud
MOST_TOKENS = 10_000_000  # of one question; what says more is nonsense


class Nonsense(Exception):
    """It answered, and nothing can be done with it. Says why, in a few words."""


@dataclass(frozen=True)
class Reply:
    content: str
    tokens_in: int | None
    tokens_out: int | None
    stopped: str  # why the model ended; "length": it was cut off
    declined: bool = False


def read(body: bytes) -> Reply:
    """Raises Nonsense."""
    said = _json(body.decode("utf-8", "replace"), "not JSON")
    choices = said.get("choices") if isinstance(said, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        raise Nonsense("no answer in it")
    content, usage = message.get("content"), said.get("usage")
    counted = usage if isinstance(usage, dict) else {}
    return Reply(
        content if isinstance(content, str) else "", _count(counted.get("prompt_tokens")), _count(counted.get("completion_tokens")),
        str(first.get("finish_reason")), bool(message.get("refusal")) or first.get("finish_reason") == "content_filter",
    )  # fmt: skip


def object_in(reply: Reply) -> dict[str, Any]:
    """Raises Nonsense."""
    if reply.declined:
        raise Nonsense("the model declined")
    if reply.stopped == "length":
        raise Nonsense("cut off: it was too long")
    text = _THOUGHT.sub("", reply.content)
    wrapped = _WRAPPED.match(text)
    found = _json(_from_brace(wrapped[1] if wrapped else text), "no JSON object")
    if not isinstance(found, dict):
        raise Nonsense("no JSON object")
    return found


def _from_brace(text: str) -> str:
    """Without what was said before and after the outermost braces."""
    begin, end = text.find("{"), text.rfind("}")
    return text[begin : end + 1] if 0 <= begin < end else text


def _json(text: str, why: str) -> Any:
    try:
        with readable():
            return shallow(json.loads(text, parse_constant=_no_number))
    except (ValueError, Unreadable) as error:
        raise Nonsense(why) from error


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _count(given: Any) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_TOKENS else None

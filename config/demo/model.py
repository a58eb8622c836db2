"""A model to try the product with, on this machine: it speaks the protocol and fills any schema by counting words in common.

It knows nothing but what it is sent: of the values a field may take it chooses the one whose line shares most with the question, of
passages the line that does. It can also misbehave in every way a model elsewhere does (`Manner`), which is what tests want of it.
"""

import json
import math
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ASKING = ("question", "q", "subject", "body", "request", "message", "words")  # names of texts that ask; others are read
ENOUGH = 0.2  # of the weight of a question's words, from where a text is said to answer it
_FENCED = re.compile(r"<<<(\w+) ([^\n]*)>>>\n(.*?)\n<<<end \1>>>", re.DOTALL)
_WORD = re.compile(r"[^\W_]+(?:'\w+)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SMALL = frozenset(
    """a an and are as at be but by can do does for from has have how i if in is it me my no not of on or our so that the their
    there they this to was we what when where which who will with you your el la los las de en un una que y es para por con
    mi""".split()
)


class Manner(StrEnum):
    """How it behaves."""

    WELL = "well"
    BUSY = "busy"  # 429
    BROKEN = "broken"  # 500
    SLOW = "slow"
    TRICKLING = "trickling"  # a byte now and then, for ever
    CUT = "cut"  # half a JSON
    NONSENSE = "nonsense"  # a page of something else
    WRONG = "wrong"  # well formed, with values that nobody offered
    OBEYING = "obeying"  # does what a text tells it to
    HUGE = "huge"
    DECLINING = "declining"
    TALKING = "talking"  # the object in the middle of talk
    PLAIN = "plain"  # refuses response_format, and every bound on tokens but max_tokens
    FILTERING = "filtering"  # does not take this text
    MOVED = "moved"  # sends us elsewhere
    KEYLESS = "keyless"  # 401, with the key in its words
    INVENTING = "inventing"  # sentences that no passage supports


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Sheet:
    """What a prompt holds."""

    schema: Mapping[str, Any]
    texts: Mapping[str, str]

    @property
    def asked(self) -> str:
        named = [text for name, text in self.texts.items() if name.split()[0] in ASKING]
        return "\n".join(named or list(self.texts.values())[-1:])

    @property
    def read(self) -> Mapping[str, str]:
        return {name: text for name, text in self.texts.items() if name.split()[0] not in ASKING}


# --- its wits ----------------------------------------------------------------------------------------------------------


def words(text: str) -> Counter[str]:
    """Without endings, as far as that goes without knowing a language."""
    found = (word.lower() for word in _WORD.findall(text))
    return Counter(re.sub(r"(ing|ed|es|s|'s)$", "", word) or word for word in found if word not in _SMALL)


@dataclass
class Wits:
    sheet: Sheet
    asked: Counter[str] = field(init=False)
    rare: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = words(self.sheet.asked)
        lines = [set(words(line)) for text in self.sheet.read.values() for line in text.splitlines()]
        counts = Counter(word for line in lines for word in line)
        self.rare = {word: math.log((len(lines) + 1) / (counts[word] + 0.5)) for word in {*counts, *self.asked}}

    def shared(self, text: str) -> float:
        """0 to 1, of the weight of the question's words."""
        whole = sum(self.rare.get(word, 1.0) for word in self.asked) or 1.0
        return sum(self.rare.get(word, 1.0) for word in set(words(text)) & set(self.asked)) / whole

    def lines(self) -> list[tuple[float, str, str]]:
        """How much is shared with it and with its text, the name of that text, the line; the best first."""
        found = [
            (self.shared(line) + whole, name, line.strip())
            for name, text in self.sheet.read.items()
            for whole in [self.shared(text)]
            for line in _SENTENCE.split(re.sub(r"^\([^\n]*\)\n", "", text))
            if len(line.strip()) > 3
        ]
        return sorted(found, key=lambda one: -one[0])

    def answered(self) -> bool:
        return max(map(self.shared, self.sheet.read.values()), default=0.0) >= ENOUGH

    def told_of(self, value: str) -> str:
        """Lines of the texts that speak of a value: those that begin with it, or the text of that name."""
        begins = re.compile(rf"^\W*{re.escape(value)}\b[:\s–—-]", re.IGNORECASE)
        told = [line for text in self.sheet.read.values() for line in text.splitlines() if begins.match(line)]
        return " ".join([value.replace("-", " "), *told, *(text for name, text in self.sheet.read.items() if name == value)])


def fill(schema: Mapping[str, Any], wits: Wits, name: str = "") -> Any:
    """A value of this schema."""
    schema = _resolved(schema, wits.sheet.schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return max(schema["enum"], key=lambda value: wits.shared(wits.told_of(str(value))))
    kind = schema.get("type")
    if kind == "object":
        return {inner: fill(its, wits, inner) for inner, its in schema.get("properties", {}).items()}
    if kind == "array":
        return list(_items(_resolved(schema.get("items", {}), wits.sheet.schema), wits, name))
    return _plain(kind, wits, name)


def _items(schema: Mapping[str, Any], wits: Wits, name: str) -> Iterator[Any]:
    """Sentences with their quotes are the lines that answer; of other lists the best one, or none."""
    properties = schema.get("properties", {})
    best = wits.lines()[:2] if wits.answered() else []
    if "quote" in properties:
        yield from ({"text": line, "passage": said, "quote": line} for _share, said, line in best)
    elif "enum" in schema and best:
        yield fill(schema, wits, name)


def _plain(kind: object, wits: Wits, name: str) -> Any:
    best = next(iter(wits.lines()), (0.0, "", ""))
    if kind == "boolean":
        return wits.answered()
    if kind in ("number", "integer"):
        share = min(1.0, best[0] / 2)
        return round(share, 2) if kind == "number" else round(share)
    return best[2][:200] if kind == "string" else None


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return whole.get("$defs", {}).get(str(schema["$ref"]).rpartition("/")[2], {})  # type: ignore[no-any-return]
    if "anyOf" in schema:
        return next((_resolved(one, whole) for one in schema["anyOf"] if one.get("type") != "null"), {})
    return schema


def sheet_of(messages: Sequence[Mapping[str, str]]) -> Sheet:
    """The schema stands on the last line of the instructions, the texts between their fences."""
    system, user = messages[0]["content"], messages[-1]["content"]
    schema = json.loads(system.splitlines()[-1])
    return Sheet(schema, {name: text for _fence, name, text in _FENCED.findall(user)})


# --- the protocol ------------------------------------------------------------------------------------------------------


class Model(ThreadingHTTPServer):
    """`received`: all that came, as bytes. `manners`: of the next questions, one each; then `manner`."""

    daemon_threads = True

    def __init__(self, port: int = 0, manner: Manner = Manner.WELL, seconds: float = 20.0) -> None:
        super().__init__(("127.0.0.1", port), _Door)
        self.manner, self.seconds = manner, seconds
        self.manners: list[Manner] = []
        self.received: list[Received] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asks may be gone before the answer: that is how slow models are left."""


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Model

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._say(200, {"object": "list", "data": [{"id": "fake", "object": "model"}]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received.append(Received(self.path, dict(self.headers), body))
        manner = self.server.manners.pop(0) if self.server.manners else self.server.manner
        getattr(self, f"_{manner}")(json.loads(body))

    def _say(self, status: int, said: Any, **headers: str) -> None:
        out = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def _complete(self, asked: Mapping[str, Any], content: str, stopped: str = "stop", **more: Any) -> None:
        message = {"role": "assistant", "content": content, "refusal": None, **more}
        sent = sum(len(one["content"]) for one in asked["messages"])
        usage = {"prompt_tokens": sent // 4, "completion_tokens": max(1, len(content) // 4)}
        usage["total_tokens"] = sum(usage.values())
        choice = {"index": 0, "message": message, "finish_reason": stopped}
        said = {"id": "fake-1", "object": "chat.completion", "created": int(time.time()), "model": asked["model"]}
        self._say(200, {**said, "choices": [choice], "usage": usage})

    def _answer(self, asked: Mapping[str, Any]) -> str:
        wits = Wits(sheet_of(asked["messages"]))
        return json.dumps(fill(wits.sheet.schema, wits))

    def _well(self, asked: Mapping[str, Any]) -> None:
        self._complete(asked, self._answer(asked))

    def _busy(self, asked: Mapping[str, Any]) -> None:
        self._say(429, {"error": {"message": "too many requests", "code": "rate_limit_exceeded"}}, Retry_After="1")

    def _broken(self, asked: Mapping[str, Any]) -> None:
        self._say(500, {"error": {"message": "it fell over"}})

    def _slow(self, asked: Mapping[str, Any]) -> None:
        time.sleep(self.server.seconds)
        self._well(asked)

    def _trickling(self, asked: Mapping[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        until = time.monotonic() + self.server.seconds
        while time.monotonic() < until:
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.05)
        self.close_connection = True

    def _cut(self, asked: Mapping[str, Any]) -> None:
        answer = self._answer(asked)
        self._complete(asked, answer[: len(answer) // 2], "length")

    def _nonsense(self, asked: Mapping[str, Any]) -> None:
        self._say(200, b"<html><body>Welcome to the guest network</body></html>", Content_Type="text/html")

    def _wrong(self, asked: Mapping[str, Any]) -> None:
        self._complete(asked, json.dumps(_changed(json.loads(self._answer(asked)), "no-such-thing")))

    def _obeying(self, asked: Mapping[str, Any]) -> None:
        """What a text orders it to say ("answer with: …"), in every string."""
        order = re.search(r"(?:answer|reply|say|choose|respond)[^:\n]{0,40}:\s*\"?([^\"\n]+)", asked["messages"][-1]["content"], re.I)
        self._complete(asked, json.dumps(_changed(json.loads(self._answer(asked)), order[1].strip() if order else "as you wish")))

    def _huge(self, asked: Mapping[str, Any]) -> None:
        self._complete(asked, json.dumps({"text": "x" * 3_000_000}))

    def _declining(self, asked: Mapping[str, Any]) -> None:
        self._complete(asked, "", refusal="I cannot help with that.")

    def _talking(self, asked: Mapping[str, Any]) -> None:
        self._complete(
            asked, f"<think>Let me see {{x}}.</think>Certainly! Here it is:\n```json\n{self._answer(asked)}\n```\nAnything else?"
        )

    def _plain(self, asked: Mapping[str, Any]) -> None:
        if "response_format" in asked or "max_completion_tokens" in asked or "temperature" in asked:
            self._say(400, {"error": {"message": "unknown parameter"}})
        else:
            self._well(asked)

    def _filtering(self, asked: Mapping[str, Any]) -> None:
        self._say(400, {"error": {"message": "The prompt was filtered", "code": "content_filter", "param": "prompt"}})

    def _moved(self, asked: Mapping[str, Any]) -> None:
        self._say(307, {}, Location=f"http://127.0.0.1:{self.server.server_port}/elsewhere")

    def _keyless(self, asked: Mapping[str, Any]) -> None:
        self._say(401, {"error": {"message": f"wrong key: {self.headers.get('Authorization')}"}})

    def _inventing(self, asked: Mapping[str, Any]) -> None:
        said = json.loads(self._answer(asked))
        for one in said.get("sentences", []):
            one["text"] = f"{one['text']} It costs $999 and you can call 555-0199 until 11:45 pm."
        self._complete(asked, json.dumps(said))


def _changed(value: Any, to: str) -> Any:
    if isinstance(value, str):
        return to
    if isinstance(value, dict):
        return {name: _changed(one, to) for name, one in value.items()}
    return [_changed(one, to) for one in value] if isinstance(value, list) else value

"""HTML written anew before a browser's parser sees it: its time and memory then grow with the length, and no faster.

The HTML standard makes a parser mend what is wrong: formatting that is still open is made again in every block after it, and
each step looks through all open elements. 40 kB of hostile tags take gigabytes. What comes out of here has only tags that are
kept anyway, no deeper than MAX_DEPTH; formatting without attributes (of which a parser keeps at most three of a kind open); and
no more of both than MAX_NODES. What is cut is layout; the words stay.
"""

import html
import re
from collections import Counter

MAX_DEPTH = 200
MAX_NODES = 400_000  # elements and pieces of text that a parser may make, at most; about 0.3 kB each
MAX_REFERENCES = 20_000  # "&nbsp;" and the like: nh3's time grows with their square
FORMATTING = frozenset("b code em i s small strike strong tt u a".split())
_INLINE = FORMATTING | frozenset("abbr del ins q span sub sup".split())
_VOID = frozenset(("br", "hr", "col"))
_SELF_CLOSING = frozenset("p tr td th tbody thead tfoot caption colgroup".split())  # one inside another only with a table between
_ITEMS = {"li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd")}
_RAW = frozenset("script style title textarea iframe xmp noembed noframes".split())  # whose content is no HTML
_DROPPED = _RAW | frozenset("noscript template object select svg math".split())
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*(?:>|\Z)"
    r"|<(/?)([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])((?:\"[^\"<]*\"|'[^'<]*'|[^<>\"']++)*+|[^<>]*+)>"
    r"|</?[a-zA-Z][^<>]*+>|<",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"[\s\"'/](href|colspan|rowspan|dir|lang)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_KEPT = re.compile(r"[hH][rR][eE][fF]|[sS][pP][aA][nN]|[dD][iI][rR]|[lL][aA][nN][gG]")
_MAX_VALUE = 8_000  # characters of an address; longer ones no browser opens for sure
_REFERENCE = re.compile(r"&#?\w{0,32};?|\xa0")


def balance(source: str, tags: set[str]) -> str:
    """`source` with only these tags, closed where they are open."""
    writer = _Writer(tags)
    at = 0
    while found := _TOKEN.search(source, at):
        writer.text(source[at : found.start()])
        at = found.end()
        closing, name = found[1], (found[2] or "").lower()
        if name in _DROPPED and not closing:
            at = writer.after(source, at, name)
        elif name:
            writer.close(name) if closing else writer.open(name, found[3])
        elif found[0] == "<":
            writer.text("&lt;")
    writer.text(source[at:])
    return writer.result()


class _Writer:
    def __init__(self, tags: set[str]) -> None:
        self.tags = tags
        self.out: list[str] = []
        self.stack: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.formats: set[str] = set()
        self.unclosed: set[str] = set()
        self.nodes = self.references = self.link = 0

    def after(self, source: str, at: int, name: str) -> int:
        """Where the content of this element ends: not read at all."""
        end = None if name in self.unclosed else re.compile(rf"</{name}(?=[\s/>])[^<>]*>", re.IGNORECASE).search(source, at)
        if end:
            return end.end()
        self.unclosed.add(name)
        return len(source) if name in _RAW else at

    def text(self, text: str) -> None:
        if not text:
            return
        self.references += text.count("&") + text.count("\xa0")
        self.out.append(_REFERENCE.sub(" ", text) if self.references > MAX_REFERENCES else text)
        self._made()

    def _made(self) -> None:
        self.nodes += 1 + 3 * len(self.formats) + self.link // 100

    def open(self, name: str, rest: str) -> None:
        if name not in self.tags:
            return
        self._end_item(name)
        if self.nodes > MAX_NODES or len(self.stack) >= MAX_DEPTH:
            self.left_out[name] += name not in _VOID
            return
        attributes = _attributes(rest) if name == "a" or name not in FORMATTING else ""
        if name == "span" and not attributes:  # says nothing, and Word writes them by the hundred
            self.left_out[name] += 1
            return
        self._made()
        self.out.append(f"<{name}{attributes}>")
        if name in FORMATTING:
            self.formats.add(name)
            self.link = max(self.link, len(attributes))
        if name not in _VOID and name not in _SELF_CLOSING:
            self.stack.append(name)

    def _end_item(self, name: str) -> None:
        """One item after another ends the one before it, with the formatting left open in it."""
        kinds = _ITEMS.get(name, ())
        above = len(self.stack) - 1
        while kinds and above >= 0 and self.stack[above] in _INLINE:
            above -= 1
        if kinds and above >= 0 and self.stack[above] in kinds:
            self._pop_to(above)

    def close(self, name: str) -> None:
        if self.left_out[name]:
            self.left_out[name] -= 1
        elif name in _SELF_CLOSING:
            self._made()
            self.out.append(f"</{name}>")
        elif (at := self._opened(name)) is not None and name in _INLINE:
            del self.stack[at]
            self.out.append(f"</{name}>")
        elif at is not None:
            self._pop_to(at)

    def _opened(self, name: str) -> int | None:
        """The innermost one, in this cell of a table."""
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at] == name:
                return at
            if self.stack[at] == "table":
                return None
        return None

    def _pop_to(self, at: int) -> None:
        self.out.extend(f"</{name}>" for name in reversed(self.stack[at:]))
        del self.stack[at:]

    def result(self) -> str:
        self._pop_to(0)
        return "".join(self.out)


def _attributes(rest: str) -> str:
    if "=" not in rest or not _KEPT.search(rest):
        return ""
    kept: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(f" {rest}"):
        value = html.unescape(next(filter(None, values), ""))
        if len(value) <= _MAX_VALUE:
            kept.setdefault(name.lower(), value)
    return "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items())

"""HTML of a mail → HTML that is safe to keep, and text; where its own structure says that an older mail begins is told."""

import html
import re
from dataclasses import dataclass

import nh3

from intake.channels.balancing import balance

MAX_CLEAN = 2_000_000  # characters; links written again in every paragraph make more of less: then without layout
MAX_HTML = 1_000_000  # characters; what is longer is cut before it is looked at
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip
_CLEANER = nh3.Cleaner(  # pictures are left out: remote ones tell the sender who reads, attached ones are shown as files
    tags=_TAGS,
    clean_content_tags={"script", "style", "title", "noscript", "template", "iframe", "object", "textarea", "select"},
    attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "*": {"dir", "lang"}},
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)(?:\"[^\"]*\"|[^>\"]++)*+>|([^<]+)|<")
_SPACE = re.compile(r"[\t\r\n\f][ \t\r\n\f]*| [ \t\r\n\f]+")  # a space alone is what it becomes
_BLOCK = frozenset("address blockquote center dd div dl dt li ol p pre table tr ul h1 h2 h3 h4 h5 h6 hr caption".split())
_SPACED = frozenset("p h1 h2 h3 h4 h5 h6 ul ol table pre dl".split())
_QUOTE_MAX = 10
_HR = "-" * 30
# What mail programs put around the mail they answer: Gmail, Thunderbird, Outlook (desktop, web, telephone, Mac, Hotmail), Yahoo,
# Zimbra, Proton, Zoho, GMX, Spark, Roundcube, AOL, Airmail, Front, Freshdesk, Missive, NetEase, Lark
_HISTORY = (
    "gmail_attr", "gmail_quote", "moz-cite-prefix", "divRplyFwdMsg", "appendonsend", "OutlookMessageHeader", "OLK_SRC_BODY_SECTION",
    "stopSpelling", "mail-editor-reference-message", "hmquote", "yahoo_quoted", "zwchr", "protonmail_quote", "zmail_extra",
    'name="quote"', "messageReplySection", "reply-intro", "AOLMsgPart", "airmail_on", "airmail_ext_on", "front-blockquote",
    "freshdesk_quote", "missive_quote", "isReplyContent", "history-quote-wrapper", "border-top:solid", "border-top: solid",
)  # fmt: skip
_RULED = re.compile(r"border-top:\s?solid (?:#[0-9a-fA-F]{6}|windowtext) 1\.0pt;\s?padding:\s?3\.0pt 0")  # Outlook's line above "From:"
_QUOTE = re.compile(r"<blockquote(?![^<>]*gmail_quote)", re.IGNORECASE)  # that class alone is what Gmail's own button for quotes makes
_HOLDER = re.compile(r"<(?:div|p|hr|span|table|section)\s[^<>]*\Z", re.IGNORECASE)
_MAX_ATTRIBUTES = 1_000  # characters of a tag in which it is looked for
_MAX_HITS = 20  # that are no tags, such as rules of a style sheet


@dataclass(frozen=True)
class Written:
    """What one HTML part says. `below`: the text from where its structure, not its words, tells of an older mail."""

    text: str
    below: str
    html: str


def written(source: str) -> Written:
    at = _history_at(source[:MAX_HTML])
    above, below = clean(source[:at]), clean(source[at:]) if at < len(source) else ""
    return Written(text_of(above), text_of(below), above + below)


def _history_at(source: str) -> int:
    found = len(source)
    for mark in _HISTORY:
        at = source.find(mark, 0, found)
        for _hit in range(_MAX_HITS):
            if at < 0:
                break
            tag = source.rfind("<", max(0, at - _MAX_ATTRIBUTES), at)
            if tag >= 0 and _HOLDER.match(source, tag, at) and (not mark.startswith("border") or _RULED.match(source, at)):
                found = tag
                break
            at = source.find(mark, at + 1, found)
    quote = _QUOTE.search(source) if found == len(source) else None
    return quote.start() if quote else found


def clean(source: str) -> str:
    """No scripts, no styles, no pictures, no forms; links open without telling where from."""
    given = source[:MAX_HTML].replace("\0", "")
    cleaned = _CLEANER.clean(balance(given, _TAGS))
    return cleaned if len(cleaned) <= MAX_CLEAN else _CLEANER.clean(balance(given, {"p", "br"}))


def text_of(cleaned: str) -> str:
    """Text of HTML that `clean` returned. Quoted passages begin with "> ", as in a plain mail."""
    writer = _Writer()
    for closing, tag, text in _TOKEN.findall(cleaned):
        if tag:
            writer.tag(tag, bool(closing))
        elif text:
            writer.text(html.unescape(text))
    return writer.result()


class _Writer:
    """Lines of text, built from tags and words in one pass."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line = ""
        self.quotes = 0
        self.pre = 0

    def tag(self, tag: str, closing: bool) -> None:
        if tag == "br":
            self.end_line(force=True)
        elif tag in _BLOCK:
            self.end_line()
            if tag in _SPACED and not closing:
                self.blank()
            if tag == "hr":
                self.lines.append("> " * self.quotes + _HR)
        elif tag in ("td", "th") and self.line and not closing:
            self.line += " "
        self._depth(tag, -1 if closing else 1)
        if tag == "li" and not closing:
            self.line = "- "
        if tag in _SPACED and closing:
            self.blank()

    def _depth(self, tag: str, step: int) -> None:
        if tag == "blockquote":
            self.quotes = max(0, min(_QUOTE_MAX, self.quotes + step))
        elif tag == "pre":
            self.pre = max(0, self.pre + step)

    def text(self, text: str) -> None:
        if self.pre:
            first, *rest = text.split("\n")
            self.line += first
            for line in rest:
                self.end_line(force=True)
                self.line = line
            return
        words = _SPACE.sub(" ", text)
        self.line += words.lstrip(" ") if not self.line or self.line.endswith(" ") else words

    def end_line(self, *, force: bool = False) -> None:
        if self.line.strip() or force:
            prefix = "> " * self.quotes
            self.lines.append(f"{prefix}{self.line.rstrip()}" if self.line.strip() else prefix.rstrip())
        self.line = ""

    def blank(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(("> " * self.quotes).rstrip())

    def result(self) -> str:
        self.end_line()
        return "\n".join(self.lines).replace("\xa0", " ").strip()

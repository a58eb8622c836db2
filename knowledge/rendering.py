"""Markdown → HTML that is safe to show, whoever wrote it."""

import re

import markdown
import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_TAGS = {
    "p", "br", "strong", "em", "a", "ul", "ol", "li", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "code", "pre",
    "blockquote", "hr",
}  # fmt: skip
PARAGRAPH = 4_000  # characters between two blank lines; more is set apart
BRACKETS = 400  # in a paragraph, or in all rows of a table
RUN = 60  # of the same sign, one after the other
DEPTH = 24  # signs of quotes, lists and indentation that a line may begin with
_RUN = re.compile(r"([^\w\s])\1{60,}")
_DEEP = re.compile(r"^(?:[ \t>]|[-*+] |\d+[.)] ){24,}")
_BETWEEN = re.compile(r"(\n[ \t]*\n)")
_TITLE = re.compile(r"\A#\s+.*\n+")
_BOLD_LINE = re.compile(r"^\*\*([^*\n]+?):?\*\*[ \t]*$", re.MULTILINE)
_ADDRESS = re.compile(r"(?<![(<\[\w])(https?://[^\s<>|)]+[^\s<>|).,;:!?])")
_PHONE = re.compile(r"(?<![\w/\[(.-])((?:\d{3}-)\d{3}-\d{4})(?![\w-])")


def to_html(text: str) -> SafeString:
    """Headings for bold lines, lists without a blank line before them, addresses and phone numbers one can tap."""
    text = _tamed(_TITLE.sub("", text.replace("\r\n", "\n").replace("\0", "")))
    text = _BOLD_LINE.sub(r"\n## \1\n", text)
    text = _loosen(text)
    text = _PHONE.sub(r"[\1](tel:\1)", _ADDRESS.sub(r"<\1>", text))
    made = markdown.markdown(text, extensions=["tables", "sane_lists"], output_format="html")
    clean = nh3.clean(
        made, tags=_TAGS, attributes={"a": {"href"}, "ol": {"start"}}, url_schemes={"https", "http", "mailto", "tel"},
        link_rel="noopener nofollow",
    )  # fmt: skip
    return mark_safe(_reachable_tables(clean))  # noqa: S308  cleaned by nh3


def _tamed(text: str) -> str:
    """What would cost the reader of Markdown seconds, or more levels than Python goes down, made harmless; nothing that people write.

    Its time grows with the square of a paragraph without closed brackets (100,000 of "[": minutes), and it calls itself for each level
    of a quote or a list.
    """
    text = _RUN.sub(lambda run: run[1] * RUN, text)
    out: list[str] = []
    held = 0  # characters of the paragraph so far
    for line in text.split("\n"):
        line = _DEEP.sub(lambda deep: deep[0][:DEPTH], line)
        for at in range(0, max(len(line), 1), PARAGRAPH):
            piece = line[at : at + PARAGRAPH]
            if held + len(piece) > PARAGRAPH:
                out.append("")
                held = 0
            out.append(piece)
            held = held + len(piece) + 1 if piece.strip() else 0
    return "".join(map(_unbracketed, _BETWEEN.split("\n".join(out))))


def _unbracketed(part: str) -> str:
    """Hundreds of brackets in one paragraph are signs, and open nothing."""
    if part.count("[") + part.count("<") <= BRACKETS:
        return part
    return part.replace("[", "&#91;").replace("<", "&lt;")


def _reachable_tables(clean: str) -> str:
    """A wide table is pushed sideways on a phone, with the keyboard too; its empty corner heads nothing."""
    name = escape(_("Table"))
    around = f'<div class="table-scroll" tabindex="0" role="group" aria-label="{name}">'
    return clean.replace("<table>", f"{around}<table>").replace("</table>", "</table></div>").replace("<th></th>", "<td></td>")


def _loosen(text: str) -> str:
    """A blank line before a list or a table that follows a paragraph: writers leave it out, Markdown asks for it."""
    out: list[str] = []
    for line in text.split("\n"):
        before = out[-1].strip() if out else ""
        if before and _opens(line) and not _opens(before):
            out.append("")
        out.append(line)
    return "\n".join(out)


def _opens(line: str) -> bool:
    return bool(re.match(r"\s*(?:[-*+]|\d+\.)\s+\S|\s*\|", line))

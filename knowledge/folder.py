"""A folder of Markdown files with front matter → articles as written. Pure.

Between two lines of ---: `slug`, `title`; and, where wanted, `summary`, `audience` and `services` (lists), `language`, `keywords`
(separated by " · "), `owner` (the slug of a team), `review_by` (2027-08-25), `translation_of` (the slug of the original).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge.tidy import TooDense, tidy

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_LINE = re.compile(r"^([a-z_]+):\s*(.*)$", re.MULTILINE)
_TITLE = re.compile(r"\A#\s+(.*)\n+")


_SLUG = re.compile(r"\A[a-zA-Z0-9_-]{1,120}\Z")
_NOT_KEPT = re.compile("[\0\ud800-\udfff]")  # PostgreSQL's text takes neither
LARGEST = 400_000  # bytes of one file
LONGEST = 100_000  # characters of its text
_LANGUAGE = re.compile(r"\A[a-z]{2,3}(-[a-z]{2,4})?\Z")
AUDIENCES = frozenset(("family", "student", "staff", "community", "vendor", "parent", "guardian", "public"))


class NotAnArticle(ValueError):
    """The file has no front matter, or lacks what every article needs; the text names the file and what is missing."""


@dataclass(frozen=True)
class Written:
    slug: str
    title: str
    body: str
    language: str
    audience: list[str]
    services: list[str]
    keywords: str
    owner_team: str
    review_by: date | None
    translation_of: str
    summary: str = ""


def read_folder(folder: Path) -> Iterator[Written]:
    """Originals before translations, each by file name. Raises NotAnArticle."""
    found = [read_bytes(name, content) for name, content in files_of(folder)]
    yield from sorted(found, key=lambda article: bool(article.translation_of))


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes, of which no more than are looked at) of each Markdown file in it, by name."""
    for path in sorted(folder.glob("*.md")):
        if path.stem != "README" and path.is_file():
            with path.open("rb") as opened:
                yield path.name, opened.read(LARGEST + 1)


def read_bytes(name: str, content: bytes) -> Written:
    """Raises NotAnArticle."""
    if len(content) > LARGEST:
        raise NotAnArticle(f"{name}: larger than {LARGEST // 1000} kB")
    try:
        return read(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotAnArticle(f"{name}: not UTF-8 (byte {error.start})") from error


def read(name: str, text: str) -> Written:
    parts = _FRONT.match(text.replace("\r\n", "\n"))
    if not parts:
        raise NotAnArticle(f"{name}: no front matter between two lines of ---")
    if _NOT_KEPT.search(text):
        raise NotAnArticle(f"{name}: has a letter that cannot be kept (NUL)")
    front = {key: value.strip() for key, value in _LINE.findall(parts[1])}
    missing = [key for key in ("slug", "title") if not front.get(key)]
    if missing:
        raise NotAnArticle(f"{name}: no {' and no '.join(missing)} in its front matter")
    written = Written(
        slug=_word(front["slug"]),
        title=_word(front["title"]),
        body=_body(name, _TITLE.sub("", parts[2].strip())),
        language=_word(front.get("language", "")) or "en",
        audience=_list(front.get("audience", "")),
        services=_list(front.get("services", "")),
        keywords=_word(front.get("keywords", "")),
        owner_team=_word(front.get("owner") or front.get("owner_team", "")),
        review_by=_date(name, front.get("review_by", "")),
        translation_of=_word(front.get("translation_of", "")),
        summary=_word(front.get("summary", "")),
    )
    _check(name, written)
    return written


def _body(name: str, text: str) -> str:
    if len(text) > LONGEST:
        raise NotAnArticle(f"{name}: longer than {LONGEST} characters")
    try:
        return tidy(text)
    except TooDense as error:
        raise NotAnArticle(f"{name}: a paragraph is too long, or has hundreds of brackets: set blank lines in between") from error


def _check(name: str, written: Written) -> None:
    """Raises NotAnArticle."""
    unknown = sorted(set(written.audience) - AUDIENCES)
    wrong = [
        (not _SLUG.match(written.slug), "its slug may have letters without accents, digits, - and _, 120 of them"),
        (not written.body.strip(), "no text below its front matter"),
        (not _LANGUAGE.match(written.language), f"no language: {written.language[:20]}"),
        (bool(unknown), f"nobody we know of: {', '.join(unknown)[:80]}"),
        (written.translation_of == written.slug, "it is a translation of itself"),
    ]
    if said := next((what for is_so, what in wrong if is_so), ""):
        raise NotAnArticle(f"{name}: {said}")


def _date(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(_word(text)) if text else None
    except ValueError as error:
        raise NotAnArticle(f"{name}: review_by is no date (2027-08-25): {text[:20]}") from error


def _word(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _list(text: str) -> list[str]:
    return [_word(item.strip()) for item in text.strip("[]").split(",") if item.strip()]

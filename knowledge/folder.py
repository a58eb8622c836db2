"""A folder of Markdown files with front matter → articles as written. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_LINE = re.compile(r"^([a-z_]+):\s*(.*)$", re.MULTILINE)
_TITLE = re.compile(r"\A#\s+(.*)\n+")


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


def read_folder(folder: Path) -> Iterator[Written]:
    """Originals before translations, each by file name. Raises NotAnArticle."""
    found = [read(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md")) if path.stem != "README"]
    yield from sorted(found, key=lambda article: bool(article.translation_of))


def read(name: str, text: str) -> Written:
    parts = _FRONT.match(text.replace("\r\n", "\n"))
    if not parts:
        raise NotAnArticle(f"{name}: no front matter between two lines of ---")
    front = {key: value.strip() for key, value in _LINE.findall(parts[1])}
    missing = [key for key in ("slug", "title") if not front.get(key)]
    if missing:
        raise NotAnArticle(f"{name}: no {' and no '.join(missing)} in its front matter")
    return Written(
        slug=front["slug"],
        title=_word(front["title"]),
        body=_TITLE.sub("", parts[2].strip()),
        language=front.get("language", "en"),
        audience=_list(front.get("audience", "")),
        services=_list(front.get("services", "")),
        keywords=_word(front.get("keywords", "")),
        owner_team=front.get("owner_team", ""),
        review_by=date.fromisoformat(front["review_by"]) if front.get("review_by") else None,
        translation_of=front.get("translation_of", ""),
    )


def _word(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _list(text: str) -> list[str]:
    return [_word(item.strip()) for item in text.strip("[]").split(",") if item.strip()]

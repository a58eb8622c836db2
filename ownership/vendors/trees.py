"""JSON or YAML as plain lists and mappings. YAML's names and references are refused: a small file could say a thousand times more."""

import json
from typing import Any

import yaml
from django.utils.translation import gettext as _

MOST_NODES = 200_000
DEEPEST = 60
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NoTree(ValueError):
    """The text cannot be read; this says why, in a sentence."""


def tree(text: str) -> Any:
    """Raises NoTree."""
    if text.lstrip()[:1] in {"{", "["}:
        return _json(text)
    try:
        _allowed(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  the safe loader, from C where there is one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, NoTree):
            raise
        mark = getattr(error, "problem_mark", None)
        raise NoTree(_("Line %(line)d cannot be read as YAML.") % {"line": mark.line + 1 if mark else 1}) from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        words = {"line": error.lineno, "why": error.msg}
        raise NoTree(_("Line %(line)d cannot be read as JSON: %(why)s.") % words) from error
    except (ValueError, RecursionError) as error:
        raise NoTree(_("This cannot be read as JSON: too much lies within one another, or a number is too long.")) from error


def _allowed(text: str) -> None:
    """From the parser's events, before any object is made. Raises NoTree."""
    depth = count = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = {"line": event.start_mark.line + 1 if event.start_mark else 1}
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise NoTree(_("Line %(line)d: names and references (& and *) are not read. Please write it out.") % line)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        count += isinstance(event, yaml.NodeEvent)
        if depth > DEEPEST or count > MOST_NODES:
            raise NoTree(_("Line %(line)d: the file says more than can be read.") % line)

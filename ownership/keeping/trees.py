"""YAML as a tree of texts, lists and mappings, each with its line; and written so that people can read it.

Nothing is made of a text: "12", "no" and "4:30" are what stands there. JSON is read as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

MOST_NODES = 200_000  # texts, lists and mappings
DEEPEST = 8  # lists and mappings within one another
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
_NOTHING = {"~", "null", "Null", "NULL"}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NoTree(ValueError):
    """The text cannot be read; this says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Node:
    line: int
    value: "str | list[Node] | dict[str, Node]"


def tree(text: str) -> Node:
    """The one document in it, from the parser's events: no object is made, nothing is referred to. Raises NoTree."""
    text = _PAIR.sub(_joined, text) if text.lstrip()[:1] in {"{", "["} else text
    try:
        events = _allowed(yaml.parse(text, Loader=_Loader))
        first = next(events, None)
        root = _node(first, events) if first else Node(1, "")
        if more := next(events, None):
            raise NoTree(_("Line %(line)d begins another document: there must be one.") % {"line": _line(more)})
    except yaml.YAMLError as error:
        raise NoTree(_("Line %(line)d cannot be read as YAML: %(why)s.") % _told(error, text)) from error
    return root


def _joined(found: re.Match[str]) -> str:
    r"""JSON writes what is beyond 16 bits as a pair, \ud83d\ude00, and YAML knows no pairs."""
    return found[1] + bytes.fromhex(found[2] + found[3]).decode("utf-16-be")


def _told(error: yaml.YAMLError, text: str) -> dict[str, Any]:
    if isinstance(error, yaml.reader.ReaderError):
        return {"line": text.encode()[: error.position].count(b"\n") + 1, "why": error.reason}  # counted in bytes
    mark = getattr(error, "problem_mark", None)
    line = min(mark.line, text.rstrip().count("\n")) + 1 if mark else 1
    return {"line": line, "why": getattr(error, "problem", None) or error}


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _allowed(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """What the documents are made of. Raises NoTree at the first that is not read, too many, or too deep."""
    depth = count = 0
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            count += 1
            _refuse_names(event)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if depth > DEEPEST:
            raise NoTree(_("Line %(line)d: too many lists and mappings are within one another.") % {"line": _line(event)})
        if count > MOST_NODES:
            raise NoTree(_("Line %(line)d: the file says more than can be read.") % {"line": _line(event)})
        yield event


def _refuse_names(event: yaml.NodeEvent) -> None:
    if event.anchor is not None:
        raise NoTree(_("Line %(line)d: names and references (& and *) are not read. Please write it out.") % {"line": _line(event)})
    if tag := getattr(event, "tag", None):
        raise NoTree(_("Line %(line)d: types (!) are not read. Please leave “%(tag)s” out.") % {"line": _line(event), "tag": tag[:60]})


def _node(event: yaml.Event, events: Iterator[yaml.Event]) -> Node:
    if isinstance(event, yaml.ScalarEvent):
        nothing = event.implicit[0] and event.value in _NOTHING  # as it stands, in no quotation marks
        return Node(_line(event), "" if nothing else event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(_line(event), [_node(one, events) for one in _until_end(events)])
    return Node(_line(event), _mapping(events))


def _until_end(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """The first event of each thing in a list or mapping: whoever takes one takes the rest of it from `events`."""
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            return
        yield event


def _mapping(events: Iterator[yaml.Event]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for event in _until_end(events):
        key = _node(event, events).value
        if not isinstance(key, str):
            raise NoTree(_("Line %(line)d: a key must be a text.") % {"line": _line(event)})
        if key in found:
            raise NoTree(_("Line %(line)d: “%(key)s” is there twice.") % {"line": _line(event), "key": key[:60]})
        found[key] = _node(next(events), events)
    return found


# --- written ----------------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """A line for each thing; texts of several lines stand as they are."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _block(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)


def written(data: Any) -> str:
    """`data` of mappings, lists, texts and numbers, in their order."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120))

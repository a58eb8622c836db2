"""The API's description as a page for people, made of the same description that machines read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from districts.links import absolute
from districts.problems import PROBLEMS

METHODS = ("get", "post")
Node = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One field, parameter or answer."""

    name: str
    kind: str
    what: str = ""
    needed: bool = False
    where: str = ""


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    what: str
    parameters: list[Row] = field(default_factory=list)
    body: list[Row] = field(default_factory=list)
    media: str = ""
    answers: list[Row] = field(default_factory=list)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    district = request.district  # type: ignore[attr-defined]
    context = {
        "operations": operations(),
        "shapes": shapes(),
        "problems": PROBLEMS.values(),
        "base": absolute(district, ""),
        "example": json.dumps({"text": "The bus did not come to Maple and 5th.", "contact": "+1 916 555 0144", "name": "Rosa Diaz"}),
    }
    return render(request, "intake/api.html", context)


@cache
def description() -> Node:
    """The same for every district."""
    made: Node = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@cache
def operations() -> list[Operation]:
    paths = description()["paths"]
    return [_operation(path, method, paths[path][method]) for path in paths for method in METHODS if method in paths[path]]


@cache
def shapes() -> list[tuple[str, str, list[Row]]]:
    """What goes over the wire: (name, what it is, its fields), those that an address answers with."""
    known = description()["components"]["schemas"]
    return [(name, node.get("description", ""), list(_fields(node))) for name, node in sorted(known.items()) if "properties" in node]


def _operation(path: str, method: str, node: Node) -> Operation:
    content = node.get("requestBody", {}).get("content", {})
    media = next(iter(content), "")
    body = _resolved(content[media]["schema"]) if media else {}
    return Operation(
        id=node["operationId"], method=method.upper(), path=path, summary=node.get("summary", ""), what=node.get("description", ""),
        parameters=[_parameter(one) for one in node.get("parameters", ())], body=list(_fields(body)), media=media,
        answers=[_answer(code, one) for code, one in node["responses"].items()],
    )  # fmt: skip


def _parameter(node: Node) -> Row:
    return Row(node["name"], _kind(node["schema"]), node.get("description", ""), bool(node.get("required")), node["in"])


def _answer(code: str, node: Node) -> Row:
    schema: Node = next((media["schema"] for media in node.get("content", {}).values()), {})
    return Row(code, _kind(schema), node.get("description", ""))


def _fields(node: Node) -> Iterator[Row]:
    for name, inside in node.get("properties", {}).items():
        yield Row(name, _kind(inside), inside.get("description", ""), name in node.get("required", ()))


def _kind(node: Node) -> str:
    """In few words: "string, at most 40 characters"."""
    if "$ref" in node:
        return str(node["$ref"]).rsplit("/", 1)[-1]
    if "allOf" in node or "oneOf" in node:
        return " | ".join(_kind(one) for one in node.get("allOf") or node["oneOf"])
    if "enum" in node:
        return " | ".join(str(one) for one in node["enum"] if one is not None)
    kind = node.get("type", "")
    kind = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if kind == "array":
        return f"list of {_kind(node.get('items', {}))}"
    more = [str(node["format"])] if "format" in node else []
    more += [f"at most {node['maxLength']:,} characters"] if "maxLength" in node else []
    more += [f"{node['minimum']} to {node['maximum']}"] if "minimum" in node and "maximum" in node else []
    return ", ".join([kind, *more]).strip(", ")


def _resolved(node: Node) -> Node:
    if "$ref" not in node:
        return node
    found: Node = description()["components"]["schemas"][node["$ref"].rsplit("/", 1)[-1]]
    return found

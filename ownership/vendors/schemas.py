"""The fields of a JSON Schema (2020-12, 07 and what lies between), and of the schemas within an OpenAPI 3 description.

Objects and arrays are flattened to paths. References are followed within the file only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ownership.vendors.fields import BOOLEAN, CODE, DATE, DEEPEST, INTEGER, NUMBER, TEXT, UNKNOWN, BadSpec, Field, Fields, too_deep

MOST_STEPS = 20_000  # schemas looked at: references may lead through the same ones again and again
KINDS = {"string": TEXT, "integer": INTEGER, "number": NUMBER, "boolean": BOOLEAN}
DATES = frozenset({"date", "date-time"})
WHOLES = ("allOf",)
CHOICES = ("oneOf", "anyOf")


def from_schema(root: Mapping[str, Any]) -> list[Field]:
    """Raises BadSpec."""
    reader = _Reader(root)
    reader.walk(root, "", True, ())
    if not reader.fields.found:
        for name, schema in _named(root):
            reader.walk(schema, name, True, ())
    return list(reader.fields.found.values())


def from_openapi(root: Mapping[str, Any]) -> list[Field]:
    """What its component schemas say, and bodies of requests that are written out in place. Raises BadSpec."""
    if not str(root.get("openapi", "")).startswith("3"):
        raise BadSpec(_("This OpenAPI description is not of version 3."))
    reader = _Reader(root)
    found = [*_components(root), *_bodies(root)]
    inner = {id(schema) for name, schema in found for schema in reader.used_by(schema)}
    for name, schema in found:
        if id(schema) not in inner:
            reader.walk(schema, name, True, ())
    for name, schema in found:  # those that only refer to each other in a ring
        if not reader.fields.found:
            reader.walk(schema, name, True, ())
    return list(reader.fields.found.values())


def _named(root: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in ("$defs", "definitions"):
        yield from _items(root.get(key))


def _components(root: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _items(_of(root.get("components")).get("schemas"))


def _bodies(root: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for address, methods in _items(root.get("paths")):
        for _method, operation in _items(methods):
            for _kind, media in _items(_of(_of(operation).get("requestBody")).get("content")):
                schema = _of(media).get("schema")
                if isinstance(schema, dict) and "$ref" not in schema:
                    yield address.strip("/").replace("/", "_").replace(".", "_") or "body", schema


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    return ((str(key), one) for key, one in value.items()) if isinstance(value, dict) else iter(())


def _of(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


class _Reader:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root, self.fields, self.steps = root, Fields(), 0

    def walk(self, schema: Any, path: str, required: bool, within: tuple[str, ...]) -> None:
        """`within`: the references that led here; one that leads into itself ends there. Raises BadSpec."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise BadSpec(_("The references in this file lead through too many schemas. Give us a smaller part of it."))
        if path.count(".") >= DEEPEST or len(within) > 4 * DEEPEST:
            raise too_deep()
        schema = _of(schema)
        if isinstance(ref := schema.get("$ref"), str):
            if ref not in within:
                self.walk(self.target(ref), path, required, (*within, ref))
            schema = {key: value for key, value in schema.items() if key != "$ref"}
            if not schema.keys() & {"properties", "allOf", "oneOf", "anyOf", "items"}:
                return
        self.parts(schema, path, required, within)

    def parts(self, schema: Mapping[str, Any], path: str, required: bool, within: tuple[str, ...]) -> None:
        must = {name for name in _list(schema.get("required")) if isinstance(name, str)}
        properties = _of(schema.get("properties"))
        for name, inner in properties.items():
            asked = required and name in must
            self.walk(inner, f"{path}.{_part(name)}" if path else _part(name), asked, within)
        items = schema.get("items", schema.get("prefixItems"))
        for inner in items if isinstance(items, list) else [items] if isinstance(items, dict) else []:
            self.walk(inner, f"{path}[]" if path else "", required, within)
        nested = [(inner, required) for key in WHOLES for inner in _list(schema.get(key))]
        nested += [(inner, required and len(schema[key]) == 1) for key in CHOICES for inner in _list(schema.get(key))]
        nested = [(inner, asked) for inner, asked in nested if _of(inner).get("type") != "null"]
        for inner, asked in nested:
            self.walk({"type": schema.get("type"), **_of(inner)}, path, asked, within)
        if path and not properties and not items and not nested and _types(schema) != {"object"}:
            self.fields.add(_field(schema, path, required))

    def target(self, ref: str) -> Any:
        """Raises BadSpec: only this file is looked into."""
        if not ref.startswith("#"):
            raise BadSpec(
                _("“%(ref)s” lies outside of this file, and nothing is fetched. Give us one file with all of it.") % {"ref": ref[:120]}
            )
        found: Any = self.root
        for part in ref[1:].strip("/").split("/") if ref not in {"#", "#/"} else []:
            key = part.replace("~1", "/").replace("~0", "~").replace("%24", "$")
            listed = isinstance(found, list) and key.isdecimal() and len(key) < 7 and int(key) < len(found)
            found = found[int(key)] if listed else _of(found).get(key)
        if found is None:
            raise BadSpec(_("“%(ref)s” is not in this file.") % {"ref": ref[:120]})
        return found

    def used_by(self, schema: Any) -> Iterator[Any]:
        """Schemas that this one refers to: they are seen where they are used. An abstract base is seen through those made of it."""
        waiting, looked = [schema], 0
        while waiting and looked < MOST_STEPS:
            node, looked = waiting.pop(), looked + 1
            if isinstance(node, dict):
                if isinstance(ref := node.get("$ref"), str):
                    found = self.target(ref)
                    if found is not schema:
                        yield found
                waiting += node.values()
            elif isinstance(node, list):
                waiting += node


def _part(name: Any) -> str:
    return str(name).replace(".", "_")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _types(schema: Mapping[str, Any]) -> set[str]:
    given = schema.get("type")
    return {str(one) for one in (given if isinstance(given, list) else [given]) if one not in (None, "null")}


def _field(schema: Mapping[str, Any], path: str, required: bool) -> Field:
    types, form = _types(schema), str(schema.get("format") or "")
    codes = _list(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
    codes = [code for code in codes if code is not None and not isinstance(code, dict | list)]
    kind = next((KINDS[one] for one in KINDS if one in types), TEXT if codes or form else UNKNOWN)
    if kind == TEXT and form in DATES:
        kind = DATE
    elif kind == TEXT and codes:
        kind = CODE
    longest = schema.get("maxLength")
    nullable = schema.get("nullable") is True or "null" in _list(schema.get("type"))
    return Field(
        path, kind, required and not nullable, longest if isinstance(longest, int) and not isinstance(longest, bool) else None,
        tuple(str(code) for code in codes), form or str(schema.get("pattern") or "")[:100],
    )  # fmt: skip

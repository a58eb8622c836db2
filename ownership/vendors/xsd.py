"""The fields of an XML Schema. A document that declares entities, or a type of its own, is refused before any of it is used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from django.utils.translation import gettext as _

from ownership.vendors.fields import BOOLEAN, DATE, DEEPEST, INTEGER, NUMBER, TEXT, UNKNOWN, BadSpec, Field, Fields, too_deep

SPACE = "http://www.w3.org/2001/XMLSchema"
MOST_NODES = 50_000
MOST_STEPS = 20_000  # looked at in all
LONGEST_NUMBER = 9  # digits
DEEPEST_XML = 60
KINDS = {
    "date": DATE, "dateTime": DATE, "boolean": BOOLEAN, "decimal": NUMBER, "float": NUMBER, "double": NUMBER,
    **dict.fromkeys(
        ("integer", "int", "long", "short", "byte", "positiveInteger", "nonNegativeInteger", "unsignedInt", "unsignedShort",
         "unsignedLong", "unsignedByte", "negativeInteger", "nonPositiveInteger", "gYear"), INTEGER,
    ),
    **dict.fromkeys(("string", "token", "normalizedString", "ID", "IDREF", "NMTOKEN", "anyURI", "language", "Name", "NCName"), TEXT),
}  # fmt: skip
GROUPS = frozenset({"sequence", "choice", "all", "complexContent", "simpleContent", "complexType"})


@dataclass
class Node:
    tag: str
    given: Mapping[str, str]
    children: "list[Node]" = field(default_factory=list)

    def all(self, tag: str) -> "Iterator[Node]":
        return (child for child in self.children if child.tag == tag)

    def one(self, tag: str) -> "Node | None":
        return next(self.all(tag), None)


@dataclass(frozen=True)
class Simple:
    """What a simple type says of its values."""

    kind: str = UNKNOWN
    longest: int | None = None
    codes: tuple[str, ...] = ()
    format: str = ""


def read(text: str) -> list[Field]:
    """Raises BadSpec."""
    root = _tree(text)
    if root.tag != "schema":
        raise BadSpec(_("This XML is no XML Schema (XSD): give us the description of the records, not records."))
    return list(_Reader(root).read().found.values())


def _tree(text: str) -> Node:
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse  # type: ignore[assignment]
    try:
        parser.Parse(_without_declaration(text).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise BadSpec(_("Line %(line)d cannot be read as XML.") % {"line": error.lineno}) from error
    assert builder.root is not None  # the parser refuses a document without one
    return builder.root


def _without_declaration(text: str) -> str:
    """It is text already: the encoding that its first line names says nothing any more."""
    text = text.lstrip("\ufeff \t\r\n")
    return text.partition("?>")[2] if text.startswith("<?xml") else text


def _refuse(*_given: object) -> None:
    raise BadSpec(_("This XML declares entities or a document type (DOCTYPE). We do not read such files: please leave that part out."))


class _Builder:
    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[Node] = []
        self.count = 0

    def start(self, name: str, given: Mapping[str, str]) -> None:
        space, _sign, tag = name.rpartition(" ")
        self.count += 1
        if self.count > MOST_NODES or len(self.open) >= DEEPEST_XML:
            raise BadSpec(_("This XML says more than can be read. Give us the part that is about our records."))
        node = Node(tag if space == SPACE else f"?{tag}", dict(given))
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, _name: str) -> None:
        self.open.pop()


def _plain(name: str) -> str:
    return name.rpartition(":")[2]


class _Reader:
    def __init__(self, root: Node) -> None:
        self.root, self.fields, self.steps = root, Fields(), 0
        self.named = {
            tag: {child.given.get("name", ""): child for child in root.all(tag)}
            for tag in ("element", "complexType", "simpleType", "group", "attributeGroup", "attribute")
        }

    def read(self) -> Fields:
        elements = list(self.root.all("element"))
        for element in elements:
            self.element(element, "", True, ())
        if not self.fields.found or not elements:
            for name, node in self.named["complexType"].items():
                self.complex(node, name, True, (name,))
        return self.fields

    def step(self) -> None:
        """Groups and types may lead through the same ones again and again. Raises BadSpec."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise BadSpec(_("This XML says more than can be read. Give us the part that is about our records."))

    def element(self, node: Node, parent: str, required: bool, within: tuple[str, ...]) -> None:
        """One element, by its own words, by a reference, or by the name of its type. Raises BadSpec."""
        self.step()
        required = required and node.given.get("minOccurs") != "0"
        many = node.given.get("maxOccurs", "1") not in {"0", "1"}
        if ref := _plain(node.given.get("ref", "")):
            node = self.named["element"].get(ref, Node("element", {"name": ref}))
        name, of = node.given.get("name", ""), _plain(node.given.get("type", ""))
        path = ".".join(filter(None, (parent, name))) + ("[]" if many else "")
        if path.count(".") >= DEEPEST:
            raise too_deep()
        inner = node.one("complexType") or self.named["complexType"].get(of)
        if inner is None:
            self.simple_field(path, node, required)
        elif (mark := of or path) not in within and name not in within:
            self.complex(inner, path, required, (*within, mark, name))

    def simple_field(self, path: str, node: Node, required: bool) -> None:
        told = self.simple(node, ())
        self.fields.add(Field(path, told.kind, required, told.longest, told.codes, told.format))

    def complex(self, node: Node, path: str, required: bool, within: tuple[str, ...]) -> None:
        self.step()
        for child in node.children:
            if child.tag == "element":
                self.element(child, path, required, within)
            elif child.tag == "attribute":
                self.attribute(child, path, required)
            elif child.tag in GROUPS:
                some = child.tag == "choice" or child.given.get("minOccurs") == "0"
                self.complex(child, path, required and not some, within)
            elif child.tag in {"group", "attributeGroup"}:
                self.referred(child, path, required, within)
            elif child.tag in {"extension", "restriction"}:
                self.based(child, path, required, within)

    def referred(self, node: Node, path: str, required: bool, within: tuple[str, ...]) -> None:
        ref = _plain(node.given.get("ref", ""))
        found = self.named[node.tag].get(ref)
        if found is not None and f"{node.tag} {ref}" not in within:
            self.complex(found, path, required and node.given.get("minOccurs") != "0", (*within, f"{node.tag} {ref}"))

    def based(self, node: Node, path: str, required: bool, within: tuple[str, ...]) -> None:
        base = _plain(node.given.get("base", ""))
        above = self.named["complexType"].get(base)
        if above is not None and node.tag == "extension" and f"base {base}" not in within:
            self.complex(above, path, required, (*within, f"base {base}"))
        elif above is None and path:
            told = self.typed(base, ())
            self.fields.add(Field(path, told.kind, required, told.longest, told.codes, told.format))
        self.complex(node, path, required, within)

    def attribute(self, node: Node, path: str, required: bool) -> None:
        if node.given.get("use") == "prohibited":
            return
        must = required and node.given.get("use") == "required"
        if ref := _plain(node.given.get("ref", "")):
            node = self.named["attribute"].get(ref, Node("attribute", {"name": ref}))
        told = self.simple(node, ())
        self.fields.add(Field(f"{path}.@{node.given.get('name', '')}", told.kind, must, told.longest, told.codes, told.format))

    def simple(self, node: Node, within: tuple[str, ...]) -> Simple:
        """Of an element, an attribute or a simple type."""
        if named := node.given.get("type", ""):
            return self.typed(_plain(named), within)
        inner = node if node.tag == "simpleType" else node.one("simpleType")
        limits = inner.one("restriction") if inner else None
        return self.restricted(limits, within) if limits else Simple()

    def typed(self, name: str, within: tuple[str, ...]) -> Simple:
        found = self.named["simpleType"].get(name)
        if found is None or name in within:
            return Simple(KINDS.get(name, UNKNOWN), format=name if name in {"dateTime", "gYear", "anyURI"} else "")
        return self.simple(found, (*within, name))

    def restricted(self, node: Node, within: tuple[str, ...]) -> Simple:
        below = self.typed(_plain(node.given.get("base", "")), within)
        codes = tuple(child.given.get("value", "") for child in node.all("enumeration"))
        lengths = [
            int(child.given["value"]) for child in (*node.all("maxLength"), *node.all("length"), *node.all("totalDigits"))
            if child.given.get("value", "").isdecimal() and len(child.given["value"]) <= LONGEST_NUMBER
        ]  # fmt: skip
        pattern = next((child.given.get("value", "") for child in node.all("pattern")), "")
        return Simple(below.kind, min(lengths, default=below.longest), codes or below.codes, pattern[:100] or below.format)

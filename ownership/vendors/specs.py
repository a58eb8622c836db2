"""A vendor's specification, whatever its form, as a list of fields: a table's heads, JSON Schema, XSD, OpenAPI. Nothing is fetched."""

import codecs
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ownership.vendors import schemas, tables, xsd
from ownership.vendors.fields import BIGGEST, BadSpec, Field
from ownership.vendors.trees import NoTree, tree

CSV, JSON_SCHEMA, XSD, OPENAPI = "csv", "json-schema", "xsd", "openapi"
NAMES = {CSV: "CSV", JSON_SCHEMA: "JSON Schema", XSD: "XSD", OPENAPI: "OpenAPI"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NO_TEXT = (b"%PDF", b"%!PS", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1b\x7f]")
END_OF_FILE = "\x1a"  # as old systems write it
MOST_CONTROL = 0.01  # of its characters: more is no text
_XML = re.compile(r"\s*<")
_YAML_TOP = re.compile(r"^(?:openapi|swagger|\$schema|components|properties|\$defs|definitions)\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Spec:
    """`form`: one of NAMES."""

    form: str
    fields: tuple[Field, ...]


def read(name: str, data: bytes) -> Spec:
    """A file by its name and bytes. Raises BadSpec, and nothing else."""
    text = decoded(data)
    ending = name.rpartition(".")[2].strip().lower()
    try:
        spec = _spec(ending, name, text)
    except RecursionError:
        raise BadSpec(_("Too much lies within one another in this file. Give us a flatter one.")) from None
    if not spec.fields:
        raise BadSpec(_("No field was found in this file. Is it the description of records: their names and types?"))
    return spec


def decoded(data: bytes) -> str:
    """Raises BadSpec."""
    if len(data) > BIGGEST:
        raise BadSpec(_("The file is too big: %(most)d MB can be read.") % {"most": BIGGEST // 1024**2})
    if data.startswith(_WORKBOOKS):
        raise BadSpec(_("This is a workbook or an archive. Save the sheet as “CSV UTF-8”, and give us that file."))
    if data.lstrip().startswith(_NO_TEXT):
        raise _no_text()
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding).removesuffix(END_OF_FILE)
        except UnicodeDecodeError:
            continue
        if not text.strip():
            raise BadSpec(_("The file is empty."))
        if len(_CONTROL.findall(text)) > MOST_CONTROL * len(text):
            raise _no_text()
        if "\0" not in text:
            return text
    raise BadSpec(_("The letters of this file cannot be read. Save it as UTF-8."))


def _no_text() -> BadSpec:
    return BadSpec(
        _("This is a PDF, a picture or another file that is no text. Ask the vendor for CSV, JSON Schema, XSD or OpenAPI 3.")
    )


def _spec(ending: str, name: str, text: str) -> Spec:
    if ending in {"xsd", "xml"} or (ending not in {"csv", "tsv"} and _XML.match(text)):
        return Spec(XSD, tuple(xsd.read(text)))
    if ending in {"json", "yaml", "yml"} or (ending not in {"csv", "tsv"} and _looks_like_a_tree(text)):
        return _from_tree(text)
    return Spec(CSV, tuple(tables.read(name, text)))


def _looks_like_a_tree(text: str) -> bool:
    return text.lstrip().startswith("{") or bool(_YAML_TOP.search(text[:20_000]))


def _from_tree(text: str) -> Spec:
    try:
        root = tree(text)
    except NoTree as error:
        raise BadSpec(str(error)) from error
    if not isinstance(root, dict):
        raise BadSpec(_("This is neither a JSON Schema nor an OpenAPI description: it does not begin with an object."))
    if "swagger" in root:
        raise BadSpec(_("This is OpenAPI 2 (Swagger). We read version 3: most tools can convert it."))
    if "openapi" in root:
        return Spec(OPENAPI, tuple(schemas.from_openapi(root)))
    return Spec(JSON_SCHEMA, tuple(schemas.from_schema(root)))

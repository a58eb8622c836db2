"""Differences of two lists, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ownership.changes.reconciling import DIFFERENT, EMPTY, ONLY_LEFT, ONLY_RIGHT, TWICE
from ownership.models import Reconciliation

KINDS = {
    ONLY_LEFT: gettext_lazy("Missing in the target"), ONLY_RIGHT: gettext_lazy("Only in the target"),
    DIFFERENT: gettext_lazy("Different values"), TWICE: gettext_lazy("More than once"), EMPTY: gettext_lazy("Without a key"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """`tick`: what names it when it is seen to; `values`: (column, left, right)."""

    tick: str
    kind: str
    key: str
    label: str
    words: str
    values: Sequence[tuple[str, str, str]]
    seen: bool


def lines(row: Reconciliation) -> list[Line]:
    seen = set(row.worked)
    return [
        Line(
            one["key"], one["kind"], "" if one["kind"] == EMPTY else one["key"], one["label"], _words(row, one),
            [(column, left, right) for column, left, right in one["values"]], one["key"] in seen,
        )
        for one in row.differences
    ]  # fmt: skip


def _words(row: Reconciliation, one: dict[str, object]) -> str:
    names = {"left": row.left_name, "right": row.right_name}
    match one["kind"]:
        case "left":
            return _("Not in %(right)s") % names
        case "right":
            return _("Not in %(left)s") % names
        case "twice":
            counted = {"n": one["left"], "m": one["right"], **names}
            return _("Rows of this key: %(n)d in %(left)s, %(m)d in %(right)s") % counted
        case "empty":
            side, _hash, number = str(one["key"]).partition("#")
            return _("Row %(n)s of %(file)s has no key") % {"n": number, "file": names[side]}
    return _("Different values")

"""Fields of what programs send us. Text is text: a number or a list in its place is refused, not read as if it were one."""

from typing import Any

from rest_framework import serializers

WORDS = r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]"  # something to read
KEY = r"^[!-~]([ -~]*[!-~])?\Z"  # printable ASCII, not blank at either end


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Pattern(serializers.RegexField, Text):
    """Text in which a regular expression is found."""

"""What an address or a field carries beside the forms, as text that anybody may have written."""

from uuid import UUID

from django.http import Http404


def an_id(text: str) -> UUID:
    """Raises Http404: what has no such name is not there."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def a_number(text: str, *, least: int, most: int) -> int | None:
    """None: it is none, or none of these. Nobody means a number of thousands of digits, and Python refuses to read one."""
    bare = text.strip()
    if not (bare.isascii() and bare.isdecimal() and len(bare) <= len(str(most))):
        return None
    return int(bare) if least <= int(bare) <= most else None

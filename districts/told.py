"""What programs send us, before any of it is believed: JSON that nobody could mean, and letters that the database has no place for.

Python's reader of JSON gives up on deep nesting with a RecursionError, which is no ValueError: every door for programs reads within
`readable`, so that the answer is "cannot be read" (400) and not a failure of ours.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MOST_DEEP = 64  # levels; ours have four
_NOT_STORED = re.compile("[\0\ud800-\udfff]")  # PostgreSQL's text takes neither


class Unreadable(ValueError):
    """Not what a program that means us well sends."""


@contextmanager
def readable() -> Iterator[None]:
    """Around whatever reads JSON. Raises Unreadable."""
    try:
        yield
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error


def shallow(read: Any) -> Any:
    """What was read, where it is no deeper than `MOST_DEEP`: whatever walks through it does so by recursion. Raises Unreadable."""
    level, deep = [read], 0
    while level:
        if deep > MOST_DEEP:
            raise Unreadable(f"nested more than {MOST_DEEP} levels deep")
        deep += 1
        level = [inside for one in level for inside in _inside(one)]
    return read


def _inside(one: Any) -> Any:
    if isinstance(one, dict):
        return one.values()
    return one if isinstance(one, list) else ()


def is_text(*given: object) -> bool:
    """Can each of these strings be written down? Neither a NUL nor half of a surrogate pair can."""
    return not any(_NOT_STORED.search(one) for one in given if isinstance(one, str))


def cleaned(given: Any) -> Any:
    """Without what cannot be written down, for what must not be refused for it: a mail is kept whatever is told beside it."""
    if isinstance(given, str):
        return _NOT_STORED.sub("", given)
    if isinstance(given, dict):
        return {cleaned(name): cleaned(one) for name, one in given.items()}
    return type(given)(cleaned(one) for one in given) if isinstance(given, (list, tuple)) else given

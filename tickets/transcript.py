"""A conversation as one message: what the asker said stands as it was said, everything else in lines with a bar before them.

So people read who said what and when, and triage reads what the asker needs, not what was answered.
"""

BAR = "❘"


def aside(text: str) -> str:
    """What the asker did not say."""
    return "\n".join(f"{BAR} {line}".rstrip() for line in text.split("\n"))


def said(text: str) -> str:
    """What the asker said. Nobody hides words from triage by beginning a line with our bar."""
    return "\n".join(_unbarred(line) for line in text.split("\n"))


def words_in(text: str) -> str:
    """What the asker said in a whole conversation."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(BAR)).strip("\n")


def asides(text: str) -> list[str]:
    """Each line that the asker did not say, without its bar."""
    return [line.removeprefix(BAR).strip() for line in text.split("\n") if line.startswith(BAR)]


def _unbarred(line: str) -> str:
    bare = line.lstrip()
    return f"|{bare.lstrip(BAR)}" if bare.startswith(BAR) else line

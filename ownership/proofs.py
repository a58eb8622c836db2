"""What people say of their work: the proof that a step was done, and why something is put off, left out or waived."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from ownership.models import Proof
from tickets.actions import NewFile

LONGEST_EVIDENCE = 5_000
LONGEST_REASON = 300


class EvidenceMissing(ValueError):
    """A step is done only with a word on what was done, or the file it asks for; the text says so."""


class NotNow(ValueError):
    """It cannot be done, put off, left out or ended like that; the text says why."""


def proven(proof: str, evidence: str, files: Sequence[NewFile]) -> str:
    """What is written down as proof. `proof`: what the step asks for. Raises EvidenceMissing."""
    said = evidence.replace("\0", "").strip()[:LONGEST_EVIDENCE]
    if proof == Proof.FILE and not files:
        raise EvidenceMissing(_("This step asks for a file: a photo, a list, a confirmation."))
    said = said or ", ".join(file.name for file in files)
    if not said:
        raise EvidenceMissing(_("Say in a few words what was done, so that others can rely on it."))
    return said


def plain(text: str) -> str:
    """On one line, as long as a reason may be."""
    return " ".join(text.replace("\0", "").split())[:LONGEST_REASON]


def reason(why: str) -> str:
    """Raises NotNow."""
    if not (said := plain(why)):
        raise NotNow(_("Say why: whoever looks at it later wants to know."))
    return said

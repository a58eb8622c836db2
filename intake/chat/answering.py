"""What the articles say to a visitor's words: an answer only where one supports it, word for word, as at the front door."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from districts.queries import this_district
from intake.language import guess
from knowledge import actions as knowledge
from knowledge import queries as known
from knowledge.model.wanted import want

NEAR = 2  # articles offered beside an answer, or in its place
LETTERS = 3  # in fewer there is no question
_WORD = re.compile(r"[^\W_]+")
_ALONE = frozenset(  # words in which, by themselves and together, nobody has asked for anything yet: any article would be a guess
    """a am any anybody anyone are bye can everyone for good evening afternoon day hello help hey hi hiya how i im in is it me my
    morning need no nope not of ok okay one please question real s someone somebody speak sure talk test thank thanks thx there this to
    want with would like yeah yep yes yo you human person chat a al algo alguien alguna ayuda ayúdame ayúdeme adiós buenas bueno
    buenos con consulta de día días en es está están favor gracias hablar hola ahí hay la las me mi muy necesito noches no persona
    por pregunta prueba que quiero señor señora sí si tal tardes tengo un una usted vale""".split()
)


def answer(words: str, *, language: str, shown: Collection[str], now: datetime) -> tuple[str, dict[str, Any]]:
    """("answer", what was found), ("told", {}) where it is among the passages `shown` before, ("nothing", what comes near),
    or ("vague", {}) where nothing was asked yet, which is no gap either.

    What nobody has written is kept as a gap.

    As for somebody who is not signed in, whoever it is: the conversation can be read with its token alone.
    """
    if not asks(words):
        return "vague", {}
    spoken = guess(words) or language
    found = known.search(words, audience="public", language=spoken, limit=1 + NEAR, floor=0.0)
    best = found[0] if found else None
    near = [_named(one) for one in found if one.score >= known.HELPS]
    if best is None or not best.answers:
        knowledge.record_gap(question=words, language=spoken, best_score=best.score if best else 0.0, now=now)
        return "nothing", {"near": near[:NEAR]}
    if best.passage in shown:
        return "told", {}
    kept = knowledge.show_answer(question=words, found=best, language=spoken, now=now)
    late = best.article.review_by if best.article.is_out_of_date(this_district().today(now)) else None
    source = {
        "answer": str(kept.id), "passage": best.passage, "team": best.article.team.name if best.article.team else "",
        "check_by": late.isoformat() if late else "",
    }  # fmt: skip
    if want(kept, audience="public", now=now):
        source["words"] = "asked"  # of a model: they come a moment later, if they come
    return "answer", {**_named(best), **source, "near": near[1:]}


def asks(words: str) -> bool:
    """False for a greeting, a yes or a no, and what is too short to be looked up."""
    found = _WORD.findall(words.lower())
    return sum(map(len, found)) >= LETTERS and not _ALONE.issuperset(found)


def _named(found: known.Found) -> dict[str, str]:
    return {"slug": found.article.slug, "title": found.article.title, "language": found.article.language}

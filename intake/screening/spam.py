"""Called spam by a filter before us. It waits for a person: a filter errs, and a family's only mail may be what it erred about.

The scale is that of SpamAssassin and Rspamd, where 5 is a common limit.
"""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out, quiet

DOUBTFUL = 5.0  # not answered: most of it is spam, whose senders are made up
SURE = 10.0


def screen(arrival: Arrival) -> Verdict | None:
    score = arrival.spam.score
    told = f"spam: score {score:.1f}" if score is not None else "spam"
    if arrival.spam.flagged or (score is not None and score >= SURE):
        return out(told)
    return quiet(told) if score is not None and score >= DOUBTFUL else None

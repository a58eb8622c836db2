"""Mail servers speaking of mail: bounces, delays, receipts, complaints. Never a request, where it is proven to be a report; what only
reads like one is let in for words of danger, as other machines' mail is.
"""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out


def screen(arrival: Arrival) -> Verdict | None:
    if arrival.bounce is not None:
        return out("bounce" if arrival.bounce.kind == "failed" else f"report: {arrival.bounce.kind}", final=arrival.bounce.proven)
    return out("null sender") if arrival.return_path == "" else None  # RFC 5321 4.5.5: only notices are sent from <>

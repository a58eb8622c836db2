"""Calls in which nobody said a word: the caller hung up, or no machine could write down what was said (the recording has it)."""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out
from tickets.models import ChannelKind


def screen(arrival: Arrival) -> Verdict | None:
    silent = arrival.channel == ChannelKind.PHONE and not arrival.text and not arrival.media
    return out("nothing was said", final=True) if silent else None

"""Is it the same call of Twilio's again? What is tried again, or at the other address set there, is signed anew and has more fields
(`ErrorCode`, `ErrorUrl`), so only what makes the message, the recording or its words is compared.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides and
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import hashlib
import json
import re

from intake.channels.sms import fields
from tickets.models import ChannelKind

CALLBACKS = (ChannelKind.SMS, ChannelKind.PHONE)
_SAID = re.compile(
    r"From|To|Body|NumMedia|MediaUrl\d+|OptOutType"  # a text
    r"|CallSid|RecordingSid|RecordingStatus|RecordingUrl|RecordingDuration"  # a recording
    r"|TranscriptionSid|TranscriptionStatus|TranscriptionText"  # what a machine heard in it
)


def digest(raw: bytes) -> str:
    """Of the form's fields that say what it is, in whatever order they came; of bytes that are no such form, of all of them."""
    said = {key: value for key, value in fields(raw).items() if _SAID.fullmatch(key)}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode() if said else raw).hexdigest()

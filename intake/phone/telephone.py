"""What a caller hears: the crisis line first, in every language of the district, then how to leave a message. As TwiML.

Who is in danger must hear where to call before anything else. A key chooses another language; the message is recorded, and what
was said comes back by two callbacks (intake.channels.voicemail). A machine can write down English only, and two minutes of it.
https://www.twilio.com/docs/voice/twiml
"""

import re
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from twilio.twiml.voice_response import Gather, VoiceResponse

from districts.links import absolute
from districts.models import District
from intake.models import Channel
from routing.acknowledgement import crisis_line

VOICES = {"en": "en-US", "es": "es-MX"}
WRITTEN_DOWN = ("en",)  # languages in which Twilio's transcript makes sense
LONGEST = 120  # seconds: what is longer is not written down
SILENCE = 5  # seconds of it that end a message
CHOOSING = 3  # seconds to press a key
_DIGITS = re.compile(r"\+?\(?\d[\d ()\-]*\d|\d")


def languages(district: District) -> list[str]:
    spoken = [code for code in district.languages or ["en"] if code in VOICES]
    return spoken or ["en"]


def greet(channel: Channel, district: District, *, caller: str) -> str:
    """A new call. Without a key the district's first language goes on."""
    said = VoiceResponse()
    spoken = languages(district)
    _say(said, spoken[0], str(district.name))
    for code in spoken:
        with override(code):
            _say(said, code, crisis_line(district))
    if len(spoken) > 1:
        said.append(_choice(channel, district, spoken, caller))
    _record(said, channel, district, spoken[0], caller)
    return str(said)


def go_on(channel: Channel, district: District, *, key: str, caller: str) -> str:
    """A key was pressed: `key` is the place of a language in the district's list, any other the first."""
    spoken = languages(district)
    code = spoken[int(key) - 1] if key.isascii() and key.isdigit() and 0 < int(key) <= len(spoken) else spoken[0]
    said = VoiceResponse()
    _record(said, channel, district, code, caller)
    return str(said)


def thank(district: District, *, language: str) -> str:
    """It is recorded."""
    said = VoiceResponse()
    code = language if language in VOICES else languages(district)[0]
    with override(code):
        _say(said, code, _("Thank you. We have your message, and somebody will see to it. Goodbye."))
    said.hangup()
    return str(said)


def _choice(channel: Channel, district: District, spoken: list[str], caller: str) -> Gather:
    keys = Gather(num_digits=1, timeout=CHOOSING, action=_address("voice_webhook", channel, district, caller=caller, step="language"))
    for number, code in enumerate(spoken[1:], 2):
        with override(code):
            _say(keys, code, _("For English, press %(key)s.") % {"key": number})  # each catalogue names its own language
    return keys


def _record(said: VoiceResponse, channel: Channel, district: District, code: str, caller: str) -> None:
    told = {"caller": caller, "language": code}
    with override(code):
        _say(said, code, _("After the tone, say your name, your school, and what you need. Then press the pound key, or hang up."))
        words = code in WRITTEN_DOWN
        said.record(
            max_length=LONGEST, timeout=SILENCE, finish_on_key="#", play_beep=True, trim="trim-silence",
            action=_address("voice_webhook", channel, district, step="done", **told),
            recording_status_callback=_address("voicemail_webhook", channel, district, **told),
            recording_status_callback_event="completed absent",
            transcribe=words, **({"transcribe_callback": _address("voicemail_webhook", channel, district, **told)} if words else {}),
        )  # fmt: skip
        _say(said, code, _("We could not hear you. Please call again, or send us a text message. Goodbye."))
    said.hangup()


def _say(said: VoiceResponse | Gather, code: str, words: str) -> None:
    if words:
        said.say(_spoken(words), language=VOICES[code])


def _spoken(words: str) -> str:
    """Numbers digit by digit: "988" is not nine hundred."""
    return _DIGITS.sub(lambda found: ", ".join(" ".join(part) for part in re.findall(r"\d+", found[0])), words)


def _address(name: str, channel: Channel, district: District, **told: str) -> str:
    """Ours, as Twilio is to call it; what is in it is signed with the rest."""
    given = urlencode({key: value for key, value in told.items() if value})
    return absolute(district, f"{reverse(name, args=[channel.id])}{'?' if given else ''}{given}")

"""Pictures of a text message: fetched with the number's login, told by their bytes, never in the way of the words."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import override
from PIL import Image
from pytest_django import Settings

from districts.jobs import MAX_ATTEMPTS
from districts.scope import district_scope
from intake.channels import sms
from intake.channels.arrival import Media
from intake.models import Channel, Envelope
from intake.phone import media
from intake.phone.fetching import Refused, fetch
from intake.receiving import attaching, receive
from routing.placing import place
from tests.conftest import Cast, make_district, sign_in
from tests.test_sms_fetching import Store, gives, serve, status
from tests.texting import ACCOUNT, SECRET, a_line, call, of_the_house, text
from tickets import files
from tickets.models import Attachment, Event, Message, Ticket

JPEG, PNG = "image/jpeg", "image/png"


@pytest.fixture
def line(here: Cast) -> Channel:
    return a_line()


@pytest.fixture
def twilio(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    settings.MEDIA_FROM_HERE, settings.MEDIA_ROOT = True, tmp_path
    monkeypatch.setattr(media, "FETCHING", 1.0)
    monkeypatch.setitem(media._rest, "until", 0.0)
    yield from serve(None)


def picture(kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, kind)
    return out.getvalue()


def url(store: Store, number: int) -> str:
    return f"http://127.0.0.1:{store.port}{path(number)}"


def path(number: int) -> str:
    return f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME{number}"


def mms(store: Store, *kinds: str) -> dict[str, str]:
    fields = {"NumMedia": str(len(kinds))}
    for number, kind in enumerate(kinds):
        fields |= {f"MediaUrl{number}": url(store, number), f"MediaContentType{number}": kind}
    return fields


def late() -> Envelope:
    found: Envelope = Envelope.objects.get(meta__has_key="late")
    return found


def again(here: Cast) -> None:
    """The time of the next try has come."""
    media._rest["until"] = 0.0
    Envelope.objects.filter(state="pending").update(lease_until=None)
    receive.drain(here.district.id)


def test_a_picture_comes_with_its_words(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = gives(picture())
    text(here, line, "The projector is broken", **mms(twilio, JPEG))
    message, file = Message.objects.get(), Attachment.objects.get()
    assert message.text == "The projector is broken"
    assert (file.message, file.name, file.content_type) == (message, "image-1.jpg", JPEG)
    assert Image.open(io.BytesIO(files.read(file))).size == (40, 30)
    assert twilio.asked[0][1]["authorization"].startswith("Basic "), "with the account's login"


def test_the_login_is_that_of_the_numbers_account(here: Cast, line: Channel, settings: Settings) -> None:
    address = f"https://api.twilio.com{path(1)}"
    theirs = Media(address, "image-1", JPEG, ACCOUNT)
    assert media._login(Envelope(source=line), theirs, here.district.id) == (ACCOUNT, SECRET)
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, "the product's own"
    assert media._login(Envelope(source=line), theirs, here.district.id) == (ACCOUNT, SECRET), "ours is for nobody's number but ours"
    of_the_house(settings)
    assert media._login(Envelope(source=line), theirs, here.district.id) == (ACCOUNT, "the product's own")
    assert media._login(Envelope(source=line), replace(theirs, account="ACother"), here.district.id) is None
    settings.TWILIO_ACCOUNT_SID = "ACother"
    assert media._login(Envelope(source=line), theirs, here.district.id) is None


OURS = "AC" + "f" * 32


@pytest.mark.parametrize(
    "where",
    [
        f"/2010-04-01/Accounts/{OURS}/Messages.csv",
        f"/2010-04-01/Accounts/{OURS}/Messages/MM1/Media/ME1",
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages.csv",
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1/../../../../../{OURS}/Messages.csv",
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1%2F..%2F..%2FMessages.csv",
        f"/x/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE1",
        "/2010-04-01/Accounts.json",
    ],
)
@pytest.mark.parametrize("named", [ACCOUNT, OURS])
def test_no_address_in_a_text_borrows_a_login(
    here: Cast, line: Channel, settings: Settings, monkeypatch: pytest.MonkeyPatch, where: str, named: str
) -> None:
    """Whoever has the token of a district's own number signs what they like, and may name any address of the provider's."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = OURS, "the product's own"
    lent: list[Any] = []

    def fetched(_url: str, **more: Any) -> bytes:
        lent.append(more["auth"])
        raise Refused("nothing there")

    monkeypatch.setitem(media._rest, "until", 0.0)
    monkeypatch.setattr(media, "fetch", fetched)
    asked = f"https://api.twilio.com{where}"
    text(here, line, "Look", AccountSid=named, NumMedia="1", MediaUrl0=asked, MediaContentType0="text/plain")
    assert lent == [None], "their own token is for their own account"


@pytest.mark.parametrize("where", ["Messages/MM1/Media/ME1", "Messages/SM1/Media/ME1", "Recordings/RE1", "Recordings/RE1.mp3"])
def test_what_a_message_or_a_call_brought_has_a_login(here: Cast, line: Channel, where: str) -> None:
    one = Media(f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/{where}", "x", account=ACCOUNT)
    assert media._login(Envelope(source=line), one, here.district.id) == (ACCOUNT, SECRET)


def test_a_picture_alone_is_a_request(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = twilio.say[path(1)] = gives(picture())
    text(here, line, "", **mms(twilio, JPEG, JPEG))
    assert Ticket.objects.get().subject == "[2 files by text message]"
    assert Attachment.objects.count() == 2


def test_what_a_file_is_its_bytes_tell(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = gives(picture("PNG"))
    twilio.say[path(1)] = gives(b"<html><script>alert(1)</script>")
    text(here, line, "Look", **mms(twilio, JPEG, JPEG))
    file = Attachment.objects.get()
    assert (file.name, file.content_type) == ("image-1.png", PNG)
    assert "[File not kept: image-2. Files of this kind are not taken" in Message.objects.get().text


def test_a_calling_card_is_text(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = gives(b"BEGIN:VCARD\r\nFN:Pat\r\nEND:VCARD\r\n")
    text(here, line, "", **mms(twilio, "text/x-vcard"))
    assert Attachment.objects.get().content_type == "text/vcard"


@pytest.mark.parametrize("where", ["https://evil.example/x.jpg", "http://api.twilio.com/x.jpg", "https://169.254.169.254/latest"])
def test_nothing_is_fetched_from_elsewhere(here: Cast, line: Channel, twilio: Store, where: str) -> None:
    envelope = text(here, line, "Look", NumMedia="1", MediaUrl0=where, MediaContentType0=JPEG)
    assert envelope.state == "done"
    assert Message.objects.get().text == "Look\n\n[File not kept: image-1. It could not be fetched.]"
    assert not Envelope.objects.filter(meta__has_key="late").exists()


def test_words_do_not_wait_for_a_picture_that_comes_later(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = status(503)
    text(here, line, "I want to kill myself", **mms(twilio, JPEG))
    place(Ticket.objects.get().id, now=timezone.now())
    assert Ticket.objects.get().crisis, "danger is heard at once"
    message = Message.objects.get()
    assert message.text.endswith("[File not here yet: image-1. It is being fetched.]")
    assert (late().state, late().external_id) == ("pending", "SM1/file/1")
    twilio.say[path(0)] = gives(picture())
    again(here)
    assert Attachment.objects.get().message == message
    assert message.refresh().text == "I want to kill myself"
    assert (late().state, late().ticket_ref) == ("done", Ticket.objects.get().id)
    assert Event.objects.get(kind=Event.Kind.REREAD).data["late"] is True
    assert (Message.objects.count(), Ticket.objects.count()) == (1, 1)


def test_what_comes_later_is_told_in_the_language_of_the_text(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = status(503)
    text(here, line, "Mire la puerta de la escuela", **mms(twilio, JPEG))
    with override("es"):
        assert Message.objects.get().text.endswith(attaching.awaited("image-1"))
    twilio.say[path(0)] = gives(picture())
    again(here)
    assert Message.objects.get().text == "Mire la puerta de la escuela"


def test_a_file_that_is_not_there_yet_does_not_hold_up_the_others(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = gives(picture())
    text(here, line, "Two", **mms(twilio, JPEG, JPEG))
    assert Attachment.objects.count() == 1
    assert Message.objects.get().text.endswith("[File not here yet: image-2. It is being fetched.]")


def test_a_late_file_that_is_refused_is_told_in_its_place(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = status(500)
    text(here, line, "Look", **mms(twilio, "video/3gpp"))
    twilio.say[path(0)] = gives(b"\x00\x00\x00\x1cftyp3gp5")
    again(here)
    assert "not here yet" not in Message.objects.get().text
    assert "[File not kept: video-1" in Message.objects.get().text


def test_what_never_comes_is_parked_in_sight(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = status(503)
    text(here, line, "Look", **mms(twilio, JPEG))
    for _ in range(MAX_ATTEMPTS):
        again(here)
    assert (late().state, late().reason) == ("dead", "Away")
    assert Ticket.objects.count() == 1


def test_a_provider_that_is_down_is_left_alone(here: Cast, line: Channel, twilio: Store) -> None:
    """Fifty messages behind it do not wait eight seconds each."""
    twilio.say[path(0)] = status(503)
    for number in range(5):
        call(line, f"Look {number}", sid=f"SM{number}", **mms(twilio, JPEG))
    began = time.monotonic()
    receive.drain(here.district.id)
    assert time.monotonic() - began < 3
    assert len(twilio.asked) == 1
    assert Message.objects.count() == Envelope.objects.filter(meta__has_key="late").count() == 5


def test_the_same_late_file_twice_is_once(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = status(503)
    text(here, line, "Look", **mms(twilio, JPEG))
    twilio.say[path(0)] = gives(picture())
    again(here)
    Envelope.objects.filter(id=late().id).update(state="pending", attempts=0)
    again(here)
    assert Attachment.objects.count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_no_transaction_is_open_while_a_provider_is_asked(twilio: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    real = fetch

    def watched(*args: Any, **kwargs: Any) -> bytes:
        seen.append(connection.in_atomic_block)
        return real(*args, **kwargs)

    monkeypatch.setattr(media, "fetch", watched)
    twilio.say[path(0)] = gives(picture())
    cast = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
    with district_scope(cast.district.id):
        line = a_line()
    assert call(line, "Look", **mms(twilio, JPEG)).status_code == 200
    assert receive.drain(cast.district.id) == 1
    assert seen == [False]


def test_a_number_of_files_that_nobody_sends(here: Cast) -> None:
    form = {"From": "+19165550144", "NumMedia": "9999", **{f"MediaUrl{n}": "https://api.twilio.com/x" for n in range(50)}}
    assert len(sms.media(form)) == sms.MAX_MEDIA
    assert sms.media({**form, "NumMedia": "²"}) == sms.media({**form, "NumMedia": ""}) == []


def test_the_desk_shows_what_came_later(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[path(0)] = status(503)
    text(here, line, "Look", **mms(twilio, JPEG))
    twilio.say[path(0)] = gives(picture())
    again(here)
    page = sign_in(here.alice, here.district).get(f"/desk/{Ticket.objects.get().id}/").content.decode()
    assert "A file of a message arrived" in page
    assert "image-1.jpg" in page

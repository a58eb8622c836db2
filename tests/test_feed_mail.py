"""Mail to feeds by every door: fetched from a mailbox, brought by a provider, passed on; once, no ticket, and words of danger heard."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from delivery.models import Delivery
from districts.sealing import seal
from intake.imap import claims
from intake.imap.box import Mail
from intake.mail import smtp, to_feeds
from intake.models import Channel, Envelope, Mailbox
from intake.receiving import receive
from intake.standing import forget_standing
from ownership.feeds import mailed
from ownership.models import Feed, FeedRun, Process
from routing import actions as routing
from tests.conftest import Cast, sign_in
from tests.test_feed_doors import VENDOR, post
from tests.test_intake_mail import a_mail
from tests.test_mail_hooks import HELP, postmark, provider
from tickets.models import Attachment, Message, Ticket

__all__ = ["provider"]
DANGER = "student said: I want to kill myself"
AWAY = "help@school.example"
State, Outcome = Envelope.State, FeedRun.Outcome


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def a_feed(slug: str = "nightly", **values: Any) -> Feed:
    process, _made = Process.objects.get_or_create(slug="rosters", defaults={"name": "Rosters"})
    made: Feed = Feed.objects.create(process=process, slug=slug, name=slug, terms="daily by 4 PM", **values)
    return made


@pytest.fixture
def feed(here: Cast) -> Iterator[Feed]:
    """A district with a mailbox of its own host, and one elsewhere."""
    for address in (HELP, AWAY):
        Channel.objects.create(kind="email", address=address, name="Help")
    forget_standing()
    yield a_feed()
    forget_standing()


@pytest.fixture
def fetched(feed: Feed) -> Mailbox:
    source = Channel.objects.get(address=AWAY)
    made: Mailbox = Mailbox.objects.create(source=source, host="imap.school.example", username=AWAY, secret=seal({}))
    return made


def own(feed: Feed) -> str:
    return f"feed+{feed.token}@cedar.localhost"


def tagged(feed: Feed, address: str = AWAY) -> str:
    return f"{mailed.tag_of(feed)}@".join(address.split("@"))


def a_report(text: str = "Completed", **headers: str) -> bytes:
    return a_mail(text, **{"sender": VENDOR, "Subject": "Nightly", "Message_ID": "<one@vendor.example>", **headers})


def fetch(fetched: Mailbox, raw: bytes, *, uid: int = 1) -> None:
    """As a reader writes down what it fetched, and a worker receives it."""
    (mine,) = claims.claim(most=1, now=timezone.now())
    assert claims.write_down(mine, Mail(uid, raw, 0), upto=uid, now=timezone.now())
    claims.release(mine)
    receive.drain(fetched.district_id)


def told() -> tuple[int, int]:
    """Runs and tickets."""
    return FeedRun.objects.count(), Ticket.objects.count()


# --- fetched ------------------------------------------------------------------------------------------------------------


def test_a_report_in_a_mailbox_that_is_only_read_is_a_run_and_no_ticket(feed: Feed, fetched: Mailbox) -> None:
    fetch(fetched, a_report("Completed\nRows: 412", to=tagged(feed)))
    run = FeedRun.objects.get()
    assert (run.outcome, run.way, run.counts) == (Outcome.OK, "mail", {"rows": 412})
    envelope = Envelope.objects.get()
    assert (envelope.state, envelope.reason, envelope.meta["recipients"]) == (State.DONE, to_feeds.TOLD, [tagged(feed)])
    assert told() == (1, 0)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("form", ["tagged", "own", "capitals", "blind copy", "with a name"])
def test_however_its_header_names_the_feed(feed: Feed, fetched: Mailbox, form: str) -> None:
    headers = {
        "tagged": {"to": tagged(feed)}, "own": {"to": own(feed)}, "capitals": {"to": tagged(feed).upper()},
        "blind copy": {"to": "somebody@vendor.example", "Delivered_To": tagged(feed)},
        "with a name": {"to": f'"Nightly, rosters" <{tagged(feed)}>', "Delivered_To": AWAY},
    }  # fmt: skip
    fetch(fetched, a_report(**headers[form]))
    assert told() == (1, 0)


@pytest.mark.parametrize("people", [AWAY, HELP, "Help <help+desk@school.example>"])
def test_what_its_sender_wrote_to_people_too_is_a_request_there(feed: Feed, fetched: Mailbox, people: str) -> None:
    fetch(fetched, a_report("Please look at this", to=f"{tagged(feed)}, {people}"))
    fetch(fetched, a_report("Please look at this", to=f"{tagged(feed)}, {people}"), uid=2)
    assert told() == (1, 1)
    assert Envelope.objects.count() == 2


@pytest.mark.parametrize("address", ["help+feed-back@school.example", "help+feeds@school.example", AWAY, "help+feed-@school.example"])
def test_other_words_before_the_at_are_for_people(feed: Feed, fetched: Mailbox, address: str) -> None:
    fetch(fetched, a_report("The bus did not come", to=address))
    assert told() == (0, 1)


def test_a_feeds_word_in_somebody_elses_mailbox_is_no_business_of_ours(feed: Feed, fetched: Mailbox) -> None:
    fetch(fetched, a_report("The bus did not come", to=tagged(feed, "help@elsewhere.example"), Cc=AWAY))
    assert told() == (0, 1)


def test_two_feeds_by_one_mail_and_one_that_is_not_there(feed: Feed, fetched: Mailbox) -> None:
    other = a_feed("second")
    nobody = tagged(feed).replace(feed.token, "a" * 26)
    fetch(fetched, a_report(to=", ".join([tagged(feed), tagged(other), nobody])))
    assert set(FeedRun.objects.values_list("feed__slug", flat=True)) == {"nightly", "second"}
    assert Envelope.objects.get(state=State.SCREENED).reason == to_feeds.NO_FEED
    assert told() == (2, 0)


def test_one_header_fills_no_store(feed: Feed, fetched: Mailbox) -> None:
    """Of feeds that are not there one envelope tells; and they keep nobody out who comes after them."""
    many = [tagged(feed).replace(feed.token, f"{n:026d}") for n in range(60)]
    fetch(fetched, a_report(to=", ".join([*many, tagged(feed)])))
    assert Envelope.objects.count() == 2
    assert told() == (1, 0)


def test_what_is_written_to_a_list_of_the_districts_is_a_request_too(feed: Feed) -> None:
    """A group's address that delivers to ours, which nobody has under Addresses; a stranger's beside the feed's makes none."""
    raw = a_report("Please look at this", to="it-team@school.example", Cc=tagged(feed))
    assert passed_on(raw, HELP) == (1, 1)
    raw = a_report("Completed", to="ops@vendor.example", Cc=tagged(feed), Message_ID="<two@vendor.example>")
    assert passed_on(raw, HELP) == (2, 1)


def test_by_every_door_at_once_it_is_heard_once(feed: Feed, fetched: Mailbox) -> None:
    address = f"{tagged(feed)}, {own(feed)}"
    fetch(fetched, a_report("Completed", to=address))
    post(own(feed), key="one@vendor.example")
    post(own(feed), key="one@vendor.example", body="Completed, passed on by a list")
    fetch(fetched, b"Received: from elsewhere\r\n" + a_report("Completed", to=address), uid=2)
    assert told() == (1, 0)
    assert FeedRun.objects.get().feed == feed
    assert Envelope.objects.count() == 2, "by either address one, and what a list made of it"


def test_a_worker_that_is_killed_loses_nothing_and_tells_nothing_twice(
    feed: Feed, fetched: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the feed was told and before that was written on the envelope."""

    def killed(*_: Any, **__: Any) -> bool:
        assert FeedRun.objects.exists()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(receive, "settle", killed)
        with pytest.raises(SystemExit):
            fetch(fetched, a_report(to=tagged(feed)))
    assert told() == (0, 0)
    assert Envelope.objects.get().state == State.PENDING
    Envelope.objects.update(lease_until=timezone.now() - timedelta(seconds=1))  # as time does
    for _twice in range(2):
        receive.drain(feed.district_id)
    assert told() == (1, 0)
    assert (Envelope.objects.get().state, Envelope.objects.get().attempts) == (State.DONE, 2)


# --- by a provider, and passed on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["own", "own host", "elsewhere", "passed on", "in pieces"])
def test_a_provider_brings_mail_to_feeds(provider: Cast, form: str) -> None:
    Channel.objects.create(kind="email", address=AWAY, name="Away")
    forget_standing()
    feed = a_feed()
    to = {"own": own(feed), "own host": tagged(feed, HELP)}.get(form, tagged(feed))
    brought_to = HELP if form == "passed on" else "inbound@provider.example" if form == "own" else to
    raw = None if form == "in pieces" else a_report(to=to)
    for _twice in range(2):
        assert postmark(raw, to=brought_to).status_code == 200
    receive.drain(provider.district.id)
    assert told() == (1, 0)
    assert Envelope.objects.count() == 1


def test_a_mail_that_is_passed_on_to_the_door_tells_the_feed_that_its_header_names(feed: Feed) -> None:
    """The rule of a mail server passes whatever comes to help@school.example, with or without a tag, on to our own address."""
    raw = a_report(to=tagged(feed))
    assert passed_on(raw, HELP) == (1, 0)
    raw = a_report("Please look", to=f"{tagged(feed)}, {AWAY}", Message_ID="<two@vendor.example>")
    assert passed_on(raw, HELP) == (2, 1), "written to people, too"
    raw = a_report("In a blind copy", to=own(feed), Message_ID="<three@vendor.example>")
    assert passed_on(raw, HELP) == (2, 2), "what goes to the feed comes by its own address"


def passed_on(raw: bytes, *recipients: str) -> tuple[int, int]:
    """Through the SMTP door, to these, whatever its header says."""
    found = [smtp.find_door(address) for address in recipients]
    ((district_id, channel),) = {one for one in found if not isinstance(one, str)}
    smtp.write_down({district_id: smtp.Addressed(channel, list(recipients))}, BytesIO(raw), {"return_path": VENDOR})
    receive.drain(district_id)
    return told()


def test_the_tag_works_at_the_door_too_and_stands_on_the_feeds_page(feed: Feed, here: Cast) -> None:
    post(tagged(feed, HELP))
    assert told() == (1, 0)
    page = sign_in(here.ada, here.district).get(f"/matrix/feeds/{feed.id}/")
    assert page.status_code == 200
    assert mailed.tag_of(feed) in page.content.decode()
    assert feed.token not in sign_in(here.alice, here.district).get(f"/matrix/feeds/{feed.id}/").content.decode()


# --- words of danger ----------------------------------------------------------------------------------------------------


def test_words_of_danger_are_a_run_and_a_ticket_of_the_safety_team(feed: Feed, here: Cast) -> None:
    post(own(feed), subject="Log", body=DANGER)
    run, ticket, envelope = FeedRun.objects.get(), Ticket.objects.get(), Envelope.objects.get()
    assert run.outcome == Outcome.OK
    assert (envelope.state, envelope.ticket_ref) == (State.DONE, ticket.id)
    assert Message.objects.get().text == DANGER
    page = sign_in(here.ada, here.district).get(f"/came-in/{envelope.id}/").content.decode()
    assert "It was sent to the address of a feed, as word that something ran." in page
    assert "did not count: it speaks of danger to a person" in page
    routing.place(ticket.id, now=timezone.now())
    ticket.refresh_from_db()
    assert (ticket.crisis, ticket.team) == (True, here.safety)
    assert not Delivery.objects.filter(address=VENDOR).exists(), "no machine is answered"


def test_they_are_heard_in_fetched_mail_and_once(feed: Feed, fetched: Mailbox) -> None:
    other = a_feed("second")
    for uid in (1, 2):
        fetch(fetched, a_report(DANGER, to=f"{tagged(feed)}, {tagged(other)}, {AWAY}"), uid=uid)
    assert told() == (2, 1)
    assert set(Envelope.objects.values_list("ticket_ref", flat=True)) == {Ticket.objects.get().id}


def test_they_are_heard_where_the_feed_is_not_there(feed: Feed) -> None:
    post(own(feed).replace(feed.token, "nobody"), body=DANGER)
    assert told() == (0, 1)


def test_they_are_heard_where_nobody_is_named_as_sender(feed: Feed, fetched: Mailbox) -> None:
    fetch(fetched, f"To: {tagged(feed)}\r\nSubject: Log\r\n\r\n{DANGER}".encode())
    assert told() == (1, 1)
    assert Envelope.objects.get().state == State.DONE


def test_their_files_are_kept_with_them(feed: Feed) -> None:
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    body = f"--b\r\n\r\n{DANGER}\r\n--b\r\nContent-Disposition: attachment; filename=chat.txt\r\n\r\nall of it\r\n--b--"
    post(own(feed), head=head, body=body)
    assert Attachment.objects.get().name == "chat.txt"


@pytest.mark.parametrize(
    ("head", "body", "tickets"),
    [
        ("Auto-Submitted: auto-generated\r\n", DANGER, 1),
        ("X-Loop: help@cedar.localhost\r\n", DANGER, 1),
        ("", "Completed\n\n-- \nThe vendor\nIf you are thinking about suicide, call or text 988.", 0),
        ("", "Killed 3 stale jobs. Import aborted. 2 rows were shot down by a rule, 0 errors.", 0),
        ("", "Completed\nChild process 412 was killed, memory died\nRows: 12", 0),
    ],
)
def test_what_is_no_danger_and_what_is_though_a_machine_wrote_it(feed: Feed, head: str, body: str, tickets: int) -> None:
    post(own(feed), head=head, body=body)
    assert Ticket.objects.count() == tickets


def test_a_report_about_mail_makes_none_whatever_it_quotes(feed: Feed) -> None:
    post(
        own(feed), head="Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
        body=f"--b\r\n\r\n{DANGER}\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--",
    )  # fmt: skip
    assert told() == (1, 0)
    assert (Envelope.objects.get().state, Envelope.objects.get().reason) == (State.DONE, to_feeds.TOLD)


def test_a_machine_that_cries_without_end_is_heard_as_runs_alone(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flood of any sender: its runs go on being written down."""
    monkeypatch.setattr("intake.screening.DANGEROUS", 2)
    for n in range(4):
        post(own(feed), body=f"{DANGER} ({n})", key=f"{n}@vendor")
    assert told() == (4, 2)
    assert set(Envelope.objects.values_list("state", flat=True)) == {State.DONE}

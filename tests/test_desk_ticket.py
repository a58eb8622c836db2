"""The ticket's page: who may open it, what it shows, and the files of a conversation."""

import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from delivery.models import Delivery
from districts.models import ContactPoint, Person
from ownership.models import Escalation, Ladder
from routing.models import Decision
from routing.timeline import fold
from sla import actions as sla
from sla.models import Breach, Clock
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tickets import actions as tickets
from tickets import files
from tickets.models import Attachment, Event, Link, Message, Ticket


def a_picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 2), (200, 120, 60)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def ticket(here: Cast) -> Ticket:
    opened = a_ticket(here, team=here.transportation, now=timezone.now() - timedelta(hours=1))
    sla.derive(opened, now=opened.opened_at)
    return opened


def page_of(who: Person, ticket: Ticket, here: Cast, **asked: Any) -> str:
    answer = sign_in(who, here.district).get(f"/desk/{ticket.id}/", asked)
    assert answer.status_code == 200
    return answer.content.decode()


# --- who may open it --------------------------------------------------------------------------------------------------


def test_agents_of_every_team_may_open_it(here: Cast, ticket: Ticket) -> None:
    for who in (here.alice, here.bob, here.olive, here.lee, here.ada):
        assert f"#{ticket.number}" in page_of(who, ticket, here)


def test_ids_that_are_not_ours_are_not_there(here: Cast, oak: Cast) -> None:
    client = sign_in(here.alice, here.district)
    for wrong in (uuid.uuid4(), uuid.UUID(int=0), "nonsense", "1001", oak.district.id):
        assert client.get(f"/desk/{wrong}/").status_code == 404
        assert client.post(f"/desk/{wrong}/reply/", {"text": "x", "last": uuid.uuid4()}).status_code == 404


def test_a_ticket_of_another_district_is_not_there(here: Cast, oak: Cast, ticket: Ticket) -> None:
    charlie = sign_in(oak.charlie, oak.district)
    assert charlie.get(f"/desk/{ticket.id}/").status_code == 404
    assert charlie.post(f"/desk/{ticket.id}/resolve/").status_code == 404
    assert ticket.refresh().status == Ticket.Status.NEW


def test_a_sensitive_ticket_is_not_there_for_others_and_each_read_is_an_event(here: Cast) -> None:
    private = a_ticket(here, team=here.safety, service=here.counseling)
    for who in (here.alice, here.lee, here.ada):
        client = sign_in(who, here.district)
        assert client.get(f"/desk/{private.id}/").status_code == 404
        assert client.post(f"/desk/{private.id}/note/", {"text": "x", "last": uuid.uuid4()}).status_code == 404
        assert client.get(f"/desk/{private.id}/suggested/").status_code == 404
    assert not Event.objects.filter(ticket=private, kind=Event.Kind.READ).exists()
    tickets.follow(private, person=here.bob, now=NOW)
    page_of(here.bob, private, here)
    page = page_of(here.bob, private, here)
    assert Event.objects.filter(ticket=private, kind=Event.Kind.READ, by=here.bob).count() == 2
    assert "Sensitive: every read is recorded" in page
    assert "Read by" in page


# --- what it shows ----------------------------------------------------------------------------------------------------


def test_the_conversation_tells_its_kinds_apart_in_words(here: Cast, ticket: Ticket) -> None:
    now = timezone.now()
    tickets.reply(ticket, by=here.lena, words=tickets.Words(text="It is on its way."), now=now)
    tickets.note(ticket, by=here.alice, words=tickets.Words(text="Yard called."), now=now)
    tickets.requester_wrote(
        ticket, author=here.pat, channel="email", now=now, words=tickets.Words(text="<i>Thanks</i>", quoted="On Monday you wrote:")
    )
    page = page_of(here.alice, ticket, here)
    for kind, label in (("request", "From the requester"), ("reply", "Reply"), ("note", "Internal note")):
        assert re.search(rf'<article class="said {kind}".*?<span class="kind">{label}</span>', page, re.DOTALL)
    assert "&lt;i&gt;Thanks&lt;/i&gt;" in page
    assert re.search(r"<details class=\"quoted\"><summary>Quoted text</summary>.*?On Monday you wrote", page, re.DOTALL)
    assert page.index("the bus didn&#x27;t") < page.index("It is on its way.") < page.index("Yard called.") < page.index("Thanks")


def test_events_are_told_in_words(here: Cast, ticket: Ticket) -> None:
    now = timezone.now()
    tickets.place(ticket, team=here.transportation, service=here.bus_late, priority=1, now=now, data={"engine": "rule"})
    Decision.objects.create(
        ticket=ticket, engine="rule", team=here.transportation, service=here.bus_late, confidence=0.93, reasons=["It says “bus”."],
        alternatives=[{"service": "password-reset", "team": "technology", "confidence": 0.05}],
    )  # fmt: skip
    tickets.assign(ticket, to=here.alice, by=here.lena, now=now)
    tickets.assign(ticket, to=here.lena, by=here.lena, now=now)
    tickets.assign(ticket, to=None, by=here.lena, now=now)
    tickets.set_priority(ticket, priority=4, by=here.alice, now=now)
    tickets.wait_for(ticket, on=Ticket.Status.WAITING_REQUESTER, by=here.alice, now=now)
    tickets.resume(ticket, by=here.alice, now=now)
    tickets.move(ticket, team=here.technology, by=here.alice, now=now, data={})
    tickets.record(ticket, Event.Kind.LATE, by=None, now=now, data={"kind": "first"})
    climbed = {"act": "climbed", "level": 1, "people": ["Lena"], "why": ""}
    tickets.record(ticket, Event.Kind.ESCALATED, by=None, now=now, data=climbed)
    tickets.resolve(ticket, by=here.alice, now=now)
    tickets.reopen(ticket, by=here.alice, now=now)
    page = page_of(here.alice, ticket, here)
    for words in (
        "Pat Parent opened it: Email", "Placed with Transportation because: It says “bus” ·",
        "Lena assigned it to Alice", "Lena took it", "Lena put it back: nobody has it now",
        "Alice changed the priority from Urgent to Low", "Alice waits for the requester", "Alice took it up again",
        "Alice handed it off to Technology", "A promise broke: First response", "Escalated to rung 1: told Lena",
        "Alice resolved it", "Alice reopened it", "Triage was 93 % sure.", "Password reset <small>Technology, 5 % likely",
    ):  # fmt: skip
        assert words in page, words


def test_a_line_of_the_timeline_ends_where_its_sentence_ends(here: Cast, ticket: Ticket) -> None:
    reasons = ["Triage knows such words (94 % sure).", "Words that spoke for it: “bus didn't come”."]
    tickets.place(ticket, team=here.transportation, service=None, priority=3, now=timezone.now(), data={"reasons": reasons})
    tickets.record(ticket, Event.Kind.ESCALATED, by=None, now=timezone.now(), data={"act": "ended", "why": "The ticket is resolved."})
    told = re.findall(r'<p class="event">.*?<span>(.*?) · <time', page_of(here.alice, ticket, here), re.DOTALL)
    assert any("(94 % sure); Words that spoke for it: “bus didn&#x27;t come”" in line for line in told)
    assert [line for line in told if line.endswith(".") or ".;" in line] == []


def test_two_escalations_say_which_promise_each_is_for(here: Cast, ticket: Ticket) -> None:
    ladder = Ladder.objects.create(name="Buses")
    for clock in Clock.objects.filter(ticket=ticket):
        breach = Breach.objects.create(clock=clock, ticket=ticket, team=ticket.team, kind=clock.kind, due_at=NOW)
        climbing = Escalation.objects.create(ladder=ladder, breach=breach, ticket=ticket, began_at=NOW)
        data = {"act": "climbed", "level": 1, "people": ["Lena"], "escalation": str(climbing.id)}
        tickets.record(ticket, Event.Kind.ESCALATED, by=None, now=timezone.now(), data=data)
    page = page_of(here.alice, ticket, here)
    for kind in ("First response", "Resolution"):
        assert page.count(f"Escalated to rung 1 ({kind}): told Lena") == 1


@pytest.mark.parametrize(("code", "said"), [("es", "their language: Spanish"), ("xx", "their language: xx"), ("en", None), ("", None)])
def test_a_language_is_called_by_its_name(here: Cast, code: str, said: str | None) -> None:
    ticket = a_ticket(here, team=here.transportation, language=code, now=timezone.now())
    page = page_of(here.alice, ticket, here)
    assert (said in page) if said else ("their language" not in page)


def test_a_long_message_is_folded_and_nothing_of_it_is_lost(here: Cast) -> None:
    for text in ("word " * 10_000, "line\n" * 200, "x" * 9_000, "A paragraph of some words.\n\n" * 120):
        head, rest = fold(text)
        assert len(head) <= 2_000
        assert head.count("\n") <= 40
        assert rest
        assert (head + rest).replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")
    ticket = a_ticket(here, team=here.transportation, text="word " * 10_000 + "END", now=timezone.now())
    page = page_of(here.alice, ticket, here)
    assert re.search(r'<details class="rest"><summary><span class="when-shut">Show all</span>.*?END</div></details>', page, re.DOTALL)


@pytest.mark.parametrize("text", ["", "short", "x" * 2_400, "line\n" * 45, "\n" * 41])
def test_a_message_that_is_hardly_too_long_is_not_folded(text: str) -> None:
    assert fold(text) == (text, "")


def test_the_four_acts_stand_before_the_others(here: Cast, ticket: Ticket) -> None:
    page = page_of(here.alice, ticket, here)
    acts = page[page.index('<div class="acts">') : page.index('<details class="menu" data-menu><summary class="btn" id="act-more">')]
    assert [word for word in ("Reply", "Note", "Hand off", "Resolve") if word in acts] == ["Reply", "Note", "Hand off", "Resolve"]
    assert "Priority" not in acts
    assert "Follow" not in acts
    assert "wait_asker" not in acts


# --- a mail as it was sent ----------------------------------------------------------------------------------------------

HTML = '<p style="color: red">Hello <b>there</b></p><img src="https://elsewhere.example/pixel.gif">'


def a_mail(cast: Cast, **more: Any) -> tuple[Ticket, Message]:
    return tickets.open_ticket(
        requester=cast.pat, channel="email", subject="Mail", words=tickets.Words(text="Hello there", html=HTML), now=NOW,
        **{"team": cast.transportation, **more},
    )  # fmt: skip


def test_a_mail_is_shown_as_it_was_sent_in_a_frame_that_may_nothing(here: Cast, ticket: Ticket) -> None:
    mail, message = a_mail(here)
    page = page_of(here.alice, mail, here)
    address = f"/desk/{mail.id}/mail/{message.id}/"
    assert f'<iframe src="{address}" sandbox loading="lazy" title="Mail as it was sent">' in page
    assert f'<a href="{address}" target="_blank" rel="noopener">' in page
    assert "elsewhere.example" not in page
    answer = sign_in(here.alice, here.district).get(address)
    assert HTML in answer.content.decode()
    policy = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
    assert {
        "sandbox", "default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "frame-ancestors 'self'", "form-action 'none'",
    } <= policy  # fmt: skip
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert "as-sent" not in page_of(here.alice, ticket, here)


def test_a_mail_is_shown_to_those_who_may_see_its_ticket(here: Cast, oak: Cast, ticket: Ticket) -> None:
    mail, message = a_mail(here, team=here.safety, service=here.counseling)
    address = f"/desk/{mail.id}/mail/{message.id}/"
    for client in (sign_in(here.alice, here.district), sign_in(here.lee, here.district), sign_in(oak.charlie, oak.district)):
        assert client.get(address).status_code == 404
    assert visitor(here.district).get(address).status_code == 302
    tickets.follow(mail, person=here.bob, now=NOW)
    bob = sign_in(here.bob, here.district)
    assert bob.get(address).status_code == 200
    assert Event.objects.filter(ticket=mail, kind=Event.Kind.READ, by=here.bob).count() == 1
    assert bob.get(f"/desk/{ticket.id}/mail/{message.id}/").status_code == 404, "another ticket's message"
    plain = Message.objects.get(ticket=ticket)
    assert bob.get(f"/desk/{ticket.id}/mail/{plain.id}/").status_code == 404, "no HTML"


def test_every_kind_of_event_has_words(here: Cast, ticket: Ticket) -> None:
    """Also with nothing known about it: the page must not break over an old or a strange event."""
    for kind in Event.Kind.values:
        for data in ({}, {"to": None, "from": None, "on": "?", "act": "?", "channel": "?"}):
            tickets.record(ticket, kind, by=None, now=NOW, data=data)
    assert "The system" in page_of(here.alice, ticket, here)


def test_the_context_tells_person_place_promises_and_relations(here: Cast, ticket: Ticket) -> None:
    other = a_ticket(here, text="Second thing", team=here.technology)
    private = a_ticket(here, text="Very private thing", team=here.safety, service=here.counseling)
    follow_up = a_ticket(here, text="Follows the first", requester=here.bob)
    tickets.link(follow_up, other=ticket, kind=Link.Kind.FOLLOWS_UP, now=NOW)
    ticket.site, ticket.room, ticket.asset_tag = here.maple, "12", "CB-9"
    ticket.save()
    page = page_of(here.alice, ticket, here)
    for words in (
        "pat@cedar-family.example", "Maple Ridge Elementary", "Room 12", "CB-9", "First response: due in", "Resolution: due in",
        f"#{other.number}", f"#{follow_up.number}", "Follows up on",
    ):  # fmt: skip
        assert words in page, words
    assert private.subject not in page


def test_a_long_conversation_shows_its_first_and_its_newest(here: Cast, ticket: Ticket) -> None:
    for n in range(60):
        tickets.note(ticket, by=here.alice, words=tickets.Words(text=f"note {n}."), now=NOW + timedelta(minutes=n))
    page = page_of(here.alice, ticket, here)
    assert "the bus didn" in page
    assert "note 59." in page
    assert "note 5." not in page
    assert "Show 20 messages in between" in page
    assert page.count("<article") == 41
    whole = page_of(here.alice, ticket, here, all=1)
    assert whole.count("<article") == 61
    assert "in between" not in whole


def test_a_reply_says_what_became_of_it(here: Cast, ticket: Ticket) -> None:
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="On its way."), now=timezone.now())
    assert "Email: Waiting" in page_of(here.alice, ticket, here)
    Delivery.objects.filter(about=ticket.id, purpose="reply").update(state=Delivery.State.FAILED, error="550 no such user")
    assert "Email: Refused (550 no such user)" in page_of(here.alice, ticket, here)


def test_somebody_who_cannot_be_written_to_is_told_of(here: Cast, ticket: Ticket) -> None:
    ContactPoint.objects.filter(person=here.pat).delete()
    assert "We know no address of this person" in page_of(here.alice, ticket, here)


def test_next_and_previous_stay_in_the_view(here: Cast) -> None:
    now = timezone.now()
    made = [a_ticket(here, team=here.transportation, text=f"thing {n}") for n in range(3)]
    for hours, one in enumerate(made):
        tickets.derived(one, due_at=now + timedelta(hours=hours + 1), facts_at=one.facts_at)
    page = page_of(here.alice, made[1], here, view="unassigned")
    assert re.search(rf'rel="prev" href="/desk/{made[0].id}/\?view=unassigned"', page)
    assert re.search(rf'rel="next" href="/desk/{made[2].id}/\?view=unassigned"', page)


def test_a_page_costs_few_statements_however_much_is_on_it(here: Cast, ticket: Ticket) -> None:
    now = timezone.now()
    for n in range(12):
        tickets.reply(ticket, by=here.alice, words=tickets.Words(text=f"reply {n}"), now=now)
        tickets.requester_wrote(ticket, author=here.pat, channel="email", words=tickets.Words(text=f"answer {n}"), now=now)
        tickets.link(ticket, other=a_ticket(here, text=f"other {n}"), kind=Link.Kind.RELATED, now=now)
        tickets.move(ticket, team=here.transportation, by=here.alice, now=now, data={})
        tickets.follow(ticket, person=[here.bob, here.lena, here.olive][n % 3], now=now)
    Decision.objects.create(
        ticket=ticket, engine="classifier", team=here.transportation, confidence=0.6, reasons=["x"],
        alternatives=[{"service": "password-reset", "team": "technology", "confidence": 0.2}],
    )  # fmt: skip
    client = sign_in(here.alice, here.district)
    client.get("/desk/")  # the host name is known from here on
    with CaptureQueriesContext(connection) as done:
        assert client.get(f"/desk/{ticket.id}/").status_code == 200
    asked = [query["sql"] for query in done.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 20, "\n".join(asked)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def attached(here: Cast, ticket: Ticket, settings: Any, tmp_path: Any) -> dict[str, Attachment]:
    settings.MEDIA_ROOT = tmp_path
    kept = [files.store("stop.png", a_picture()), files.store('Où; "x".txt', b"plain words")]
    words = tickets.Words(text="see", files=kept)
    message = tickets.requester_wrote(ticket, author=here.pat, channel="email", words=words, now=NOW)
    return {row.content_type: row for row in Attachment.objects.filter(message=message)}


def test_files_are_served_so_that_nothing_runs(here: Cast, ticket: Ticket, attached: dict[str, Attachment]) -> None:
    client = sign_in(here.alice, here.district)
    for kind, shown in (("image/png", "inline"), ("text/plain", "attachment")):
        answer = client.get(f"/desk/{ticket.id}/files/{attached[kind].id}/", follow=True)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith(f"{shown};")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Content-Type"] == (kind if shown == "inline" else "application/octet-stream")
        assert answer["Cache-Control"].startswith("private")
    assert answer.content == b"plain words"
    assert "\n" not in answer["Content-Disposition"]


def test_a_picture_that_is_a_program_is_never_shown_inline(here: Cast, ticket: Ticket, attached: dict[str, Attachment]) -> None:
    svg = attached["text/plain"]
    svg.content_type = "image/svg+xml"
    svg.save()
    answer = sign_in(here.alice, here.district).get(f"/desk/{ticket.id}/files/{svg.id}/", follow=True)
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == "application/octet-stream"


def test_a_file_belongs_to_its_ticket_and_needs_its_rights(
    here: Cast, oak: Cast, ticket: Ticket, attached: dict[str, Attachment]
) -> None:
    file, other = attached["image/png"], a_ticket(here)
    assert sign_in(here.alice, here.district).get(f"/desk/{other.id}/files/{file.id}/").status_code == 404
    assert sign_in(oak.charlie, oak.district).get(f"/desk/{ticket.id}/files/{file.id}/").status_code == 404
    assert visitor(here.district).get(f"/desk/{ticket.id}/files/{file.id}/")["Location"].startswith("/account/login/")
    ticket.sensitive, ticket.team = True, here.safety
    ticket.save()
    assert sign_in(here.alice, here.district).get(f"/desk/{ticket.id}/files/{file.id}/").status_code == 404


def test_opening_a_file_of_a_sensitive_ticket_is_a_read(here: Cast, ticket: Ticket, attached: dict[str, Attachment]) -> None:
    ticket.sensitive = True
    ticket.save()
    assert sign_in(here.alice, here.district).get(f"/desk/{ticket.id}/files/{attached['image/png'].id}/").status_code == 302
    assert Event.objects.filter(ticket=ticket, kind=Event.Kind.READ, by=here.alice).count() == 1


@pytest.mark.parametrize("path", ["gone", "../../etc/passwd"])
def test_a_file_that_the_disk_lost_or_that_leads_outside_is_not_there(
    here: Cast, ticket: Ticket, attached: dict[str, Attachment], path: str
) -> None:
    file = attached["image/png"]
    file.path = f"{here.district.id}/{path}"
    file.save()
    assert sign_in(here.alice, here.district).get(f"/desk/{ticket.id}/files/{file.id}/", follow=True).status_code == 404


def test_the_page_names_files_with_their_size(here: Cast, ticket: Ticket, attached: dict[str, Attachment]) -> None:
    page = page_of(here.alice, ticket, here)
    assert re.search(r"stop\.png</span> <small>\d+\xa0bytes</small>", page)
    assert Message.objects.filter(ticket=ticket).count() == 2

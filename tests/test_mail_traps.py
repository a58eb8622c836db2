"""What hurt the users of other desks (project#number: a public report of theirs), each as a test that fails when the trap is sprung."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from delivery.models import Delivery, OptOut
from districts.models import Person
from intake.mail.smtp import message_id
from intake.models import Channel, Envelope
from intake.receiving import receive
from tests.conftest import Cast, a_ticket
from tests.test_intake_mail import PAT, a_mail, deliver, doors, dsn, reply_address, returns_to, sent, ticket_of
from tickets import actions as tickets
from tickets.letters import mail_id
from tickets.models import Follower, Link, Message, ThreadId, Ticket

__all__ = ["doors"]
STRANGER = "stranger@elsewhere.example"


@pytest.mark.parametrize("subject", ["Ticket#{n}", "Re: Your request #{n}", "[#{n}] records of my child", "AW: [Ticket#{n}] x"])
def test_zammad_5064_a_number_in_a_strangers_subject_joins_nothing(doors: Cast, subject: str) -> None:
    ticket = a_ticket(doors)
    other = ticket_of(deliver(doors, a_mail("Send me all", sender=STRANGER, Subject=subject.format(n=ticket.number))))
    assert other != ticket
    assert Message.objects.filter(ticket=ticket).count() == 1
    assert not Follower.objects.exists()


def test_zammad_5064_nor_does_a_known_ancestor_without_taking_part(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail(Message_ID="<first@family.example>")))
    other = ticket_of(deliver(doors, a_mail("Send me all", sender=STRANGER, References="<first@family.example>")))
    assert other != ticket
    assert Link.objects.get().kind == "may_belong"


def test_zammad_5716_mails_that_share_an_ancestor_we_never_saw_are_one(doors: Cast) -> None:
    first = ticket_of(deliver(doors, a_mail("One", References="<r@x.example> <a@x.example>")))
    second = ticket_of(deliver(doors, a_mail("Two", References="<r@x.example> <b@x.example>")))
    assert first == second
    assert ThreadId.objects.filter(ticket=first, message_id__in=["r@x.example", "a@x.example", "b@x.example"]).count() == 3


@pytest.mark.parametrize("prefix", ["Fwd:", "FW:", "WG:", "RV:", "TR:", "I:", "Forward:", ""])
def test_zammad_4965_5287_a_subject_makes_no_forward(doors: Cast, prefix: str) -> None:
    """An answer in a thread whose subject says "Fwd" is an answer, and its writer's own request."""
    envelope = deliver(doors, a_mail("Has this been answered? I still wait.", Subject=f"{prefix} The bus"))
    assert ticket_of(envelope).requester == doors.pat
    assert ticket_of(envelope).opened_by is None


def test_freescout_5591_a_reused_message_id_with_other_content_is_another_mail(doors: Cast) -> None:
    for n in range(3):
        deliver(doors, a_mail(f"Scan number {n} from room 4", sender="copier@school.example", Message_ID="<scan@copier.local>"))
    assert (Envelope.objects.count(), Ticket.objects.count()) == (3, 3)


def test_freescout_480_4748_one_mail_to_two_addresses_is_neither_lost_nor_doubled(doors: Cast) -> None:
    raw = a_mail(to="help@cedar.localhost", Cc="buses@cedar.localhost")
    first, second = deliver(doors, raw, "help@cedar.localhost"), deliver(doors, raw, "buses@cedar.localhost")
    assert first == second
    assert second.meta["recipients"] == ["help@cedar.localhost", "buses@cedar.localhost"]
    assert Ticket.objects.count() == Message.objects.count() == 1
    assert not Follower.objects.exists(), "an address of ours follows nothing"


def test_freescout_5590_after_a_move_the_old_address_still_leads_to_the_conversation(doors: Cast) -> None:
    """By token, whatever mailbox it goes to: the department's is off by now."""
    ticket = ticket_of(deliver(doors, a_mail(to="buses@cedar.localhost"), "buses@cedar.localhost"))
    tickets.move(ticket, team=doors.technology, by=doors.alice, now=timezone.now(), data={})
    Channel.objects.filter(address="buses@cedar.localhost").update(active=False)
    assert ticket_of(deliver(doors, a_mail("And now?"), reply_address(ticket))) == ticket


def test_django_helpdesk_756_a_reply_to_the_acknowledgement_opens_no_second_ticket(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    again = a_mail("Thanks", Subject="Re: anything", In_Reply_To=f"<{mail_id(ticket, 'ack', doors.district)}>")
    assert ticket_of(deliver(doors, again)) == ticket
    assert Ticket.objects.count() == 1
    assert Delivery.objects.filter(purpose="ack").count() == 1


def test_glpi_24760_a_reply_to_a_closed_ticket_is_taken_in_once_however_often_the_worker_comes(doors: Cast) -> None:
    ticket = a_ticket(doors)
    tickets.resolve(ticket, by=doors.alice, now=timezone.now() - timedelta(days=20))
    deliver(doors, a_mail("It is back"), reply_address(ticket))
    for _run in range(3):
        receive.drain(doors.district.id)
    assert Ticket.objects.exclude(id=ticket.id).count() == 1
    assert Link.objects.get().kind == "follows_up"


def test_glpi_16785_a_no_reply_address_is_never_answered(doors: Cast) -> None:
    for n in range(3):
        assert ticket_of(deliver(doors, a_mail(f"Notice {n}", sender="do-not-reply@vendor.example")))
    assert not Delivery.objects.exists()


def test_osticket_1467_a_mailbox_that_answers_every_answer_comes_to_an_end(doors: Cast) -> None:
    """It says nothing of being a machine: after five acknowledgements there is silence, after thirty tickets an end."""
    states = [deliver(doors, a_mail(f"Thank you, we got mail {n}", sender="office@other.example")).state for n in range(32)]
    assert states.count("done") == 30
    assert Delivery.objects.filter(purpose="ack").count() == 5


def test_chatwoot_5131_our_mail_to_a_dead_address_is_the_last(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    deliver(doors, dsn(mail_id(ticket, "ack", doors.district), PAT), returns_to(sent(ticket)), return_path="")
    assert OptOut.objects.get().address == PAT
    tickets.reply(ticket, by=doors.alice, words=tickets.Words(text="Soon"), now=timezone.now())
    assert Delivery.objects.get(dedupe_key__startswith="reply-").state == "suppressed"


def test_chatwoot_5131_a_report_of_a_report_makes_no_ticket(doors: Cast) -> None:
    for n in range(3):
        assert deliver(doors, dsn(f"unknown-{n}@x.example", "x@y.example"), return_path="").state == "screened"
    assert not Ticket.objects.exists()


def test_freescout_auto_submitted_no_is_a_person(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail(Auto_Submitted="no")))
    assert Delivery.objects.get(about=ticket.id).purpose == "ack"


def test_django_helpdesk_mail_through_a_group_is_acknowledged(doors: Cast) -> None:
    raw = a_mail(to="help@school.example", List_Id="Help <help.school.example>", Precedence="list", X_Original_From=f"Pat <{PAT}>")
    ticket = ticket_of(deliver(doors, raw, "help@cedar.localhost"))
    assert Delivery.objects.get(about=ticket.id).address == PAT


def test_osticket_1426_reply_all_on_a_copied_mail_makes_no_series(doors: Cast) -> None:
    """Pat writes to us and to two others; all three answer to all, also one who was added on the way."""
    first = deliver(doors, a_mail(Cc="gran@family.example, coach@club.example", Message_ID="<1@family.example>"))
    ticket = ticket_of(first)
    for n, sender in enumerate(["gran@family.example", "coach@club.example", PAT, "gran@family.example"], 2):
        headers = {
            "In_Reply_To": f"<{n - 1}@family.example>",
            "References": "<1@family.example>",
            "Message_ID": f"<{n}@family.example>",
        }
        raw = a_mail(f"Answer {n} to all of you", sender=sender, Cc="uncle@family.example", **headers)
        assert ticket_of(deliver(doors, raw)) == ticket
    raw = a_mail("I was added", sender="uncle@family.example", References="<1@family.example> <5@family.example>")
    assert ticket_of(deliver(doors, raw)) == ticket
    assert Ticket.objects.count() == 1


def test_osticket_1426_two_answers_that_overtake_the_first_mail_are_one(doors: Cast) -> None:
    """Gran's answer to all is here before Pat's mail is: both name the same ancestor."""
    headers = {"Cc": PAT, "In_Reply_To": "<1@family.example>", "References": "<1@family.example>"}
    early = ticket_of(deliver(doors, a_mail("I agree", sender="gran@family.example", **headers)))
    late = deliver(doors, a_mail("The bus did not come", Cc="gran@family.example", Message_ID="<1@family.example>"))
    assert Ticket.objects.exclude(id=early.id).count() <= 1
    assert late.state == "done"


def test_the_same_mail_by_two_lists_is_one_message(doors: Cast) -> None:
    mine = f"<{uuid.uuid4()}@family.example>"
    one = deliver(doors, a_mail("The bus did not come.", Message_ID=mine))
    other = deliver(doors, a_mail("The bus did not come.\n\n--\nYou get this as a member of Staff", Message_ID=mine))
    assert message_id(bytes(one.raw)) == message_id(bytes(other.raw))
    assert other.ticket_ref == one.ticket_ref
    assert Message.objects.count() == 1


def test_chatwoot_1937_the_same_address_in_two_districts_is_two_people(doors: Cast, oak: Cast) -> None:
    mine = ticket_of(deliver(doors, a_mail(sender="pat@oak-family.example")))
    assert mine.requester.district_id == doors.district.id
    assert Person.objects.filter(contact_points__value="pat@oak-family.example").count() == 1

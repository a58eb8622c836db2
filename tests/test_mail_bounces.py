"""What mail servers write about our mail: by the book or in their own words, whose, which status, and whether it is gone for good."""

from typing import Any

import pytest

from intake import screening
from intake.channels import email, letter
from intake.channels.arrival import Bounce
from intake.channels.bounces.reasons import is_gone
from intake.channels.letter import Mail

RCPT = "(in reply to RCPT TO command)"
ORIGINAL = "Message-ID: <mine@cedar.localhost>\nSubject: Your request\n\nHello"


def mail(text: str, **fields: str) -> Mail:
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return letter.read(f"{head}\n{text}".encode())


def by_daemon(text: str, **fields: str) -> Bounce:
    found = mail(text, **{"From": "Mail Delivery System <MAILER-DAEMON@mx.example>", "Subject": "Undelivered", **fields}).bounce
    assert found is not None
    return found


def report(status: str, *, text: str = "Your mail:", kind: str = "delivery-status", **fields: str) -> Mail:
    """By the book (RFC 3464): words, status, and the mail given back."""
    parts = [
        f"Content-Type: text/plain\n\n{text}\n",
        f"Content-Type: message/{kind}\n\n{status}\n",
        f"Content-Type: message/rfc822\n\n{ORIGINAL}\n",
    ]
    body = "".join(f"--b\n{part}" for part in parts) + "--b--\n"
    return mail(body, From="postmaster@mx.example", Content_Type="multipart/report; boundary=b", **fields)


def recipient(address: str, action: str, status: str, diagnostic: str = "") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}\n"


# --- by the book ------------------------------------------------------------------------------------------------------


def test_each_recipient_has_its_own_status_and_fate() -> None:
    told = "\n".join([
        "Reporting-MTA: dns; mx.example\n",
        recipient("Gone@x.example", "failed", "5.1.1", "550 5.1.1 No such user"),
        recipient("full@x.example", "failed", "5.0.0", "552 5.2.2 Mailbox full"),
        recipient("fine@x.example", "relayed", "2.0.0"),
    ])  # fmt: skip
    found = report(told).bounce
    assert found is not None
    assert (found.kind, found.addresses) == ("failed", ("gone@x.example", "full@x.example"))
    assert found.statuses == ("5.1.1", "5.2.2", "5.0.0")
    assert (found.unwanted_at("gone@x.example"), found.unwanted_at("full@x.example"), found.unwanted_at("x@y.example")) == (
        True,
        False,
        False,
    )
    assert found.original_ids == ("mine@cedar.localhost",)


@pytest.mark.parametrize(
    ("action", "status", "kind", "came_back"),
    [
        ("failed", "5.1.1", "failed", True), ("failed (expired)", "4.4.7", "failed", True), ("delayed", "4.4.1", "delayed", True),
        ("delivered", "2.1.5", "delivered", False), ("expanded", "2.0.0", "delivered", False), ("expired", "4.4.7", "failed", True),
        ("", "5.4.4", "failed", True), ("", "4.4.1", "delayed", True), ("deliverable", "2.1.5", "delivered", False),
    ],
)  # fmt: skip
def test_what_became_of_it(action: str, status: str, kind: str, came_back: bool) -> None:
    found = report(recipient("a@x.example", action, status))
    assert found.bounce is not None
    assert (found.bounce.kind, found.is_bounce) == (kind, came_back)


def test_a_complaint_a_receipt_and_an_unsubscription_are_no_bounces() -> None:
    complaint = report("Feedback-Type: abuse\nOriginal-Rcpt-To: <Pat@x.example>\n", kind="feedback-report").bounce
    receipt = report("Disposition: automatic-action/MDN-sent; displayed\n", kind="disposition-notification").bounce
    unsubscribed = mail("Apple Mail sent this", From="pat@x.example", Subject="unsubscribe", X_Apple_Unsubscribe="true").bounce
    assert complaint is not None
    assert (complaint.kind, complaint.addresses, complaint.unwanted_at("pat@x.example")) == ("complaint", ("pat@x.example",), True)
    assert receipt is not None
    assert (receipt.kind, receipt.came_back) == ("receipt", False)
    assert unsubscribed is not None
    assert unsubscribed.kind == "complaint"


def test_a_status_that_stands_in_the_text_itself_is_read() -> None:
    text = "It failed.\n\nReporting-MTA: dns; x\n\n" + recipient("a@x.example", "failed", "5.2.1", "550 5.2.1 Mailbox disabled")
    found = by_daemon(text)
    assert (found.addresses, found.status, found.unwanted_at("a@x.example")) == (("a@x.example",), "5.2.1", False)


def test_a_report_that_a_gateway_wrapped_once_more_is_read() -> None:
    inner = recipient("a@x.example", "failed", "5.1.1", "550 5.1.1 User unknown")
    inside = f"Content-Type: multipart/report; boundary=i\n\n--i\nContent-Type: message/delivery-status\n\n{inner}\n--i--\n"
    body = f"--b\n\nHad permanent errors\n--b\nContent-Type: message/rfc822\n\n{inside}\n--b--\n"
    assert by_daemon(body, Content_Type="multipart/mixed; boundary=b").addresses == ("a@x.example",)


def test_a_notice_of_amazon_is_read() -> None:
    told = (
        '{"notificationType":"Bounce","mail":{"messageId":"0100"},"bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":'
        '"A@x.example","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]}}\n\n--\nUnsubscribe'
    )
    found = mail(told, From="no-reply@sns.amazonaws.com", Subject="AWS", x_amz_sns_message_id="1").bounce
    assert found is not None
    assert (found.kind, found.addresses, found.unwanted_at("a@x.example")) == ("failed", ("a@x.example",), True)
    assert mail("{broken", From="no-reply@sns.amazonaws.com", Subject="AWS", x_amz_sns_message_id="1").bounce is None


# --- in their own words ------------------------------------------------------------------------------------------------


def test_recipients_are_told_apart_in_words() -> None:
    found = by_daemon(
        "I'm afraid I wasn't able to deliver your message.\n\n"
        "<gone@x.example>:\nRemote host said: 550 5.1.1 sorry, no mailbox here by that name\n\n"
        "<full@y.example>:\nRemote host said: 552 5.2.2 mailbox full\n\n--- Below this line is a copy of the message.\n\n" + ORIGINAL
    )
    assert found.addresses == ("gone@x.example", "full@y.example")
    assert found.statuses == ("5.1.1", "5.2.2")
    assert (found.unwanted_at("gone@x.example"), found.unwanted_at("full@y.example")) == (True, False)
    assert found.original_ids == ("mine@cedar.localhost",)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"From": "<>", "Subject": "failure notice"}, "550 no such user"),
        ({"From": "postmaster@x.example", "Subject": "Re: bus"}, "Error message below:\n550 - no such user here"),
        ({"From": "x@y.example", "Subject": "Undelivered Mail Returned to Sender"}, "body"),
        ({"From": "x@y.example", "Subject": "Mail", "X-Failed-Recipients": "a@x.example"}, "it did not work"),
        ({"From": "no-reply@x.example", "Subject": "メールエラー通知"}, "送信できませんでした。"),
        ({"From": "Microsoft Exchange <x@y.example>", "Subject": "Undeliverable: bus", "Auto-Submitted": "auto-replied"}, "x"),
    ],
)
def test_servers_are_known_by_name_form_or_words(fields: dict[str, str], text: str) -> None:
    assert mail(text, **fields).is_bounce


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Email to the teacher was rejected", "I wrote to her and got this: 550 5.1.1 user unknown. What is her address?"),
        ("Fwd: Undelivered Mail Returned to Sender", "What is this?\n\n> This is the mail system at host mx.example."),
        ("Delivery failed", "The lunch delivery failed again, it could not be delivered to room 12."),
        ("Mailbox full", "My mailbox is full, please make it larger. Error 552 5.2.2."),
        ("Report card not delivered", "My son's report card was returned to sender."),
    ],
)
def test_people_who_write_about_returned_mail_are_asking_for_something(subject: str, text: str) -> None:
    found = mail(text, From="Pat <pat@family.example>", Subject=subject, Return_Path="<pat@family.example>")
    assert found.bounce is None


def test_a_person_may_attach_a_report() -> None:
    inner = recipient("a@x.example", "failed", "5.1.1")
    attached = f"--b\nContent-Type: message/delivery-status\n\n{inner}\n--b\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--b--\n"
    body = f"--b\n\nPlease help\n{attached}"
    assert mail(body, From="pat@family.example", Subject="Mail", Content_Type="multipart/mixed; boundary=b").bounce is None


def test_a_delay_is_no_failure() -> None:
    found = by_daemon("THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to a@x.example has been delayed: user unknown in the future")
    assert (found.kind, found.permanent, found.unwanted_at("a@x.example")) == ("delayed", False, False)


# --- gone, or only not now ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "550 5.1.1 <a@x.example>... User unknown", "550 No such user here", "550 sorry, no mailbox here by that name (#5.1.1)",
        "550 5.1.1 The email account that you tried to reach does not exist", "550 Unrouteable address", "550 Invalid recipient",
        "550 5.4.1 Recipient address rejected: Access denied", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found",
        "5.1.2 Host unknown", "Host or domain name not found. Name service error for name=x.example", "550 Usuario desconocido",
        "mailbox unavailable", "554 delivery error: This user doesn't have a x.example account", "address a@x has been replaced by b@x",
        "No MX record found for domain=x.example", "550 5.1.1 unknown or illegal alias", "551 not our customer",
    ],
)  # fmt: skip
def test_an_address_that_is_gone_is_known_by_many_words(said: str) -> None:
    assert is_gone(f"smtp; {said}", [], RCPT) or is_gone(f"smtp; {said}", ["5.1.1"], RCPT)


@pytest.mark.parametrize(
    "said",
    [
        "552 5.2.2 Mailbox full", "550 5.1.1 user is over quota", "550 5.7.1 Relaying denied",
        "550 5.1.1 blocked using zen.spamhaus.org",
        "550 5.7.26 Unauthenticated mail, SPF and DKIM fail", "552 message too large", "550 5.2.1 This account has been disabled",
        "550 5.1.8 Sender address rejected: Domain not found", "450 4.1.1 user unknown, try later",
        "550 5.1.1 rejected due to local policy",
        "550 sorry, that domain isn't in my list of allowed rcpthosts", "Host not found, try again", "5.4.7 Delivery time expired",
        "550 Client host rejected: cannot find your reverse hostname", "421 too many connections", "550 5.1.1 greylisted, come back",
        "554 5.7.1 This message looks like spam", "550 : User unknown", "x-unix; procmail: user unknown",
        "550 Mailbox temporarily unavailable",
    ],
)  # fmt: skip
def test_an_address_that_somebody_reads_is_spared(said: str) -> None:
    number = [one for one in ("5.1.1", "4.1.1", "5.7.1", "5.2.2", "5.1.8") if one in said]
    assert not is_gone(said if said.startswith("x-unix") else f"smtp; {said}", number, RCPT)


def test_after_the_recipient_was_accepted_it_is_a_filter_that_speaks() -> None:
    assert is_gone("550 user unknown", ["5.0.0"], RCPT)
    assert not is_gone("550 user unknown", ["5.0.0"], "(in reply to end of DATA command)")
    assert not is_gone("550 user unknown", ["5.7.1"])
    assert is_gone("550 user unknown", ["5.7.1"], RCPT)


# --- answering machines ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"Auto-Submitted": "auto-replied; owner=x"}, "replied"), ({"Auto-Submitted": "auto-generated"}, "generated"),
        ({"Auto-Submitted": "no"}, ""), ({"Precedence": "never-bounce\nPrecedence: bulk"}, "bulk"), ({"Precedence": "list"}, ""),
        ({"X-Autoreply": "yes"}, "replied"), ({"X-Autoreply": "no"}, ""), ({"Precedence": "auto_reply"}, "replied"),
        ({"Subject": "Automatic reply: Bus 14"}, "replied"), ({"Subject": "Respuesta automática: Autobús"}, "replied"),
        ({"Subject": "Re: Automatic reply: Bus 14"}, ""), ({"Subject": "Out of office chairs"}, ""), ({"Subject": "Auto: my car"}, ""),
        ({"X-Auto-Response-Suppress": "All"}, "bulk"), ({"List-Unsubscribe": "<mailto:x@y>"}, "bulk"),
        ({"List-Unsubscribe": "<mailto:x@y>", "List-Id": "<a.b>"}, ""),
    ],
)  # fmt: skip
def test_machines_are_told_from_people(fields: dict[str, Any], told: str) -> None:
    assert mail("x", **{"From": "pat@family.example", "Subject": "x", **fields}).automation == told


# --- people, and words of danger ---------------------------------------------------------------------------------------

SAD = "My son wants to kill himself. Please call me, 555-0100.\nMaria Lopez"


@pytest.mark.parametrize(
    ("writer", "subject", "text"),
    [
        ("Maria Lopez <maria@family.example>", "Undeliverable: my son's letters", SAD),
        ("Maria Lopez <maria@family.example>", "Undeliverable: lunch", "The lunch could not be delivered to my son in room 412"),
        ("Maria <maria@family.example>", "Failure notice", "My son got a failure notice in math. Who can I talk to?"),
        ("Maria <maria@family.example>", "Message undeliverable", "I called, the message was undeliverable. maria@family.example"),
        ("Maria <maria@family.example>", "Email delivery failure", "I do not get the emails of the school anymore."),
        ("Maria <maria@family.example>", "hello", "I'm afraid I wasn't able to reach the nurse. Call me please."),
        ("Host families <exchange@student.example>", "Host family", "The form was rejected. Write to maria@family.example, please."),
        ("Metro <mta@metro.example>", "Route 12", "The bus pass of our rider was rejected at the gate in room 412 of the station."),
        ("Alice Ng | System Administrator <alice@partner.example>", "Roster", "It stops: error message, school id does not exist."),
        ("Bob <postmaster@charter.example>", "Roster", "Your file was rejected by our system, please send it again."),
        ("Sue <smtp@family.example>", "Bus", "The bus to Oak does not exist in the app."),
        ("Trampolines <bounces@park.example>", "Field trip", "Your payment was rejected. Please pay again."),
        ("Forms <no-reply@forms.example>", "Problem with textbook delivery", "The books were not delivered to room 4. What now?"),
    ],
)  # fmt: skip
def test_people_are_not_taken_for_mail_servers_by_their_words(writer: str, subject: str, text: str) -> None:
    assert mail(text, From=writer, Subject=subject).bounce is None


def screened(raw: str) -> screening.Verdict | None:
    return screening.by_itself(email.read(raw.encode()))


@pytest.mark.parametrize(
    "head",
    [
        "From: Forms <no-reply@forms.example>\nAuto-Submitted: auto-generated\nSubject: Problem with delivery to ana@family.example",
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered",
        "From: postmaster@charter.example\nSubject: rejected: ana@family.example",
        "From: Maria <maria@family.example>\nSubject: Undeliverable: 5.1.1",
        "From: Maria <maria@family.example>\nSubject: Undelivered Mail Returned to Sender",
    ],
)
@pytest.mark.parametrize("told", ["", "\n550 5.1.1 <ana@family.example> user unknown", f"\n\n{ORIGINAL}"])
def test_what_only_reads_like_a_report_never_silences_words_of_danger(head: str, told: str) -> None:
    if told.endswith(ORIGINAL) and "Maria" not in head:
        return  # it gives a mail back: proven
    found = screened(f"{head}\n\nNot delivered, ana@family.example.\n{SAD}{told}\n")
    assert found is None or found.course is not screening.Course.OUT


@pytest.mark.parametrize(
    ("raw", "proven"),
    [
        ("From: MAILER-DAEMON@mx.example\nSubject: x\n\n<ana@family.example>: user unknown\n\n" + ORIGINAL, True),
        ("From: MAILER-DAEMON@mx.example\nSubject: x\n\n<ana@family.example>: user unknown\n", False),
        ("From: a@b.example\nReturn-Path: <>\nSubject: failure notice\n\n<ana@family.example>: user unknown\n\n" + ORIGINAL, True),
        ("From: Pat <pat@family.example>\nSubject: failure notice\n\n<ana@family.example>: 5.1.1 user unknown\n\n" + ORIGINAL, False),
    ],
)
def test_a_report_is_proven_by_its_form_not_by_its_words(raw: str, proven: bool) -> None:
    found = letter.read(raw.encode()).bounce
    assert found is not None
    assert found.proven is proven


def test_a_report_by_the_book_stays_out_whatever_it_gives_back() -> None:
    found = report(recipient("a@x.example", "failed", "5.1.1"), text=SAD).bounce
    assert found is not None
    assert found.proven

"""Mails that somebody passes on: who wrote them first, told from what mail programs write, never from a subject alone."""

import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.channels import email, forwarded, quoting
from intake.channels.arrival import Forward, SentFile
from intake.wording import clean

GMAIL = "---------- Forwarded message ---------"
WORDS = "The bus did not come.\n\nWe waited an hour."
ANA = "Ana Ruiz <ana@family.example>"
TO, CC = "pat@cedar.example", "Kim <kim@cedar.example>; Lee <lee@cedar.example>"

# subject, sender, date, to, copy: the labels of one language each
THUNDERBIRD = {
    "-------- Forwarded Message --------": ("Subject", "From", "Date", "To", "CC"),
    "-------- Weitergeleitete Nachricht --------": ("Betreff", "Von", "Datum", "An", "Kopie (CC)"),
    "-------- Message transféré --------": ("Sujet ", "De ", "Date ", "Pour ", "Copie à "),
    "-------- Mensaje reenviado --------": ("Asunto", "De", "Fecha", "Para", "CC"),
    "-------- Messaggio Inoltrato --------": ("Oggetto", "Mittente", "Data", "A", "CC"),
    "-------- Mensagem encaminhada --------": ("Assunto", "De", "Data", "Para", "CC"),
    "-------- Doorgestuurd bericht --------": ("Onderwerp", "Van", "Datum", "Aan", "CC"),
    "-------- Vidarebefordrat meddelande --------": ("Ämne", "Från", "Datum", "Till", "Kopia"),
    "-------- Videresendt melding --------": ("Emne", "Fra", "Dato", "Til", "CC"),
    "-------- Videresendt meddelelse --------": ("Subject", "From", "Date", "To", "CC"),
    "-------- Välitetty viesti / Fwd.Msg --------": ("Aihe", "Lähettäjä", "Päiväys", "Vastaanottaja", "CC"),
    "--- Treść przekazanej wiadomości ---": ("Temat", "Nadawca", "Data", "Adresat", "Kopia"),
    "-------- Přeposlaná zpráva --------": ("Předmět", "Od", "Datum", "Komu", "Kopie"),
    "-------- Preposlaná správa --- Forwarded Message --------": ("Predmet", "Od", "Dátum", "Pre", "Kópia"),
    "-------- Továbbított üzenet --------": ("Tárgy", "Feladó", "Dátum", "Címzett", "CC"),
    "-------- Mesaj redirecționat --------": ("Subiectul", "de la", "Dată", "Către", "CC"),
    "-------- Proslijeđena poruka --------": ("Naslov", "Šalje", "Datum", "Prima", "CC"),
    "-------- Перенаправленное сообщение --------": ("Тема", "От", "Дата", "Кому", "Копия"),
    "-------- Переслане повідомлення --------": ("Тема", "Від", "Дата", "Кому", "CC"),
    "-------- İletilen İleti --------": ("Konu", "Kimden", "Tarih", "Kime", "CC"),
    "-------- 转发邮件信息 --------": ("主题", "发件人", "发送日期", "收件人", "抄送人"),
}
APPLE = {
    "Begin forwarded message:": ("Subject", "From", "Date", "To", "Cc"),
    "Anfang der weitergeleiteten Nachricht:": ("Betreff", "Von", "Datum", "An", "Kopie"),
    "Début du message réexpédié :": ("Objet ", "De ", "Date ", "À ", "Cc "),
    "Inicio del mensaje reenviado:": ("Asunto", "De", "Fecha", "Para", "Cc"),
    "Inizio messaggio inoltrato:": ("Oggetto", "Da", "Data", "A", "Cc"),
    "Início da mensagem encaminhada:": ("Assunto", "De", "Data", "Para", "Cc"),
    "Begin doorgestuurd bericht:": ("Onderwerp", "Van", "Datum", "Aan", "Kopie"),
    "Vidarebefordrat mejl:": ("Ämne", "Från", "Datum", "Till", "Kopia"),
    "Videresendt melding:": ("Emne", "Fra", "Dato", "Til", "Kopi"),
    "Start på videresendt besked:": ("Emne", "Fra", "Dato", "Til", "Cc"),
    "Välitetty viesti alkaa:": ("Aihe", "Lähettäjä", "Päivämäärä", "Vastaanottaja", "Kopio"),
    "Początek przekazywanej wiadomości:": ("Temat", "Od", "Data", "Do", "Dw"),
    "Začátek přeposílané zprávy:": ("Předmět", "Od", "Datum", "Komu", "Kopie"),
    "Továbbított levél kezdete:": ("Tárgy", "Feladó", "Dátum", "Címzett", "Másolat"),
    "Începe mesajul redirecționat:": ("Subiectul", "Expeditorul", "Dată", "Destinatarul", "Cc"),
    "Započni proslijeđenu poruku:": ("Predmet", "Šalje", "Datum", "Prima", "Cc"),
    "Начало переадресованного сообщения:": ("Тема", "Отправитель", "Дата", "Кому", "Копия"),
    "Початок листа, що пересилається:": ("Тема", "Від кого", "Дата", "Кому", "Копія"),
    "İleti başlangıcı:": ("Konu", "Kimden", "Tarih", "Kime", "Bilgi"),
}
YAHOO = {
    "Forwarded Message": ("Subject:", "From:", "Sent:", "To:", "Cc:"),
    "Weitergeleitete Nachricht": ("Betreff:", "Von:", "Gesendet:", "An:", "CC:"),
    "Message transmis": ("Objet :", "De :", "Envoyé :", "À :", "Cc :"),
    "Mensaje reenviado": ("Asunto:", "De:", "Enviado:", "Para:", "CC:"),
    "Edelleenlähetetty viesti": ("Aihe:", "Lähettäjä:", "Lähetetty:", "Vastaanottaja:", "Kopio:"),
    "Preposlaná správa": ("Predmet:", "Od:", "Odoslané:", "Komu:", "Kópia:"),
    "İletilmiş Mesaj": ("Konu:", "Kimden:", "Gönderilen:", "Kime:", "Cc:"),
}
OUTLOOK = [
    *((subject, sender, date, to, cc) for subject, sender, date, to, cc in APPLE.values()),
    ("Subject", "From", "Sent", "To", "Cc"),
    ("Betreff", "Von", "Gesendet", "An", "Cc"),
    ("Asunto", "De", "Enviado el", "Para", "CC"),
    ("Objet ", "De ", "Envoyé ", "À ", "Cc "),
    ("Assunto", "De", "Enviada em", "Para", "Cc"),
    ("主题", "发件人", "发送时间", "收件人", "抄送"),
    ("主旨", "寄件者", "寄件日期", "收件者", "副本"),
    ("件名", "差出人", "送信日時", "宛先", "CC"),
    ("제목", "보낸 사람", "보낸 날짜", "받는 사람", "참조"),
    ("Chủ đề", "Từ", "Đã gửi", "Đến", "Cc"),
    ("Θέμα", "Από", "Στάλθηκε", "Προς", "Κοιν."),
    ("الموضوع", "من", "تم الإرسال", "إلى", "نسخة"),
    ("נושא", "מאת", "נשלח", "אל", "עותק"),
]
LETTERS = {
    "Am 03.11.26, 10:00 schrieb {0}:": '"Ana Ruiz" <ana@family.example>',
    "On 03/11/2026 10:00, {0} wrote:": '"Ana Ruiz" <ana@family.example>',
    "Le 03/11/2026 10:00, {0} a écrit :": "« Ana Ruiz » <ana@family.example>",
    "El 03/11/2026 10:00, {0} escribió:": '"Ana Ruiz" <ana@family.example>',
    "{0} kirjoitti 03/11/2026 10.00:": ANA,
    "03/11/2026 10:00 időpontban {0} ezt írta:": "Ana Ruiz (ana@family.example)",
    "Op 03-11-2026 10:00 heeft {0} geschreven:": ANA,
    "{0} skrev følgende den 03/11/2026, 10:00:": ANA,
    "Dnia 03.11.2026 10:00 {0} napisał:": "„Ana Ruiz” <ana@family.example>",
    "03/11/2026 10:00 používateľ {0} napísal:": "Ana Ruiz (<ana@family.example>)",
    "{0}, 03/11/2026 10:00 tarihinde şunu yazdı:": '"Ana Ruiz" <ana@family.example>',
}


def read(text: str, *, subject: str = "", answers: bool = False, says_so: bool = False) -> Forward | None:
    return forwarded.read(subject, clean(text), answers=answers, says_so=says_so)


def fields(labels: tuple[str, str, str, str, str], sender: str = ANA) -> str:
    values = ("No bus", sender, "Tue, 3 Nov 2026 10:00:00 -0700", TO, CC)
    return "\n".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True))


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def assert_anas(found: Forward | None, *, comment: str = "", subject: str = "No bus") -> None:
    assert found is not None
    assert (found.name, found.address, found.subject) == ("Ana Ruiz", "ana@family.example", subject)
    assert (found.text, found.comment) == (WORDS, comment)


# --- what mail programs write -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [False, True])
@pytest.mark.parametrize("line", THUNDERBIRD)
def test_the_line_above_a_mail_that_is_passed_on_is_known_in_many_languages(line: str, answers: bool) -> None:
    text = f"{line}\n{fields(THUNDERBIRD[line])}\n\n\n{WORDS}"
    assert_anas(read(text, answers=answers))
    assert_anas(read(f"Please help.\n\nPat\n\n{text}", answers=answers), comment="Please help.\n\nPat")


@pytest.mark.parametrize("line", APPLE)
def test_apples_mail_quotes_what_it_passes_on_or_does_not(line: str) -> None:
    text = f"{line}\n\n{fields(APPLE[line])}\n\n{WORDS}"
    assert_anas(read(quoted(text)))
    assert_anas(read(f"Please help.\n\n{quoted(text)}\n\nPat"), comment="Please help.\n\n\nPat")
    assert_anas(read(f"Please help.\n\n{line}\n\n{fields(APPLE[line])}\n\n{WORDS}", answers=True), comment="Please help.")


@pytest.mark.parametrize("words", YAHOO)
def test_yahoos_mail_writes_all_of_it_into_one_line(words: str) -> None:
    subject, sender, date, to, cc = YAHOO[words]
    line = f'   ----- {words} ----- {sender} {ANA}{to} "{TO}" <{TO}>{cc} {CC}{date} 3.11.2026, 09:26:50 UTC+1{subject} No bus'
    assert_anas(read(f"{line}\n {WORDS}"))


@pytest.mark.parametrize("labels", OUTLOOK)
def test_outlooks_fields_are_enough_where_nothing_is_answered(labels: tuple[str, str, str, str, str]) -> None:
    for head in (
        fields(labels),
        fields(labels, "Ana Ruiz [mailto:ana@family.example]"),
        f"________________________________\n{fields(labels)}",
    ):
        assert_anas(read(f"Please help.\n\n{head}\n\n{WORDS}", subject="Bus"), comment="Please help.")
        assert_anas(read(f"{head}\n{WORDS}", subject="FW: No bus", answers=True))
    bold = "\n".join(f"*{line.partition(':')[0]}:*{line.partition(':')[2]}" for line in fields(labels).split("\n"))
    assert_anas(read(f"{bold}\n\n{WORDS}", subject="No bus"))


@pytest.mark.parametrize("line", LETTERS)
def test_outlook_for_mac_passes_on_as_it_answers_so_the_subject_decides(line: str) -> None:
    text = f"Please help.\n\n{line.format(LETTERS[line])}\n\n{WORDS}"
    assert_anas(read(text, subject="FW: No bus", answers=True), comment="Please help.", subject="")
    assert read(text, subject="No bus") is None
    assert read(text, subject="Re: No bus", answers=True) is None


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("Ana Ruiz <ana@family.example>", "Ana Ruiz", "ana@family.example"),
        ('"Ruiz, Ana" <Ana@Family.Example>', "Ruiz, Ana", "ana@family.example"),
        ("'Ana Ruiz' via Office <office@cedar.example>", "Ana Ruiz", "office@cedar.example"),
        ("Ana Ruiz <ana@family.example<mailto:ana@family.example>>", "Ana Ruiz", "ana@family.example"),
        ("ana@family.example <mailto:ana@family.example>", "", "ana@family.example"),
        ("Ana Ruiz [mailto:ana@family.example]", "Ana Ruiz", "ana@family.example"),
        ("<ana@family.example>", "", "ana@family.example"),
        ("ana@family.example (Ana Ruiz)", "Ana Ruiz", "ana@family.example"),
        ("Ana Ruiz", "Ana Ruiz", ""),
        ("", "", ""),
    ],
)
def test_the_writer_is_read_in_each_of_the_forms_they_come_in(value: str, name: str, address: str) -> None:
    assert forwarded.person(value) == (name, address)


def test_other_programs() -> None:
    notes = "----- Forwarded by Pat Lee/Cedar on 11/03/2026 10:00 AM -----\n\n"
    assert_anas(read(notes + fields(("Subject", "From", "Date", "To", "Cc")).replace(": ", ":        ") + f"\n\n\n{WORDS}"))
    samsung = f"Sent from my Galaxy\n\n-------- Original message --------\n{fields(('Subject', 'From', 'Date', 'To', 'Cc'))}\n\n{WORDS}"
    assert_anas(read(samsung, subject="Fwd: No bus", answers=True), comment="Sent from my Galaxy")
    chain = f"{fields(('Subject', 'From', 'Sent', 'To', 'Cc'))}\n\n{WORDS}"
    newest = f"{GMAIL}\nFrom: Kim <kim@cedar.example>\nDate: x\nSubject: y\nTo: <a@b.example>\n\nSee below.\n\n{chain}"
    found = read(newest)
    assert found is not None
    assert (found.address, "We waited" in found.text) == ("kim@cedar.example", True)
    long = f"---------- Forwarded message ---------\nFrom: {ANA}\nSubject: No bus\nTo: a\n\n{WORDS}".replace(
        "No bus", "No bus at the stop of\nMaple Street"
    )
    assert_anas(read(long), subject="No bus at the stop of Maple Street")


# --- what is none -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "text", "answers"),
    [
        ("Fwd: bus", "My son needs a pass. Write to ana@family.example", False),
        ("FW: FW: bus", "Is there a bus?", False),
        ("WG: Bus", "Gibt es einen Bus?\n\n-- \nAna <ana@family.example>", True),
        ("Fwd: stop", "From: 12 Oak Street\nTo: 5 Maple Street\nDate: Monday\n\nThat is where we move. ana@family.example", False),
        ("Re: bus", f"Thanks!\n\n{fields(OUTLOOK[0])}\n\n{WORDS}", False),
        ("AW: Bus", f"Danke!\n\n________________________________\n{fields(OUTLOOK[1])}\n\n{WORDS}", True),
        ("bus", f"Thanks!\n\n{fields(OUTLOOK[0])}\n\n{WORDS}", True),
        ("bus", f"Thanks!\n\nOn Tue, Nov 3, 2026 at 10:00 {ANA} wrote:\n> {GMAIL}\n> From: a\n>\n> x", True),
        ("bus", f"Thanks!\n\n-----Original Message-----\n{fields(OUTLOOK[0])}\n\n{WORDS}", False),
        ("bus", "Begin with a message forwarded to nobody, and then write to ana@family.example", False),
        ("", "", False),
    ],
)  # fmt: skip
def test_answers_lists_and_subjects_are_no_forwards(subject: str, text: str, answers: bool) -> None:
    assert read(text, subject=subject, answers=answers) is None


@pytest.mark.parametrize("subject", ["", "Fwd: x", "Re: x"])
@pytest.mark.parametrize(
    "last", [GMAIL, "-----Original Message-----", "From: a@b.example", "Begin forwarded message:", f"{GMAIL}\n\n\n"]
)
def test_a_mail_that_ends_where_it_would_begin_is_read(last: str, subject: str) -> None:
    for text in (last, f"See below.\n{last}"):
        found = read(text, subject=subject)
        assert found is None or found.text == ""


PIECES = st.sampled_from(
    [GMAIL, "-----Original Message-----", "Begin forwarded message:", "From: a@b.example", "From:", "Subject: x",
     "Date: 3/4/2026 10:30", "To: <", "> From: a@b.example", ">", "", "On 3/4/2026 10:30, <a@b.example> wrote:", "words",
     "________________________________", "From: a <a@b.example>To: cSubject: d",
     "   ----- Forwarded Message ----- From: a <a@b.example>To: c"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=10), st.sampled_from(["", "Fwd: x", "Re: x"]), st.booleans())
@settings(max_examples=300)
def test_no_order_of_lines_breaks_the_reader(lines: list[str], subject: str, answers: bool) -> None:
    text = "\n".join(lines)
    found = forwarded.read(subject, text, answers=answers)
    if found:
        assert "\n" not in found.name + found.address + found.subject + found.date
        for words in (found.text, found.comment):
            assert set(words.replace(">", " ").split()) <= set(text.replace(">", " ").split())


def test_a_header_field_may_say_so() -> None:
    text = f"Thanks!\n\n{fields(OUTLOOK[0])}\n\n{WORDS}"
    assert_anas(read(text, subject="No bus", answers=True, says_so=True), comment="Thanks!")


# --- a mail in a mail ---------------------------------------------------------------------------------------------------


def carrier(text: str, *, subject: str = "No bus", letters: int = 1) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Pat <pat@cedar.example>", "help@cedar.example", subject
    message.set_content(text)
    for _letter in range(letters):
        inner = EmailMessage()
        inner["From"], inner["Subject"], inner["Date"] = ANA, "No bus", "Tue, 3 Nov 2026 10:00:00 -0700"
        inner.set_content(WORDS)
        message.add_attachment(inner)
    return message


@pytest.mark.parametrize(
    ("message", "passed_on"),
    [
        (carrier(""), True),
        (carrier("\n-- \nPat"), False),
        (carrier("Please help.", subject="Fwd: No bus"), True),
        (carrier("Please help."), False),
        (carrier("See the mail. " * 40, subject="Fwd: No bus"), False),
        (carrier("", letters=2), False),
    ],
)
def test_a_mail_that_is_attached_alone_is_passed_on(message: EmailMessage, passed_on: bool) -> None:
    found = email.read(message.as_bytes()).forward
    if passed_on:
        assert_anas(found, comment=str(message.get_payload(0).get_payload()).strip())  # type: ignore[union-attr]
    else:
        assert found is None


def test_a_report_of_a_mail_server_is_none() -> None:
    report = (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nContent-Type: multipart/report; boundary=b\r\n"
        "\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; "
        "ana@family.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "From: help@cedar.example\r\nSubject: Your request\r\n\r\nWe have it.\r\n--b--\r\n"
    )
    arrival = email.read(report.encode())
    assert arrival.bounce is not None
    assert arrival.forward is None


def test_an_attached_mail_without_a_writer_is_none() -> None:
    letter = SentFile("x.eml", b"Subject: x\r\n\r\nhello", kind="message/rfc822")
    assert forwarded.read("", "", answers=False, attached=[letter]) is None


# --- as it arrives ------------------------------------------------------------------------------------------------------


def mail(text: str, kind: str = "text/plain", **headers: str) -> bytes:
    named = {"From": "Pat <pat@cedar.example>", "Content-Type": f"{kind}; charset=utf-8", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"{head}\r\n{text}".encode()


def test_a_mail_that_is_passed_on_keeps_its_text_and_says_who_wrote_it() -> None:
    text = f"Please help.\n\n________________________________\n{fields(OUTLOOK[19])}\n\n{WORDS}\n\n-- \nAna\n\nSent from my iPhone"
    arrival = email.read(mail(text, Subject="FW: No bus", In_Reply_To="<1@family.example>"))
    assert arrival.text == text
    assert arrival.quoted == ""
    assert arrival.contact is not None
    assert arrival.contact.value == "pat@cedar.example"  # who it is opened for is decided elsewhere
    assert arrival.forward is not None
    assert arrival.forward.address == "ana@family.example"


@pytest.mark.parametrize(
    "page",
    [
        '<div dir="ltr">Please help.<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f"{GMAIL}<br>From: <strong>Ana Ruiz</strong> &lt;<a>ana@family.example</a>&gt;<br>Date: Tue, Nov 3, 2026<br>"
        "Subject: No bus<br>To: &lt;p@c.example&gt;<br></div><br><br>The bus did not come.<br><br>We waited an hour.</div></div>",
        '<div>Please help.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> Ana Ruiz '
        "&lt;ana@family.example&gt;<br><b>Sent:</b> Tuesday, November 3, 2026<br><b>To:</b> p@c.example<br>"
        "<b>Subject:</b> No bus</font></div>"
        "<div>The bus did not come.<br><br>We waited an hour.</div>",
        "<p>Please help.</p><div class=moz-forward-container><br>-------- Forwarded Message --------<table>"
        "<tr><th>Subject: <td>No bus<tr><th>Date: <td>Tue, 3 Nov 2026"
        "<tr><th>From: <td>Ana Ruiz &lt;ana@family.example&gt;<tr><th>To: <td>p@c.example</table><br>"
        "The bus did not come.<br><br>We waited an hour.</div>",
    ],
)
def test_pages_that_are_passed_on(page: str) -> None:
    arrival = email.read(mail(page, "text/html", Subject="Fwd: No bus"))
    assert arrival.forward is not None
    found = arrival.forward
    assert (found.name, found.address, found.subject) == ("Ana Ruiz", "ana@family.example", "No bus")
    assert (found.text, found.comment.strip("- \n")) == (WORDS, "Please help.")
    assert "We waited an hour." in arrival.text


def test_the_page_tells_where_the_text_beside_it_does_not() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "Pat <pat@cedar.example>", "Fwd: No bus"
    message.set_content("[This mail is best read as HTML]")
    message.add_alternative(
        f"<p>---------- Forwarded message ---------<br>From: {ANA.replace('<', '&lt;')}<br>Subject: No bus<br></p>", "html"
    )
    arrival = email.read(message.as_bytes())
    assert arrival.forward is not None
    assert arrival.forward.address == "ana@family.example"


def test_what_is_told_as_the_writer_is_text_only() -> None:
    found = read('---------- Forwarded message ---------\nFrom: "A\x00\r\nB" <ana@family.example>\nSubject: x\ny\nDate: z\n\nw')
    assert found is not None
    assert "\n" not in found.name + found.subject + found.date


# --- nothing takes long -------------------------------------------------------------------------------------------------

BOMBS = {
    "quote marks": lambda n: ">" * n,
    "quote marks under a separator": lambda n: f"{GMAIL}\n" + ">" * n,
    "quoted lines": lambda n: f"{GMAIL}\n" + (">" * 900 + " x\n") * (n // 903),
    "separators": lambda n: "---------- Forwarded message ---------\n" * (n // 39),
    "rules": lambda n: "a@b.example\n" + ("-" * 150 + "\n") * (n // 151),
    "fields": lambda n: "From: a@b.example\n" * (n // 18),
    "fields in one line": lambda n: "From: a@b.example" + "To: b@ " * (n // 7),
    "values": lambda n: ("From: " + "a" * 1_900 + "\n<b\n") * (n // 1_909),
    "introductions": lambda n: "On 3/4/2026 10:00 <a@b.example>\n" * (n // 32),
    "addresses": lambda n: "From: " + "a@" * (n // 2),
    "names": lambda n: "---------- Forwarded message ---------\nFrom: " + '"' * n,
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("subject", ["Fwd: x", "x", "Fwd" * 30_000])
def test_hostile_text_is_read_quickly_and_twice_as_much_takes_twice_as_long(name: str, subject: str) -> None:
    def seconds(length: int) -> float:
        began = time.process_time()
        forwarded.read(subject, BOMBS[name](length), answers=False)
        return time.process_time() - began

    half, whole = seconds(400_000), seconds(800_000)
    assert whole < 1
    assert whole < 3.2 * half + 0.2


def test_splitting_knows_of_a_mail_that_is_passed_on() -> None:
    text = f"x\n\nOn Tue, Nov 3, 2026 at 10:00 {ANA} wrote:\n> y\n\n-- \nz"
    assert quoting.split(text, is_reply=True, passed_on=True) == quoting.Split(text)

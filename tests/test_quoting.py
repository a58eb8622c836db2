"""What is new in a mail: history, answers and signature told apart, and nothing of it lost."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.channels import email, markup, quoting
from intake.wording import clean

OLD = "We have your request.\n\nCedar Valley"


def reply(text: str) -> quoting.Split:
    return quoting.split(text, is_reply=True)


def reply_of(page: str) -> quoting.Split:
    told = markup.written(page)
    return quoting.split(clean(told.text), is_reply=True, below=clean(told.below))


# --- "On … wrote:" ------------------------------------------------------------------------------------------------------

INTRODUCTIONS = [
    "On Tue, Nov 3, 2026 at 10:00 AM Cedar Valley <help@cedar.example> wrote:",
    "On Nov 3, 2026, at 10:00, Cedar Valley <help@cedar.example> wrote:",
    "On 11/3/26 10:00 AM, Cedar Valley wrote:",
    "On Tuesday, November 3, 2026 at 10:00:12 AM MST, Cedar Valley <help@cedar.example> wrote:",
    "Cedar Valley <help@cedar.example> wrote on 11/03/2026 10:00:12 AM:",
    "At 11/3/2026 10:00 AM, you wrote:",
    "Am 03.11.2026 um 10:00 schrieben Sie:",
    "Cedar Valley <help@cedar.example> schrieb am Di., 3. Nov. 2026 um 10:00 Uhr:",
    "--- On Tue, 11/3/26 10:00, Cedar Valley <help@cedar.example> wrote:",
    "------On 11/03/2026 10:00 AM, Cedar Valley wrote-----",
    "On Tue, 3 Nov 2026 10:00:43 -0700 Cedar Valley <help@cedar.example> wrote",
    "El mar, 3 nov 2026 a las 10:00, Cedar Valley (<help@cedar.example>) escribió:",
    "El 3 de noviembre de 2026 10:00:12 MST, Cedar Valley <help@cedar.example> escribió:",
    "El dt., 3 de nov. 2026, a les 10:00, Cedar Valley <help@cedar.example> va escriure:",
    "Am 03.11.2026 um 10:00 schrieb Cedar Valley:",
    "Am Di., 3. Nov. 2026 um 10:00 Uhr schrieb Cedar Valley <help@cedar.example>:",
    "Le mar. 3 nov. 2026 à 10:00, Cedar Valley <help@cedar.example> a écrit :",
    "Le 03/11/2026 à 10:00, Cedar Valley a écrit :",
    "Il giorno mar 3 nov 2026 alle ore 10:00 Cedar Valley <help@cedar.example> ha scritto:",
    "Em ter., 3 de nov. de 2026 às 10:00, Cedar <help@cedar.example> escreveu:",
    "Op di 3 nov. 2026 om 10:00 schreef Cedar Valley <help@cedar.example>:",
    "Op 3 nov. 2026, om 10:00 heeft Cedar Valley <help@cedar.example> het volgende geschreven:",
    "Den tis 3 nov. 2026 kl 10:00 skrev Cedar Valley <help@cedar.example>:",
    "tir. 3. nov. 2026 kl. 10:00 skrev Cedar Valley <help@cedar.example>:",
    "Den 3. nov. 2026 kl. 10.00 skrev Cedar Valley <help@cedar.example>:",
    "ti 3. marrask. 2026 klo 10.00 Cedar Valley (help@cedar.example) kirjoitti:",
    "wt., 3 lis 2026 o 10:00 Cedar Valley <help@cedar.example> napisał(a):",
    "W dniu 3.11.2026 o 10:00, Cedar Valley pisze:",
    "út 3. 11. 2026 v 10:00 odesílatel Cedar Valley <help@cedar.example> napsal:",
    "Dňa ut 3. 11. 2026 o 10:00 Cedar Valley <help@cedar.example> napísal(a):",
    "Cedar Valley <help@cedar.example> ezt írta (időpont: 2026. nov. 3., K, 10:00):",
    "În mar., 3 nov. 2026 la 10:00, Cedar Valley <help@cedar.example> a scris:",
    "3 Kas 2026 Sal, 10:00 tarihinde Cedar Valley <help@cedar.example> şunu yazdı:",
    "вт, 3 нояб. 2026 г. в 10:00, Cedar Valley <help@cedar.example>:",
    "Вторник, 3 ноября 2026, 10:00 -07:00 от Cedar Valley <help@cedar.example>:",
    "вт, 3 лист. 2026 р. о 10:00 Cedar Valley <help@cedar.example> пише:",
    "Στις Τρί 3 Νοε 2026 στις 10:00 π.μ., ο χρήστης Cedar Valley <help@cedar.example> έγραψε:",
    "Vào Th 3, 3 thg 11, 2026 vào lúc 10:00 Cedar Valley <help@cedar.example> đã viết:",
    "2026年11月3日(火) 10:00 Cedar Valley <help@cedar.example>:",
    "2026년 11월 3일 (화) 오전 10:00, Cedar Valley <help@cedar.example>님이 작성:",
    "在 2026年11月3日 10:00，Cedar <help@cedar.example> 写道：",
    "Cedar <help@cedar.example> 於 2026年11月3日 週二 上午10:00寫道：",
    "03.11.2026, 10:00, \"Cedar Valley\" <help@cedar.example>:",
    "2026-11-03 10:00 GMT-07:00 Cedar <help@cedar.example>:",
]  # fmt: skip


@pytest.mark.parametrize("line", INTRODUCTIONS)
def test_what_says_who_wrote_when_begins_history(line: str) -> None:
    unmarked = reply(f"Still no bus.\n\n{line}\n\n{OLD}")
    assert (unmarked.text, OLD in unmarked.quoted, line in unmarked.quoted) == ("Still no bus.", True, True)
    marked = quoting.split(f"Still no bus.\n{line}\n" + "\n".join(f"> {old}" for old in OLD.split("\n")), is_reply=False)
    assert marked.text == "Still no bus."


@pytest.mark.parametrize(
    "lines",
    [
        "On Tue, Nov 3, 2026 at 10:00 AM Cedar Valley\n<help@cedar.example> wrote:",
        "On Nov 3, 2026,\nat 10:00,\nCedar Valley <help@cedar.example> wrote:",
        "On Nov 3, 2026, at 10:00 AM, Cedar Valley\n<help@cedar.example>\nwrote:",
        "Op 3 november 2026 10:00 schreef Cedar Valley <\nhelp@cedar.example>:",
        "tir. 3. nov. 2026 kl. 10:00 skrev Cedar Valley <help@cedar.example\n>:",
        "Le 3 nov. 2026, à 10:00, Cedar Valley With A Very Long Name <\nhelp-and-a-long-name@cedar.example> a\nécrit :",
    ],
)
def test_it_may_be_broken_over_lines(lines: str) -> None:
    parted = reply(f"On the bus.\n{lines}\n> We have your request.")
    assert (parted.text, lines.split("\n")[0] in parted.quoted) == ("On the bus.", True)


@pytest.mark.parametrize(
    "text",
    [
        "On 3/4 my son wrote:\nI do not want to live any more.",
        "On March 3, 2026, the teacher wrote:\nyour son was late again",
        "From: ana@family.example\nSubject: algebra",
        "On Monday the teacher wrote:\nyour son was late again",
        "On your remote host you can run:\ntelnet\n\nThat is all.",
        "I met her on 3/4/2026 at 10:30. She wrote a letter to ana@family.example and said:\nnothing",
        "On 3/4/2026 at 10:30 I met her there. She wrote it down and said:\nnothing",
        "From: 12 Oak Street\nTo: 5 Maple Street\nDate: Monday",
        "Date: 3/4\nTime: 10:30\nSubject: algebra",
        "See the line above this line of trees, which is where the bus should stop but never does; it is cold there in winter",
        "- - - - -\nMenu\n- - - - -\nSoup",
        "--- Monday ---\nno bus\n--- Tuesday ---\nno bus",
        ">>> see here <<<\nand there",
        "It works.\n\nSent from my desk, which is easier than my mobile phone.",
        "The message was sent from my iPhone app to all parents, not sent from the office.",
    ],
)
def test_what_people_report_and_list_is_not_taken_for_history(text: str) -> None:
    assert reply(text) == quoting.Split(text)
    assert reply(f"Listen to this.\n\n{text}") == quoting.Split(f"Listen to this.\n\n{text}")


# --- fields and separators ----------------------------------------------------------------------------------------------

BLOCKS = [
    "From: {0}\nSent: Tuesday, November 3, 2026 10:00 AM\nTo: Ana\nSubject: Bus",
    "*From:* {0}\n*Date:* Tuesday, November 3, 2026\n*To:* Ana\n*Subject:* Bus",
    "Von: {0}\nGesendet: Dienstag, 3. November 2026 10:00\nAn: Ana\nBetreff: Bus",
    "De : {0}\nEnvoyé : mardi 3 novembre 2026 10:00\nÀ : Ana\nObjet : Bus",
    "De: {0}\nEnviado el: martes, 3 de noviembre de 2026 10:00\nPara: Ana\nAsunto: Bus",
    "De: {0}\nEnviada em: terça-feira, 3 de novembro de 2026 10:00\nPara: Ana\nAssunto: Bus",
    "Da: {0}\nInviato: martedì 3 novembre 2026 10:00\nA: Ana\nOggetto: Bus",
    "Van: {0}\nVerzonden: dinsdag 3 november 2026 10:00\nAan: Ana\nOnderwerp: Bus",
    "Från: {0}\nSkickat: den 3 november 2026 10:00\nTill: Ana\nÄmne: Bus",
    "Fra: {0}\nSendt: 3. november 2026 10:00\nTil: Ana\nEmne: Bus",
    "Lähettäjä: {0}\nLähetetty: tiistai 3. marraskuuta 2026\nVastaanottaja: Ana\nAihe: Bus",
    "Od: {0}\nWysłano: wtorek, 3 listopada 2026 10:00\nDo: Ana\nTemat: Bus",
    "Od: {0}\nOdesláno: úterý 3. listopadu 2026 10:00\nKomu: Ana\nPředmět: Bus",
    "Feladó: {0}\nElküldve: 2026. november 3.\nCímzett: Ana\nTárgy: Bus",
    "От: {0}\nОтправлено: 3 ноября 2026 г. 10:00\nКому: Ana\nТема: Bus",
    "Kimden: {0}\nGönderildi: 3 Kasım 2026 Salı 10:00\nKime: Ana\nKonu: Bus",
    "发件人: {0}\n发送时间: 2026年11月3日 10:00\n收件人: Ana\n主题: Bus",
    "差出人: {0}\n送信日時: 2026年11月3日 10:00\n宛先: Ana\n件名: Bus",
    "보낸 사람: {0}\n보낸 날짜: 2026년 11월 3일 화요일\n받는 사람: Ana\n제목: Bus",
    "Từ: {0}\nĐã gửi: Thứ Ba, 3 tháng 11, 2026\nĐến: Ana\nChủ đề: Bus",
    "Date: Tue, 3 Nov 2026 10:00:00 -0700\nTo: Ana\nFrom: {0}\nSubject: Bus",
    "From: {0}\nDate: Tue, 3 Nov 2026 10:00:00 -0700",
    "From: Cedar Valley\n<a-very-long-address-of-a-help-desk@cedar.example>\nSent: Tuesday\nTo: Ana\nSubject: Bus",
]


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("rule", ["", "________________________________\n", " ------------------------------\n\n", "=====\n"])
def test_the_fields_of_an_old_mail_begin_history_in_a_reply(block: str, rule: str) -> None:
    fields = block.format("Cedar Valley <help@cedar.example>")
    parted = reply(f"Still no bus.\n\n{rule}{fields}\n\n{OLD}")
    assert parted.text == "Still no bus."
    assert parted.quoted.startswith((rule.strip() or fields)[:5])
    assert OLD in parted.quoted


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----",
        "-----Original Appointment-----",
        "-------- Original message --------",
        "-----Ursprüngliche Nachricht-----",
        "-----Mensaje original-----",
        "-----Message d'origine-----",
        "-----Messaggio originale-----",
        "-----Mensagem original-----",
        "-----Oorspronkelijk bericht-----",
        "-----Oprindelig meddelelse-----",
        "-----Opprinnelig melding-----",
        "-----Ursprungligt meddelande-----",
        "-----Alkuperäinen viesti-----",
        "-----Oryginalna wiadomość-----",
        "-----Исходное сообщение-----",
        "------------------ 原始邮件 ------------------",
        "-----元のメッセージ-----",
        "-----Antwort Nachricht-----",
        "---\n*Previous Replies*",
        "##- Please type your reply above this line -##",
        "## Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. ##",
        "## Escriba su respuesta por encima de esta línea ##",
        "##- Répondre au-dessus de cette ligne -##",
        "> -- REPLY ABOVE THIS LINE --",
    ],
)
def test_separators_begin_history(line: str) -> None:
    parted = quoting.split(f"Still no bus.\n\n{line}\n\n{OLD}", is_reply=False)
    assert (parted.text, OLD in parted.quoted) == ("Still no bus.", True)


def test_an_introduction_may_share_its_line() -> None:
    parted = reply("Still no bus--- On Tue, Nov 3, 2026 at 10:00 AM, help@cedar.example wrote:\n> We have your request.")
    assert parted.text == "Still no bus"


# --- where people write -------------------------------------------------------------------------------------------------

LINE = "On Tue, Nov 3, 2026 at 10:00 AM Cedar <help@cedar.example> wrote:"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{LINE}\n> Which stop?\n\nMaple and 5th.", "Maple and 5th."),
        (f"Hi,\n{LINE}\n> Which stop?\n\nMaple and 5th, in front of the bakery.", "Hi,\n\nMaple and 5th, in front of the bakery."),
        (f"Maple and 5th.\n{LINE}\n> Which stop?\n\nRegards, Pat", "Maple and 5th.\n\nRegards, Pat"),
        (f"{LINE}\n> Which stop?\nMaple.\n> Which bus?\n14.", "> Which stop?\nMaple.\n> Which bus?\n14."),
        (f"{LINE}\n> Which stop?\nMaple.\n> Which bus?\n14.\n> Thanks\n>\n> -- \n> Cedar", "> Which stop?\nMaple.\n> Which bus?\n14."),
        ("> Which stop?\n> And when?\n\nMaple.", "> Which stop?\n> And when?\n\nMaple."),
        ("Hello,\n> Which stop?\nMaple.", "Hello,\n> Which stop?\nMaple."),
        ("Maple.\n> Which stop?\n> And when?", "Maple."),
        (f"Maple.\n\n> {LINE}\n>\n> Which stop?", "Maple."),
    ],
)
def test_answers_are_kept_wherever_they_stand(text: str, shown: str) -> None:
    assert reply(text).text == shown


def test_a_long_answer_under_a_quote_keeps_what_it_answers() -> None:
    above = "Thank you for looking into it again, that is very kind of you."
    below = "This one I do not understand. " * 6
    assert reply(f"{above}\n\n{LINE}\n> Which stop?\n\n{below}").text == f"{above}\n\n{LINE}\n> Which stop?\n\n{below}".strip()


def test_a_quoted_line_that_a_mailer_wrapped_is_no_answer() -> None:
    long = "> " + "words " * 13
    assert reply(f"Maple.\n{LINE}\n{long}\nof it\n> and more").text == "Maple."


def test_a_reply_in_which_nothing_is_new_says_nothing_and_keeps_all() -> None:
    for old in (f"{LINE}\n> We have your request.", f"-----Original Message-----\nFrom: a\n\n{OLD}"):
        assert reply(old) == quoting.Split("", old)
        assert quoting.split(old, is_reply=False).text == old
    for kept in ("> only a quote", "-- \nPat", f"{BLOCKS[0].format('Cedar <a@b.example>')}\n\nAnswered within."):
        assert reply(kept) == quoting.Split(kept)


# --- signatures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Sent from my iPad, please excuse typos",
        "Sent from Yahoo Mail on Android",
        "Sent from Mail for Windows 10",
        "Sent from Mailbox for iPad",
        "Sent from my TI-85",
        "(sent from a phone)",
        "From my iPhone 6",
        "Sent via the Samsung Galaxy S26, an AT&T 5G smartphone",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Enviado desde mi iPhone",
        "Enviado do meu celular",
        "Obtener Outlook para Android",
        "Envoyé de mon iPhone",
        "Envoyé à partir de Outlook pour iOS<https://aka.ms/o0ukef>",
        "Télécharger Outlook pour Android",
        "Von meinem iPhone gesendet",
        "Gesendet mit der GMX Mail App",
        "Diese Nachricht wurde von meinem Android-Gerät mit GMX Mail gesendet.",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Wysłane z iPhone'a",
        "Odesláno z iPhonu",
        "iPhone'umdan gönderildi",
        "Отправлено с iPhone",
        "Надіслано з iPhone",
        "发自我的 iPhone",
        "iPhoneから送信",
        "나의 iPhone에서 보냄",
        "Gửi từ iPhone của tôi",
    ],
)
def test_what_a_telephone_adds_is_nobodys_words_but_what_stands_under_it_is(line: str) -> None:
    assert reply(f"The bus is late.\n\n{line}") == quoting.Split("The bus is late.", "", line)
    parted = reply(f"The bus is late.\n\n{line}\n\nP.S. There is a man with a knife at the stop.")
    assert parted == quoting.Split("The bus is late.\n\n\nP.S. There is a man with a knife at the stop.", "", line)


def test_a_signature_is_told_apart_from_history() -> None:
    parted = reply(f"The bus is late.\n\n-- \nPat Lee\nOak Elementary\n\n{LINE}\n> We have your request.")
    assert parted.text == "The bus is late."
    assert parted.signature == "-- \nPat Lee\nOak Elementary"
    assert parted.quoted == f"{LINE}\n> We have your request."
    assert parted.folded.startswith("-- \nPat Lee")


def test_a_companys_card_is_a_signature_and_a_name_with_a_number_is_not() -> None:
    card = "Gina Lopez\nRegistrar, Oak Supply\n(555) 346-9947\ngina@oak.example\nwww.oak.example"
    assert reply(f"The order is late.\n\nBest regards,\n\n{card}") == quoting.Split("The order is late.\n\nBest regards,", "", card)
    sparse = "----------------\n\nGina Lopez\n\nt. 555-931-0702\n\nf. 555-875-7611\n\nhttp://oak.example/"
    assert reply(f"The order is late.\n\n{sparse}").signature == sparse
    for words in (
        "Gina Lopez\n(555) 346-9947",
        "Ana\nana@family.example\n555 346 9947\n555 346 9948",
        "https://a.example\nhttps://b.example\nhttps://c.example",
    ):
        assert reply(f"Please call me.\n\n{words}").text == f"Please call me.\n\n{words}"
    assert reply(card).text == card


def test_dashes_within_a_text_are_no_signature() -> None:
    text = "First my son.\n--\n" + "Then my daughter, of whom there is much to tell that matters a great deal. " * 10
    assert reply(text).text == text.strip()
    assert reply("It is broken -- again.\nPlease help.").text == "It is broken -- again.\nPlease help."


def test_the_footer_of_a_mailing_list_is_a_signature_even_under_a_quote() -> None:
    footer = "_" * 47 + "\nparents mailing list\nparents@lists.cedar.example\nhttps://lists.cedar.example/parents"
    for text in (f"No bus.\n\n{footer}", f"No bus.\n\n{LINE}\n> Which stop?\n\n\n{footer}"):
        assert (reply(text).text, reply(text).signature) == ("No bus.", footer)
    text = "First:\n\n" + "_" * 60 + "\n\nSecond, with https://cedar.example/a in it."
    assert reply(text).text == text
    table = "Stop      Time\n" + "-" * 60 + "\nMaple     7:10\nOak       7:20"
    assert reply(table).text == table


# --- HTML ---------------------------------------------------------------------------------------------------------------

PAGES = {
    "Gmail": '<div dir="ltr">No bus.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">ቀን 3 ኅዳር 2026 Cedar '
    'ጻፈ።<br></div><blockquote class="gmail_quote" style="margin:0">{0}</blockquote></div>',
    "Gmail without its inner blocks": 'No bus.<div class="gmail_quote">3/11 Cedar<br><div>{0}</div></div>',
    "Thunderbird": '<p>No bus.</p><div class="moz-cite-prefix">3/11 jam 10, Cedar:<br></div><blockquote type="cite">{0}</blockquote>',
    "Outlook on the web": '<div style="font-size:12pt">No bus.</div><div id="appendonsend"></div><hr style="width:98%" tabindex="-1">'
    '<div id="divRplyFwdMsg" dir="ltr"><font><b>Nga:</b> Cedar &lt;help@cedar.example&gt;<br><b>Dërguar:</b> e martë</font></div>{0}',
    "Outlook on a desk": "<div class=WordSection1><p class=MsoNormal>No bus.<o:p></o:p></p><div><div style='border:none;"
    "border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'>"
    "<p class=MsoNormal><b>Nga:</b> Cedar<br></p></div></div><p>{0}</p></div>",
    "Hotmail": '<div>No bus.</div><hr id="stopSpelling">Nga: Cedar<br>{0}',
    "Yahoo": '<div class="yp-mail-wrap">No bus.</div><div id="ydp1a2yahoo_quoted_3" class="ydp1a2yahoo_quoted">'
    "<div>Cedar</div>{0}</div>",
    "Zimbra": '<div><div>No bus.</div><hr id="zwchr" data-marker="__DIVIDER__">'
    '<div data-marker="__HEADERS__"><b>Nga:</b></div>{0}</div>',
    "Proton": 'No bus.<div class="protonmail_quote">Cedar<br><blockquote class="protonmail_quote" type="cite">{0}</blockquote></div>',
    "GMX": '<div>No bus.<div name="quote" style="margin:10px"><div style="margin:0"><b>Nga:</b> Cedar</div>{0}</div></div>',
    "Spark": '<div name="messageBodySection">No bus.</div><div name="messageReplySection">Cedar, 3/11<br>{0}</div>',
    "Apple": "<div>No bus.</div><div><br><blockquote type=cite><div>3 shtator 2026 Cedar:</div><div>{0}</div></blockquote></div>",
    "a rule and fields": "<div>No bus.<br><br><hr>Date: Tue, 22 May 2012 18:29:16 -0600<br>To: a@b.example<br>From: c@d.example<br>"
    "Subject: Bus<br><br>{0}</div>",
    "a rule and fields in one line": "No bus.<div><hr/><div><b>From: c@d.example</b> "
    "<b>Date: Tue, 22 May 2012</b></div><div>{0}</div></div>",
    "a quote before a disclaimer": "<div><div>No bus.</div><blockquote>{0}</blockquote></div>",
    "a table": '<table><tr><td>No bus.<br><div class="gmail_quote"><div class="gmail_attr">x</div>{0}</div></td></tr></table>',
}


@pytest.mark.parametrize("program", PAGES)
def test_history_in_html_is_known_by_its_structure_in_any_language(program: str) -> None:
    parted = reply_of(PAGES[program].format("<div>We have your request.</div>"))
    assert parted.text.strip("- \n") == "No bus."
    assert "We have your request." in parted.folded


@pytest.mark.parametrize("program", PAGES)
def test_the_page_is_kept_whole_and_safe(program: str) -> None:
    page = markup.written(PAGES[program].format("We have <script>x</script>your request.")).html
    assert "No bus." in page
    assert "We have your request." in page
    assert "gmail" not in page


@pytest.mark.parametrize(
    "page",
    [
        "<style>.gmail_quote { color: red } div.OutlookMessageHeader { border: 0 }</style><p>No bus.</p><p>Not at all.</p>",
        "<p>No bus.</p><p>My gmail_quote setting is off.</p>",
        '<p>No bus, and this is what I was told of it:</p><blockquote class="gmail_quote">what she said</blockquote>'
        "<p>That is what she said.</p><p>" + "And more. " * 20,
        "<p>No bus.</p><p style='border-top:solid #B5C4DF 1.0pt'>Under my own line.</p>",
    ],
)
def test_what_only_looks_like_such_a_structure_stays(page: str) -> None:
    assert markup.written(page).below == ""
    assert reply_of(page).text == clean(markup.written(page).text)


def test_answers_between_the_quotes_of_a_page_are_kept() -> None:
    page = (
        '<div dir="ltr"><div class="gmail_quote"><div class="gmail_attr">On Tue, Nov 3, 2026 at 10:00 AM Cedar &lt;a@b.example&gt;'
        ' wrote:</div><blockquote class="gmail_quote">Which stop?</blockquote><div>Maple.</div>'
        '<blockquote class="gmail_quote">Which bus?'
        "</blockquote><div>14.</div></div></div>"
    )
    assert reply_of(page).text == "> Which stop?\nMaple.\n> Which bus?\n14."


@pytest.mark.parametrize(
    ("header", "text"), [("Subject: Re: Bus", "No bus."), ("In-Reply-To: <1@c.example>", "No bus."), ("Subject: Bus", None)]
)
def test_an_answer_is_known_by_what_it_answers_or_by_its_subject(header: str, text: str | None) -> None:
    whole = f"No bus.\n\n{BLOCKS[0].format('Cedar <help@cedar.example>')}\n\n{OLD}"
    assert email.read(f"From: a@b.example\n{header}\n\n{whole}".encode()).text == (text or whole)


def test_a_mail_of_html_alone_is_read_as_a_reply() -> None:
    page = PAGES["Outlook on the web"].format("<p>We have your request.</p>")
    raw = f"From: a@b.example\r\nIn-Reply-To: <1@c.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}"
    arrival = email.read(raw.encode())
    assert arrival.text.strip("- \n") == "No bus."
    assert "We have your request." in arrival.quoted
    assert "We have your request." in arrival.html


# --- nothing is lost, and nothing takes long ----------------------------------------------------------------------------

PIECES = st.sampled_from(
    [*INTRODUCTIONS[:12], *BLOCKS[:4], "-----Original Message-----", "", "", "> quoted", ">> twice", ">", "-- ", "--",
     "Sent from my iPhone",
     "I want to die.", "No bus.", "_" * 40, "parents mailing list", "## reply above this line ##", "words " * 30,
     "x--- On Tue, 3 Nov 2026, a@b.example wrote:"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14), st.lists(PIECES, max_size=6), st.booleans())
@settings(max_examples=300)
def test_every_word_is_in_one_of_the_three(above: list[str], below: list[str], is_reply: bool) -> None:
    text, under = "\n".join(above), "\n".join(below)
    parted = quoting.split(text, is_reply=is_reply, below=under)
    words = Counter(f"{text}\n{under}".replace("x--- On", "x --- On").split())
    found = Counter(f"{parted.text}\n{parted.quoted}\n{parted.signature}".replace("x--- On", "x --- On").split())
    assert {word: count for word, count in words.items() if word.strip("-_")} == {
        word: count for word, count in found.items() if word.strip("-_")
    }


BOMBS = {
    "quote marks": lambda n: ">" * n,
    "quotes": lambda n: "> x\n" * (n // 4),
    "deep quotes": lambda n: (">" * 70 + "\n") * (n // 71),
    "introductions that go on": lambda n: "On Tue, Nov 3, 2026 at 10:00\n" * (n // 29),
    "ends of introductions": lambda n: "<a@b.example> 10:00 wrote:\n" * (n // 27),
    "introductions": lambda n: "On Tue 10:00 2026 <a@b.example>\n> x\n" * (n // 36),
    "fields": lambda n: "From: a\nTo: b\n" * (n // 14),
    "fields in one line": lambda n: "From: a@b.example" + "To: b " * (n // 6),
    "fields of long values": lambda n: ("From: " + "a" * 900 + "\nTo: <\n") * (n // 915),
    "colons": lambda n: "From:" * (n // 5),
    "separators": lambda n: ("-" * 80 + " x " + "-" * 70 + "\n") * (n // 154),
    "dashes": lambda n: "-" * n,
    "dashes and spaces": lambda n: "- " * (n // 2),
    "signatures": lambda n: "--\n" * (n // 3),
    "devices": lambda n: ("sent from " + "my " * 40 + "\n") * (n // 131),
    "shared lines": lambda n: "x--- On " * (n // 8),
    "lists": lambda n: ("_" * 60 + "\nlist @\n") * (n // 68),
    "addresses": lambda n: "a@" * (n // 2) + ":",
}


def seconds(text: str) -> float:
    began = time.process_time()
    for is_reply in (True, False):
        quoting.split(text, is_reply=is_reply)
    return time.process_time() - began


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_text_is_told_apart_quickly_and_twice_as_much_takes_twice_as_long(name: str) -> None:
    half, whole = seconds(BOMBS[name](100_000)), seconds(BOMBS[name](200_000))
    assert whole < 1
    assert whole < 3.2 * half + 0.2


@pytest.mark.parametrize(
    "piece",
    ['<div class="gmail_quote">', ".gmail_quote{} ", '<div class="', "<hr>", "<div a=gmail_attr", "<blockquote>", "border-top:solid <"],
)
def test_hostile_pages_are_searched_for_history_quickly(piece: str) -> None:
    def took(length: int) -> float:
        began = time.process_time()
        markup.written(piece * (length // len(piece)))
        return time.process_time() - began

    half, whole = took(100_000), took(200_000)
    assert whole < 1.5
    assert whole < 3.2 * half + 0.2

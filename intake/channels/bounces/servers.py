"""Is it a mail server that writes in its own words? A person may forward a report, or ask why a mail was not delivered.

People's mail is never called a report by its words alone: "Failure notice" may be about math, and an address that begins with "mta"
belong to a bus company. So whoever has no name that only a mail server has must also say what servers say: a status, whom it did not
reach, or the mail itself.
"""

import re
from collections.abc import Sequence

from intake.channels.bounces import codes
from intake.channels.bounces.phrases import any_of
from intake.channels.bounces.returned import original_ids
from intake.channels.headers import Headers, is_no_reply
from intake.channels.parts import LETTERS, Part

FEW = 4  # words that are no sentence
_LISTS = "x-mlserver"
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}[A-Za-z0-9]")
_MARKS = ("x-failed-recipients", "x-amz-sns-message-id", "x-apple-unsubscribe", _LISTS)
_DAEMON = re.compile(r"(mail(er|ing)?[-_. ]?daemon|mdaemon|mmdf|double-bounce)")  # local parts: nobody else is called so
_OFFICE = re.compile(r"(post[-_.]?master|mail-?(error|admin|system|delivery|router|master)|microsoftexchange\w*)@")
_POSTMAN = re.compile(rf"{_OFFICE.pattern}|(smtp|mta|exchange|bounces?)@")  # and people and companies, too
_NAME = any_of(r"""
    mail(er)?[- _]?daemon|^\W*post[- _]?master|^\W*(mail )?delivery (sub)?system
    mail (delivery|system|error)|interscan (mss|notification)
""")
_PERHAPS_NAME = any_of(r"""
    mail administrator|system ?administrator|administrateur syst|administrador do sistema
""")
_FORMULA = any_of(r"""
    ^delivery status notification ?\(|^undelivered mail returned to sender
    ^mail delivery failed: returning|^returned mail: (see transcript|user unknown|host unknown|unable)
""")
_LIKELY_SUBJECT = any_of(r"""
    ^failure notice$|^nondeliverable mail$
    ^undeliverable( (mail|message))?:|^undeliverable message$|^permanent delivery failure
    ^メッセージを配信できません|^メール配信に失敗しました
    ^mail could not be delivered$|^message undeliverable$|complaint about message from|email delivery failure$
""")
_SUBJECT = any_of(r"""
    ^\W*(returned mail|undeliver|non[- ]?deliver|delivery (status )?(notification|report)|failure notice|bounced)
    ^\W*(mail|message|e-?mail|delivery)\b.{0,40}\b(fail\w*|undeliver\w+|error|problem|delay\w*|returned|rejected|warning)
    ^\W*(mail|message|e-?mail|delivery)\b.{0,40}\bnot (be )?(delivered|sent)
    ^\W*(fail\w*|error|problem|warning|delay\w*|rejected|could not)\b.{0,40}\b(mail|message|delivery|deliver|address)
    non ?remis|unzustellbar|no se (puede|pudo) entregar|mancata consegna|user unknown
    メールエラー|配信不能|送信エラー
""")
_FAILED = any_of(r"""
    undeliver|unzustellbar|non ?remis|no se pudo entregar
    (not|n.t|never|unable to|cannot|failed to) be (delivered|sent)
    (unable|failed|not able|impossible) to (be )?deliver|not (yet )?(been )?delivered
    (deliver\w*|mail|message|transport)\b.{0,20}(fail|problem|error|delay)
    failure notice|failed recipient|permanent (fatal )?error|mail system error|returned (mail|to sender|message)
    (user|host) unknown|(unknown|invalid|no such) (user|host|mail ?box|recipient)|mail ?box (is )?full
    unrout?eable|does not exist|malformed address|bounced|rejected|error message|requested action not taken
    (attempt|trying) to deliver
    送信できません|届けできません|配信できません|送信に失敗|エラー
""")
_NOT_TAKEN = any_of(r"""
    not (a )?member|reject mail|is rejected|(loop|security) (alert|warning)|system error
""")
_OPENING = any_of(r"""
    ^(hi\W{1,3})?this is the (mailer-daemon|mail system at|[\w.-]{2,30} (program|mail (delivery )?agent))
    ^this is an automatically generated delivery status|^this message was created automatically by (a )?mail delivery
    ^(hi. )?i.m (afraid i wasn.t able|sorry to have to inform you)
""")


def may_write(headers: Headers) -> bool:
    """By its header alone: most mail is known by that to be no report."""
    if any(name in headers for name in _MARKS) or _by_itself(headers) or _is_daemon(headers) or _is_postman(headers):
        return True
    return _is_likely(headers.text("subject"))


def writes(headers: Headers, text: str, parts: Sequence[Part]) -> bool:
    """By its name where no person has it; else by its words, and what it tells that people do not."""
    if "x-failed-recipients" in headers or _is_daemon(headers):
        return True
    subject = headers.text("subject")
    if _LISTS in headers:
        return bool(_NOT_TAKEN.search(subject))
    if not _reads_like_one(headers, subject, text):
        return False
    return is_from_nobody(headers) or _tells(headers, text, parts)


def returns(parts: Sequence[Part]) -> bool:
    """It gives a mail back, whole or as headers."""
    return any(part.kind in LETTERS or part.kind == "text/rfc822-headers" for part in parts[1:])


def is_machine(headers: Headers) -> bool:
    """By the address it is from, which names nobody."""
    writers = headers.addresses("from") or headers.addresses("return-path")
    return _is_daemon(headers) or any(_POSTMAN.match(one.address) or is_no_reply(one.address) for one in writers)


def is_from_nobody(headers: Headers) -> bool:
    """RFC 5321 4.5.5: only reports are sent from the empty path."""
    return headers.raw("return-path") == "<>" or headers.raw("from") == "<>"


def _is_likely(subject: str) -> bool:
    return bool(_FORMULA.search(subject) or _LIKELY_SUBJECT.search(subject))


def _reads_like_one(headers: Headers, subject: str, text: str) -> bool:
    if _is_likely(subject) or _OPENING.search(_beginning(text)):
        return True
    if _is_postman(headers):
        return codes.reply(text) != "" or bool(_FAILED.search(f"{subject}\n{text}"))
    return bool(_by_itself(headers) and _SUBJECT.search(subject) and _FAILED.search(text))


def _tells(headers: Headers, text: str, parts: Sequence[Part]) -> bool:
    """A status, or the mail itself. Of an address that names nobody a reply's number, or whom it did not reach, is enough; and of
    what has no words at all, its subject."""
    subject = headers.text("subject")
    if len(text.split()) < FEW and (_FORMULA.search(subject) or _by_itself(headers)):
        return True
    if codes.statuses(text) or returns(parts) or original_ids(parts):
        return True
    own = {one.address for name in ("from", "reply-to") for one in headers.addresses(name)}
    named = {found[0].lower() for found in _ADDRESS.finditer(text)} - own
    surely = _is_named(headers) or any(_OFFICE.match(one.address) or is_no_reply(one.address) for one in headers.addresses("from"))
    return bool(surely or _SUBJECT.search(subject)) and is_machine(headers) and (bool(named) or codes.reply(text) != "")


def _is_daemon(headers: Headers) -> bool:
    writers = headers.addresses("from") or headers.addresses("return-path")
    return any(_DAEMON.match(one.address) for one in writers)


def _is_named(headers: Headers) -> bool:
    """As a mail server is called, and no person."""
    return bool(_NAME.search(headers.text("from").partition("<")[0]))


def _is_postman(headers: Headers) -> bool:
    name = headers.text("from").partition("<")[0]
    perhaps = bool(_PERHAPS_NAME.search(name))
    return perhaps or _is_named(headers) or any(_POSTMAN.match(one.address) for one in headers.addresses("from"))


def _by_itself(headers: Headers) -> bool:
    """It says that nobody wrote it, or is sent from nobody (RFC 5321, 3834), or where nobody reads."""
    if is_from_nobody(headers) or headers.token("auto-submitted") not in ("", "no"):
        return True
    return any(is_no_reply(one.address) for one in headers.addresses("from"))


def _beginning(text: str) -> str:
    return " ".join(text[:300].split()).strip("=*- ")

"""Is it a mail server that writes in its own words? A person may forward a report, or ask why a mail was not delivered."""

import re

from intake.channels.bounces import codes
from intake.channels.bounces.phrases import any_of
from intake.channels.headers import Headers, is_no_reply

_LISTS = "x-mlserver"
_MARKS = ("x-failed-recipients", "x-amz-sns-message-id", "x-apple-unsubscribe", _LISTS)
_DAEMON = re.compile(r"(mail(er|ing)?[-_. ]?daemon|mdaemon|mmdf|double-bounce)")  # local parts: nobody else is called so
_POSTMAN = re.compile(
    r"(post[-_.]?master|mail-?(error|admin|system|delivery|router|master)|smtp|mta|exchange|microsoftexchange\w*|bounces?)@"
)
_NAME = any_of(r"""
    mail(er)?[- _]?daemon|post[- _]?master
    (mail )?delivery (sub)?system|mail (delivery|system|error|administrator)|system ?administrator
    administrateur syst|administrador do sistema|interscan (mss|notification)
""")
_SURE_SUBJECT = any_of(r"""
    ^delivery status notification ?\(|^undelivered mail returned to sender|^failure notice$|^nondeliverable mail$
    ^mail delivery failed: returning|^returned mail: (see transcript|user unknown|host unknown|unable)
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
    return bool(_SURE_SUBJECT.search(headers.text("subject")))


def writes(headers: Headers, text: str) -> bool:
    """By its name where no person has it, else by its words too."""
    subject = headers.text("subject")
    if "x-failed-recipients" in headers or _is_daemon(headers) or _SURE_SUBJECT.search(subject) or _OPENING.search(_beginning(text)):
        return True
    if _LISTS in headers:
        return bool(_NOT_TAKEN.search(subject))
    if _is_postman(headers):
        return codes.reply(text) != "" or bool(_FAILED.search(f"{subject}\n{text}"))
    return bool(_by_itself(headers) and _SUBJECT.search(subject) and _FAILED.search(text))


def _is_daemon(headers: Headers) -> bool:
    writers = headers.addresses("from") or headers.addresses("return-path")
    return any(_DAEMON.match(one.address) for one in writers)


def _is_postman(headers: Headers) -> bool:
    name = headers.text("from").partition("<")[0]
    return bool(_NAME.search(name)) or any(_POSTMAN.match(one.address) for one in headers.addresses("from"))


def _by_itself(headers: Headers) -> bool:
    """It says that nobody wrote it, or is sent from nobody (RFC 5321, 3834), or where nobody reads."""
    if headers.raw("return-path") == "<>" or headers.raw("from") == "<>" or headers.token("auto-submitted") not in ("", "no"):
        return True
    return any(is_no_reply(one.address) for one in headers.addresses("from"))


def _beginning(text: str) -> str:
    return " ".join(text[:300].split()).strip("=*- ")

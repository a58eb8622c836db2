"""A mail as it came by SMTP, a provider or a mailbox → Arrival. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from intake import contacts
from intake.channels import letter, spam
from intake.channels.arrival import Arrival
from intake.channels.letter import Mail
from intake.contacts import Contact
from intake.wording import cap
from tickets.models import ChannelKind

MAX_COPIED = 10
MAX_RECIPIENTS = 50
_SEALS = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")  # nobody reads them as files


def read(
    raw: bytes, *, return_path: str | None = None, recipients: tuple[str, ...] = (), trusted_hop: str = "", findings: str = "",
    marks: Mapping[str, Any] | None = None,
) -> Arrival:  # fmt: skip
    """`return_path` and `recipients` as the envelope told them; "" is the null sender. `trusted_hop`: our own mail server's name.

    What a provider told over its signed webhook: `findings` of the sender, as an Authentication-Results field under its own name,
    and `marks` of spam, "flagged" and "score".
    """
    mail = letter.read(raw, return_path=return_path, trusted_hop=trusted_hop, findings=findings)
    arrival = arrival_of(mail, recipients=recipients)
    return replace(arrival, spam=spam.of_provider(marks, mail.spam)) if marks else arrival


def arrival_of(mail: Mail, *, recipients: tuple[str, ...] = ()) -> Arrival:
    address, copied = mail.sender.address if mail.sender else "", _copied(mail)
    return Arrival(
        channel=ChannelKind.EMAIL,
        contact=contacts.email(address),
        name=mail.sender.name if mail.sender else "",
        subject=mail.subject,
        text=cap(mail.parted.text),
        quoted=cap(mail.parted.folded),
        html=mail.html,
        language=mail.language,
        sent_files=tuple(file for file in mail.files if file.data and file.kind not in _SEALS),
        thread=mail.thread,
        recipients=tuple(dict.fromkeys([*map(str.lower, recipients), *mail.recipients]))[:MAX_RECIPIENTS],
        copied=tuple(contact for contact, _name in copied),
        copied_names=tuple(name for _contact, name in copied),
        automation=mail.automation,
        return_path=mail.return_path,
        list_id=mail.list_id,
        bounce=mail.bounce,
        no_reply=mail.no_reply,
        forward=mail.forward,
        spam=mail.spam,
        hops=mail.hops,
        loops=mail.loops,
        authentication=mail.authentication if [one.address for one in mail.writers] == [address] else mail.authentication.unproven(),
    )


def _copied(mail: Mail) -> list[tuple[Contact, str]]:
    found = ((contacts.email(one.address), one.name) for one in mail.cc[:MAX_COPIED])
    return [(contact, name) for contact, name in found if contact]

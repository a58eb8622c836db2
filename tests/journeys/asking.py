"""How the outside world asks: mail by SMTP, texts by a signed webhook, and what is read from the answers."""

import smtplib
from email.message import EmailMessage
from email.utils import make_msgid
from uuid import uuid4

import requests
from twilio.request_validator import RequestValidator

from tests.product import CEDAR, Product, until

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


def send(product: Product, message: EmailMessage, *, to: str) -> None:
    message["To"] = to
    message["Message-ID"] = message["Message-ID"] or make_msgid(domain="school.example")
    with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=20) as door:
        door.send_message(message)


def letter(sender: str, subject: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = sender, subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def text_in(product: Product, number: str, body: str, *, sid: str = "", signature: str | None = None) -> requests.Response:
    """What Twilio posts for one text message (https://www.twilio.com/docs/usage/webhooks/messaging-webhooks)."""
    channel = product.sms_channel(CEDAR)
    path = f"/hooks/sms/{channel['id']}"
    form = {"MessageSid": sid or f"SM{uuid4().hex}", "AccountSid": "AC" + "0" * 32, "From": number, "To": channel["address"],
            "Body": body, "NumMedia": "0"}  # fmt: skip
    signed = RequestValidator(channel["secret"]).compute_signature(f"http://{CEDAR}:{product.port}{path}", form)
    headers = {"X-Twilio-Signature": signed if signature is None else signature}
    return product.visitor().ask("POST", path, data=form, headers=headers)


def placed(product: Product, link: str) -> requests.Response:
    """The requester's page, once triage has placed the ticket."""
    with product.visitor() as anybody:
        return until(lambda: (page := anybody.get(link)) and "has it." in page.text and page, what="the ticket to be placed")

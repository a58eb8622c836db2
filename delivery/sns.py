"""What Amazon SNS posts, proven to be Amazon's: its signature (docs.aws.amazon.com/sns: SendMessageToHttp.verify.signature).

The certificate comes from a host of SNS itself, over https, whose name is looked at before anything is asked; each lies under a name
of its own and is asked for once. Anymail does not look at signatures. Never to be called inside a transaction.
"""

import re
from base64 import b64decode
from functools import lru_cache
from typing import Any

import certifi
import urllib3
from anymail.exceptions import AnymailWebhookValidationFailure
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from django.http import HttpRequest
from urllib3.exceptions import HTTPError

CERTIFICATE = re.compile(
    r"https://sns\.[a-z]{2}(-[a-z]+)+-\d{1,2}\.amazonaws\.com(\.cn)?/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem"
)
SIGNED = {  # in this order
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HASHES = {"1": SHA1, "2": SHA256}
SECONDS = 5.0
MOST_BYTES = 20_000  # of a certificate; they have about 2,000


class NoCertificate(Exception):
    """It could not be had now; answered 500, so that Amazon tries again (it gives up on what is answered 4xx)."""


class Signed:
    """Before Anymail's views of Amazon SES. Anymail asks each `validate_request` of all classes a view is made of."""

    def validate_request(self, request: HttpRequest) -> None:
        verify(self._parse_sns_message(request))  # type: ignore[attr-defined]


def verify(message: dict[str, Any]) -> None:
    """Raises AnymailWebhookValidationFailure (400) where Amazon did not sign it, NoCertificate where that cannot be told now."""
    how = HASHES.get(str(message.get("SignatureVersion")))
    url = str(message.get("SigningCertURL", ""))
    if how is None or not is_amazons(url):
        raise AnymailWebhookValidationFailure("no signature of Amazon SNS")
    try:
        certificate(url).verify(b64decode(str(message.get("Signature", ""))), canonical(message), PKCS1v15(), how())
    except (InvalidSignature, ValueError) as error:
        raise AnymailWebhookValidationFailure("not signed by Amazon SNS") from error


def is_amazons(url: str) -> bool:
    """https://sns.<region>.amazonaws.com/SimpleNotificationService-<digits>.pem, and nothing besides."""
    return CERTIFICATE.fullmatch(url) is not None


def canonical(message: dict[str, Any]) -> bytes:
    """What was signed: names and values, each on a line. A notice without a subject has none here either."""
    names = SIGNED.get(str(message.get("Type")), ())
    return "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None).encode()


@lru_cache(maxsize=16)
def certificate(url: str) -> RSAPublicKey:
    """Its key. Raises NoCertificate, which is not remembered."""
    try:
        key = x509.load_pem_x509_certificate(fetch(url)).public_key()
    except (HTTPError, OSError, ValueError) as error:
        raise NoCertificate(type(error).__name__) from error
    if not isinstance(key, RSAPublicKey):
        raise NoCertificate("not RSA")
    return key


def fetch(url: str) -> bytes:
    with urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=certifi.where(), retries=False) as pool:
        answer = pool.request("GET", url, timeout=SECONDS, redirect=False, preload_content=False)
        found = answer.read(MOST_BYTES)
        answer.release_conn()
    if answer.status != 200:
        raise OSError(f"answered {answer.status}")
    return bytes(found)

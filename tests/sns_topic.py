"""A topic of Amazon SNS: its notices are signed, and its certificate lies at an address of SNS."""

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CERTIFICATE_AT = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
ORDER = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> bytes:
    name, own = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")]), key("amazon")
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, own.public_key(), 1, begins, begins + timedelta(days=900)).sign(own, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def signed(notice: dict[str, Any], *, version: str = "1", by: str = "amazon") -> dict[str, Any]:
    """Version 1 is SHA-1, which SNS signs with unless it is asked for the other."""
    text = "".join(f"{name}\n{notice[name]}\n" for name in ORDER[notice["Type"]] if name in notice)
    how = {"1": hashes.SHA1, "2": hashes.SHA256}[version]()
    signature = base64.b64encode(key(by).sign(text.encode(), padding.PKCS1v15(), how)).decode()
    return {"SigningCertURL": CERTIFICATE_AT, **notice, "SignatureVersion": version, "Signature": signature}

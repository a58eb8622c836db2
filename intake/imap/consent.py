"""OAuth 2.0 for mailboxes: somebody's consent once, and access tokens from it (RFC 6749, 7636; XOAUTH2).

Two ways. Google Workspace, and a single mailbox at Microsoft: its owner consents in the browser, we keep the refresh token. Microsoft
365 for a whole organisation: the application signs in for itself (client credentials). A provider that rotates refresh tokens gives a
new one with each answer; it is kept in place of the old one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests import RequestException
from requests_oauthlib import OAuth2Session

from districts.sealing import seal, unseal
from intake.imap.reach import require_public
from intake.models import Mailbox

SECONDS = 15  # for one answer of a token server
EARLY = timedelta(minutes=2)  # an access token is renewed so long before its end
SHORTEST = 60  # seconds, where the answer does not say how long its token is good
REFRESH, CLIENT = "refresh_token", "client_credentials"


class NoConsent(Exception):
    """The token server said no, or could not be asked; the text says which, without secrets."""


@dataclass(frozen=True)
class Preset:
    """What an administrator need not look up."""

    host: str
    auth_url: str
    token_url: str
    scope: str
    grant: str


PRESETS = {
    "google": Preset(
        "imap.gmail.com", "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token",
        "https://mail.google.com/", REFRESH,
    ),
    "microsoft": Preset(
        "outlook.office365.com", "", "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        "https://outlook.office365.com/.default", CLIENT,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Access:
    """An access token and what became of the secrets; kept by `intake.imap.claims.note_access`."""

    token: str
    until: datetime
    sealed_secret: str
    sealed_access: str


def at_hand(mailbox: Mailbox, *, now: datetime) -> str:
    """The access token that is still good; empty where a new one is needed. In the mailbox's district."""
    if mailbox.access_until is None or mailbox.access_until - EARLY <= now:
        return ""
    return unseal(mailbox.access).get("token", "")


@dataclass(frozen=True)
class Application:
    """What the token server knows us by, out of its seal: no database is needed any more."""

    token_url: str
    client_id: str
    scope: str
    grant: str
    secret: dict[str, str]

    @classmethod
    def of(cls, mailbox: Mailbox) -> "Application":
        """In the mailbox's district. Raises Unsealable."""
        return cls(mailbox.token_url, mailbox.client_id, mailbox.scope, mailbox.grant, unseal(mailbox.secret))


def new_token(application: Application) -> dict[str, Any]:
    """Ask the token server, outside any transaction: by the code an owner brought back, else by what we have. Raises NoConsent."""
    if application.grant == REFRESH and not application.secret.keys() & {"code", "refresh_token"}:
        raise NoConsent("the owner of the mailbox has not consented yet")
    require_public(application.token_url)
    try:
        answer = _by_code(application) if "code" in application.secret else _by_what_we_have(application)
    except OAuth2Error as error:
        raise NoConsent(f"token server: {error.error}") from error
    except (RequestException, ValueError) as error:
        raise NoConsent(f"token server: {type(error).__name__}") from error
    return dict(answer)


def _by_what_we_have(application: Application) -> dict[str, Any]:
    secret = application.secret.get("client_secret", "")
    if application.grant == CLIENT:
        session = OAuth2Session(client=BackendApplicationClient(client_id=application.client_id))
        answer = session.fetch_token(
            application.token_url, client_secret=secret, include_client_id=True, scope=application.scope, timeout=SECONDS
        )
    else:
        answer = OAuth2Session(application.client_id).refresh_token(
            application.token_url, refresh_token=application.secret["refresh_token"], client_id=application.client_id,
            client_secret=secret, timeout=SECONDS,
        )  # fmt: skip
    return dict(answer)


def _by_code(application: Application) -> dict[str, Any]:
    brought = application.secret
    session = OAuth2Session(application.client_id, redirect_uri=brought["back_to"])
    answer = session.fetch_token(
        application.token_url, code=brought["code"], code_verifier=brought["verifier"], include_client_id=True,
        client_secret=brought.get("client_secret", ""), timeout=SECONDS,
    )  # fmt: skip
    if not answer.get("refresh_token"):
        raise NoConsent("the provider gave no lasting consent: take the old one back there, and consent again")
    return dict(answer)


def access_of(answer: dict[str, Any], secret: dict[str, str], *, now: datetime) -> Access:
    """What is to be kept of a token server's answer. In the mailbox's district."""
    until = now + timedelta(seconds=max(SHORTEST, int(answer.get("expires_in") or 0)))
    token = str(answer["access_token"])
    lasting = str(answer.get("refresh_token") or secret.get("refresh_token", ""))
    kept = {"client_secret": secret.get("client_secret", ""), "refresh_token": lasting}
    return Access(token, until, seal(kept), seal({"token": token}))


def invitation(mailbox: Mailbox, *, back_to: str) -> tuple[str, str, str]:
    """(address to send the mailbox's owner to, state, PKCE verifier): to be kept until they are back."""
    session = OAuth2Session(mailbox.client_id, redirect_uri=back_to, scope=mailbox.scope, pkce="S256")
    url, state = session.authorization_url(mailbox.auth_url, access_type="offline", prompt="consent", login_hint=mailbox.username)
    return url, state, str(session._code_verifier)

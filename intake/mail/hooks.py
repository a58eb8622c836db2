"""Doors for providers of mail: from whatever service takes it in for a district. (Text messages and calls: intake.phone.twilio.)

A hook checks who calls, writes the envelope down and answers; a worker does the rest. It names nothing of another district:
everything is looked up in the district of the host that was called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

import structlog
from anymail.exceptions import AnymailAPIError, AnymailConfigurationError, AnymailImproperlyInstalled
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from delivery import provider_login
from districts.arriving import with_whole_body
from districts.models import District
from districts.queries import this_district
from districts.told import readable
from intake import queries
from intake.actions import accept
from intake.channels.fingerprint import digest
from intake.mail import posted, relayed
from intake.mail.relayed import Relayed
from intake.mail.smtp import message_id
from tickets.models import ChannelKind

HOOK_OVERHEAD = 3 / 2  # base64 and JSON around a mail
log = structlog.get_logger(__name__)


class NoMailbox(Exception):
    """The district takes no mail; answered 500, so that the provider keeps it and tries again."""


class View(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


def mail_hook(view: View) -> View:
    """Around Anymail's view of a provider: only who has the district's login is let in, and a whole mail fits in."""

    def listen(request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """With no transaction open: who calls, and what it brings."""
        request.brought = _brought(view, request, *args, **kwargs)  # type: ignore[attr-defined]

    @with_whole_body(listen, at_the_door=stranger)
    @csrf_exempt
    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":  # some look whether anybody is there
            return view(request, *args, **kwargs)
        brought: Brought = request.brought  # type: ignore[attr-defined]
        for mail in brought.mails:
            _write_down(mail)
        return brought.answer

    return door


@dataclass(frozen=True)
class Brought:
    """By one call of a provider; `answer`: what it is told once the mails are written down."""

    answer: HttpResponse
    mails: Sequence[Relayed] = ()


def _brought(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> Brought:
    """Raises what Django answers with 400: a wrong signature."""
    if turned_away := stranger(request):
        return Brought(turned_away)
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_MAIL_BYTES * HOOK_OVERHEAD:
        return _refused(413, "too large")
    try:
        with relayed.listening(posted.fill(request, relayed.body_of(request))) as mails, readable():
            answer = view(request, *args, **kwargs)
    except relayed.TooLarge:
        return _refused(413, "too large")
    except (AnymailConfigurationError, AnymailImproperlyInstalled) as error:
        log.error("mail_hook_not_set_up", error=type(error).__name__, view=getattr(view, "__name__", ""))
        return _refused(404, "not set up for this")
    except (AnymailAPIError, LookupError, ValueError, TypeError, AttributeError) as error:  # what Anymail raises on other shapes
        log.warning("mail_hook_unreadable", error=type(error).__name__)
        return _refused(400, "not what this provider sends")
    return Brought(answer, mails)


def stranger(request: HttpRequest) -> HttpResponse | None:
    """The answer to whoever calls without the login of the district of this host; None: it is the provider."""
    return provider_login.turned_away(request, provider_login.login_of(request.district))  # type: ignore[attr-defined]


def _refused(status: int, why: str) -> Brought:
    return Brought(provider_login.said(status, why))


def _write_down(mail: Relayed) -> None:
    """A mail that a provider took in for the district of the host it called.

    One that names no address of ours (a blind copy, a list) goes to the general mailbox: the provider has told its sender yes. Where
    the district takes no mail at all the provider is told to come again. Raises Http404 for a mail taken in for another district.
    """
    district = this_district()
    ours = {address: door for address in (*mail.taken_for, *mail.named) if (door := queries.door_at(address, district))}
    source = next(iter(ours.values()), None)
    if source is None:
        _must_not_be_anothers(mail, district)
        source = queries.general_mailbox()
    if source is None:
        log.error("no_mailbox", event_id=mail.event_id)
        raise NoMailbox
    accept(
        source=source, channel=ChannelKind.EMAIL, external_id=message_id(mail.raw) or f"sha256:{digest(mail.raw)}", raw=mail.raw,
        meta={
            "return_path": mail.return_path, "recipients": list(ours), "provider": mail.event_id, **mail.told,
            # of a sender, the provider's word alone is believed: the mail may have come to it straight from anybody
            **({} if "authentication" in mail.told else {"direct": True}),
        },
        now=timezone.now(),
    )  # fmt: skip


def _must_not_be_anothers(mail: Relayed, district: District) -> None:
    """The provider's route names the wrong host: told as long as it stands, so that nobody's mail lies in a neighbour's mailbox."""
    hosts = {address.rpartition("@")[2] for address in mail.taken_for}
    if District.objects.filter(host__in=hosts).exclude(id=district.id).exists():
        log.error("mail_for_another_district", event_id=mail.event_id)
        raise Http404("mail for another district")

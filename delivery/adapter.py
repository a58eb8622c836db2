"""Sign-in mail goes out as deliveries of the district, so that it is kept, retried and seen like any other."""

import functools
from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as allauth
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from delivery import actions
from delivery.models import Delivery
from delivery.sending import SIGN_IN
from districts.access import VISITOR, actor_for
from districts.links import absolute
from districts.models import Account, ContactPoint, District, Person
from districts.queries import person_by_contact

NEVER_SENT = frozenset({"account/email/unknown_account"})  # the form tells nobody who is known, and neither do we by mail


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Administrators make accounts; nobody signs up."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where no page was asked for: to the work. A queue for people in a team, the figures for those who lead the whole district."""
        person = Person.objects.filter(account_ref=request.user.pk).first() if _district() else None
        actor = actor_for(person) if person else VISITOR
        if not actor.is_staff:
            return super().get_login_redirect_url(request)  # type: ignore[no-any-return]
        return reverse("today" if actor.is_leader and not actor.teams else "desk")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the letter for a person this district knows; for anybody else the page answers the same and nothing goes out."""
        if template_prefix in NEVER_SENT:
            return
        district = _district()
        letter = self.render_mail(template_prefix, email, {"request": allauth.request, "email": email, **context})
        if district is None:
            transaction.on_commit(functools.partial(letter.send))
            return
        account = context.get("user") or Account.objects.filter(email=email.lower()).first()
        person = _known_here(email.lower(), account)
        if person is not None:
            _can_be_verified(account)
            actions.send(
                channel=Delivery.Channel.EMAIL, address=email.lower(), subject=letter.subject, body=str(letter.body),
                purpose=SIGN_IN, dedupe_key=f"{SIGN_IN}:{uuid4()}", person=person, now=timezone.now(),
            )  # fmt: skip

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the district's own name, whatever port or scheme the request was made to."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"}).replace("UID-KEY", key)
        district = _district()
        return absolute(district, path) if district else super().get_reset_password_from_key_url(key)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        district = _district()
        path = reverse("account_confirm_email", args=[emailconfirmation.key])
        return absolute(district, path) if district else super().get_email_confirmation_url(request, emailconfirmation)


def _district() -> District | None:
    return getattr(allauth.request, "district", None)


def _known_here(email: str, account: Account | None) -> Person | None:
    """The person of this district with that sign-in or address: accounts are global, letters are a district's."""
    signed = Person.objects.filter(account_ref=account.pk).first() if account else None
    return signed or person_by_contact(ContactPoint.Kind.EMAIL, email)


def _can_be_verified(account: Account | None) -> None:
    """An account that an administrator made has no address to verify: typing the mailed code then does it, with no second mail."""
    if account and not EmailAddress.objects.filter(user=account).exists():
        EmailAddress.objects.create(user=account, email=account.email, primary=True)

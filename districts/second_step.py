"""Two-step sign-in where it is asked for: who has passed it in this session, and where those go who have not."""

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from districts.models import Account


def passed(request: HttpRequest) -> bool:
    """Whoever is signed in gave a code of their authenticator, or a recovery code, in this session."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def ask_for_it(request: HttpRequest, *, back: str) -> HttpResponse:
    """To the page that asks for the code, then `back`; who has no authenticator yet sets one up first."""
    enrolled = isinstance(request.user, Account) and is_mfa_enabled(request.user)
    address = f"{reverse('mfa_reauthenticate' if enrolled else 'mfa_activate_totp')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)

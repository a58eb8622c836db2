"""Who may come in: people who work in the district."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from districts.access import Actor, Can, require

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """Visitors sign in first; somebody signed in who has no role here gets a page that says so (403). No browser keeps the page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        actor = actor_of(request)
        require(actor, Can.READ)
        if actor.person is None:
            raise PermissionDenied("a machine has no steps")
        return view(request, *args, **kwargs)

    return never_cache(login_required(guarded))


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor

"""Who comes in to the pages of those who keep articles."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from districts.editing import View, actor_of
from knowledge.keeping.queries import may_keep


def for_keepers(view: Callable[..., HttpResponse]) -> View:
    """Visitors are led to the sign-in; whoever is signed in and does not work here gets 403."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_keep(actor_of(request)):
            raise PermissionDenied("keep")
        return view(request, *args, **kwargs)

    return guarded

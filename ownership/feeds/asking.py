"""Who asks, before the sessions' own middleware has said so: what takes seconds is done for those alone who may have it done."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from districts.access import VISITOR, Actor, actor_for
from districts.models import Person


def early_actor(request: HttpRequest) -> Actor:
    """Of the district in scope. The view asks again: this only keeps work from whoever could not have it done."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return VISITOR
    asked = HttpRequest()
    asked.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(asked)
    person = Person.objects.filter(account_ref=user.pk).first() if user.is_authenticated else None
    return actor_for(person) if person else VISITOR

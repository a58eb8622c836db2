"""A form whose token is not the one of now (the page was open too long, a cookie is gone), shown again with all that was typed.

For forms that need no sign-in: nobody's session is at risk, and a person has to press the button once more in any case.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

V = TypeVar("V", bound=Callable[..., Any])


def shown_again(show: Callable[..., HttpResponse]) -> Callable[[V], V]:
    """Decorator of a view: what Django refuses to hand to it, `show` answers, with the same arguments. It may change nothing."""

    def mark(view: V) -> V:
        view.shown_again = show  # type: ignore[attr-defined]
        return view

    return mark


def again(request: HttpRequest) -> HttpResponse | None:
    """None: the view has no page of its own for this."""
    match = request.resolver_match
    show: Callable[..., HttpResponse] | None = getattr(match.func, "shown_again", None) if match else None
    return show(request, *match.args, **match.kwargs) if match and show else None

"""Who was sent a copy of a request hears no more of it, by the link in their letter. Opening it changes nothing: mail scanners do."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from districts.refused import shown_again
from tickets import actions as tickets
from tickets import copies


def _again(request: HttpRequest, follower_id: UUID, mark: str) -> HttpResponse:
    return _page(request, follower_id, mark, status=403)


@shown_again(_again)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def following(request: HttpRequest, follower_id: UUID, mark: str) -> HttpResponse:
    found = copies.followed_by(follower_id, mark)
    if request.method == "POST" and found:
        tickets.unfollow(found.ticket, person=found.person)
        return render(request, "intake/following.html", {"stopped": True, "number": found.ticket.number})
    return _page(request, follower_id, mark)


def _page(request: HttpRequest, follower_id: UUID, mark: str, *, status: int = 200) -> HttpResponse:
    """The same for a link that is over and one that never was."""
    found = copies.followed_by(follower_id, mark)
    return render(request, "intake/following.html", {"number": found.ticket.number if found else None}, status=status)

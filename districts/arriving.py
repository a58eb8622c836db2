"""The body of a request, read to its end before the request's transaction begins.

It comes as slowly as its sender likes, and a connection that waited for it would be lost to everybody else. Limits and answers are
Django's own and each view's: a form is parsed here; what is larger than Django takes into memory is set aside in a file, from which
the view reads as it would have read from the network. What a view can do without a transaction (a photo is written anew) may be done
here too: see `before_scope`. Files that a page of another site had a visitor's browser send are let go unseen. A view for machines
(`with_whole_body`) gets every body as bytes, forms too: one field of theirs may be a whole mail.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, UnreadablePostError
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import Resolver404, ResolverMatch, resolve

WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FORM = "multipart/form-data"
PLAIN_FORM = "application/x-www-form-urlencoded"
TOO_MUCH = (RequestDataTooBig, TooManyFilesSent)  # of a form that a person may have filled in
CHUNK = 64 * 1024
MAIL_OVERHEAD = 2  # base64 and JSON around a mail
V = TypeVar("V", bound=Callable[..., Any])


class TooLarge(Exception):
    """Larger than anything we take; not read at all."""


class TurnedAway(Exception):
    """The view does not know who calls; nothing was read."""

    def __init__(self, answer: HttpResponse) -> None:
        self.answer = answer
        super().__init__(answer.status_code)


class _Elsewhere(CsrfViewMiddleware):
    """Django's own judgement of where a form came from, without that of its token: a page that was open too long is still ours, and
    its files are shown again with its words (`districts.refused`). Leaves no mark: the whole check comes later."""

    def _check_token(self, request: HttpRequest) -> None:
        return None

    def _accept(self, request: HttpRequest) -> None:
        return None

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponseForbidden(reason)


_elsewhere = _Elsewhere(lambda _request: HttpResponseForbidden())


def before_scope(prepare: Callable[..., None]) -> Callable[[V], V]:
    """Outermost decorator of a view: `prepare` runs with its arguments when files came with a form, with no transaction open.

    It knows `request.district`; what it has to ask of the database it asks in a short scope of its own, before it begins to work.
    It leaves what it made on the request.
    """

    def mark(view: V) -> V:
        view.before_scope = prepare  # type: ignore[attr-defined]
        return view

    return mark


def with_whole_body(
    prepare: Callable[..., None], *, at_the_door: Callable[[HttpRequest], HttpResponse | None] | None = None
) -> Callable[[V], V]:
    """As `before_scope`, for a view that machines call: `prepare` runs with every POST and PUT, and reads the body from the request
    itself, whatever kind it is of, up to MAX_MAIL_BYTES and what is wrapped around them. It asks who calls before it works.

    `at_the_door` asks that before anything of a body is read, by the header alone and with no question to the database: what it
    answers is the answer, None lets in. A request that tells no length comes past it: `prepare` asks again.
    """

    def mark(view: V) -> V:
        view.whole_body = True  # type: ignore[attr-defined]
        view.at_the_door = at_the_door  # type: ignore[attr-defined]
        return before_scope(prepare)(view)

    return mark


def prepare(request: HttpRequest) -> None:
    """Do what the view has to do before the scope is opened; called with the body read."""
    if request.method not in ("POST", "PUT"):
        return
    match = _match(request)
    act: Callable[..., None] | None = getattr(match.func, "before_scope", None) if match else None
    if match is None or act is None:
        return
    if _takes_whole_body(match):
        act(request, *match.args, **match.kwargs)
    elif request.content_type != FORM or not request.FILES:
        return
    elif _elsewhere.process_view(request, match.func, match.args, match.kwargs):
        _without_files(request)
    else:
        act(request, *match.args, **match.kwargs)


def _match(request: HttpRequest) -> ResolverMatch | None:
    """The view it is for, among the addresses of its host; looked up once."""
    known: dict[str, ResolverMatch | None] = request.__dict__.setdefault("bound_for", {})
    if "view" not in known:
        try:
            known["view"] = resolve(request.path_info, getattr(request, "urlconf", None))
        except Resolver404:
            known["view"] = None
    return known["view"]


def _takes_whole_body(match: ResolverMatch | None) -> bool:
    return match is not None and getattr(match.func, "whole_body", False)


def _ask_at_the_door(request: HttpRequest, match: ResolverMatch | None) -> None:
    ask: Callable[[HttpRequest], HttpResponse | None] | None = getattr(match.func, "at_the_door", None) if match else None
    answer = ask(request) if ask and request.method == "POST" else None
    if answer is not None:
        raise TurnedAway(answer)


def _without_files(request: HttpRequest) -> None:
    """For the view that shows the form again too: no browser but the one that is used against us waits for them."""
    for _name, sent in request.FILES.lists():
        for file in sent:
            file.close()
    request.FILES.clear()


@contextmanager
def body_of(request: HttpRequest) -> Iterator[None]:
    """Read the body; what was set aside goes when the block ends.

    Raises TooLarge, TurnedAway, UnreadablePostError, and for a form what Django's parser raises (see `TOO_MUCH`; the rest is answered
    with 400).
    """
    length = _length(request)
    if request.method not in WITH_BODY or not length:
        yield
        return
    match = _match(request)
    whole = request.content_type in (FORM, PLAIN_FORM) and _takes_whole_body(match)
    form = request.content_type == FORM and not whole
    if length > _most(form):
        raise TooLarge
    _ask_at_the_door(request, match)
    _let_go()
    if form and request.method == "POST":
        _ = request.POST
        yield
        return
    if length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        _ = request.body
        yield
        return
    if request.content_type == PLAIN_FORM and not whole:
        raise RequestDataTooBig("a form of words only")  # as Django says it, once a view asks for them
    with SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE) as aside:
        _read(request, aside)
        yield


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0  # as Django takes it: there is no body


def _most(form: bool) -> int:
    if form:
        return int(settings.DATA_UPLOAD_MAX_NUMBER_FILES * settings.MAX_FILE_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return int(settings.MAX_MAIL_BYTES * MAIL_OVERHEAD)


def _let_go() -> None:
    """The host was looked up: back into the pool with that connection."""
    if not connection.in_atomic_block:
        connection.close()


def _read(request: HttpRequest, aside: IO[bytes]) -> None:
    stream = request._stream
    try:
        while chunk := stream.read(CHUNK):
            aside.write(chunk)
    except OSError as error:
        raise UnreadablePostError(*error.args) from error
    aside.seek(0)
    request._stream = aside  # type: ignore[assignment]

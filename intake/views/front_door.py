"""One box; then what we know, and only what we still have to ask."""

import uuid
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from delivery import lines
from districts.access import Actor
from districts.arriving import before_scope
from districts.limits import remote_of
from districts.links import absolute
from districts.models import ContactPoint, Person, Service
from districts.queries import address_of, sites, this_district
from districts.refused import shown_again
from incidents.queries import front_door_lines
from intake import contacts
from intake import language as languages
from intake.actions import Asking, BadContact, BadFormId, NoText, receive_web
from intake.form.popular import offered, popular_services
from intake.form.questionnaire import Questionnaire, for_form, kind_of
from intake.form.sent import MOST_FILES, Asked, Photos, photos_of, store_photos
from intake.screening import crowds
from intake.views.keeping import in_any_language, kept_for_back, other_language, sent_from
from intake.wording import one_line
from knowledge import actions as knowledge
from knowledge import queries as known
from knowledge.model.wanted import want
from knowledge.models import Answer
from knowledge.rendering import to_html
from routing.danger import crisis, hearing
from routing.foresight import likely_service
from tickets.actions import NewAnswer
from tickets.models import Ticket

SOLVED = Answer.Outcome.SOLVED
NOT_ENOUGH = Answer.Outcome.NOT_ENOUGH
THEIRS = "their_contact"


def _store(request: HttpRequest) -> None:
    if request.POST.get("step") == "send":
        store_photos(request)


@kept_for_back
def _again(request: HttpRequest) -> HttpResponse:
    """Refused before it came here: whatever step it was, the same one with all that was typed."""
    asked = Asked.read(request.POST)
    show = _form if _is_sending(request) else _box
    return show(request, asked, status=403, photos=photos_of(request), refused=True)


@before_scope(_store)
@shown_again(_again)
@kept_for_back
@in_any_language
@require_http_methods(["GET", "HEAD", "POST"])
def front_door(request: HttpRequest) -> HttpResponse:
    """GET: the box. POST step=ask: an answer if there is one, and the form; step=send: the request is taken; change: the box again."""
    if request.method != "POST":
        return _box(request, Asked.read(request.GET))
    asked = Asked.read(request.POST)
    if other_language(request):
        return _in_its_words(request, asked)
    if "change" in request.POST:
        return _box(request, asked, photos=photos_of(request))
    return _send(request, asked) if _is_sending(request) else _ask(request, asked)


def _is_sending(request: HttpRequest) -> bool:
    return request.POST.get("step") == "send"


@kept_for_back
@require_safe
def at_place(request: HttpRequest, code: str, room: str = "") -> HttpResponse:
    """A sticker in a room: the place is known. One that is no place of ours any more still opens the door."""
    asked = Asked(site=one_line(code, 16), room=one_line(room.strip("/"), 40))
    if asked.known_site() is None:
        return _box(request, Asked(), no_such_place=one_line(code, 16))
    return _box(request, asked)


@kept_for_back
@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    """What is asked about a service: for the form, as soon as another is chosen."""
    asked = Asked(service=one_line(request.GET.get("service", ""), 80), guess=one_line(request.GET.get("guess", ""), 80))
    found = _questionnaire(request, asked, asked.subject())
    return render(request, "intake/_questions.html", {"questions": found.shown({}, {})})


@sent_from(lambda answer_id: "/")
def solved(request: HttpRequest, answer_id: uuid.UUID) -> HttpResponse:
    """The answer was enough: nothing is sent."""
    knowledge.mark_outcome(answer_id=answer_id, outcome=SOLVED)
    return render(request, "intake/solved.html")


def _in_its_words(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The same step in another language. Where nothing was typed yet, by an address that can be loaded again."""
    if _is_sending(request):
        actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
        answers = _answer(actor, asked) if asked.answer and hearing.heard(asked.text) is None else {}
        return _form(request, asked, photos=photos_of(request), **answers)
    photos = photos_of(request)
    if asked.is_blank and not photos.kept:
        return HttpResponseRedirect(f"/?{known}" if (known := urlencode(asked.place)) else "/", status=303)
    return _box(request, asked, photos=photos)


def _box(request: HttpRequest, asked: Asked, status: int = 200, **more: Any) -> HttpResponse:
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    context = {
        "asked": asked,
        "site": asked.known_site(),
        "service": asked.known_service(),
        "popular": popular_services(staff=actor.is_staff, now=timezone.now()),
        "outages": front_door_lines(),
        **more,
    }
    return render(request, "intake/front_door.html", context, status=status)


def _ask(request: HttpRequest, asked: Asked) -> HttpResponse:
    if not asked.text:
        asked.errors["text"] = _("Tell us what you need, in a few words.")
        return _box(request, asked, status=422, photos=photos_of(request))
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    if actor.person and not asked.contact:
        asked.contact, asked.name = address_of(actor.person, ContactPoint.Kind.EMAIL), actor.person.name
    danger = hearing.heard(asked.text) is not None
    asked.answer = ""  # what was shown to earlier words
    if not asked.service and not danger:
        likely = likely_service(asked.text, kind=kind_of(actor) or "public")
        asked.guess = likely.slug if likely else ""
    answers = {} if danger else _answer(actor, asked)
    return _form(request, asked, danger=danger, photos=photos_of(request), **answers)


def _answer(actor: Actor, asked: Asked) -> dict[str, Any]:
    """An answer only where an article supports it; what comes near is offered as something to read."""
    language = _language_of(asked)
    found = known.search(asked.text, audience=known.audience_of(actor), language=language, limit=3, floor=0.0)
    now, best = timezone.now(), found[0] if found else None
    near = [one for one in found if one.score >= known.HELPS]
    if best is None or not best.answers:
        knowledge.record_gap(question=asked.text, language=language, best_score=best.score if best else 0.0, now=now)
        return {"near": near}
    answer = knowledge.show_answer(question=asked.text, found=best, language=language, now=now)
    asked.answer = str(answer.id)
    writing = want(answer, audience=known.audience_of(actor), now=now)
    return {"best": best, "passage": to_html(best.passage), "answer": answer, "near": near[1:], "writing": writing}


def _send(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Taken, or the form again with what is wrong and all that was typed."""
    photos, subject = photos_of(request), asked.subject()
    if "look" in request.POST:  # the button of a page without scripts: what is asked about another service
        return _form(request, asked, photos=photos, looked=True)
    answers, held = _answers(_questionnaire(request, asked, subject), asked)
    if photos.wrong or held:
        if photos.wrong:
            asked.errors["photos"] = photos.summary
        return _form(request, _contact_too(asked, _by(request, asked)), status=422, photos=photos)
    remote, by = remote_of(request), _by(request, asked)
    try:
        with crowds.sent_from(remote):
            asking = Asking(
                text=asked.text, **_asker(asked, by), language=_language_of(asked), site=asked.known_site(),
                room=asked.room, service=subject if subject and subject.slug == asked.service else None, files=photos.kept,
                answers=answers, shown=_shown(asked),
            )  # fmt: skip
            received = receive_web(asking, form_id=asked.form_id, remote=remote, now=timezone.now())
    except (NoText, BadContact, BadFormId) as mistake:
        asked.errors[THEIRS if by and mistake.field == "contact" else mistake.field] = str(mistake)
        if isinstance(mistake, BadFormId):
            asked.form_id = str(uuid.uuid4())
        return _form(request, asked, status=422, photos=photos)
    if asked.answer:
        knowledge.mark_outcome(answer_id=_uuid(asked.answer), outcome=NOT_ENOUGH, ticket_ref=received.envelope.ticket_ref)
    if received.ticket is None:
        return render(request, "intake/kept.html", {"contact": asked.their_contact if by else asked.contact})
    if by:
        messages.success(request, _said_for(received.ticket))
        return _gone(request, reverse("desk_ticket", args=[received.ticket.id]))
    return _gone(request, f"/r/{received.ticket.token}?new=1")


def _shown(asked: Asked) -> str:
    """The answer they read before they asked on, for whoever answers: they need not be told it again."""
    answer = known.shown(_uuid(asked.answer)) if asked.answer else None
    if answer is None:
        return ""
    link = absolute(this_district(), reverse("article", args=[answer.article.slug]))
    return f"“{answer.article.title}” {link}\n\n{answer.passage}"


def _by(request: HttpRequest, asked: Asked) -> Person | None:
    """Who asks for somebody else: only whoever works here and is signed in. From anybody else those fields are nothing."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    return actor.person if actor.is_staff and asked.for_another else None


def _asker(asked: Asked, by: Person | None) -> dict[str, Any]:
    if by is None:
        return {"contact": asked.contact, "name": asked.name}
    return {"contact": asked.their_contact, "name": asked.their_name, "by": by}


def _said_for(ticket: Ticket) -> str:
    words = {"number": ticket.number, "name": ticket.requester}
    return _("#%(number)s is opened for %(name)s, who is told that you asked. You follow it.") % words


def _gone(request: HttpRequest, to: str) -> HttpResponse:
    """To the request's own page. A script that sent the form goes there itself: else the page would be made twice."""
    if request.headers.get("X-Sent-By") == "script":
        return HttpResponse(status=204, headers={"X-Go": to})
    return HttpResponseRedirect(to, status=303)


def _questionnaire(request: HttpRequest, asked: Asked, subject: Service | None) -> Questionnaire:
    chosen = subject is not None and subject.slug == asked.service
    actor, language = cast(Actor, request.actor), (get_language() or "en")[:2]  # type: ignore[attr-defined]
    return for_form(subject, chosen=chosen, actor=actor, district=request.district, language=language)  # type: ignore[attr-defined]


def _answers(asked_of: Questionnaire, asked: Asked) -> tuple[list[NewAnswer], bool]:
    """(answers, whether the form has to come again for them). Whoever writes of danger to a person is not held up by a question."""
    answers, wrong = asked_of.check(asked.answers)
    unseen = {one.key for one in asked_of.unseen(asked.answers, asked.seen)}
    if not (wrong or unseen) or crisis.screen(asked.words()) is not None:
        return answers, False
    asked.unseen = len(unseen)
    asked.wrong = {key: said for key, said in wrong.items() if key not in unseen}
    asked.errors |= {f"q-{key}": _named(asked_of, key, said) for key, said in asked.wrong.items()}
    return [], True


def _named(asked_of: Questionnaire, key: str, said: str) -> str:
    """For the list above the form, where "Please choose one" alone would stand there three times."""
    label = next(asked_of.tongue.of(one.label) for one in asked_of.questions if one.key == key)
    return _("“%(question)s”: %(said)s") % {"question": label, "said": said}


def _contact_too(asked: Asked, by: Person | None) -> Asked:
    """Everything that is wrong is said at once, in the order of the form."""
    try:
        contacts.read(asked.their_contact if by else asked.contact)
    except BadContact as mistake:
        asked.errors = {THEIRS if by else mistake.field: str(mistake), **asked.errors}
    return asked


def _form(
    request: HttpRequest, asked: Asked, *, photos: Photos, status: int = 200, danger: bool | None = None, **more: Any
) -> HttpResponse:
    danger = crisis.screen(asked.words()) is not None if danger is None else danger
    subject = None if danger else asked.subject()
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    context = {
        "asked": asked,
        "photos": photos,
        "site": asked.known_site(),
        "sites": list(sites().only("id", "code", "name", "is_school")),
        "services": offered(staff=actor.is_staff, chosen=subject),
        "subject": subject,
        "questions": _questionnaire(request, asked, subject).shown(asked.answers, asked.wrong),
        "danger": danger,
        "texts_leave": lines.texts_leave(request.district),  # type: ignore[attr-defined]
        "most_files": MOST_FILES,
        "most_bytes": settings.MAX_FILE_BYTES,
        **more,
    }
    return render(request, "intake/ask.html", context, status=status)


def _language_of(asked: Asked) -> str:
    """Of the words themselves where one can tell, else of the page."""
    return languages.guess(asked.text) or (get_language() or "en")[:2]


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)

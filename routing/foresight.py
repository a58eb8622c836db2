"""What it will probably be about, while somebody still fills in a form: so that they are asked what its team will need."""

import structlog
from django.db import transaction

from districts.models import Person, Service
from routing import triage
from routing.triage import Question
from tickets.models import ChannelKind, Ticket

SURE = (triage.rule, triage.learned)
log = structlog.get_logger(__name__)


def likely_service(text: str, *, kind: str) -> Service | None:
    """Of somebody of this kind ("public" where nothing is known); None where nobody is sure, or where triage fails.

    Only for what is asked: the ticket is placed by its words and the answers, once it is there.
    """
    try:
        with transaction.atomic():  # a failed read must not spoil the page
            question = Question(Ticket(requester=Person(kind=kind), channel=ChannelKind.WEB), text)
            question.ticket.team = question.around.office
            choice = next((found for engine in SURE if (found := engine(question))), None)
            return choice.service if choice else None
    except Exception:
        log.exception("no_foresight")
        return None

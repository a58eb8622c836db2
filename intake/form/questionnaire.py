"""The questions of a service's form: read for whoever fills it in, and written by administrators."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from districts.access import Actor
from districts.models import District, Service
from intake.form import questions as pure
from intake.form.questions import Question, Shown, Tongue
from intake.models import Question as Row
from tickets import answers
from tickets.actions import NewAnswer
from tickets.models import Ticket

NOBODY = "?"  # no question has this key: what waits for one that is switched off is never asked


@dataclass(frozen=True)
class Questionnaire:
    """What one person is asked about one service, in one language."""

    tongue: Tongue
    questions: list[Question] = field(default_factory=list)
    chosen: bool = True

    def shown(self, given: Mapping[str, str], wrong: Mapping[str, str]) -> list[Shown]:
        return pure.show(self.questions, given, wrong, self.tongue)

    def check(self, given: Mapping[str, str]) -> tuple[list[NewAnswer], dict[str, str]]:
        """(answers, what is wrong with others: sentences by key)."""
        return pure.check(self.questions, given, self.tongue)

    def unseen(self, given: Mapping[str, str], seen: list[str]) -> list[Question]:
        """Those that came up with these answers. What is asked from the first was on the page with the guess it belongs to."""
        return [one for one in pure.unseen(self.questions, given, seen) if self.chosen or one.after]


def for_form(service: Service | None, *, chosen: bool, actor: Actor, district: District, language: str) -> Questionnaire:
    """Empty where nobody knows yet what it is about. Where it is only guessed (not `chosen`) no question must be answered: the guess
    may be wrong, and nobody is to be held up by what does not concern them.
    """
    tongue = Tongue(language, first_language(district))
    asked = pure.for_whom(of_service(service.id), kind_of(actor)) if service else []
    return Questionnaire(tongue, asked if chosen else [replace(one, required=False) for one in asked], chosen)


def of_service(service_id: UUID) -> list[Question]:
    """Those that are asked, in order."""
    rows = list(Row.objects.filter(service_id=service_id, active=True).order_by("position", "id"))
    keys = {row.id: row.key for row in rows}
    return [pure.of_row(row, keys.get(row.after_id, NOBODY) if row.after_id else "") for row in rows]


def told(ticket: Ticket, *, district: District, language: str) -> list[tuple[str, str]]:
    """[(question, answer)] of a ticket, for whoever answered."""
    given = answers.of(ticket)
    asked = {one.key: one for one in of_service(ticket.service_id)} if given and ticket.service_id else {}
    tongue = Tongue(language, first_language(district))
    return [pure.again(asked.get(one.key), one.label, one.value, tongue) for one in given]


def kind_of(actor: Actor) -> str:
    """Empty: a visitor, of whom nothing is known."""
    if actor.is_staff:
        return pure.STAFF
    return actor.person.kind if actor.person else ""


def first_language(district: District) -> str:
    return str(district.languages[0]) if district.languages else "en"

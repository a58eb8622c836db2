"""Which engine decides, and what it says."""

import json
import timeit
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from districts.models import Person, Priority, Service, Site, Team
from districts.scope import district_scope
from routing import classifier, short_text, training, triage, urgency, whereabouts
from routing.examples import catalog_examples
from routing.fitting import fit
from routing.models import Rule, TrainedModel
from routing.words import contains, fold, whole_text
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions as tickets

SURE = "I forgot my password and I am locked out of my account"


@pytest.fixture
def trained(here: Cast) -> Cast:
    row = training.retrain(here.district.id, now=NOW)
    assert row is not None
    assert row.state == "active"
    return here


def decide(cast: Cast, text: str, **more: Any) -> triage.Choice:
    return triage.decide(a_ticket(cast, text=text, **more), text, now=NOW)


# --- engines ------------------------------------------------------------------------------------------------------------


def test_danger_beats_what_was_asked_the_rules_and_the_address(trained: Cast) -> None:
    Rule.objects.create(name="passwords", words=["password"], service=trained.password_reset)
    choice = decide(trained, "forgot my password. i want to kill myself", service=trained.password_reset, team=trained.technology)
    assert (choice.engine, choice.team, choice.priority, choice.crisis) == ("crisis", trained.safety, Priority.URGENT, True)
    assert choice.service == trained.counseling
    assert "kill myself" in choice.reasons[0]


def test_danger_without_a_safety_team_goes_to_the_front_office(here: Cast) -> None:
    Team.objects.filter(is_safety=True).update(is_safety=False)
    choice = decide(here, "there is a gun in his bag")
    assert (choice.engine, choice.team, choice.priority) == ("crisis", here.front_office, Priority.URGENT)


def test_what_the_asker_chose_beats_rules_and_classifier(trained: Cast) -> None:
    Rule.objects.create(name="passwords", words=["password"], service=trained.password_reset)
    choice = decide(trained, SURE, service=trained.bus_late)
    assert (choice.engine, choice.team, choice.service) == ("asked", trained.transportation, trained.bus_late)


def test_a_rule_beats_the_classifier(trained: Cast) -> None:
    Rule.objects.create(name="office passwords", words=["locked out"], team=trained.transportation, priority=2)
    choice = decide(trained, SURE)
    assert (choice.engine, choice.team, choice.service, choice.priority) == ("rule", trained.transportation, None, 2)
    assert "office passwords" in choice.reasons[0]
    assert "locked out" in choice.reasons[0]


def test_rules_look_at_whole_words_their_channel_and_their_order(here: Cast) -> None:
    make = Rule.objects.create
    make(name="off", words=["bus"], team=here.safety, active=False, order=1)
    make(name="nowhere", words=["bus"], order=2)
    make(name="texts", words=["bus"], channel="sms", team=here.technology, order=3)
    make(name="second", words=["bus"], team=here.front_office, order=20)
    make(name="first", words=["Autobús", "BUS"], team=here.transportation, order=10)
    assert decide(here, "where is the bus?").team == here.transportation
    assert decide(here, "el autobus no llego").team == here.transportation
    assert decide(here, "where is the bus?", channel="sms").team == here.technology
    assert decide(here, "a business card").engine == "front_office"


def test_a_rule_without_words_takes_its_channel(here: Cast) -> None:
    Rule.objects.create(name="calls", channel="phone", team=here.technology)
    assert decide(here, "anything", channel="phone").team == here.technology
    assert decide(here, "anything", channel="web").engine == "front_office"


def test_the_classifier_says_why(trained: Cast) -> None:
    choice = decide(trained, SURE)
    assert (choice.engine, choice.service, choice.team) == ("classifier", trained.password_reset, trained.technology)
    assert choice.model_version == 1
    assert 0.5 <= choice.confidence <= 1
    assert "Password reset" in choice.reasons[0]
    assert "password" in choice.reasons[1]
    assert {guess.team for guess in choice.alternatives} <= {trained.transportation, trained.safety}


def test_a_spanish_message_is_placed_by_an_english_catalog(trained: Cast) -> None:
    Person.objects.filter(id=trained.pat.id).update(kind="staff")
    trained.pat.refresh()
    assert decide(trained, "olvidé mi contraseña y no puedo entrar a mi cuenta").service == trained.password_reset


def test_below_the_threshold_people_decide_and_see_the_guesses(trained: Cast) -> None:
    TrainedModel.objects.update(threshold=0.995)
    choice = decide(trained, "a question about something")
    assert (choice.engine, choice.team, choice.service) == ("front_office", trained.front_office, None)
    assert 1 <= len(choice.alternatives) <= 3
    confidences = [guess.confidence for guess in choice.alternatives]
    assert confidences == sorted(confidences, reverse=True)
    assert choice.confidence == confidences[0]


def test_without_a_model_people_decide(here: Cast) -> None:
    choice = decide(here, SURE)
    assert (choice.engine, choice.alternatives, choice.model_version) == ("front_office", [], None)


def test_a_teams_own_address_keeps_what_is_not_surely_anothers(trained: Cast) -> None:
    unsure = decide(trained, "hello, a question", team=trained.transportation)
    assert (unsure.engine, unsure.team) == ("channel", trained.transportation)
    TrainedModel.objects.update(threshold=0.3)
    assert decide(trained, "my account", team=trained.transportation).engine == "channel"
    elsewhere = decide(trained, SURE, team=trained.transportation)
    assert (elsewhere.engine, elsewhere.team) == ("classifier", trained.technology)


def test_a_teams_own_address_works_without_a_model(here: Cast) -> None:
    choice = decide(here, SURE, team=here.transportation)
    assert (choice.engine, choice.team, choice.service) == ("channel", here.transportation, None)


def test_a_service_that_moved_is_placed_with_its_team_of_today(trained: Cast) -> None:
    Service.objects.filter(id=trained.password_reset.id).update(team=trained.safety)
    assert decide(trained, SURE).team == trained.safety


def test_a_service_that_was_closed_gets_nothing(trained: Cast) -> None:
    Service.objects.filter(id=trained.password_reset.id).update(active=False)
    choice = decide(trained, SURE)
    assert choice.service != trained.password_reset
    assert trained.technology not in {guess.team for guess in choice.alternatives}


def test_a_service_for_others_is_less_likely(trained: Cast) -> None:
    """Password reset is for staff; a parent is likelier to mean something else."""
    text = "my account"
    ticket = a_ticket(trained, text=text)
    parent = triage.Question(ticket, text).likely
    trained.pat.kind = "staff"
    ticket.requester = trained.pat
    staff = triage.Question(ticket, text).likely
    assert staff[0].team_id == trained.technology.id
    assert staff[0].confidence > next(one.confidence for one in parent if one.team_id == trained.technology.id)


def test_no_other_districts_rule_or_model_is_used(trained: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        Rule.objects.create(name="all of it", words=["password", "question"], team=oak.transportation)
        assert training.retrain(oak.district.id, now=NOW) is not None
        assert decide(oak, "a question").engine == "rule"
    choice = decide(trained, SURE)
    assert (choice.engine, choice.team.district_id) == ("classifier", trained.district.id)
    TrainedModel.objects.update(state="retired")
    assert decide(trained, SURE).engine == "front_office"


# --- the model, kept ----------------------------------------------------------------------------------------------------


def test_a_tampered_model_is_refused_and_people_decide(trained: Cast) -> None:
    row = TrainedModel.objects.get()
    blob = bytearray(row.blob)
    blob[-1] ^= 1
    row.blob = bytes(blob)
    row.save()
    with pytest.raises(classifier.Refused):
        classifier.active()
    assert decide(trained, SURE).engine == "front_office"


def test_another_districts_model_is_refused_here(trained: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        training.retrain(oak.district.id, now=NOW)
        theirs = TrainedModel.objects.get()
    TrainedModel.objects.update(blob=theirs.blob, digest=theirs.digest)
    with pytest.raises(classifier.Refused):
        classifier.active()


@pytest.mark.parametrize("blob", [b"", b"FDC1" + b"x" * 32, b"FDC1" + b"x" * 32 + b"PK\x03\x04nonsense", b"\x80\x04K\x01."])
def test_what_is_no_model_is_refused(blob: bytes) -> None:
    with pytest.raises(classifier.Refused):
        classifier.unpack(blob)


def test_a_model_says_the_same_when_it_was_kept(here: Cast) -> None:
    fitted = fit(catalog_examples())
    assert fitted is not None
    model = fitted.mixed(1)
    kept = classifier.unpack(classifier.pack(model, b"x" * 32))
    assert kept.labels == model.labels
    for text in (SURE, "where is the bus", "", "¿?", "plumbus"):
        assert kept.scores(text) == pytest.approx(model.scores(text), abs=0.01)


# --- words, places, urgency ---------------------------------------------------------------------------------------------


def test_text_is_folded_for_comparison() -> None:
    assert fold("  Don’t USE the BAÑO_2!\n") == "dont use the bano 2"
    assert contains(fold("Late BUS again"), "bus again")
    assert not contains("abuse", "bus")
    assert not contains("anything", " ")


def test_a_subject_that_repeats_the_message_is_not_read_twice() -> None:
    assert whole_text("the bus is…", ["the bus is late again"]) == "the bus is late again"
    assert whole_text("Bus", ["It is late."]).count("Bus") == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("projector at Maple Ridge rm 4", "MRE"),
        ("the bus for Maple was late", "MRE"),
        ("MAPLE RIDGE ELEMENTARY's gym", "MRE"),
        ("the bus didn't come to Maple and 5th again", None),
        ("corner of Maple, by the church", None),
        ("12 Maple Ridge Rd", None),
        ("Mr. Maple is absent", None),
        ("on Maple St near Linden", "LIN"),
        ("Maplewood apartments", None),
        ("the trail, then Linden", "LIN"),
        ("i was late", None),
        ("i am at WAS today", "WAS"),
        ("the warehouse, for Linden", "LIN"),
    ],
)
def test_a_site_is_found_and_a_street_of_its_name_is_not(here: Cast, text: str, code: str | None) -> None:
    Site.objects.create(code="LIN", name="Linden Elementary", aliases=["Linden"])
    Site.objects.create(code="WAS", name="Washington Elementary", aliases=["Washington"])
    Site.objects.create(code="WHS", name="Central Warehouse", aliases=["the warehouse"], is_school=False)
    found = whereabouts.site_in(text, list(Site.objects.all()))
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("Doc cam fuzzy, rm 11", "11"),
        ("el proyector del salón 6", "6"),
        ("Lab 2 cannot sign in", "Lab 2"),
        ("wasps over p2 door", "P2"),
        ("Maple Ridge 117, by the window", "117"),
        ("Maple Ridge at 8:20", ""),
        ("Maple Ridge 30 kids waiting", ""),
        ("the Maple Ridge library", "library"),
    ],
)
def test_rooms(here: Cast, text: str, room: str) -> None:
    assert whereabouts.room_in(text, here.maple) == room


def test_asset_tags_follow_the_catalog_where_it_shows_one() -> None:
    known = whereabouts.tag_prefixes(["The sticker says CV-######.", "Tags look like DEV-204517."])
    assert known == {"CV", "DEV"}
    assert whereabouts.tag_in("PO-123456 is for cv 204517", known) == "CV-204517"
    assert whereabouts.tag_in("invoice INV-20981, laptop CV204517") == "CV-204517"
    assert whereabouts.tag_in("call 360-555-0100") == ""


@pytest.mark.parametrize(
    ("priority", "text", "raised"),
    [
        (3, "please fix it asap", 2),
        (4, "es urgente", 3),
        (2, "urgent! right now!", 2),
        (3, "this is not urgent", 3),
        (3, "new emergency contact form", 3),
        (3, "there is smoke in the hallway", 1),
        (3, "smoke detector batteries", 3),
        (2, "I cannot find my child", 1),
        (1, "whatever", 1),
    ],
)
def test_urgency_is_raised_sparingly(priority: int, text: str, raised: int) -> None:
    assert urgency.raised(priority, fold(text)) == raised


def test_a_short_text_keeps_to_two_segments_and_to_three_with_accents() -> None:
    full, less = "#1002: Educación contestará mañana… " + "x" * 290, "#1002: Educación contestará"
    assert short_text.fit(full, less) == less, "an accent is spelling"
    assert short_text.fit("#1002: “Señor” – sí, á " + "x" * 170, less).startswith("#1002: “Señor”"), "a part more, and no word less"
    assert short_text.fit("короткий", less) == "короткий"
    assert short_text.fit("x" * 307, "y" * 306) == "y" * 306
    assert short_text.fit(full) == full


def test_segments_are_counted_as_carriers_do() -> None:
    assert [short_text.segments("a" * n) for n in (0, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [short_text.segments("я" * n) for n in (70, 71, 134, 135)] == [1, 2, 2, 3]
    assert short_text.segments("€" * 81) == 2


# --- speed and the measuring command ------------------------------------------------------------------------------------


def test_predicting_is_quick(trained: Cast) -> None:
    model = classifier.active()
    assert model is not None
    text = " ".join([SURE, "and the quick brown fox of room twelve"] * 30)
    model.scores(text)
    assert min(timeit.repeat(lambda: model.scores(text), number=10, repeat=5)) / 10 < 0.02


def test_the_measuring_command_reads_labelled_requests(here: Cast, tmp_path: Any, capsys: Any) -> None:
    label: dict[str, Any] = {
        "service": "password-reset", "team": "technology", "acceptable_teams": [], "urgency": "normal", "site": None, "room": None,
        "asset_tag": None, "crisis": False,
    }  # fmt: skip
    row = f'{{"channel": "chat", "persona": "teacher", "language": "en", "subject": null, "body": "{SURE}", "labels": %s}}'
    (tmp_path / "set.jsonl").write_text(row % json.dumps(label) + "\n")
    call_command("triage_accuracy", tmp_path / "set.jsonl", "--district", here.district.slug, "--json")
    figures = json.loads(capsys.readouterr().out)
    assert figures["team right"] == figures["service right"] == 1.0
    assert figures["engines"] == {"classifier": 1}
    assert not TrainedModel.objects.exists()


def test_a_ticket_that_says_where_keeps_it(trained: Cast) -> None:
    other = Site.objects.create(code="LIN", name="Linden Elementary", aliases=["Linden"])
    text = "the bus to Maple Ridge is late"
    ticket = a_ticket(trained, text=text, site=other)
    assert triage.decide(ticket, text, now=NOW + timedelta(minutes=1)).site == other
    assert tickets.can_reopen(ticket, now=NOW)

"""The pages of alerts: written, looked at, sent by a word, watched, called by hand, mended, tested; and who may."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts import actions, forms, mending
from alerts.audience import Audience
from alerts.models import Alert, AlertAct, AlertPolicy, AlertRecipient, AlertTemplate, BadContact, PhoneCall
from alerts.policies import policy_here
from delivery.models import Delivery
from districts.models import ContactPoint, Person, Site
from districts.queries import forget_calendar, forget_districts
from ownership.models import OwnerRole
from tests.alerting import WORDS, delivered, families, letters, sent, watched, written
from tests.conftest import NOW, Cast, sign_in, visitor

FILLED = {
    "title": "Lockdown at Maple", "kind": "emergency", "kinds": ["family"], "channels": ["sms", "email"],
    **{f"{code}_{part}": value for code, parts in WORDS.items() for part, value in parts.items()},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_districts()


@pytest.fixture
def lee(here: Cast) -> Client:
    return sign_in(here.lee, here.district)


def page(client: Client, name: str, *args: Any, **query: Any) -> Any:
    return client.get(reverse(name, args=args), query)


def post(client: Client, name: str, *args: Any, **data: Any) -> Any:
    return client.post(reverse(name, args=args), data)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def composed(client: Client, **more: Any) -> Alert:
    response = post(client, "alert_from", "lockdown", **{**FILLED, **more})
    assert response.status_code == 302, response.context and response.context["form"].errors
    return Alert.objects.latest("made_at")


# --- who may ------------------------------------------------------------------------------------------------------------


def test_who_works_here_makes_calls_and_sends_none(here: Cast) -> None:
    families(1)
    alert = sent(here.lee)
    alice = sign_in(here.alice, here.district)
    for name, *args in [("alerts",), ("alert_new",), ("alert_count",), ("alert", alert.id), ("alert_edit", alert.id), ("alert_tests",)]:
        assert page(alice, str(name), *args).status_code == 403, name
    for name in ("alert_send", "alert_ask", "alert_discard", "alert_sign", "alert_end", "alert_tree"):
        assert post(alice, name, alert.id, word="SEND", note="a note").status_code == 403, name
    assert page(alice, "setup_alerts").status_code == 403
    for name in ("alert_calls", "alert_contacts"):
        assert page(alice, name).status_code == 200


def test_a_lead_looks_and_does_not_touch(here: Cast) -> None:
    families(1)
    alert, draft = sent(here.lee), written(here.lee)
    lena = sign_in(here.lena, here.district)
    assert page(lena, "alert", alert.id).status_code == 200
    assert "Sign the report" not in text_of(page(lena, "alert", alert.id))
    assert 'name="word"' not in text_of(page(lena, "alert", draft.id))
    assert post(lena, "alert_send", draft.id, word="SEND").status_code == 403


def test_whoever_answers_for_alerts_may_send_them(here: Cast) -> None:
    policy = policy_here()
    policy.owner_role = OwnerRole.objects.create(slug="safety", name="Safety Coordinator", holder=here.olive)
    policy.save()
    assert page(sign_in(here.olive, here.district), "alerts").status_code == 200


def test_an_alert_of_another_district_is_not_there(here: Cast, oak: Cast) -> None:
    alert = written(here.lee)
    carla = sign_in(oak.carla, oak.district)
    assert page(carla, "alert", alert.id).status_code == 404
    assert post(carla, "alert_send", alert.id, word="SEND").status_code == 404
    assert page(visitor(here.district), "alert", alert.id).status_code == 302


# --- written and sent ---------------------------------------------------------------------------------------------------


def test_three_taps_from_the_desk_to_words_that_can_be_sent(here: Cast, lee: Client) -> None:
    families(2)
    assert reverse("alerts") in lee.get("/desk/").content.decode()
    first = text_of(page(lee, "alerts"))
    assert reverse("alert_from", args=["lockdown"]) in first
    assert {row.slug for row in AlertTemplate.objects.all()} == {"lockdown", "bus-late", "early-closing", "water", "test"}
    second = text_of(page(lee, "alert_from", "lockdown"))
    assert "3 people" in second
    assert "Cierre de seguridad" in second
    alert = composed(lee)
    third = text_of(page(lee, "alert", alert.id))
    assert "This is real." in third
    assert "Send to 3 people" in third
    assert "1 part of a text message" in third
    assert WORDS["es"]["text"] in third


def test_it_leaves_by_the_number_of_its_people_and_by_nothing_else(here: Cast, lee: Client) -> None:
    families(2)
    alert = composed(lee)
    seen = page(lee, "alert", alert.id).context["seen"]
    for typed in ("yes", "SEND", "", "2", "30"):
        wrong = post(lee, "alert_send", alert.id, word=typed, seen=seen)
        assert wrong.status_code == 422
        assert "Type how many people it is for. Just now these are 3." in text_of(wrong)
    assert alert.refresh().is_draft
    for _ in range(2):
        assert post(lee, "alert_send", alert.id, word=" 3 ", seen=seen).status_code == 302
    assert alert.refresh().state == Alert.State.SENDING
    assert AlertAct.objects.filter(alert=alert, kind="started").count() == 1


def test_a_number_may_be_written_as_people_write_it(here: Cast) -> None:
    for typed in ("10000", "10,000", "10.000", "10 000", "10’000", "10\u00a0000"):
        assert forms.ConfirmForm({"word": typed}, people=10_000, test=False).is_valid(), typed
    for typed in ("1000", "10,00O", "-10000", "TEST"):
        assert not forms.ConfirmForm({"word": typed}, people=10_000, test=False).is_valid(), typed


def test_the_audience_that_grew_meanwhile_is_counted_again(here: Cast, lee: Client) -> None:
    families(2)
    alert = composed(lee)
    seen = page(lee, "alert", alert.id).context["seen"]
    families(1, first=7)
    wrong = post(lee, "alert_send", alert.id, word="3", seen=seen)
    assert wrong.status_code == 422
    assert "Just now these are 4." in text_of(wrong)


def test_the_buttons_of_a_test_and_of_something_real_send_nothing_of_the_other(here: Cast, lee: Client) -> None:
    real, test = composed(lee), composed(lee, kind="test")
    shown = text_of(page(lee, "alert", test.id))
    assert "This is a test." in shown
    assert "TEST: Lockdown at Maple. Stay away." in shown
    assert reverse("alert_send_test", args=[test.id]) in shown
    assert reverse("alert_send", args=[test.id]) + '"' not in shown
    for name, alert, said in (("alert_send_test", real, "This is real"), ("alert_send", test, "This is a test: only")):
        seen = page(lee, "alert", alert.id).context["seen"]
        for word in ("TEST", "1"):
            response = post(lee, name, alert.id, word=word, seen=seen)
            assert response.status_code == 422
            assert said in text_of(response)
        assert alert.refresh().is_draft
    seen = page(lee, "alert", test.id).context["seen"]
    assert post(lee, "alert_send_test", test.id, word="1", seen=seen).status_code == 422, "another word than of something real"
    assert post(lee, "alert_send_test", test.id, word=" test ", seen=seen).status_code == 302


def test_a_test_stays_a_test_and_something_real_stays_real(here: Cast, lee: Client) -> None:
    real, test = composed(lee), composed(lee, kind="test")
    for alert, other in ((real, "test"), (test, "emergency")):
        assert post(lee, "alert_edit", alert.id, **{**FILLED, "kind": other}).status_code == 422
        before = alert.kind
        said = {"kind": other, "title": "T", "words": WORDS, "audience": _audience(), "now": NOW}
        assert not actions.change(alert, by=here.lee, **said)
        assert alert.refresh().kind == before
    response = post(lee, "alert_from", "test", **FILLED)
    assert response.status_code == 422, "the words of the monthly test make no emergency"
    assert post(lee, "alert_from", "test", **{**FILLED, "kind": "test"}).status_code == 302


def test_pressed_twice_while_writing_it_is_one_draft(here: Cast, lee: Client) -> None:
    draft = page(lee, "alert_from", "lockdown").context["draft"]
    for title in ("Lockdown at Maple", "Lockdown at Maple again"):
        composed(lee, draft=draft, title=title)
    assert [alert.title for alert in Alert.objects.all()] == ["Lockdown at Maple"]
    assert AlertAct.objects.filter(kind="written").count() == 1


def test_words_that_name_a_school_and_go_to_all_of_them_are_pointed_at(here: Cast, lee: Client) -> None:
    named = {"en_text": "Lockdown at Maple Ridge Elementary.", "es_text": "Cierre en Maple Ridge Elementary."}
    everywhere, there = composed(lee, **named), composed(lee, **named, sites=[str(here.maple.id)])
    said = "It names Maple Ridge Elementary, and goes to: Families · everywhere. Is that right?"
    assert said in text_of(page(lee, "alert", everywhere.id))
    assert "It names" not in text_of(page(lee, "alert", there.id))


def test_an_audience_of_nobody_does_not_leave(here: Cast, lee: Client) -> None:
    alert = composed(lee, kinds=["community"])
    seen = page(lee, "alert", alert.id).context["seen"]
    response = post(lee, "alert_send", alert.id, word="0", seen=seen)
    assert response.status_code == 422
    assert "nobody is in it" in text_of(response)


def test_what_was_changed_while_one_read_it_is_shown_first(here: Cast, lee: Client) -> None:
    alert = composed(lee)
    seen = page(lee, "alert", alert.id).context["seen"]
    post(sign_in(here.ada, here.district), "alert_edit", alert.id, **{**FILLED, "en_text": "Other words"})
    response = post(lee, "alert_send", alert.id, word="1", seen=seen)
    assert response.status_code == 422
    assert "Somebody changed it" in text_of(response)
    assert "Other words" in text_of(response)
    assert alert.refresh().is_draft


def test_brackets_are_named_and_keep_it_here(here: Cast, lee: Client) -> None:
    alert = composed(lee, en_text="Lockdown at [school]")
    shown = page(lee, "alert", alert.id)
    assert "Still to be filled in: [school]" in text_of(shown)
    response = post(lee, "alert_send", alert.id, word="1", seen=shown.context["seen"])
    assert response.status_code == 422
    assert alert.refresh().is_draft


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"en_text": "", "es_text": "", "en_mail": "", "es_mail": ""}, "Write at least one text message."),
        ({"en_text": ""}, "The text message is missing"),
        ({"title": ""}, "This field is required."),
        ({"sites": ["01890000-0000-7000-8000-000000000000"]}, "Select a valid choice."),
        ({"kinds": ["everyone"]}, "Select a valid choice."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_saved(here: Cast, lee: Client, more: dict[str, Any], said: str) -> None:
    response = post(lee, "alert_new", **{**FILLED, **more})
    assert response.status_code == 422
    assert said in text_of(response)
    assert not Alert.objects.exists()


def test_the_count_follows_the_choice_while_one_chooses(here: Cast, lee: Client) -> None:
    families(2, site=here.maple)
    said = page(lee, "alert_count", kinds=["family"], sites=[str(here.maple.id)], channels=["sms"])
    assert "<strong>2 people</strong>" in text_of(said)
    assert "2 texts" in text_of(said)
    assert "mails" not in text_of(said)
    assert "<html" not in text_of(said)
    assert "0 people" in text_of(page(lee, "alert_count", kinds=["nonsense"]))


def test_a_second_leader_is_asked_and_sends(here: Cast, lee: Client) -> None:
    policy = policy_here()
    policy.second_person = True
    policy.save()
    alert = composed(lee)
    shown = page(lee, "alert", alert.id)
    assert 'name="word"' not in text_of(shown)
    assert post(lee, "alert_send", alert.id, word="1", seen=shown.context["seen"]).status_code == 422
    post(lee, "alert_ask", alert.id)
    notice = Delivery.objects.get(person=here.ada, channel="inapp")
    ada = sign_in(here.ada, here.district)
    shown = ada.get(notice.link)
    post(ada, "alert_send", alert.id, word="1", seen=shown.context["seen"])
    assert alert.refresh().approved_by == here.ada


def test_a_draft_is_put_away(here: Cast, lee: Client) -> None:
    alert = composed(lee)
    post(lee, "alert_discard", alert.id)
    assert alert.refresh().state == Alert.State.ENDED
    assert page(lee, "alert", alert.id).status_code == 200
    assert alert.title not in text_of(page(lee, "alerts"))


# --- while and after ----------------------------------------------------------------------------------------------------


def test_the_live_page_tells_reach_by_way_school_and_language(here: Cast, lee: Client) -> None:
    oak_street = Site.objects.create(code="OAK", name="Oak Street Middle")
    there, _other = families(4, site=here.maple), families(4, site=oak_street, first=10, language="es")
    alert = sent(here.lee)
    delivered(letters(alert, "sms", there), at=NOW)
    watched(alert, now=NOW + timedelta(minutes=15))
    shown = text_of(page(lee, "alert", alert.id))
    assert "44.4 %" in shown
    assert "4 of 9 people reached" in shown
    for name in ("Oak Street Middle", "Maple Ridge Elementary", "Phone tree: 4 calls to make", "Within 15 minutes: 4 of 9."):
        assert name in shown
    part = lee.get(reverse("alert", args=[alert.id]), {"part": "live"}, headers={"HX-Request": "true"})
    assert text_of(part).startswith('<div id="live"')


def test_a_report_is_signed_with_a_note(here: Cast, lee: Client) -> None:
    families(1)
    alert = sent(here.lee)
    assert post(lee, "alert_sign", alert.id, note=" ").status_code == 422
    post(lee, "alert_sign", alert.id, note="Every school called.")
    shown = text_of(page(lee, "alert", alert.id))
    assert "Signed by Lee" in shown
    assert "Every school called." in shown
    post(lee, "alert_end", alert.id)
    assert alert.refresh().state == Alert.State.ENDED


def test_a_call_is_made_on_a_telephone_by_two_taps(here: Cast, lee: Client) -> None:
    (one,) = families(1)
    alert = sent(here.lee)
    post(lee, "alert_tree", alert.id)
    call = PhoneCall.objects.get()
    alice = sign_in(here.alice, here.district)
    shown = text_of(page(alice, "alert_calls"))
    assert "You have none. 1 call of others is open" in shown
    shown = text_of(page(alice, "alert_calls", whose="all"))
    assert f'href="tel:{call.number}"' in shown
    assert "(509) 555-0000" in shown
    assert WORDS["en"]["text"] in shown
    post(alice, "alert_take", call.id)
    post(alice, "alert_called", call.id, outcome="voicemail")
    assert "called 1 time, last: Voicemail" in text_of(page(alice, "alert_calls"))
    post(alice, "alert_called", call.id, outcome="nonsense")
    assert call.refresh().tries == 1
    post(alice, "alert_called", call.id, outcome="reached")
    assert "Nobody is to be called" in text_of(page(alice, "alert_calls"))
    assert AlertRecipient.objects.get(alert=alert, person=one).channel == "call"
    assert "Alice called Family 00000" in text_of(page(lee, "alert", alert.id))


def test_who_is_reached_meanwhile_is_not_called(here: Cast, lee: Client) -> None:
    (one,) = families(1)
    alert = watched(sent(here.lee), now=NOW + timedelta(minutes=15))
    delivered(letters(alert, "sms", [one]), at=NOW + timedelta(minutes=16))
    watched(alert, now=NOW + timedelta(minutes=17))
    assert "Nobody is to be called" in text_of(page(lee, "alert_calls", whose="all"))


def test_addresses_are_mended_and_what_is_overdue_is_said(here: Cast) -> None:
    (one,) = families(1)
    found = [mending.Bad(one, "email", "family0@example.org", "bounced"), mending.Bad(one, "call", "+15095550000", "wrong number")]
    mending.queue(found, alert=None, now=timezone.now() - timedelta(days=14))
    alice = sign_in(here.alice, here.district)
    shown = text_of(page(alice, "alert_contacts", whose="all"))
    assert "2 addresses to mend, 2 overdue" in shown
    assert "Mail came back: there is no such mailbox" in shown
    mail, number = BadContact.objects.get(channel="email"), BadContact.objects.get(channel="call")
    wrong = post(alice, "alert_mend", number.id, what="mend", address="12", whose="all")
    assert wrong.status_code == 422
    assert "This is no phone number." in text_of(wrong)
    post(alice, "alert_mend", number.id, what="mend", address="(509) 555-0177", whose="all")
    post(alice, "alert_mend", mail.id, what="nobody")
    assert ContactPoint.objects.filter(person=one, value="+15095550177").exists()
    assert "No address is to be mended" in text_of(page(alice, "alert_contacts", whose="all"))
    assert "Done in two weeks" in text_of(page(alice, "alert_contacts"))


def test_results_of_tests_by_school(here: Cast, lee: Client) -> None:
    people = families(4, site=here.maple)
    alert = sent(here.lee, kind="test")
    delivered(letters(alert, "sms", people[:3]), at=NOW)
    watched(alert, now=NOW)
    shown = text_of(page(lee, "alert_tests"))
    assert "75.0 %" in shown
    assert "The last test reached 60.0 of 100 people" in shown


# --- set-up -------------------------------------------------------------------------------------------------------------

TERMS = "99.5 % delivered within 10 minutes, validated within 20"
POLICY = {"terms": TERMS, "channels": ["sms", "email"], "test_on": "on", "test_day": 14, "test_time": "10:00"}


def test_a_district_sets_its_promise_and_its_test(here: Cast) -> None:
    forget_calendar(here.district.id)
    ada = sign_in(here.ada, here.district)
    assert "95 % delivered within 15 minutes, validated within 30 minutes" in text_of(page(ada, "setup_alerts"))
    assert post(ada, "setup_alerts", **POLICY).status_code == 302
    policy = AlertPolicy.objects.get()
    assert policy.terms == "99.5 % delivered within 10 minutes, validated within 20 minutes", "as the grammar prints it back"
    assert policy.test_at is not None
    assert "99.5 % delivered within 10 minutes, the report checked within 20 minutes" in text_of(page(ada, "setup_alerts"))
    drafted = actions.draft(None, by=here.ada, kind="test", title="T", words=WORDS, audience=_audience(), now=NOW)
    assert drafted.terms == policy.terms
    post(ada, "setup_alerts", **{**POLICY, "terms": "50 % delivered within 1 hour"})
    assert drafted.refresh().terms == policy.terms, "a promise that was made is not made smaller afterwards"


def _audience() -> Any:
    return Audience()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"terms": "101 % delivered within 15 minutes"}, "a share between 0 and 100 %"),
        ({"terms": "95 % delivered by and by"}, "Not understood from “by and by” on"),
        ({"terms": ""}, "Say how many are reached by when."),
        ({"terms": "within 15 minutes"}, "No promise of an alert: a share of people by a time"),
        ({"terms": "95 % delivered within 15 minutes on school days"}, "one promise for every day"),
        ({"terms": "95 % delivered within 15 minutes, within 4 business hours"}, "one promise for every day"),
        ({"terms": "95 % delivered within 30 minutes, validated within 15"}, "before the time to reach people is up"),
        ({"test_day": 31}, "less than or equal to 28"),
        ({"test_time": "soon"}, "Enter a valid time."),
    ],
)
def test_a_promise_that_cannot_be_is_refused(here: Cast, wrong: dict[str, Any], said: str) -> None:
    response = post(sign_in(here.ada, here.district), "setup_alerts", **{**POLICY, **wrong})
    assert response.status_code == 422
    assert said in text_of(response)
    assert AlertPolicy.objects.get().terms == "95 % delivered within 15 minutes, validated within 30 minutes"


def test_a_promise_is_put_together_by_the_builder_of_all_promises(here: Cast) -> None:
    forget_calendar(here.district.id)
    ada = sign_in(here.ada, here.district)
    assert f"{reverse('setup_promise_build')}?kind=reach&amp;back=/setup/alerts/" in text_of(page(ada, "setup_alerts"))
    chosen = {"kind": "reach", "built": "1", "percent": "97", "what": "delivered", "number": "12", "validated": "25"}
    built = text_of(page(ada, "setup_promise_build", **chosen, back="/setup/alerts/"))
    words = "97%20%25%20delivered%20within%2012%20minutes%2C%20validated%20within%2025%20minutes"
    assert f'href="/setup/alerts/?terms={words}"' in built
    assert "Promise this from now on for" not in built
    shown = text_of(ada.get(f"/setup/alerts/?terms={words}"))
    assert 'value="97 % delivered within 12 minutes, validated within 25 minutes"' in shown
    assert "not saved yet" in shown
    assert AlertPolicy.objects.get().terms.startswith("95 %")
    for elsewhere in ("https://elsewhere.example/setup/", "//elsewhere.example", "/desk/"):
        assert "Use it there" not in text_of(page(ada, "setup_promise_build", **chosen, back=elsewhere)), elsewhere


def test_a_district_has_words_of_its_own(here: Cast) -> None:
    ada = sign_in(here.ada, here.district)
    page(ada, "setup_alerts")
    said = {"title": "Shelter", "active": "on", "en_text": "Shelter at [school].", "en_subject": "Shelter"}
    assert post(ada, "setup_alert_words", "lockdown", **said).status_code == 302
    template = AlertTemplate.objects.get(slug="lockdown")
    assert (template.name, template.words["en"]["text"], "es" in template.words) == ("Shelter", "Shelter at [school].", False)
    post(ada, "setup_alert_words", "water", title="Water", en_text="No water")
    assert "No drinking water" not in text_of(page(ada, "alerts"))


def test_people_of_no_school_and_long_names_are_shown(here: Cast, lee: Client) -> None:
    site = Site.objects.create(code="LONG", name="The " + "Very " * 15 + "Long School")
    Person.objects.create(name="N" * 190, kind="family", site=site)
    alert = watched(sent(here.lee), now=NOW + timedelta(minutes=15))
    assert page(lee, "alert", alert.id).status_code == 200
    assert BadContact.objects.filter(address="").count() == 1 + Person.objects.filter(name="Pat Parent").count()

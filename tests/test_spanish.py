"""Parents read Spanish from the first day: the catalog is whole, and page, letter and text speak it."""

import ast
import gettext
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import allauth
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from django.utils.translation.template import templatize

from delivery.models import Delivery
from districts.models import Account
from knowledge.models import Article
from routing.acknowledgement import acknowledge, letter_of
from routing.short_text import fits
from sla import actions as sla
from sla.terms import parse
from sla.words import when
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tests.test_calendar import PACIFIC, at
from tests.test_house import sources
from tests.texting import a_line
from tests.texting import text as texted
from tickets import actions as tickets
from tickets.models import Ticket

ROOT = Path(settings.ROOT)
OURS, THEIRS = ROOT / "locale" / "es" / "LC_MESSAGES", ROOT / "locale" / "allauth" / "es" / "LC_MESSAGES"
ONE, MANY, IN_CONTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop"}, {"ngettext", "ngettext_lazy"}, {"pgettext", "pgettext_lazy"}
HOLE = re.compile(r"%(?:\(\w+\))?[sd%]")
TAG = re.compile(r"</?\w+[^>]*>")
THE_SAME = {  # in both languages
    "Normal", "No", "API", "Chat", "%(kind)s", "%(name)s, %(team)s", "%(n)d h", "%(n)d min", "#%(number)s (%(subject)s)",
    "Google Workspace", "Microsoft 365", "OAuth 2.0", "STARTTLS (143)", "no", "%(n)d.", "%(n)s %%", "%(name)s: %(outcome)s.",
    "%(name)s: %(why)s", "%(weekday)s, %(date)s, %(time)s", "%(what)s: %(then)s", "%(what)s: %(which)s", "%(day)s: %(what)s. %(hours)s",
    "%(seconds)s s", "Tokens", "%(name)s, %(day)s", "“%(feed)s”, %(time)s: %(outcome)s.", "%(n)s min", "CSV", "%(said)s: %(told)s.",
}  # fmt: skip
CALLS = re.compile(r"""\b(n?p?gettext|_)\(\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(?:,\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))?""")

type Key = str  # the msgid; its context before it, as gettext has it: "context\x04msgid"
type Words = tuple[str, ...]  # one, or each plural


# --- the catalog, read without gettext's tools -------------------------------------------------------------------------


def entries(folder: Path) -> Iterator[tuple[set[str], Key, str, Words]]:
    """(flags, key, plural or nothing, translations) of the .po, obsolete ones not."""
    for block in (folder / "django.po").read_text().split("\n\n"):
        flags = {flag.strip() for line in block.splitlines() if line.startswith("#,") for flag in line[2:].split(",")}
        parts: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            keyword = re.match(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) "', line)
            name = keyword[1] if keyword else name
            if keyword or line.startswith('"'):
                parts[name] = parts.get(name, "") + ast.literal_eval(line[line.index('"') :])
        if parts.get("msgid"):
            context = f"{parts['msgctxt']}\x04" if "msgctxt" in parts else ""
            said = tuple(value for name, value in parts.items() if name.startswith("msgstr"))
            yield flags, context + parts["msgid"], parts.get("msgid_plural", ""), said


def compiled(folder: Path) -> dict[Key, Words]:
    with (folder / "django.mo").open("rb") as file:
        catalog: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    found: dict[Key, dict[int, str]] = {}
    for key, said in catalog.items():
        msgid, number = key if isinstance(key, tuple) else (key, 0)
        found.setdefault(msgid, {})[number] = said
    found.pop("")
    return {msgid: tuple(said[n] for n in sorted(said)) for msgid, said in found.items()}


def of_python(path: Path) -> Iterator[Key]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in ONE | MANY and given:
            yield given[0]
        elif name in IN_CONTEXT:
            yield "\x04".join(given[:2])


def of_template(path: Path) -> Iterator[Key]:
    for call, first, second in CALLS.findall(templatize(path.read_text(), origin=str(path))):
        words = ast.literal_eval(first)
        yield f"{words}\x04{ast.literal_eval(second)}" if "p" in call else words


def said_in_the_code() -> set[Key]:
    found = {key for path in sources() for key in of_python(path)}
    for path in (ROOT / "templates").rglob("*.*"):
        found.update(of_template(path))
    return found


def test_the_code_and_the_catalog_say_the_same() -> None:
    """`make messages` was run after the last change of a word, and every new one is translated."""
    code, catalog = said_in_the_code(), {key for _flags, key, _plural, _said in entries(OURS)}
    assert len(code) > 800
    assert code - catalog == set(), "not in the catalog: run `make messages` (an f-string hides its words from gettext), then translate"
    assert catalog - code == set(), "nobody says this any more: run `make messages`"


@pytest.mark.parametrize("folder", [OURS, THEIRS], ids=["ours", "allauth"])
def test_every_word_is_translated_and_compiled(folder: Path) -> None:
    """Nothing empty, nothing guessed; and what runs is what was written: no machine needs gettext to have it."""
    written = list(entries(folder))
    assert [key for flags, key, _plural, said in written if "fuzzy" in flags or not all(said)] == []
    assert compiled(folder) == {key: said for _flags, key, _plural, said in written}, "compile it: `make messages`"
    assert [key for _flags, key, plural, said in written if len(said) != (2 if plural else 1)] == []


@pytest.mark.parametrize("folder", [OURS, THEIRS], ids=["ours", "allauth"])
def test_a_translation_has_the_same_holes_and_marks(folder: Path) -> None:
    wrong = []
    for _flags, key, plural, said in entries(folder):
        msgid = key.split("\x04")[-1]
        for n, words in enumerate(said):
            source = plural if n else msgid
            same = all(sorted(what.findall(source)) == sorted(what.findall(words)) for what in (HOLE, TAG))
            if not same or source.count("\n") != words.count("\n") or (source != source.strip()) != (words != words.strip()):
                wrong.append((source, words))
    assert wrong == []


def test_what_is_not_translated_is_meant_so() -> None:
    assert {key for _flags, key, _plural, said in entries(OURS) if said[0] == key} == THE_SAME


def test_words_for_a_package_are_words_it_says() -> None:
    path = Path(allauth.__file__).parent / "locale" / "es" / "LC_MESSAGES" / "django.mo"
    theirs = compiled(path.parent)
    assert [key for _flags, key, _plural, _said in entries(THEIRS) if key not in theirs] == []


def test_the_reader_is_addressed_as_usted() -> None:
    familiar = re.compile(r"\b(tú|tu|tus|tienes|puedes|quieres|haz|escríbenos|contigo|vuestr\w+)\b", re.IGNORECASE)
    said = [words for folder in (OURS, THEIRS) for _flags, _key, _plural, translated in entries(folder) for words in translated]
    assert [words for words in said if familiar.search(words)] == []


# --- times -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-04T16:30", "a más tardar hoy, 4:30 p.m."),
        ("2026-11-05T10:30", "a más tardar mañana, jueves, 10:30 a.m."),
        ("2026-11-06T07:30", "a más tardar el viernes, 7:30 a.m."),
        ("2026-11-12T12:00", "a más tardar el jueves, 12 de noviembre, 12:00 p.m."),
        ("2027-01-05T00:05", "a más tardar el martes, 5 de enero de 2027, 12:05 a.m."),
    ],
)
def test_when(moment: str, said: str) -> None:
    with override("es"):
        assert when(at(moment), now=at("2026-11-04T09:00"), zone=PACIFIC).replace("\xa0", " ") == said


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("within 4 business hours", "En un plazo de 4 horas hábiles."),
        ("within 1 school day", "En un plazo de 1 día escolar."),
        ("daily by 4 PM", "Todos los días escolares con hora límite 4:00 p.m."),
        ("checks at 10 AM and 3 PM", "Todos los días escolares con revisión: 10:00 a.m. y 3:00 p.m."),
        ("every Wednesday by 1 PM", "Cada miércoles con hora límite 1:00 p.m."),
        ("48-hour notice", "Al menos 48 horas antes de que empiece."),
        ("within 1 hour on school days", "En los días escolares: en un plazo de 1 hora, de día y de noche."),
    ],
)
def test_a_promise(terms: str, said: str) -> None:
    with override("es"):
        assert parse(terms).sentence().replace("\xa0", " ") == said


# --- pages -------------------------------------------------------------------------------------------------------------


def reader(here: Cast, who: str = "") -> Client:
    browser = sign_in(getattr(here, who), here.district) if who else Client(HTTP_HOST=here.district.host)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "es-US,es;q=0.9"
    return browser


def english() -> list[str]:
    """Sentences of ours that must not stand on a Spanish page."""
    return [
        key for _f, key, _p, said in entries(OURS) if key not in said and "%" not in key and "\x04" not in key and len(key.split()) > 2
    ]


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#x27;", "'").replace("&quot;", '"').split())


def spanish(response: Any, *, status: int = 200) -> str:
    html: str = response.content.decode()
    assert response.status_code == status, html[:2000]
    assert '<html lang="es"' in html
    assert [sentence for sentence in english() if sentence in words_of(html)] == []
    assert ".." not in words_of(html).replace("...", "")
    return words_of(html)


@pytest.fixture
def article(here: Cast) -> Article:
    made: Article = Article.objects.create(
        slug="precios", title="Precios del almuerzo", language="es", audience=["family"], published_at=timezone.now(),
        body="**Precios.** El almuerzo cuesta $3.65 en la secundaria.", review_by=timezone.localdate() + timedelta(days=90),
    )  # fmt: skip
    return made


@pytest.mark.django_db
def test_a_parent_asks_and_follows_up_in_spanish(here: Cast, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    browser = reader(here)
    assert "¿En qué podemos ayudarle?" in spanish(browser.get("/"))
    text = "El autobús no llegó a la parada de Maple y mi hijo está esperando"
    assert "Le responde una persona" in spanish(browser.post("/", {"step": "ask", "text": text}))
    sent = {"step": "send", "form_id": str(uuid.uuid4()), "text": text, "contact": "mamá"}
    refused = spanish(browser.post("/", sent), status=422)
    assert "Esto no parece un correo electrónico ni un número de teléfono." in refused
    answer = browser.post("/", {**sent, "contact": "rosa@familia.example"})
    assert answer.status_code == 303
    tracking = spanish(browser.get(answer["Location"]))
    ticket = Ticket.objects.get(token=answer["Location"].split("/")[2].split("?")[0])
    assert ticket.language == "es"
    assert f"Recibimos su solicitud. Su número es #{ticket.number}." in tracking
    assert re.search(r"hoy, \d{1,2}:\d\d [ap]\.m\.", tracking)
    here_is = f"/r/{ticket.token}"
    assert "Escriba unas palabras o agregue una foto." in spanish(browser.post(f"{here_is}/reply"), status=422)
    assert browser.post(f"{here_is}/solved").status_code == 303
    assert "Gracias. Está marcada como resuelta." in spanish(browser.get(f"{here_is}?said=solved"))


@pytest.mark.django_db
def test_danger_in_spanish(here: Cast) -> None:
    page = spanish(reader(here).post("/", {"step": "ask", "text": "mi hija quiere quitarse la vida"}))
    assert "¿Hay alguien en peligro ahora?" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/find", 200, "Ver cómo va mi solicitud"),
        ("/help/", 200, "Artículos de ayuda"),
        ("/help/?q=zzzz", 200, "Todavía no hay nada escrito sobre esto"),
        ("/help/precios/", 200, "Próxima revisión de este artículo: a más tardar el"),
        ("/nada", 404, "Esta página no está aquí"),
        ("/account/login/", 200, "¿Olvidó su contraseña?"),
        ("/account/login/code/", 200, "Enviarme un código para entrar"),
        ("/account/password/reset/", 200, "Restablecer la contraseña"),
        ("/account/signup/", 200, "Aquí no se crean cuentas."),
    ],
)
def test_pages_for_everybody(here: Cast, article: Article, path: str, status: int, says: str) -> None:
    assert says in spanish(reader(here).get(path), status=status)


@pytest.mark.django_db
def test_a_wrong_password_is_told_in_spanish(here: Cast) -> None:
    page = spanish(reader(here).post("/account/login/", {"login": "alice@cedar.localhost", "password": "nada"}))
    assert "El correo electrónico o la contraseña no son correctos." in page


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_in_spanish(here: Cast) -> None:
    browser = Client(HTTP_HOST=here.district.host, enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="es")
    assert "La página estuvo abierta demasiado tiempo" in spanish(browser.post("/", {"text": "hola"}), status=403)


@pytest.mark.django_db
def test_an_unknown_host_is_told_in_spanish(db: Any) -> None:
    answer = Client(HTTP_HOST="nowhere.localhost", HTTP_ACCEPT_LANGUAGE="es").get("/")
    assert "Ningún distrito escolar tiene esta dirección" in spanish(answer, status=404)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "path", "says"),
    [
        ("alice", "/desk/", "Todo lo que tiene su equipo; arriba, lo que vence primero."),
        ("alice", "/desk/?view=late", "Compromisos cuyo plazo ya pasó."),
        ("alice", "/desk/?q=zzz", "0 casos encontrados"),
        ("alice", "/desk/log/", "Registrar una llamada"),
        ("alice", "/notices/", "Avisos"),
        ("alice", "/today/", "Esta página es para otras personas"),
        ("alice", "/account/2fa/", "Verificación en dos pasos"),
        ("lee", "/today/", "Compromisos cumplidos"),
        ("lee", "/matrix/", "Todavía no hay ningún proceso anotado"),
        ("lee", "/matrix/steps/", "Nada le espera"),
        ("ada", "/notices/not-arrived/", "Todo lo que se envió se recibió."),
    ],
)
def test_pages_of_staff(here: Cast, who: str, path: str, says: str) -> None:
    assert says in spanish(reader(here, who).get(path), status=403 if "otras personas" in says else 200)


@pytest.mark.django_db
def test_a_ticket_at_the_desk(here: Cast) -> None:
    ticket = a_ticket(here, team=here.transportation, now=timezone.now() - timedelta(hours=3), language="es")
    sla.derive(ticket, now=timezone.now())
    tickets.assign(ticket, to=here.alice, by=here.lena, now=timezone.now())
    page = spanish(reader(here, "alice").get(f"/desk/{ticket.id}/"))
    assert "Lena lo asignó a Alice" in page
    assert "Quién lo tiene" in page
    assert "madre o padre" in page


# --- letters and texts ----------------------------------------------------------------------------------------------------


@pytest.fixture
def promised(here: Cast) -> Ticket:
    """Pat's, in Spanish, placed with Transportation and promised a first answer."""
    ticket = a_ticket(here, text="El autobús no llegó", team=here.transportation, service=here.bus_late, language="es")
    Ticket.objects.filter(id=ticket.id).update(placed_at=NOW)
    placed = Ticket.objects.select_related("team", "requester", "service").get(id=ticket.id)
    sla.derive(placed, now=NOW)
    return placed


@pytest.mark.django_db
def test_the_acknowledgement_of_a_spanish_request(here: Cast, promised: Ticket) -> None:
    """Whatever language is active where the worker runs."""
    acknowledge(promised, now=NOW)
    letter = Delivery.objects.get(about=promised.id, purpose="ack")
    assert letter.subject == f"Su solicitud #{promised.number}"
    assert f"Recibimos su solicitud. Su número es #{promised.number}." in letter.body
    assert re.search(r"Transportation tiene su solicitud y le responderá a más tardar [^\n]+, \d{1,2}:\d\d\xa0[ap]\.m\.\n", letter.body)
    assert "Para agregar algo, responda a este correo." in letter.body
    assert [sentence for sentence in english() if sentence in letter.body] == []


@pytest.mark.django_db
def test_the_text_message_fits_in_spanish(here: Cast, promised: Ticket) -> None:
    """With its accents: they may cost a part, and who answers by when is said all the same."""
    body = letter_of(promised, now=NOW, way=("sms", "+19165550144")).body
    assert body.startswith(f"#{promised.number}: Transportation tiene su solicitud y le responderá a más tardar")
    assert fits(body)


@pytest.mark.django_db
def test_a_reply_is_signed_in_the_requesters_language(here: Cast, promised: Ticket) -> None:
    tickets.reply(promised, by=here.alice, words=tickets.Words(text="Ya va en camino."), now=NOW)
    letter = Delivery.objects.get(about=promised.id, purpose="reply")
    assert letter.subject == f"Re: Su solicitud #{promised.number}"
    assert f"Su solicitud #{promised.number}: http" in letter.body


@pytest.mark.django_db
def test_ayuda_is_answered_in_spanish_and_help_as_the_number_is_known(here: Cast) -> None:
    line = a_line()
    texted(here, line, "AYUDA")
    assert "Responda STOP o ALTO para no recibir más mensajes." in Delivery.objects.get(purpose="help").body
    Delivery.objects.all().delete()
    texted(here, line, "HELP", sid="SM2", sender="+19165550155")
    assert "Reply STOP" in Delivery.objects.get(purpose="help").body


@pytest.mark.django_db
def test_the_links_come_in_the_persons_language(here: Cast, promised: Ticket) -> None:
    type(here.pat).objects.filter(id=here.pat.id).update(language="es")
    assert reader(here).post("/find", {"contact": "pat@cedar-family.example"}).status_code == 200
    letter = Delivery.objects.get(purpose="links")
    assert letter.subject == "Sus solicitudes"
    assert "3 de noviembre de 2026" in letter.body


@pytest.mark.django_db
def test_the_sign_in_code_comes_in_spanish(here: Cast) -> None:
    account = Account.objects.get(email=f"alice@{here.district.host}")
    reader(here).post("/account/login/code/", {"email": account.email})
    assert "Escriba este código en la ventana donde lo pidió." in Delivery.objects.get(purpose="sign-in").body

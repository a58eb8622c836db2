"""What is measured, one function each. Every one does the whole work of the product's own code, on its own data."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from statistics import median
from urllib.parse import urlencode

from django.utils import timezone
from twilio.request_validator import RequestValidator

from config.bench import alerts, doors, feeds, promises
from config.bench.bench import Bench, Result, browser, expect, page
from config.bench.data import Place, make
from config.bench.meter import ROUNDS
from config.demo.volume import Size
from delivery.lines import Account
from districts.models import ContactPoint, District, Person
from districts.scope import district_scope
from intake import actions as intake
from intake.models import Channel
from intake.phone import numbers
from intake.queries import mailbox
from intake.receiving import receive
from intake.standing import KEEP_SECONDS
from ownership.models import Feed, Process
from tickets.models import ChannelKind, Ticket

SMS_SECRET = "made-up-auth-token"
READ = 8  # rows of feeds for each late one


def web_intake(bench: Bench) -> Result:
    """POST of the filled-in form: envelope, ticket, message, event, clocks, acknowledgement."""
    place = bench.small()
    visit = browser(bench, place)
    form = expect(visit.request("GET", "/?text=the+bus+did+not+come"), 200).body.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    counter = iter(range(10**9))

    def once() -> None:
        n = next(counter)
        fields = {
            "csrfmiddlewaretoken": token[1] if token else "", "form_id": str(uuid.uuid4()), "step": "send",
            "text": f"the bus did not come to Maple and 5th again, number {n}", "contact": f"parent{n % 150}@mail.example",
        }  # fmt: skip
        expect(visit.request("POST", "/", urlencode(fields).encode(), "application/x-www-form-urlencoded"), 302, 303)

    for _ in range(20):
        once()
    before = _count(place.district)
    hellos = bench.meter.requests(once, bench.times(100))
    made = _count(place.district) - before
    return bench.judged("web_intake", hellos, "hellos", 12, f"{made} tickets made")


def mail_intake(bench: Bench) -> Result:
    hellos, detail = _mails(bench, bench.small())
    return bench.judged("mail_intake", hellos, "hellos", 16, detail)


def mail_intake_1m(bench: Bench) -> Result:
    """Flat: among a million tickets it costs what it costs among ten thousand."""
    hellos, detail = _mails(bench, bench.large())
    small, _detail = _mails(bench, bench.small())
    return bench.judged("mail_intake_1m", hellos, "hellos", round(small * 1.15, 1), f"{detail}; {small:.1f} at 10,000")


def _mails(bench: Bench, place: Place) -> tuple[float, str]:
    """A mail of 22 kB: the envelope written down, then received in batches."""
    counter = iter(range(10**9))
    batch = bench.times(100)
    written = [mail(n, place.district) for n in range((ROUNDS + 1) * batch)]

    def once() -> None:
        with district_scope(place.district.id):
            source = mailbox("help", place.district)
        if source is None:
            raise RuntimeError("the district has no mailbox")
        for _ in range(batch):
            raw = written[next(counter)]
            with district_scope(place.district.id):
                intake.accept(
                    source=source, channel=ChannelKind.EMAIL, external_id=f"{uuid.uuid4()}@mail.example", raw=raw,
                    meta={"sender": "parent@mail.example", "recipients": [f"help@{place.district.host}"]}, now=timezone.now(),
                )  # fmt: skip
        while receive.drain(place.district.id):
            pass

    once()
    before = _count(place.district)
    hellos = bench.meter.here(once, 1) / batch
    made = _count(place.district) - before
    if made != ROUNDS * batch:
        raise RuntimeError(f"{made} tickets of {ROUNDS * batch} mails")
    return hellos, f"{made} tickets made, {len(written[0]):,} bytes"


def sms_intake(bench: Bench) -> Result:
    """A text message: Twilio's signed form taken in, then received in batches. Each opens a ticket: of somebody on the roster, by
    their number, who has not written before."""
    place = bench.small()
    with district_scope(place.district.id):
        line = Channel.objects.create(kind=ChannelKind.SMS, address="+12025550100", name="Texts")
        numbers.belongs("+12025550100", account=Account("AC" + "0" * 32, SMS_SECRET), texts=True)
        _people_with_numbers(3 * (ROUNDS + 1) * bench.times(100))
    time.sleep(0 if bench.smoke else KEEP_SECONDS + 1)  # as of a number that has been there for a while
    visit, counter, batch = browser(bench, place), iter(range(10**9)), bench.times(100)
    path = f"/hooks/sms/{line.id}"
    where = f"http://{place.district.host}{path}"

    def once() -> None:
        body, signature = _text(next(counter), where, line)
        expect(visit.request("POST", path, body, "application/x-www-form-urlencoded", {"X-Twilio-Signature": signature}), 200)

    def some() -> None:
        for _ in range(batch):
            once()

    def received() -> None:
        while receive.drain(place.district.id):
            pass

    some()
    taken = bench.meter.requests(once, batch)
    received()
    before = _count(place.district)
    read = bench.meter.here(received, 1, before=some) / batch
    made = _count(place.district) - before
    if made != ROUNDS * batch:
        raise RuntimeError(f"{made} tickets of {ROUNDS * batch} texts")
    return bench.judged(
        "sms_intake", taken + read, "hellos", 12, f"{taken:.1f} to take it in, {read:.1f} to make one of {made} tickets"
    )


def _people_with_numbers(count: int) -> None:
    people = Person.objects.bulk_create(Person(name=f"Parent {number}", kind="parent") for number in range(count))
    phone = ContactPoint.Kind.PHONE
    ContactPoint.objects.bulk_create(ContactPoint(person=one, kind=phone, value=_number(n)) for n, one in enumerate(people))


def _number(number: int) -> str:
    return f"+1202{5550000 + number % 10_000:07}"


def _text(number: int, where: str, line: Channel) -> tuple[bytes, str]:
    """(Twilio's form, its signature)"""
    form = {
        "MessageSid": f"SM{uuid.uuid4().hex}", "AccountSid": "AC" + "0" * 32, "From": _number(number),
        "To": line.address, "Body": f"the bus did not come to Maple and 5th again, number {number}", "NumMedia": "0",
    }  # fmt: skip
    return urlencode(form).encode(), RequestValidator(SMS_SECRET).compute_signature(where, form)


def mail(number: int, district: District) -> bytes:
    """A mail as a phone writes it: text, HTML and a small picture; about 22 kB."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Parent {number} <parent{number % 200}@mail.example>"
    message["To"] = f"help@{district.host}"
    message["Subject"] = f"Bus question {number}"
    message["Message-ID"] = f"<{uuid.uuid4()}@mail.example>"
    text = f"Hello, the bus did not come this morning, number {number}. " + "We waited for half an hour at the stop. " * 60
    message.set_content(text)
    message.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
    message.add_attachment(b"\x89PNG\r\n\x1a\n" + bytes(11_800), maintype="text", subtype="plain", filename="notes.txt")
    return message.as_bytes()


def queue_page_10k(bench: Bench) -> Result:
    place = bench.small()
    return page(bench, "queue_page_10k", place, place.agent_cookie, "/desk/", 50)


def queue_page_1m(bench: Bench) -> Result:
    place = bench.large()
    result = page(bench, "queue_page_1m", place, place.agent_cookie, "/desk/", None)
    small = queue_page_10k(bench)
    target = None if bench.smoke else round(small.value * 1.5, 1)
    return replace(result, target=target, detail=f"{result.detail}; {small.value} at 10,000")


def dashboard_1m(bench: Bench) -> Result:
    place = bench.large()
    return page(bench, "dashboard_1m", place, place.leader_cookie, "/today/", 100)


def ping(bench: Bench) -> Result:
    """A feed says that it ran."""
    place = bench.small()
    with district_scope(place.district.id):
        process = Process.objects.create(slug="bench", name="Bench")
        feed = Feed.objects.create(process=process, slug="bench", name="Bench", terms="every 60 minutes")
    visit = browser(bench, place)

    def once() -> None:
        expect(visit.request("POST", f"/matrix/ping/{feed.token}", b"", "application/json"), 200)

    for _ in range(20):
        once()
    hellos = bench.meter.requests(once, bench.times(100))
    return bench.judged("ping", hellos, "hellos", 5, "one feed, one run each")


def feeds_hour(bench: Bench) -> Result:
    """1,000 feeds ping at 60,000 an hour, at the web door of the whole product: seconds from when one is due until its answer, of 99
    in 100. Each names its run and counts its rows; one in fifty is told twice, as by a sender that heard no answer."""
    found = feeds.hour_of(bench.product(), seconds=bench.seconds or (6 if bench.smoke else feeds.SECONDS))
    if found.refused or found.kept != found.sent:
        raise RuntimeError(f"{found.kept:,} runs of {found.sent:,} that were told; refused: {found.refused[:3]}")
    shares = ", ".join(f"{name} {share:.1%}" for name, share in found.shares.items())
    detail = f"{found.sent:,} runs, none lost, {found.again:,} told again; half answered in {found.half * 1000:.0f} ms"
    busy = f"of {found.cores} cores: {shares}; {found.quiet:.1%} before; {found.cost * 1000:.1f} ms of CPU each"
    return bench.judged("feeds_hour", found.answer, "seconds", 1, f"{detail}; {busy}", reference=1.0)


def sweep_late(bench: Bench) -> Result:
    """50 feeds are late among 10,000: what it costs to write that down, beside the same 50 among 1,000; and no more than READ rows of
    feeds are read for each that is late."""
    late = 10 if bench.smoke else 50
    small, large = feeds.late_among(bench, (100, 1_000) if bench.smoke else (1_000, 10_000), late=late)
    times = median(many / few for few, many in zip(small.seconds, large.seconds, strict=True))
    read = max([*small.read, *large.read]) / late
    if read > READ:
        raise RuntimeError(f"{read:.1f} rows of feeds are read for each that is late, more than {READ}: it looks at those on time, too")
    detail = ", ".join(f"{one.each(late):.2f} ms each of {one.feeds:,}" for one in (small, large))
    detail += f"; {read:.1f} rows read for each"
    return bench.judged("sweep_late", times, "times", 1.2, f"{late} late: {detail}", reference=1.0)


def sweep_1m(bench: Bench) -> Result:
    """1,000 clocks due, drawn by lot among a million open ones in 1,000 districts: seconds until every breach is written.

    Among 10,000 in as many districts it costs as much; of each the best of three.
    """
    due = 20 if bench.smoke else 1000
    few = make("few", bench.size(10_000, 1_000, live=1.0, lean=True, fresh=True), now=timezone.now())
    small = min(promises.sweep_of(due, timezone.now()) for _ in range(3))
    place = make("open", bench.size(1_000_000, 1_000, live=1.0, lean=True, fresh=True), now=timezone.now())
    seconds = min(promises.sweep_of(due, timezone.now()) for _ in range(3))
    among = f"{due:,} due among {promises.open_clocks():,} open, largest district {place.tickets:,}"
    detail = f"{among}; {small:.2f} s where that has {few.tickets:,}"
    return bench.judged("sweep_1m", seconds, "seconds", min(1.0, small * 1.2), detail, reference=1.0)


def derive(bench: Bench) -> Result:
    """A due time, of all kinds of terms on the calendars of four districts: 20,000 a second and more."""
    cost = min(promises.cost_of_due(2_000 if bench.smoke else 40_000) for _ in range(3))
    return bench.judged("derive", cost * 1e6, "microseconds", 50, f"{1 / cost:,.0f} a second in one process", reference=1.0)


def calendar_change(bench: Bench) -> Result:
    """10,000 clocks derived again after a change of the district's calendar, by the sweep."""
    now = timezone.now()
    place = make("calendar", Size(100 if bench.smoke else 7_200, 1, live=1.0, lean=True, fresh=True), now=now)
    seconds, clocks = promises.change_calendar(place, now)
    detail = f"{clocks:,} clocks of {place.tickets:,} tickets, {clocks / seconds:,.0f} a second"
    return bench.judged("calendar_change", seconds, "seconds", 20, detail, reference=1.0)


def sweep_lateness(bench: Bench) -> Result:
    """200 promises break a second in the whole product: seconds from when one was due until its breach is there, of 99 in 100."""
    found = promises.lateness_of(bench.product(), seconds=bench.seconds or (20 if bench.smoke else promises.LATENESS_SECONDS))
    if found.twice:
        raise RuntimeError(f"{found.twice} breaches were written twice")
    detail = f"{found.promises:,} promises, the latest {max(found.seconds):.1f} s"
    return bench.judged("sweep_lateness", found.p99, "seconds", 10, detail, reference=1.0)


def alert_10k(bench: Bench) -> Result:
    """Handing on is what families wait for; the page is asked for every five seconds by whoever watches."""
    place, now = bench.small(), timezone.now()
    count = 500 if bench.smoke else 10_000
    alerts.families(place, count)
    alert = alerts.start(place, now=now)
    seconds, letters = alerts.hand_on(place)
    looked = alerts.count(place, alert, now=now)
    whole = page(bench, "", place, place.leader_cookie, f"/alerts/{alert.id}/", None)
    rate = f"{letters:,} letters to {count:,} families, {letters / seconds:,.0f} a second"
    detail = f"{rate}; counted in {looked:.2f} s; page: {whole.value} hellos"
    return bench.judged("alert_10k", seconds, "s", 30, detail)


def smtp_rate(bench: Bench) -> Result:
    """50 mails a second, each on a connection of its own: seconds from when one is due until it is written down, of 99 in 100."""
    rate = bench.rate()
    detail = f"{rate.sent:,} mails in {rate.sent / doors.RATE:.0f} s, each of 22 kB"
    return bench.judged("smtp_rate", rate.answer, "seconds", 1, detail, reference=1.0)


def smtp_to_ticket(bench: Bench) -> Result:
    """Of the same mails: from the envelope to the ticket with its team. Nothing piles up while they come."""
    rate = bench.rate()
    waited = f"at most {rate.most_waiting:,} waited at once; all done {rate.settled:.0f} s after the last"
    detail = f"{waited}; {rate.cpu * 1000:.0f} ms of CPU each"
    return bench.judged("smtp_to_ticket", rate.ticket, "seconds", 10, detail, reference=1.0)


def attachment_25mb(bench: Bench) -> Result:
    """Memory that a file of 25 MB takes beyond what the process held before: of the one that takes most."""
    grown = doors.memory_of(bench.product(), doors.FILE // 5 if bench.smoke else doors.FILE)
    detail = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in grown.items())
    return bench.judged("attachment_25mb", max(grown.values()), "MB", 80, f"MB more of each: {detail}", reference=1.0)


def _count(district: District) -> int:
    with district_scope(district.id):
        return Ticket.objects.count()


ALL: dict[str, Callable[[Bench], Result]] = {
    "web_intake": web_intake,
    "mail_intake": mail_intake,
    "sms_intake": sms_intake,
    "smtp_rate": smtp_rate,
    "smtp_to_ticket": smtp_to_ticket,
    "attachment_25mb": attachment_25mb,
    "queue_page_10k": queue_page_10k,
    "ping": ping,
    "feeds_hour": feeds_hour,
    "sweep_late": sweep_late,
    "mail_intake_1m": mail_intake_1m,
    "queue_page_1m": queue_page_1m,
    "dashboard_1m": dashboard_1m,
    "sweep_1m": sweep_1m,
    "derive": derive,
    "calendar_change": calendar_change,
    "alert_10k": alert_10k,
    "sweep_lateness": sweep_lateness,
}

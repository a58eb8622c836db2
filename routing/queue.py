"""The desk's queue: its views, their counts and a page of rows, at a cost that does not grow with the district.

Written in SQL, since this page is opened all day and building eight queries through the ORM costs more than running them.
Every view reads short stretches of a partial index in the index's own order, one stretch a team, and puts the teams' first rows
in order. Counts stop at `COUNTED` and are shown as "1,000+": an exact count would have to read every open ticket.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from districts.access import Actor
from districts.contacts import Contact
from districts.models import Team
from districts.queries import teams as all_teams
from districts.scope import require_district_id

ROWS = 50
FOUND = 50  # tickets of one search
NEWEST = 20_000  # tickets whose words are looked at first
COUNTED = 1000  # counts are exact up to here
SOON = timedelta(hours=2)
RECENT = timedelta(days=7)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# The same four words as in the partial indexes of tickets.models.Ticket, or the planner would not use them.
LIVE = "t.status IN ('new', 'open', 'wait_asker', 'wait_other')"
# tickets.queries.visible, in SQL: others' sensitive tickets are not seen. The limit keeps the planner from reading all followers.
SEEN = (
    "(NOT t.sensitive OR t.team_id = ANY(%(own)s) OR t.assignee_id = %(me)s OR coalesce((SELECT true FROM tickets_follower f"
    " WHERE f.district_id = %(district)s AND f.ticket_id = t.id AND f.person_id = %(me)s LIMIT 1), false))"
)
BY_DUE = ("t.due_at NULLS LAST, t.id", "first.due_at NULLS LAST, first.id")
BY_RESOLVED = ("t.resolved_at DESC, t.id DESC", "first.resolved_at DESC, first.id DESC")
BY_OPENED = ("t.opened_at DESC, t.id DESC", "first.opened_at DESC, first.id DESC")

ROWS_SQL = """
SELECT t.id, t.number, t.subject, t.status, t.priority, t.channel, t.team_id, t.assignee_id, t.opened_at, t.due_at, t.resolved_at,
       t.room, t.sensitive, t.crisis, asker.name, holder.name, site.name
FROM (SELECT first.id FROM {source} ORDER BY {outer} LIMIT %(limit)s) page
JOIN tickets_ticket t ON t.district_id = %(district)s AND t.id = page.id
JOIN districts_person asker ON asker.district_id = %(district)s AND asker.id = t.requester_id
LEFT JOIN districts_person holder ON holder.district_id = %(district)s AND holder.id = t.assignee_id
LEFT JOIN districts_site site ON site.district_id = %(district)s AND site.id = t.site_id
ORDER BY {inner}
"""
ONE = "(SELECT t.* FROM tickets_ticket t WHERE t.district_id = %(district)s AND {where} ORDER BY {inner} LIMIT %(limit)s) first"
EACH_TEAM = (
    "unnest(%(teams)s) held(id) CROSS JOIN LATERAL (SELECT t.* FROM tickets_ticket t WHERE t.district_id = %(district)s"
    " AND t.team_id = held.id AND {where} ORDER BY {inner} LIMIT %(limit)s) first"
)
# Ids are in the order of time. A word that is common is found among the newest; one that is not has few tickets, which the index
# tells without a look at the others.
AMONG_NEWEST = (
    "(SELECT id, words FROM tickets_ticketwords WHERE district_id = %(district)s ORDER BY id DESC LIMIT %(newest)s) w"
    " WHERE w.words @@ %(query)s::tsquery ORDER BY w.id DESC"
)
AMONG_ALL = "tickets_ticketwords w WHERE w.district_id = %(district)s AND w.words @@ %(query)s::tsquery"
WITH_WORDS = (
    "(WITH hit AS MATERIALIZED (SELECT w.id FROM {hits}) SELECT t.* FROM hit JOIN tickets_ticket t ON t.district_id = %(district)s"
    " AND t.id = hit.id WHERE {where} ORDER BY t.id DESC LIMIT %(limit)s) first"
)
PERSON_AT = "(SELECT person_id FROM districts_contactpoint WHERE district_id = %(district)s AND kind = %(kind)s AND value = %(value)s)"
COUNT = "(SELECT count(*) FROM (SELECT 1 FROM tickets_ticket t WHERE t.district_id = %(district)s AND {where} LIMIT %(counted)s) c)"


class Row(NamedTuple):
    """One line of the queue; the columns of `ROWS_SQL`."""

    id: UUID
    number: int
    subject: str
    status: str
    priority: int
    channel: str
    team_id: UUID
    assignee_id: UUID | None
    opened_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None
    room: str
    sensitive: bool
    crisis: bool
    requester: str
    assignee: str | None
    site: str | None


@dataclass(frozen=True)
class Desk:
    """Who looks at the queue, and when; `team`: the slug of the one team whose tickets are asked for, of those a view is of."""

    actor: Actor
    now: datetime
    team: str = ""

    @cached_property
    def teams(self) -> dict[UUID, Team]:
        """All teams of the district, by name."""
        return {team.id: team for team in all_teams()}

    @cached_property
    def mine(self) -> list[UUID]:
        """The teams somebody works in; of those who lead the district, all."""
        return [team for team in self.teams if self.actor.in_team(team)] or list(self.teams)

    @cached_property
    def only(self) -> Team | None:
        return next((team for team in self.teams.values() if team.slug == self.team), None) if self.team else None

    @property
    def in_a_team(self) -> bool:
        return bool(self.actor.teams)

    def params(self) -> dict[str, Any]:
        return {
            "district": require_district_id(), "me": self.actor.person.id if self.actor.person else None,
            "own": list(self.actor.teams), "mine": self.mine, "all": list(self.teams),
            "office": [team.id for team in self.teams.values() if team.is_front_office],
            "now": self.now, "soon": self.now + SOON, "recent": self.now - RECENT,
            "limit": ROWS + 1, "counted": COUNTED + 1,
        }  # fmt: skip


@dataclass(frozen=True)
class View:
    """One way to look at the queue."""

    slug: str
    label: Promise
    sentence: Promise
    empty: Promise
    teams: str = "mine"  # whose tickets: a name in Desk.params, or nothing for a view that is not by team
    where: str = LIVE
    order: tuple[str, str] = BY_DUE

    def filter(self, desk: Desk) -> str:
        """What makes a ticket part of the view. One's own teams' and one's own tickets need no test of who may see them."""
        needs_test = self.teams and (desk.only or not (self.teams == "mine" and desk.in_a_team))
        return f"{self.where} AND {SEEN}" if needs_test else self.where


VIEWS = (
    View("team", _("My team"), _("Everything your team holds, what is due first on top."),
         _("Your team holds nothing open. New tickets show up here by themselves.")),
    View("mine", _("Mine"), _("Tickets assigned to you."),
         _("Nothing is assigned to you. Open a ticket of your team and choose “Assign to me”."),
         teams="", where=f"t.assignee_id = %(me)s AND {LIVE}"),
    View("unassigned", _("Unassigned"), _("Tickets that nobody has taken yet."), _("Somebody has every ticket."),
         where=f"{LIVE} AND t.assignee_id IS NULL"),
    View("soon", _("Due soon"), _("Promises that fall due within 2 hours."), _("Nothing falls due in the next 2 hours."),
         where=f"{LIVE} AND t.due_at >= %(now)s AND t.due_at <= %(soon)s"),
    View("late", _("Late"), _("Promises that have passed their time."), _("Nothing is late."),
         where=f"{LIVE} AND t.due_at < %(now)s"),
    View("front", _("Front office"), _("What triage was not sure of: say where it belongs, and triage learns."),
         _("Triage was sure of everything that is open."), teams="office"),
    View("open", _("All open"), _("Every open ticket of the district that you may see."), _("Nothing is open in the whole district."),
         teams="all"),
    View("resolved", _("Recently resolved"), _("Resolved in the last 7 days, the newest on top."),
         _("Nothing was resolved in the last 7 days."), where="t.resolved_at >= %(recent)s", order=BY_RESOLVED),
)  # fmt: skip


def views_of(desk: Desk) -> list[View]:
    """People in no team have no team's view."""
    return [view for view in VIEWS if view.slug != "team" or desk.in_a_team]


def view_named(slug: str, desk: Desk) -> View:
    """The view of this name; of no or an unknown name, one's team's, or all that is open."""
    shown = {view.slug: view for view in views_of(desk)}
    return shown.get(slug) or shown.get("team") or shown["open"]


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: the next one starts behind it."""

    at: datetime | None
    id: UUID

    def __str__(self) -> str:
        return f"{'' if self.at is None else (self.at - EPOCH) // MICROSECOND}.{self.id}"

    @staticmethod
    def read(text: str) -> "Cursor | None":
        """None for what is no cursor: the first page is shown."""
        stamp, _dot, row = text.partition(".")
        try:
            return Cursor(EPOCH + int(stamp) * MICROSECOND if stamp else None, UUID(row))
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    more: Cursor | None


def page(view: View, desk: Desk, after: Cursor | None = None) -> Page:
    """`ROWS` rows of the view behind `after`. One statement; two on the page where the rows without a due time begin."""
    params = desk.params() | ({"at": after.at, "last": after.id} if after else {})
    found: list[Row] = []
    for stretch in _resolved_stretches(after) if view.order is BY_RESOLVED else _due_stretches(after):
        if len(found) <= ROWS:
            found += _stretch(replace(view, where=f"{view.where}{stretch}"), desk, params)
    return _cut(found, "resolved_at" if view.order is BY_RESOLVED else "due_at")


def _cut(found: list[Row], key: str) -> Page:
    if len(found) <= ROWS:
        return Page(found, None)
    last = found[ROWS - 1]
    return Page(found[:ROWS], Cursor(getattr(last, key), last.id))


def _due_stretches(after: Cursor | None) -> list[str]:
    """Conditions for what stands behind the cursor: first what has a due time, then what has none."""
    if after is None:
        return [""]
    if after.at is None:
        return [" AND t.due_at IS NULL AND t.id > %(last)s"]
    return [" AND t.due_at >= %(at)s AND (t.due_at > %(at)s OR t.id > %(last)s)", " AND t.due_at IS NULL"]


def _resolved_stretches(after: Cursor | None) -> list[str]:
    if after is None or after.at is None:
        return [""]
    return [" AND t.resolved_at <= %(at)s AND (t.resolved_at < %(at)s OR t.id < %(last)s)"]


def _stretch(view: View, desk: Desk, params: dict[str, Any]) -> list[Row]:
    inner, outer = view.order
    source = (EACH_TEAM if view.teams else ONE).format(where=view.filter(desk), inner=inner)
    held = [desk.only.id] if desk.only else params.get(view.teams)
    return _fetch(source, inner, outer, params | {"teams": held})


def _fetch(source: str, inner: str, outer: str, params: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS_SQL.format(source=source, inner=inner, outer=outer), params)
        return [Row(*values) for values in cursor.fetchall()]


def counts(desk: Desk) -> dict[str, int]:
    """How many tickets each view holds, by slug; `COUNTED + 1` means more than `COUNTED`. One statement."""
    shown = views_of(desk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(COUNT.format(where=_of_teams(view, desk)) for view in shown), desk.params())
        return dict(zip([view.slug for view in shown], cursor.fetchone() or (), strict=True))


def _of_teams(view: View, desk: Desk) -> str:
    where = view.filter(desk)
    return f"t.team_id = ANY(%({view.teams})s) AND {where}" if view.teams else where


def search(desk: Desk, *, number: int | None, contact: Contact | None, asset: str) -> list[Row]:
    """Tickets with this number, from the person at this address or about this device; the newest first, closed ones too.

    One statement each, since one statement with OR would use no index.
    """
    params = _asked(desk) | {"number": number, "asset": list({asset, asset.upper()})}
    params |= {"kind": contact.kind, "value": contact.value} if contact else {}
    tries = (
        (number, "t.number = %(number)s"),
        (contact, f"t.requester_id = {PERSON_AT}"),
        (asset, "t.asset_tag = ANY(%(asset)s) AND t.asset_tag <> ''"),
    )
    found: list[Row] = []
    for given, where in tries:
        if given:
            found += _fetch(ONE.format(where=f"{where} AND {SEEN}", inner=BY_OPENED[0]), *BY_OPENED, params)
    return newest_first(found)


def search_words(desk: Desk, query: str) -> list[Row]:
    """Tickets with these words, a query of `tickets.words`; the newest first, closed ones too."""
    if not query:
        return []
    params = _asked(desk) | {"query": query, "newest": NEWEST}
    found = _fetch(WITH_WORDS.format(hits=AMONG_NEWEST, where=SEEN), *BY_OPENED, params)
    return found if len(found) > FOUND else _fetch(WITH_WORDS.format(hits=AMONG_ALL, where=SEEN), *BY_OPENED, params)


def newest_first(rows: list[Row]) -> list[Row]:
    """Each once. One more than `FOUND` means that there are more."""
    return sorted({row.id: row for row in rows}.values(), key=lambda row: (row.opened_at, row.id), reverse=True)[: FOUND + 1]


def _asked(desk: Desk) -> dict[str, Any]:
    return desk.params() | {"limit": FOUND + 1}

"""The matrix as a drawing: systems, and what flows between them."""

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ownership.models import Feed, Process, System
from ownership.overview.diagram import STATES, Node, Row, draw, entries_of, flows_of, label_of, worst
from ownership.views import actor_of

MANY = 8  # systems of which one can be drawn alone


@login_required
@require_safe
def diagram(request: HttpRequest) -> HttpResponse:
    """Everybody who works here sees it; what it shows stands below it as a list, too. `system`: only what touches this one."""
    actor_of(request)
    nodes, rows = _nodes(), _rows()
    flows = flows_of(nodes, rows)
    drawn = {row.slug for flow in flows for row in flow.rows}
    entries = entries_of(nodes, flows)
    ends = {node for flow in flows for node in (flow.source, flow.target)}
    only = next((node for node in ends if node.slug == request.GET.get("system")), None)
    shown = [flow for flow in flows if only in (None, flow.source, flow.target)]
    near = {node for flow in shown for node in (flow.source, flow.target)}
    context = {
        "rows": rows, "drawing": draw(shown), "entries": [entry for entry in entries if entry.node in near], "only": only,
        "systems": sorted(ends) if len(ends) > MANY else [],
        "alone": [entry.node for entry in entries if not (entry.comes or entry.goes or only)],
        "loose": [row for row in rows if row.slug not in drawn and not only],
        "legend": [(state, label_of(state)) for state in STATES],
    }  # fmt: skip
    return render(request, "ownership/diagram.html", context)


def _nodes() -> list[Node]:
    return [Node(name, slug) for name, slug in System.objects.values_list("name", "slug")]


def _rows() -> list[Row]:
    """Every process, by its name. Two queries."""
    feeds = Prefetch("feeds", Feed.objects.filter(active=True))
    found = Process.objects.select_related("source", "primary").prefetch_related(feeds).order_by("name", "id")
    return [_row(process) for process in found]


def _row(process: Process) -> Row:
    return Row(
        slug=process.slug, name=process.name, state=worst(feed.state for feed in process.feeds.all()),
        role=process.primary.name if process.primary else "", source=process.source.slug if process.source else "",
        targets=tuple(process.targets),
    )  # fmt: skip

"""The words a district begins with (`first_words.json`); each is its own to change."""

import json
from pathlib import Path

from django.utils.translation import gettext_lazy, override

from alerts.models import AlertTemplate, Kind
from districts.queries import this_district

WORDS = Path(__file__).parent / "first_words.json"
NAMES = {
    "lockdown": gettext_lazy("Lockdown"),
    "bus-late": gettext_lazy("Bus is late"),
    "early-closing": gettext_lazy("Schools close early"),
    "water": gettext_lazy("No drinking water"),
    "test": gettext_lazy("Monthly test"),
}


def templates_here() -> list[AlertTemplate]:
    """Those of the district, from the first request on with words to begin with."""
    shown = AlertTemplate.objects.filter(active=True).order_by("order", "name")
    if not AlertTemplate.objects.exists():
        AlertTemplate.objects.bulk_create(_first(), ignore_conflicts=True)
    return list(shown)


def test_template() -> AlertTemplate:
    """What a scheduled test says; the first words where the district has taken its own away."""
    templates_here()
    found: AlertTemplate | None = AlertTemplate.objects.filter(kind=Kind.TEST).order_by("-active", "order").first()
    return found or next(row for row in _first() if row.kind == Kind.TEST)


def _first() -> list[AlertTemplate]:
    """In the district's languages as far as there are words in them; named in its first."""
    spoken = this_district().languages or ["en"]
    rows = []
    for order, row in enumerate(json.loads(WORDS.read_text())):
        words = {code: row["words"][code] for code in spoken if code in row["words"]} or {"en": row["words"]["en"]}
        with override(spoken[0]):
            rows.append(AlertTemplate(slug=row["slug"], name=str(NAMES[row["slug"]]), kind=row["kind"], words=words, order=order))
    return rows

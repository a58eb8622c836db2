"""What the reference matrix does not tell of its processes: what suffers first when one fails, and how long it took before."""

from ownership.models import Path, Process

FIRST = {
    Path.SAFETY: ("safety-alert-delivery", "contact-accuracy-test", "emergency-contact-updates", "custody-order-to-release"),
    Path.TRAVEL: ("attendance-to-transportation-sync", "route-changes-to-bus-vendor"),
    Path.RECORDS: ("new-enrollment-data-flow",),
    Path.TEACHING: (
        "iep-updates-to-classroom", "gradebook-to-familyport", "report-card-release", "rosters-to-learning-apps",
        "enrollment-to-device",
    ),
    Path.CARE: ("enrollment-counts-to-food-vendor", "allergy-plan-to-kitchen", "meal-eligibility-to-fee-waiver"),
    Path.STAFF: ("hire-to-account", "departure-to-access-removal", "schedule-changes-to-facilities", "facilities-vendor-scheduling"),
}  # fmt: skip
BEFORE = {
    "new-enrollment-data-flow": "1 to 3 days, by 20 enrollments in August",
    "attendance-to-transportation-sync": "the next morning, 9 days of 10",
    "schedule-changes-to-facilities": "2 to 6 days, by asking three schools",
    "hire-to-account": "4 working days, by 12 hires in August",
    "meal-eligibility-to-fee-waiver": "2 weeks, by the list of last fall",
}  # fmt: skip


def complete() -> None:
    """Of the district in scope."""
    for path, slugs in FIRST.items():
        Process.objects.filter(slug__in=slugs).update(path=path)
    for slug, words in BEFORE.items():
        Process.objects.filter(slug=slug).update(baseline=words)

"""The four lists of a vendor's onboarding: 7, 6, 7 and 6 items, one list after the other."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ownership.models import Proof

SPEC, LOADED, CLEAN, REFUSED, APART, OWNER, CUTOFF, LADDER = "spec", "loaded", "clean", "refused", "apart", "owner", "cutoff", "ladder"


@dataclass(frozen=True)
class Item:
    """A line of a list. `sees`: what the product can tell of it by itself."""

    title: str | Promise
    detail: str | Promise = ""
    role: str = ""
    team: str = ""
    terms: str = "within 10 business days"
    proof: str = Proof.TEXT
    sees: str = ""


FILE = Proof.FILE
PARTS: tuple[tuple[str | Promise, tuple[Item, ...]], ...] = (
    (_("1. Before anything is signed"), (
        Item(_("Data privacy agreement"), _("Signed by both, with the state's own form where there is one."),
             "data-manager", proof=FILE),
        Item(_("What data, and why"), _("Each kind of record that leaves, and what it is needed for. Nothing else leaves."),
             "data-manager"),
        Item(_("Security evidence"), _("An audit report or certificate of this year: who may see our data, and where it lies."),
             "systems-administrator", proof=FILE),
        Item(_("Accessibility conformance report"), _("For WCAG 2.2 AA, and what is not met yet, with dates."),
             "director-of-technology", proof=FILE),
        Item(_("References"), _("Two districts of our size were called: what goes wrong, and how soon is it mended?")),
        Item(_("Exit plan and deletion"), _("How we get our data back, in which form, and when theirs is deleted."),
             "data-manager"),
        Item(_("Price and terms"), _("All years, with renewals, training and support; when notice must be given."),
             "accounting-specialist", proof=FILE),
    )),
    (_("2. Technical specification"), (
        Item(_("Specification checked against the data dictionary"),
             _("Uploaded on the vendor's page; nothing is left that must be settled."), "data-coordinator", sees=SPEC),
        Item(_("One id for each record"), _("Which of our ids they keep, and that it never changes nor comes back for somebody else."),
             "data-coordinator"),
        Item(_("How and when data is synced"), _("All or what changed; by file or API; at which times on which days."),
             "systems-administrator"),
        Item(_("Errors and retries"), _("What happens to a record that is refused, how often is tried again, and who hears of it."),
             "systems-administrator"),
        Item(_("Single sign-on and source of rosters"), _("Who signs in with what, and where rosters come from."),
             "systems-administrator"),
        Item(_("Sandbox"), _("A place of ours to try things, without real children in it."), "systems-administrator"),
    )),
    (_("3. Test"), (
        Item(_("Sample pack loaded"), _("The 100 made-up records, loaded by the vendor and given back."),
             "data-coordinator", terms="within 5 business days", sees=LOADED),
        Item(_("Nothing was different when it came back"), _("Names, dates and ids are as they were sent."),
             "data-coordinator", terms="within 5 business days", sees=CLEAN),
        Item(_("Broken records refused and reported"), _("All five, each by name."),
             "data-coordinator", terms="within 5 business days", sees=REFUSED),
        Item(_("Duplicates and twins kept apart"), _("Nobody was merged without being asked."),
             "data-coordinator", terms="within 5 business days", sees=APART),
        Item(_("Loaded within the time that is promised"), _("Measured with as many records as the district has."),
             "systems-administrator", terms="within 5 business days"),
        Item(_("A failure is reported to our feed"), _("A run was made to fail, and the feed said so."),
             "systems-administrator", terms="within 5 business days"),
        Item(_("Roll-back tried"), _("A wrong load was taken back, and how long that took is written down."),
             "systems-administrator", terms="within 5 business days"),
    )),
    (_("4. Going live"), (
        Item(_("Owner and deputy named in the matrix"), _("Both know it, and each can do it without the other."),
             "data-manager", terms="within 5 business days", sees=OWNER),
        Item(_("Promise and cut-off agreed"), _("What must reach them by when, and that they acknowledge it."),
             "data-manager", terms="within 5 business days", sees=CUTOFF),
        Item(_("Ladder tested"), _("Who is called when it fails was tried out, every rung."),
             "help-desk-lead", terms="within 5 business days", sees=LADDER),
        Item(_("Training done"), _("Those who use it, and those who answer questions about it."), "help-desk-lead",
             terms="within 5 business days"),
        Item(_("Families and staff told"), _("What changes for them, from when, and whom to ask."), "communications-manager",
             terms="within 5 business days"),
        Item(_("First month's review has a date"), _("Who comes together, and what they look at."), "data-manager",
             terms="within 5 business days"),
    )),
)  # fmt: skip
ITEMS = tuple(item for _part, items in PARTS for item in items)

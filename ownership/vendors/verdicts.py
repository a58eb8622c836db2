"""What a check of a specification comes to, and which check counts."""

from django.db.models import Q

from ownership.models import SpecCheck, Vendor
from ownership.vendors.matching import LIKELY, PERHAPS, SURE

FITS, SETTLE, STRANGE = "fits", "settle", "strange"
KNOWN = Q(findings__matches__contains=[{"sure": SURE}]) | Q(findings__matches__contains=[{"sure": LIKELY}])


def verdict(check: SpecCheck) -> str:
    """FITS; SETTLE: something must be settled first; STRANGE: none of its fields is surely or likely one of ours."""
    if all(one["sure"] == PERHAPS for one in check.findings.get("matches", ())):
        return STRANGE
    return FITS if check.passed else SETTLE


def last_of(vendor: Vendor) -> SpecCheck | None:
    """The last that counts. A file that has nothing of ours says nothing of their specification; it stands where there is no other."""
    rows = SpecCheck.objects.filter(vendor=vendor).order_by("-at", "-id")
    found: SpecCheck | None = rows.filter(KNOWN).first() or rows.first()
    return found

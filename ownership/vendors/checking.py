"""What a vendor brought is looked through: a specification against the data dictionary, a sample pack against what was sent."""

from datetime import datetime
from uuid import UUID

from districts.models import Person
from ownership.models import SamplePack, SpecCheck, Vendor
from ownership.vendors import dictionary, matching, returned, samples, specs

LONGEST_REPORT = 20_000


def check_spec(vendor: Vendor, *, name: str, data: bytes, by: Person, now: datetime) -> SpecCheck:
    """Kept, whatever was found. Raises `fields.BadSpec`: it cannot be read."""
    spec = specs.read(name, data)
    found = matching.check(spec.fields, dictionary.of_district())
    fields = [
        {"path": one.path, "kind": one.kind, "required": one.required, "longest": one.longest, "codes": list(one.codes[:20]),
         "format": one.format}
        for one in spec.fields
    ]  # fmt: skip
    check: SpecCheck = SpecCheck.objects.create(
        vendor=vendor, name=name[:200], form=spec.form, fields=fields, findings=found.kept(), passed=found.passed, at=now, by=by
    )
    return check


def make_pack(vendor: Vendor, *, by: Person, now: datetime) -> SamplePack:
    """The seed is the vendor's number of packs and the day: another pack each time, the same one whenever it is downloaded."""
    seed = int(now.strftime("%y%m%d")) * 1000 + SamplePack.objects.filter(vendor=vendor).count() % 1000
    pack: SamplePack = SamplePack.objects.create(vendor=vendor, seed=seed, at=now, by=by)
    return pack


def take_back(pack_id: UUID, *, name: str, data: bytes, report: str, now: datetime) -> SamplePack:
    """What came back is compared with what was sent; the last that came counts. Raises `fields.BadSpec`, SamplePack.DoesNotExist."""
    pack = SamplePack.objects.select_for_update(no_key=True).get(id=pack_id)
    found = returned.compare(samples.make(pack.seed), data, report=report[:LONGEST_REPORT])
    pack.findings, pack.passed = returned.kept(found), not found
    pack.returned_at, pack.returned_name = now, name[:200]
    pack.save(update_fields=["findings", "passed", "returned_at", "returned_name"])
    return pack

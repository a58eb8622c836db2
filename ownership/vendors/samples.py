"""100 made-up records that go wrong where records go wrong, and five broken ones that a vendor must refuse. One seed, one pack."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

COUNT, BROKEN = 100, 5
BYTE_ORDER = "\ufeff"  # by which spreadsheets know UTF-8
COLUMNS = (
    "student_id", "first_name", "middle_name", "last_name", "grade", "birth_date", "school_id", "home_street", "home_city",
    "postal_code", "home_language", "guardian_id", "guardian_first_name", "guardian_last_name", "guardian_phone",
    "guardian_email", "entry_date", "note",
)  # fmt: skip
ONEROSTER = {  # names of OneRoster, where it has one
    "student_id": "sourcedId", "first_name": "givenName", "middle_name": "middleName", "last_name": "familyName", "grade": "grades",
    "birth_date": "birthDate", "school_id": "orgSourcedIds", "guardian_id": "agentSourcedIds", "entry_date": "beginDate",
    "guardian_phone": "phone", "guardian_email": "email",
}  # fmt: skip
DATES, IDS = ("birth_date", "entry_date"), ("student_id", "school_id", "guardian_id", "postal_code")
SCHOOLS = ("0101", "0102", "0215", "0330")
UNKNOWN_SCHOOL = "9999"
GRADES = ("PK", "TK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
FIRST = (
    "Amara", "Ben", "Carlos", "Dana", "Elena", "Farid", "Grace", "Hana", "Isaac", "Jada", "Kofi", "Lena", "Mateo", "Nadia", "Omar",
    "Priya", "Quinn", "Rosa", "Samir", "Tess", "Umar", "Vera", "Wren", "Ximena", "Yusuf", "Zoe",
)  # fmt: skip
LAST = (
    "Abbott", "Brooks", "Castro", "Dixon", "Ellis", "Flores", "Garza", "Hughes", "Ibarra", "Jensen", "Keller", "Lopez", "Mercer",
    "Nolan", "Ortega", "Parker", "Ramos", "Santos", "Turner", "Vargas", "Walsh", "Young",
)  # fmt: skip
STREETS = ("Elm Street", "Cedar Avenue", "Ridge Road", "Mill Lane", "Harbor Way")
CITIES = ("Cedar Valley", "Ashford", "Millbrook")
LANGUAGES = ("English", "Spanish", "Vietnamese", "Arabic", "Somali")
ODD = (  # trait, first, middle, last
    ("hyphen", "Anne-Marie", "", "Fitzgerald-Washington"), ("hyphen", "Jean-Luc", "", "Okafor-Smith-Jones"),
    ("accent", "José", "Ángel", "Muñoz Peña"), ("accent", "Zoë", "", "Brontë"), ("accent", "Łukasz", "", "Wójcik"),
    ("accent", "Nguyễn", "Thị", "Phương"), ("accent", "Søren", "", "Ångström"), ("accent", "Renée", "", "François"),
    ("apostrophe", "D'Andre", "", "O'Brien"), ("apostrophe", "Sinéad", "", "O’Sullivan"), ("apostrophe", "Ke'Shawn", "", "D'Angelo"),
    ("two letters", "Li", "", "Wu"), ("two letters", "Bo", "", "Ng"), ("two letters", "Jo", "", "Ek"),
    ("capitals", "MARIA", "", "GONZALEZ"), ("capitals", "DEVON", "", "MCDONALD"), ("capitals", "Ian", "", "MacDonald"),
    ("script", "李", "", "明华"), ("script", "Анна", "", "Ковальчук"), ("script", "محمد", "", "الأحمد"), ("script", "유진", "", "박"),
    ("long", "Wolfeschlegelsteinhausenbergerdorffiana", "Maximiliana Theodora", "Featherstonehaugh-Cholmondeley-Wriothesley"),
    ("long", "Alexandria-Bernadette-Clementine", "", "Papadimitrakopoulou-Konstantinopoulos"),
    ("particle", "Pieter", "van der", "van den Heuvel"), ("particle", "Maria", "de la", "De La Cruz"),
    ("suffix", "James", "", "Carter III"),
    ("one name", "Suharto", "", "Suharto"), ("like nothing", "Jennifer", "", "Null"), ("like nothing", "True", "", "No"),
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """`traits`: what is odd about it. `values`: by the names of COLUMNS."""

    values: dict[str, str]
    traits: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.values["student_id"]

    @property
    def name(self) -> str:
        return f"{self.values['first_name']} {self.values['last_name']}".strip()


@dataclass(frozen=True)
class Pack:
    records: Sequence[Record]
    broken: Sequence[Record]


def make(seed: int) -> Pack:
    """The same for the same seed, on every machine."""
    maker = _Maker(Random(seed))  # noqa: S311  made up, not secret
    return Pack(maker.records(), maker.broken())


def as_csv(records: Sequence[Record], *, oneroster: bool = False) -> str:
    """With our own names of columns, or those of OneRoster where it has one."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(ONEROSTER.get(name, name) if oneroster else name for name in COLUMNS)
    table.writerows([record.values[name] for name in COLUMNS] for record in records)
    return f"{BYTE_ORDER}{out.getvalue()}"


class _Maker:
    def __init__(self, lots: Random) -> None:
        self.lots = lots
        self.ids = lots.sample(range(10_000, 99_999), COUNT + BROKEN)
        self.made = 0

    def records(self) -> list[Record]:
        """Odd names, doubles, twins, and plain ones up to 100; shuffled, so that no rule of place helps."""
        found = [self._named(trait, first, middle, last) for trait, first, middle, last in ODD]
        found += [one for _pair in range(4) for one in self._doubles()]
        found += [one for _pair in range(4) for one in self._twins()]
        found += self._marked()
        while len(found) < COUNT:
            found.append(self._plain())
        self._shared(found)
        self.lots.shuffle(found)
        return found

    def broken(self) -> list[Record]:
        wrongs = (
            ("bad date", {"birth_date": "2017-02-30"}), ("no id", {"student_id": ""}), ("too long", {"last_name": "X" * 300}),
            ("wrong grade", {"grade": "17"}), ("unknown school", {"school_id": UNKNOWN_SCHOOL}),
        )  # fmt: skip
        return [self._plain(trait, first_name=f"Refuse-{number}", **values) for number, (trait, values) in enumerate(wrongs, 1)]

    def _plain(self, *traits: str, **values: str) -> Record:
        lots, number = self.lots, self.ids[self.made]
        self.made += 1
        last = lots.choice(LAST)
        grade = lots.choice(GRADES)
        born = date(2021, 9, 1) - timedelta(days=365 * GRADES.index(grade) + lots.randrange(365))
        usual = {
            "student_id": f"{number:08d}" if self.made % 3 == 0 else str(number), "first_name": lots.choice(FIRST), "middle_name": "",
            "last_name": last, "grade": grade, "birth_date": born.isoformat(), "school_id": lots.choice(SCHOOLS),
            "home_street": f"{lots.randrange(1, 990)} {lots.choice(STREETS)}", "home_city": lots.choice(CITIES),
            "postal_code": f"{lots.randrange(1000, 9999):05d}", "home_language": lots.choice(LANGUAGES),
            "guardian_id": f"G{number}", "guardian_first_name": lots.choice(FIRST), "guardian_last_name": last,
            "guardian_phone": f"555-01{lots.randrange(100):02d}", "guardian_email": f"g{number}@example.org",
            "entry_date": (date(2026, 8, 10) + timedelta(days=lots.randrange(60))).isoformat(), "note": "",
        }  # fmt: skip
        return Record(usual | values, traits)

    def _named(self, trait: str, first: str, middle: str, last: str) -> Record:
        return self._plain(trait, first_name=first, middle_name=middle, last_name=last, guardian_last_name=last)

    def _doubles(self) -> tuple[Record, Record]:
        """One student entered twice: all is the same but one digit of the id. Both must come back, for a person to decide."""
        one = self._plain("double")
        other = self._next_id(one.id)
        return one, Record(one.values | {"student_id": other}, ("double",))

    def _next_id(self, given: str) -> str:
        """One digit different, and nobody else's."""
        taken = {str(number) for number in self.ids}
        for digit in "0123456789":
            if (other := given[:-1] + digit) != given and other.lstrip("0") not in taken:
                self.ids.append(int(other))
                return other
        return given[:-2] + "00"

    def _twins(self) -> tuple[Record, Record]:
        """Two children born on one day at one address, with names alike."""
        one = self._plain("twin", first_name=self.lots.choice(("Maya", "Liam", "Nora", "Noah")))
        other = self._plain("twin", **{k: v for k, v in one.values.items() if k != "student_id"})
        return one, Record(other.values | {"first_name": f"{one.values['first_name']}a"}, ("twin",))

    def _marked(self) -> list[Record]:
        """Signs within fields, days that most years have not, empty fields, every early grade."""
        plain = self._plain
        return [
            plain("quotes", note='Goes by "Sunny", at home and at school'), plain("quotes", home_street='12 "The Oaks", Unit 4'),
            plain("commas", home_street="77 Mill Lane, Apt. 3, Rear"), plain("commas", note="bus 4, stop 12, door side"),
            plain("newlines", note="First line.\nSecond line, after a break."),
            plain("newlines", home_street="5 Ridge Road\nBuilding C"),
            plain("semicolon", note="walks; never by car"), plain("backslash", note="shared\\folder"),
            plain("formula", note="=SUM(1,1) is text"), plain("formula", note="-5 is text, too"), plain("markup", note="a < b & c > d"),
            plain("leap day", birth_date="2016-02-29", grade="05"), plain("leap day", birth_date="2020-02-29", grade="01"),
            plain("leap day", birth_date="2012-02-29", grade="09"),
            *(plain("empty", middle_name="", home_language="", guardian_email="", note="") for _one in range(4)),
            *(plain("grade", grade=grade) for grade in ("PK", "KG", "TK") for _one in range(2)),
            plain("zeros", student_id="00000417"), plain("zeros", student_id="000083"), plain("zeros", postal_code="00501"),
        ]  # fmt: skip

    def _shared(self, found: list[Record]) -> None:
        """Brothers and sisters: one guardian for three of the plain ones, twice."""
        plain = [place for place, record in enumerate(found) if not record.traits][:6]
        for first in plain[::3]:
            guardian = {key: value for key, value in found[first].values.items() if key.startswith("guardian_")}
            for place in plain[plain.index(first) :][:3]:
                found[place] = Record(found[place].values | guardian, ("shared guardian",))

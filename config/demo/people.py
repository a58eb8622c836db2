"""Names for the people of a demonstration; nobody real."""

from collections.abc import Iterator
from itertools import product

FIRST = (
    "Alma Ben Carmen Dev Elena Farah Grace Hugo Imani Jonas Keiko Luis Maya Noor Omar Priya Quinn Rosa Sam Tess Uma Victor Wanda"
    " Xavier Yusuf Zoe Anders Bella Chidi Dana Emeka Fiona Gita Hana Ivan June Kofi Lila Marco Nadia"
).split()
LAST = (
    "Alvarez Brooks Castillo Dang Ellison Fraser Grant Huang Ibarra Jensen Kowalski Lindqvist Moreno Nguyen Okafor Petrov Quiroz"
    " Reyes Sato Tran Underwood Vega Whitfield Xu Young Zamora Ahmed Barnes Chen Diaz"
).split()


def names() -> Iterator[str]:
    """A fixed order of names, first and last both changing from one to the next."""
    step = 7
    pairs = list(product(range(len(FIRST)), range(len(LAST))))
    for i in range(len(pairs)):
        first, last = pairs[(i * (len(LAST) + step)) % len(pairs)]
        yield f"{FIRST[first]} {LAST[last]}"


def mailbox(name: str) -> str:
    return name.lower().replace(" ", ".")

"""A model that does not answer is left alone for a while: each try would keep a worker waiting, and each would fail.

Kept in the cache that all processes share. After FAILURES in a row within WINDOW it is open for REST, twice as long each time it
fails again, and then one question at a time goes through (half open) until one is answered. Without a shared cache each process
counts for itself. (M. Nygard, Release It!, 2nd ed., "Circuit Breaker".)
"""

from django.core.cache import cache

FAILURES = 5
WINDOW = 120  # seconds in which they count
REST, LONGEST_REST = 30, 300  # seconds
PROBE = 15  # seconds after which a probe that was never heard of again is given up
REMEMBERED = 3600  # seconds for which it is known to have been open


def lets_through(of: str) -> bool:
    """May the endpoint `of` be asked now? True is to be followed by `worked`, `failed` or `gave_way`."""
    if cache.get(f"model:{of}:open"):
        return False
    return not cache.get(f"model:{of}:tripped") or bool(cache.add(f"model:{of}:probe", 1, PROBE))


def is_open(of: str) -> bool:
    """For people to look at; changes nothing."""
    return bool(cache.get(f"model:{of}:open"))


def worked(of: str) -> None:
    for name in ("failures", "tripped", "probe"):
        cache.delete(f"model:{of}:{name}")


def gave_way(of: str) -> None:
    """It was let through and did not ask after all: another may."""
    cache.delete(f"model:{of}:probe")


def failed(of: str) -> None:
    rested = int(cache.get(f"model:{of}:tripped") or 0)
    if rested:
        _open(of, min(rested * 2, LONGEST_REST))
        return
    cache.add(f"model:{of}:failures", 0, WINDOW)
    try:
        count = int(cache.incr(f"model:{of}:failures"))
    except ValueError:  # the window ended between the two
        count = 1
    if count >= FAILURES:
        _open(of, REST)


def _open(of: str, seconds: int) -> None:
    cache.set(f"model:{of}:open", 1, seconds)
    cache.set(f"model:{of}:tripped", seconds, REMEMBERED)
    for name in ("failures", "probe"):
        cache.delete(f"model:{of}:{name}")

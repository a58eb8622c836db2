"""Everything a worker runs for routing."""

from routing.doorway import place_pending, sweep

__all__ = ["place_pending", "sweep"]

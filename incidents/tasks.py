"""The worker's doorway."""

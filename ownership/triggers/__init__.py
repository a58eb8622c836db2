"""Triggers: what is released at once when something happens."""

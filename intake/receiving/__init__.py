"""Envelopes become tickets and messages: read, placed, stored, parked, and read again."""

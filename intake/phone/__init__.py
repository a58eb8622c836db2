"""Telephone numbers on their way in: calls, text messages, and the pictures and recordings they carry."""

"""Vendors: the register, what is checked before one goes live, and what must reach them by when."""

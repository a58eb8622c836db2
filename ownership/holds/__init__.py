"""Holds: a run stopped before it does harm, until a named person decides."""

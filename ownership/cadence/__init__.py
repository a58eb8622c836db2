"""Cadence: the weekly checkpoint written from data, and rehearsals of a bad day on a clock of their own."""

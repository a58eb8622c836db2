"""Ladders: climbed rung by rung, told, taken in hand, built and rehearsed."""

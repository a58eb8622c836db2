"""Meaning as numbers: a text as 384 figures of which those of like texts are near (cosine)."""

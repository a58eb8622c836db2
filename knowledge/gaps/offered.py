"""The services a question may be about, as figures: by their names and by how they are asked for."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from districts.models import Service
from knowledge.gaps.likeness import Floats, Measure, rows

NEAREST = 3  # services told
CLOSE = 0.03  # a sensitive service this much less near than the nearest counts as the nearest
MOST = 8  # lists of phrases whose figures a process keeps
_kept: "OrderedDict[tuple[str, str, str], Floats]" = OrderedDict()


@dataclass(frozen=True)
class Offered:
    phrases: tuple[tuple[str, str, bool], ...]  # (slug, words, sensitive)

    def rows(self, language: str, measure: Measure) -> Floats:
        """In the district's scope. Kept by the process as long as no phrase changes."""
        texts = [words for _slug, words, _sensitive in self.phrases]
        key = (measure.name, language, hashlib.sha256("\0".join(texts).encode()).hexdigest())
        found = _kept.pop(key, None)
        if found is None:
            found = rows(texts, language, measure)
        _kept[key] = found
        while len(_kept) > MOST:
            _kept.popitem(last=False)
        return found

    def sensitive(self, found: Floats, known: Floats, measure: Measure) -> list[bool]:
        """Of each row: whether what is nearest to it, or as good as that, is a service only some may see."""
        mask = np.array([sensitive for _slug, _words, sensitive in self.phrases], bool)
        if not mask.any() or not len(found):
            return [False] * len(found)
        near = found @ known.T
        secret = near[:, mask].max(axis=1)
        other = near[:, ~mask].max(axis=1) if (~mask).any() else np.zeros(len(found), np.float32)
        return [bool(so) for so in (secret >= measure.near) & (secret >= other - CLOSE)]

    def nearest(self, total: Floats, known: Floats, measure: Measure) -> list[str]:
        """Slugs, the nearest first, of those that come near the middle of a group at all."""
        if not self.phrases:
            return []
        near = known @ (total / max(float(np.linalg.norm(total)), 1e-9))
        best: dict[str, float] = {}
        for (slug, _words, sensitive), one in zip(self.phrases, near, strict=True):
            if one >= measure.near and not sensitive:
                best[slug] = max(best.get(slug, 0.0), float(one))
        return sorted(best, key=lambda slug: -best[slug])[:NEAREST]


def offered() -> Offered:
    found = Service.objects.filter(active=True).order_by("slug").values_list("slug", "name", "example_phrases", "sensitive")
    return Offered(tuple((slug, words, sensitive) for slug, name, said, sensitive in found for words in (name, *said)))

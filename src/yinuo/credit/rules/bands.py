"""Bands: the words for a score."""

from __future__ import annotations

from typing import NamedTuple


class Band(NamedTuple):
    """A band's key, the lowest score in it (None where the score does not decide), and its place, best first."""

    key: str
    lowest: int | None
    rank: int


BANDS = (
    Band("excellent", 600, 0),
    Band("good", 530, 1),
    Band("expected", 470, 2),
    Band("new", None, 3),
    Band("caution", 400, 4),
    Band("poor", 0, 5),
    Band("unlawful", None, 6),
)
RANKS = {band.key: band.rank for band in BANDS}


def band_of(score: int | None, *, override: str = "") -> str:
    """The band of a score; "new" without one; "unlawful" whatever the score where a decision overrides it."""
    if override:
        return "unlawful"
    if score is None:
        return "new"
    return next(band.key for band in BANDS if band.lowest is not None and score >= band.lowest)

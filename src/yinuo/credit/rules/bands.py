"""Bands: the words for a score, and how far beyond an edge it must be before the word changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SCORE_END = 1001        # above every score
NO_SCORE = -1           # in arrays
MARGIN_PART = 4         # a score must pass an edge by this part of the interval's half-width,
MARGIN_MAX = 10         # but never by more: whoever stops selling must still be able to age out of a bad band


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
_EDGES = [(band, band.lowest) for band in reversed(BANDS) if band.lowest is not None]
_ENDS = [*(lowest for _, lowest in _EDGES[1:]), SCORE_END]
LOWEST = {band.key: lowest for band, lowest in _EDGES}                              # of the bands that a score decides
END = {band.key: end for (band, _), end in zip(_EDGES, _ENDS, strict=True)}       # the first score above each of them


def margin_of(half: int) -> int:
    """How many points beyond its edge a band still holds: a quarter of the interval's half-width, at most 10."""
    return min(half // MARGIN_PART, MARGIN_MAX)


def band_of(score: int | None, *, override: str = "", before: str = "", half: int = 0) -> str:
    """The band of a score; "new" without one; "unlawful" whatever the score where a decision overrides it.

    Whoever stood in a band `before` stays in it until the score has passed its edge by the margin: a step over the edge that
    is small beside what is known of the merchant says nothing. Without a band before, the score alone decides.
    """
    if override:
        return "unlawful"
    if score is None:
        return "new"
    margin = margin_of(half)
    if before in LOWEST and LOWEST[before] - margin <= score < END[before] + margin:
        return before
    return next(band.key for band in BANDS if band.lowest is not None and score >= band.lowest)


def ranks_of(scores: np.ndarray, *, before: np.ndarray, half: np.ndarray) -> np.ndarray:
    """The same for arrays, as ranks: NO_SCORE is nobody's score; overrides are for the caller to put in."""
    ranks = np.array([band.rank for band, _ in _EDGES])
    plain = ranks[np.searchsorted([lowest for _, lowest in _EDGES], np.maximum(scores, 0), side="right") - 1]
    lowest, end = np.full(len(BANDS), SCORE_END), np.zeros(len(BANDS), np.int64)
    for key, rank in RANKS.items():
        lowest[rank], end[rank] = LOWEST.get(key, 2 * SCORE_END), END.get(key, -SCORE_END)
    margin = np.minimum(half // MARGIN_PART, MARGIN_MAX)
    stays = (scores >= lowest[before] - margin) & (scores < end[before] + margin)
    kept: np.ndarray = np.where(scores == NO_SCORE, RANKS["new"], np.where(stays, before, plain))
    return kept

"""Shipped tables of fixed-point integers, so that no machine's floating point decides anybody's points.

2^20 stands for one everywhere here.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from importlib.resources import files

import numpy as np

ONE_BITS = 20
ONE = 1 << ONE_BITS
HALF_LIVES_DAYS = (30, 90, 365)
AGE_DAYS_MAX = 365              # adverse items leave scores after 12 months, and so do the others
BINS_EACH_SIDE = 16             # quarter octaves: a ratio of 1/16 to 16 in 33 bins

_TABLES = json.loads((files("yinuo.credit.rules") / "tables.json").read_text())
WEIGHTS: dict[int, list[int]] = {int(days): table for days, table in _TABLES["weights"].items()}
"""For each half-life in days: the weight of age 0 to 365 days, round(2^20 x 2^(-age/half-life))."""
QUARTER_EDGES: list[int] = _TABLES["quarter_octaves"]
_FIFTIETH_EDGES: list[int] = _TABLES["fiftieth_octaves"]
ODDS: list[int] = _TABLES["odds"]
"""By score 0 to 1,000 counted down from 1,000: the odds against those at 500, round(2^20 x 2^((500 - score)/50))."""


def quarter_bin(numerator: int, denominator: int) -> int:
    """Which quarter octave the ratio lies in, -16 to 16; 0 holds the ratio 1."""
    return bisect_right(QUARTER_EDGES, (numerator << ONE_BITS) // denominator) - BINS_EACH_SIDE


def quarter_bins(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """The same for arrays of int64."""
    ratios = (numerators << ONE_BITS) // denominators
    bins: np.ndarray = np.searchsorted(np.array(QUARTER_EDGES), ratios, side="right") - BINS_EACH_SIDE
    return bins


def points_of_ratio(numerator: int, denominator: int) -> int:
    """50 points for every halving of a ratio, -500 to 500: positive where less happened than was to be expected."""
    return 500 - bisect_right(_FIFTIETH_EDGES, (numerator << ONE_BITS) // denominator)


def odds_of_score(score: int) -> int:
    """The odds of failure at a score against those at 500, in 2^-20."""
    return ODDS[1000 - score]

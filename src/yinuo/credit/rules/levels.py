"""Buyers' levels, from trade conduct only: seen by the buyer alone, never used for price, statutory rights or lending."""

from __future__ import annotations

from typing import NamedTuple


class Level(NamedTuple):
    """A level: how many orders it takes, and the largest share of spoilt ones in permille."""

    number: int
    orders_min: int
    spoilt_permille_max: int


LEVELS = (Level(3, 50, 20), Level(2, 15, 50), Level(1, 3, 100))
"""Highest first; everybody else is at level 0, which is a beginning and not a fault."""


def level_of(*, orders: int, cancelled: int, complaints_rejected: int) -> int:
    """The level of a buyer. Spoilt are orders the buyer called off and complaints that were rejected after a hearing."""
    spoilt = 1000 * (cancelled + complaints_rejected)
    for level in LEVELS:
        if orders >= level.orders_min and spoilt <= level.spoilt_permille_max * orders:
            return level.number
    return 0

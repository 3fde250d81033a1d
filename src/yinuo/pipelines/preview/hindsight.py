"""What became of judgements: who was accused wrongly, who was missed, and how early the band of those who went bad fell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec
import numpy as np
from scipy.stats import chi2

from yinuo.credit.rules.bands import BANDS, NO_SCORE, RANKS
from yinuo.kit.moments import from_day
from yinuo.pipelines.preview.history import History
from yinuo.pipelines.preview.replay import ADVERSE, Replay

LATER_DAYS = 90
LATER_ORDERS_MIN = 10       # with fewer orders afterwards nothing can be said
BAD_TIMES = 2               # bad: at least twice the failures to be expected, and more than chance explains
RECENT_WEEKS = 4
RECENT_ORDERS_MIN = 10
RECENT_FAILURES_MIN = 3
OWN_ORDERS_MIN = 20
LOOK_WEEKS = 13             # how far around the turn a fall of the band is looked for
PRAISED = (RANKS["excellent"], RANKS["good"])
KEYS = {band.rank: band.key for band in BANDS}


class Aftermath(msgspec.Struct, frozen=True, kw_only=True):
    """A judgement, and the 90 days after it: what was to be expected of anyone, what came, and the interval of their ratio."""

    merchant: str
    day: str
    band: str
    score: int | None
    low: int | None
    high: int | None
    orders: int
    failures: int
    expected_tenths: int
    ratio_percent: int
    ratio_low_percent: int
    ratio_high_percent: int


class BandLater(msgspec.Struct, frozen=True, kw_only=True):
    """All judgements of one band together: how many could be looked up, and what came afterwards."""

    band: str
    judgements: int
    told: int               # with enough orders afterwards
    no_worse: int           # of those, no more failures than to be expected
    orders: int
    failures: int
    expected: int


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant who went bad: when it showed, and how many days before that the band had fallen (negative: after)."""

    merchant: str
    shown: str
    orders: int
    failures: int
    before_permille: int
    now_permille: int
    lead_days: int | None   # None: it did not fall within the time looked at
    already: bool           # it had fallen earlier than the time looked at


class Hindsight(msgspec.Struct, frozen=True, kw_only=True):
    """What hindsight says of every judgement of a month's first Monday."""

    bands: tuple[BandLater, ...]
    accused: int                        # judgements of "take care" or worse with enough orders afterwards
    accused_merchants: int
    wrongly: tuple[Aftermath, ...]      # one of each merchant, most certain first
    wrong_judgements: int
    wrong_clearly: int                  # the whole interval lay below what was to be expected
    wrong_unsure: int                   # the score's interval reached into "as expected"
    missed: tuple[Aftermath, ...]
    missed_judgements: int
    praised: int
    turns: tuple[Turn, ...]


def hindsight_of(replay: Replay, history: History) -> Hindsight:
    """Look up every judgement of the past."""
    later = [found for place in replay.first_days() for found in _later(replay, history, place)]
    told = [found for found in later if found.orders >= LATER_ORDERS_MIN]
    adverse = {KEYS[rank] for rank in ADVERSE}
    accused = [found for found in told if found.band in adverse]
    wrongly = [found for found in accused if found.ratio_percent <= 100]
    praised = [found for found in told if found.band in {KEYS[rank] for rank in PRAISED}]
    missed = [
        found for found in praised if found.ratio_percent >= 100 * BAD_TIMES and found.ratio_low_percent > 100
    ]
    return Hindsight(
        bands=tuple(_by_band(later)), accused=len(accused), accused_merchants=len({found.merchant for found in accused}),
        wrongly=_one_each(sorted(wrongly, key=lambda found: found.ratio_high_percent)),
        wrong_judgements=len(wrongly), wrong_clearly=sum(found.ratio_high_percent < 100 for found in wrongly),
        wrong_unsure=sum((found.high or 0) >= 470 for found in wrongly),
        missed=_one_each(sorted(missed, key=lambda found: -found.failures)), missed_judgements=len(missed),
        praised=len(praised), turns=tuple(_turns(replay, history)),
    )


def ratio_interval(failures: int, expected: float) -> tuple[float, float]:
    """The 90% interval of what was counted against what was to be expected (Poisson, exact)."""
    low = chi2.ppf(0.05, 2 * failures) / 2 if failures else 0.0
    return low / expected, chi2.ppf(0.95, 2 * failures + 2) / 2 / expected


def _later(replay: Replay, history: History, place: int) -> Iterator[Aftermath]:
    day = replay.days[place]
    if day + LATER_DAYS > replay.days[-1]:
        return
    orders, failures, expected = history.outcomes.within(day, day + LATER_DAYS)
    for i in np.flatnonzero((replay.bands[place] != RANKS["new"]) & replay.known[place]):
        due = max(float(expected[i]), 0.01)
        low, high = ratio_interval(int(failures[i]), due) if orders[i] >= LATER_ORDERS_MIN else (0.0, 0.0)
        score, half = int(replay.scores[place, i]), int(replay.half[place, i])
        yield Aftermath(
            merchant=replay.merchants[i], day=from_day(day).isoformat(), band=KEYS[int(replay.bands[place, i])],
            score=None if score == NO_SCORE else score, low=max(0, score - half), high=min(1000, score + half),
            orders=int(orders[i]), failures=int(failures[i]), expected_tenths=round(10 * due),
            ratio_percent=round(100 * failures[i] / due), ratio_low_percent=round(100 * low),
            ratio_high_percent=round(100 * high),
        )


def _by_band(later: list[Aftermath]) -> Iterator[BandLater]:
    ordered = sorted(later, key=lambda found: RANKS[found.band])
    for band, group in groupby(ordered, key=lambda found: found.band):
        every = list(group)
        told = [found for found in every if found.orders >= LATER_ORDERS_MIN]
        yield BandLater(
            band=band, judgements=len(every), told=len(told), no_worse=sum(found.ratio_percent <= 100 for found in told),
            orders=sum(found.orders for found in every), failures=sum(found.failures for found in every),
            expected=round(sum(found.expected_tenths for found in every) / 10),
        )


def _one_each(found: list[Aftermath]) -> tuple[Aftermath, ...]:
    """The first of each merchant."""
    first: dict[str, Aftermath] = {}
    for one in found:
        first.setdefault(one.merchant, one)
    return tuple(first.values())


def _turns(replay: Replay, history: History) -> Iterator[Turn]:
    """Merchants who went bad: in four weeks at least ten outcomes and three failures, twice the odds of their own past and
    twice what was to be expected, more than chance explains.
    """
    weeks = replay.days[:-1]
    if not weeks:
        return
    counts = [history.outcomes.within(day - 7 * RECENT_WEEKS, day) for day in weeks]
    past = [history.outcomes.within(0, day - 7 * RECENT_WEEKS) for day in weeks]
    seen: set[int] = set()
    for place, ((orders, failures, expected), (own_orders, own_failures, _)) in enumerate(zip(counts, past, strict=True)):
        enough = (orders >= RECENT_ORDERS_MIN) & (failures >= RECENT_FAILURES_MIN) & (own_orders >= OWN_ORDERS_MIN)
        worse = _odds(failures, orders) >= BAD_TIMES * _odds(own_failures, own_orders)
        beyond = (failures >= BAD_TIMES * expected) & (chi2.ppf(0.05, 2 * np.maximum(failures, 1)) / 2 > expected)
        for i in np.flatnonzero(enough & worse & beyond):
            if i in seen:
                continue
            seen.add(int(i))
            lead, already = _lead(replay.bands[:-1, i], place)
            yield Turn(
                merchant=replay.merchants[i], shown=from_day(weeks[place]).isoformat(), orders=int(orders[i]),
                failures=int(failures[i]), before_permille=round(1000 * own_failures[i] / own_orders[i]),
                now_permille=round(1000 * failures[i] / orders[i]), lead_days=lead, already=already,
            )


def _odds(failures: np.ndarray, orders: np.ndarray) -> np.ndarray:
    odds: np.ndarray = (failures + 0.5) / (orders - failures + 0.5)
    return odds


def _lead(bands: np.ndarray, place: int) -> tuple[int | None, bool]:
    """How many days before the turn the band fell, and whether it had fallen before the time looked at."""
    adverse = np.isin(bands, ADVERSE)
    if not adverse[place]:
        after = np.flatnonzero(adverse[place : place + LOOK_WEEKS + 1])
        return (-7 * int(after[0]), False) if len(after) else (None, False)
    start = place
    while start > 0 and adverse[start - 1]:
        start -= 1
    if place - start > LOOK_WEEKS or start == 0:
        return 7 * min(place - start, LOOK_WEEKS), True
    return 7 * (place - start), False

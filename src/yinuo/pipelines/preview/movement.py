"""Courses of the worst and the best, changes of band, what the gate would have held, and who could not be judged yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np

from yinuo.credit.actions.fit import Month, first_of
from yinuo.credit.rules.bands import NO_SCORE
from yinuo.credit.rules.gate import Moved, moved_max
from yinuo.kit.moments import from_day
from yinuo.pipelines.preview.hindsight import KEYS
from yinuo.pipelines.preview.history import History
from yinuo.pipelines.preview.replay import ADVERSE, NEW, Replay

SHOWN = 8
SHOWN_OUTCOMES_MIN = 30     # rates from thirty outcomes on, here as on public pages
MOVERS = 12
YEAR = 365
THIN = 20               # a month with less than a twentieth of the usual orders says nothing


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant over the past: the last judgement, what it rests on, and the score of every judgement (None: not enough)."""

    merchant: str
    band: str
    score: int
    low: int
    high: int
    orders: int
    failures: int
    expected_tenths: int
    scores: tuple[int | None, ...]
    by_month: tuple[int | None, ...]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A change of band from one month's first Monday to the next, with the outcomes that came between."""

    merchant: str
    month: str
    before: str
    after: str
    score_before: int
    score_after: int
    orders: int
    failures: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One scoring: how many merchants there were, how many would have changed band, and whether the gate would hold it."""

    day: str
    merchants: int
    moved: int
    allowed: int            # how many may move without a look
    refitted: bool          # by a newly fitted scorecard: in practice announced, and not held
    silent: bool            # a carrier's outcomes of a day were missing
    held: bool


class Unjudged(msgspec.Struct, frozen=True, kw_only=True):
    """A month's orders and merchants, and those of them without enough history when it began."""

    month: str
    merchants: int
    new_merchants: int
    orders: int
    new_orders: int


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """How standings lay and moved."""

    days: tuple[str, ...]
    bands: dict[str, int]               # at the end
    worst: tuple[Course, ...]
    best: tuple[Course, ...]
    moves: tuple[Move, ...]
    moves_down: int
    moves_up: int
    runs: tuple[Run, ...]
    fallen_monthly_tenths: int          # merchants who fell into an adverse band, a month


def movement_of(replay: Replay, history: History) -> Movement:
    """How standings lay at the end and moved until then."""
    moves = list(_moves(replay, history))
    runs = tuple(_runs(replay))
    months = max(1, len(replay.first_days()))
    adverse = np.isin(replay.bands[:-1], ADVERSE)
    fallen = int((adverse[1:] & ~adverse[:-1]).sum())
    order = np.argsort(replay.scores[-1], kind="stable")
    told = [i for i in order if replay.scores[-1, i] != NO_SCORE and replay.outcomes[-1, i] >= SHOWN_OUTCOMES_MIN]
    lawful = [i for i in told[SHOWN:][::-1] if replay.bands[-1, i] not in ADVERSE]
    return Movement(
        days=tuple(from_day(day).isoformat() for day in replay.days), bands=_bands(replay),
        worst=tuple(_course(replay, history, int(i)) for i in told[:SHOWN]),
        best=tuple(_course(replay, history, int(i)) for i in lawful[:SHOWN]),
        moves=tuple(sorted(moves, key=lambda move: -abs(move.score_after - move.score_before))[:MOVERS]),
        moves_down=sum(move.score_after < move.score_before for move in moves),
        moves_up=sum(move.score_after > move.score_before for move in moves), runs=runs,
        fallen_monthly_tenths=round(10 * fallen / months),
    )


def unjudged_of(months: Sequence[Month], *, outcomes_min: int) -> tuple[Unjudged, ...]:
    """By month: orders with merchants that could not be judged when it began. Months with hardly an order are left out."""
    found = []
    placed = [(month, month.until(2**31)[0]) for month in months]
    usual = float(np.median([orders.sum() for _, orders in placed])) if placed else 0.0
    for month, orders in placed:
        if orders.sum() * THIN < usual or not orders.any():
            continue
        active, new = orders > 0, month.known < outcomes_min
        found.append(Unjudged(
            month=first_of(month.number), merchants=int(active.sum()), new_merchants=int((active & new).sum()),
            orders=int(orders.sum()), new_orders=int(orders[new].sum()),
        ))
    return tuple(found)


def _bands(replay: Replay) -> dict[str, int]:
    counts = np.bincount(replay.bands[-1][replay.known[-1]], minlength=len(KEYS))
    return {key: int(counts[rank]) for rank, key in sorted(KEYS.items())}


def _course(replay: Replay, history: History, i: int) -> Course:
    orders, failures, expected = history.outcomes.within(replay.days[-1] - YEAR, replay.days[-1])
    score, half = int(replay.scores[-1, i]), int(replay.half[-1, i])
    scores = tuple(None if value == NO_SCORE else int(value) for value in replay.scores[:, i])
    return Course(
        merchant=replay.merchants[i], band=KEYS[int(replay.bands[-1, i])], score=score, low=max(0, score - half),
        high=min(1000, score + half), orders=int(orders[i]), failures=int(failures[i]),
        expected_tenths=round(10 * float(expected[i])), scores=scores,
        by_month=tuple(scores[place] for place in replay.first_days()),
    )


def _moves(replay: Replay, history: History) -> Iterator[Move]:
    places = replay.first_days()
    for before, after in pairwise(places):
        orders, failures, _ = history.outcomes.within(replay.days[before], replay.days[after])
        was, now = replay.bands[before], replay.bands[after]
        judged = (replay.scores[before] != NO_SCORE) & (replay.scores[after] != NO_SCORE)
        for i in np.flatnonzero(judged & (was != now)):
            yield Move(
                merchant=replay.merchants[i], month=from_day(replay.days[before]).isoformat(),
                before=KEYS[int(was[i])], after=KEYS[int(now[i])], score_before=int(replay.scores[before, i]),
                score_after=int(replay.scores[after, i]), orders=int(orders[i]), failures=int(failures[i]),
            )


def _runs(replay: Replay) -> Iterator[Run]:
    """Every Monday against the Monday before, by the gate's own rules; whatever it held was released after a look."""
    past: list[Moved] = []
    for place in range(1, len(replay.days) - 1):
        was = replay.bands[place - 1]
        merchants, moved = int(replay.known[place].sum()), int(((was != NEW) & (replay.bands[place] != was)).sum())
        allowed = moved_max(merchants, past[::-1])
        refitted, silent = replay.refitted[place], replay.silent[place]
        yield Run(
            day=from_day(replay.days[place]).isoformat(), merchants=merchants, moved=moved, allowed=allowed,
            refitted=refitted, silent=silent, held=silent or (moved > allowed and not refitted),
        )
        past.append((moved, merchants))

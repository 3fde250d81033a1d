"""The outlook: what a standing becomes with outcomes that are still to come, or without some that are contested.

All on plain values, by the same measures, weights and scorecard as a scoring: evidence is a sum, so an outcome more is an
addition, and one less a subtraction. What was to be expected of outcomes still to come is what was to be expected last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from types import SimpleNamespace
from typing import Literal, NamedTuple

import numpy as np

from yinuo.credit.rules.bands import RANKS, band_of
from yinuo.credit.rules.climate import Climate, shares_of
from yinuo.credit.rules.daybook import columns_needed, plain_daybook
from yinuo.credit.rules.evidence import (
    EXPECTED_SHIFT,
    OBSERVED_SHIFT,
    UNIT,
    WHOLE,
    DaybookRow,
    Evidence,
    Sums,
    Wanted,
    plain_sums,
)
from yinuo.credit.rules.judging import WEIGHT_ONE, Outcome
from yinuo.credit.rules.measures import Measure
from yinuo.credit.rules.scorecard import EFFECTIVE, OUTCOMES, SCORE_MAX, Card
from yinuo.credit.rules.tables import WEIGHTS

AHEAD_DAYS = (0, 7, 14, 21, 28)
"""For how many days after a scoring its evidence is kept, as it will weigh then."""
RATES_WEEKS = 8         # what was to be expected last on a lane is looked for in so many weeks
Aspect = Literal["dispatch", "delivery"]
KIND: Mapping[str, str] = {"dispatch": "credit.dispatch_judged", "delivery": "credit.delivery_judged"}


def scored_by(card: Card) -> list[Wanted]:
    """The evidence that a score, its interval and whether there is one depend on."""
    return list(dict.fromkeys([*(feature.wanted for feature in card.features), EFFECTIVE, OUTCOMES]))


def packed_sums(
    card: Card, evidence: Sequence[Evidence], measures: Sequence[Measure]
) -> dict[str, bytes]:
    """What is kept of each merchant's evidence, given on each of `AHEAD_DAYS`, for looking ahead: its sums in one form."""
    wanted, shares = scored_by(card), {measure.name for measure in shares_of(measures)}
    merchants = evidence[0].merchants
    columns = np.zeros((len(merchants), 0), np.int64)
    for each in evidence:
        row = np.searchsorted(np.array(merchants), np.array(each.merchants)) if each.merchants else np.zeros(0, np.int64)
        sums = [each.observed_sums[one] for one in wanted] + [each.expected_sums[one] for one in wanted if one[0] in shares]
        placed = np.zeros((len(merchants), len(sums)), np.int64)
        placed[row] = np.array(sums, np.int64).reshape(len(sums), len(row)).T
        columns = np.hstack([columns, placed])
    return {merchant: row.tobytes() for merchant, row in zip(merchants, columns.astype("<i8"), strict=True)}


def sums_in(packed: bytes, card: Card, measures: Sequence[Measure]) -> dict[int, Sums]:
    """The sums in that form, by how many days after the scoring they stand."""
    wanted, shares = scored_by(card), {measure.name for measure in shares_of(measures)}
    due = [one for one in wanted if one[0] in shares]
    values = np.frombuffer(packed, "<i8").reshape(len(AHEAD_DAYS), len(wanted) + len(due)).tolist()
    return {
        days: Sums(dict(zip(wanted, row[: len(wanted)], strict=True)), dict(zip(due, row[len(wanted) :], strict=True)))
        for days, row in zip(AHEAD_DAYS, values, strict=True)
    }


@dataclass(frozen=True)
class Expected:
    """What was to be expected of anyone last, by lane; on a lane where nothing was known lately, what is in the middle."""

    measures: tuple[str, ...]
    bases: tuple[str, ...]
    rates: Mapping[str, tuple[int, ...]]
    otherwise: tuple[int, ...]
    storms: frozenset[tuple[str, int, str]]

    @classmethod
    def last_in(cls, climate: Climate) -> Expected:
        """What was to be expected in the newest week that a climate knows of each lane."""
        rates = {lane: shares for (_, lane), shares in sorted(climate.rates.items())}
        newest = max((week for week, _ in climate.rates), default=0)
        last = [shares for (week, _), shares in climate.rates.items() if week == newest]
        middle = tuple(median_low(column) for column in zip(*last, strict=True)) or (0,) * len(climate.measures)
        return cls(climate.measures, climate.bases, rates, middle, climate.storms)

    def on(self, lane: str) -> tuple[int, ...]:
        """The rate of every measure on a lane."""
        return self.rates.get(lane, self.otherwise)

    def climate(self, cells: Iterable[tuple[int, str]]) -> Climate:
        """The climate of outcomes still to come, by week and lane."""
        return Climate(self.measures, self.bases, {(week, lane): self.on(lane) for week, lane in cells}, self.storms)


class Judgement(NamedTuple):
    """An outcome that is supposed or contested: of a dispatch or delivery, when known, on which lane, and what it counts."""

    aspect: Aspect
    day: int
    lane: str
    weight: int
    outcome: Outcome

    @property
    def cell(self) -> tuple[int, str]:
        """Week and lane."""
        return (self.day + 3) // 7, self.lane


def sums_of(
    judged: Iterable[Judgement], climate: Climate, *, as_of: int, wanted: Sequence[Wanted], measures: Sequence[Measure]
) -> Sums:
    """What these outcomes add to a merchant's evidence as of a day."""
    return plain_sums(_rows(judged, measures), climate, as_of, wanted, measures).get("", Sums({}, {}))


def _rows(judged: Iterable[Judgement], measures: Sequence[Measure]) -> list[DaybookRow]:
    """The daybook of these outcomes."""
    columns = dict.fromkeys(columns_needed(measures))
    facts = [
        SimpleNamespace(**columns | {
            "kind": KIND[each.aspect], "merchant": "", "day": each.day, "lane": each.lane, "weight": each.weight,
            **each.outcome._asdict(),
        })
        for each in judged
    ]
    return [(*key, sums) for key, sums in plain_daybook(facts, measures).items()]


class Case(NamedTuple):
    """What may still become of orders alike: on which lane, at best and at worst."""

    aspect: Aspect
    lane: str
    best: Outcome
    worst: Outcome


def scores_with(
    card: Card, sums: Sums, expected: Expected, cases: Sequence[Case], *, as_of: int, measures: Sequence[Measure]
) -> tuple[np.ndarray, np.ndarray]:
    """The score with one more outcome, known on the day before `as_of`: of the best kind, and of the worst.

    A row for each case, a column for what the order counts: 0 to 16 sixteenths. The difference are the points at stake.
    """
    weights, found = np.arange(WEIGHT_ONE + 1), []
    lanes = [case.lane for case in cases]
    for outcomes in ([case.best for case in cases], [case.worst for case in cases]):
        kinds = [(case.aspect, outcome) for case, outcome in zip(cases, outcomes, strict=True)]
        points = np.zeros((len(cases), len(weights)), np.int64)
        for feature in card.features:
            observed, due = _unit(feature.wanted, kinds, lanes, expected, as_of, measures)
            points += feature.points_of_all(
                (sums.observed.get(feature.wanted, 0) + observed[:, None] * weights) >> OBSERVED_SHIFT,
                (sums.expected.get(feature.wanted, 0) + due[:, None] * weights) >> EXPECTED_SHIFT,
            )
        found.append(np.clip(card.start + points, 0, SCORE_MAX))
    best, worst = found
    return best, worst


def _unit(
    wanted: Wanted, kinds: Sequence[tuple[Aspect, Outcome]], lanes: Sequence[str], expected: Expected, as_of: int,
    measures: Sequence[Measure],
) -> tuple[np.ndarray, np.ndarray]:
    """What a sixteenth of an outcome known on the last day adds to what was observed and expected of one feature."""
    by_name = {measure.name: measure for measure in measures}
    measure, base = by_name[wanted[0]], by_name[by_name[wanted[0]].base]
    weight = WEIGHTS[wanted[1]][1] if wanted[1] != WHOLE else 1 << 20
    values = {kind: (_of(measure, kind), _of(base, kind)) for kind in set(kinds)}
    here = expected.climate(())
    week = (as_of + 2) // 7
    calm = {lane: here.is_calm(base.name, week, lane) * weight for lane in set(lanes)}
    place = None if measure is base else expected.measures.index(measure.name)
    rates = {lane: 0 if place is None else expected.on(lane)[place] for lane in calm}
    observed = [values[kind][0] * calm[lane] for kind, lane in zip(kinds, lanes, strict=True)]
    due = [values[kind][1] * calm[lane] * rates[lane] for kind, lane in zip(kinds, lanes, strict=True)]
    return np.array(observed, np.int64), np.array(due, np.int64)


def _of(measure: Measure, kind: tuple[Aspect, Outcome]) -> int:
    columns = dict.fromkeys(case.column for case in measure.cases)
    return measure.of(KIND[kind[0]], SimpleNamespace(**columns | kind[1]._asdict()))


class Ahead(NamedTuple):
    """A standing on a coming day: with old outcomes weighing less, and with the orders that are late or nearly so besides."""

    day: int
    aged: int | None
    score: int | None
    band: str
    half: int


class Warned(NamedTuple):
    """A fall that is foreseen: on which day, to which score and band, and how many points of it are by age and by orders."""

    day: int
    score: int
    band: str
    by_age: int
    by_orders: int


def forecast(
    card: Card, kept: Mapping[int, Sums], expected: Expected, failing: Sequence[Judgement], *, as_of: int, today: int,
    band: str, measures: Sequence[Measure],
) -> tuple[list[Ahead], list[Ahead]]:
    """The standing on the coming days that evidence is kept of, if nothing new becomes known; and if these orders fail besides.

    `band` is the present one: near an edge it stays, from day to day.
    """
    climate = expected.climate({each.cell for each in failing})
    rows = _rows(failing, measures)
    aged, fallen = [], []
    alone = together = band
    for days, sums in kept.items():
        day = as_of + days
        if day <= today:
            continue
        more = plain_sums(rows, climate, day, scored_by(card), measures).get("", Sums({}, {}))
        before = _ahead(card, sums, day, alone)
        after = _ahead(card, sums + more, day, together, aged=before.score)
        alone, together = before.band, after.band
        aged.append(before)
        fallen.append(after)
    return aged, fallen


def _ahead(card: Card, sums: Sums, day: int, band: str, *, aged: int | None = None) -> Ahead:
    observed, expected = sums.rounded()
    enough = max(0, observed.get(OUTCOMES, 0)) // UNIT >= card.outcomes_min
    score = card.score(observed, expected) if enough else None
    half = card.half_width(observed.get(EFFECTIVE, 0))
    return Ahead(day, score if aged is None else aged, score, band_of(score, before=band, half=half), half)


def warned(aged: Sequence[Ahead], fallen: Sequence[Ahead], *, score: int, band: str, half: int) -> Warned | None:
    """The first foreseen fall worth a warning, or None.

    One is: a lower band that orders bring, not age alone; or points beyond the interval, if orders have a part in them or age
    alone takes as many. What wears off within the interval is noise, and whoever goes on trading never sees it.
    """
    for quiet, after in zip(aged, fallen, strict=True):
        if quiet.score is None or after.score is None:
            continue
        by_age, by_orders = score - quiet.score, quiet.score - after.score
        lower = RANKS[after.band] > max(RANKS[band], RANKS[quiet.band])
        if lower or by_age > half or (by_orders > 0 and by_age + by_orders > half):
            return Warned(after.day, after.score, after.band, by_age, by_orders)
    return None


def supposed(
    *, orders: int, late: int, used_permille: int, day: int, lanes: Sequence[str]
) -> list[Judgement]:
    """So many whole orders handed over on a day, the late ones through the merchant, on these lanes in turn."""
    kinds = [Outcome("late", "merchant", 1000)] * late + [Outcome("on_time", None, used_permille)] * (orders - late)
    places = (lanes[number % len(lanes)] for number in range(orders))
    return [Judgement("dispatch", day, lane, WEIGHT_ONE, kind) for kind, lane in zip(kinds, places, strict=True)]


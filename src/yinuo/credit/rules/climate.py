"""The climate: what was to be expected of anyone, by the week in which outcomes became known.

For each lane and week, on the narrowest of lane, route and all that has at least 100 outcomes of 5 merchants. Sums come from
an engine; the rates are made here, in Python integers, and are what the record commits to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from yinuo.credit.rules.judging import WEIGHT_ONE, route_of
from yinuo.credit.rules.measures import Measure

OUTCOMES_MIN = 100
MERCHANTS_MIN = 5
RATE_ONE = 4096         # a rate of one per outcome


@dataclass(frozen=True)
class Climate:
    """The rate of every measure that is a share of another, by week and lane, in 1/4,096 per outcome."""

    measures: tuple[str, ...]
    rates: Mapping[tuple[int, str], tuple[int, ...]]

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all rates: what the record commits to."""
        rows = [[week, lane, *rates] for (week, lane), rates in sorted(self.rates.items())]
        text = json.dumps({"measures": self.measures, "rates": rows}, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def rate(self, measure: str, week: int, lane: str) -> int:
        """The rate of one measure; 0 where nothing was known."""
        rates = self.rates.get((week, lane))
        return 0 if rates is None else rates[self.measures.index(measure)]

    def before(self, day: int) -> Climate:
        """The climate of the weeks that were over at a day, which must be a Monday."""
        if (day + 3) % 7:
            raise ValueError("a climate can only be cut at a Monday")
        weeks = (day + 3) // 7
        return Climate(self.measures, {key: rates for key, rates in self.rates.items() if key[0] < weeks})

    def table(self) -> Any:
        """The climate as a table for an engine: week, lane, and a column `rate_<measure>` each."""
        keys = list(self.rates)
        columns: dict[str, list[Any]] = {"week": [week for week, _ in keys], "lane": [lane for _, lane in keys]}
        columns |= {f"rate_{name}": [self.rates[key][i] for key in keys] for i, name in enumerate(self.measures)}
        schema = {"week": "int64", "lane": "string"} | {f"rate_{name}": "int64" for name in self.measures}
        return ibis.memtable(columns, schema=schema)


def level_sums(daybook: Any, level: Sequence[str], measures: Sequence[Measure]) -> Any:
    """Per week and level (lane, route, or nothing more): the sums, and for each base how many merchants had outcomes.

    The daybook comes joined with its weeks and routes.
    """
    sums = {measure.name: daybook[measure.name].sum().cast("int64") for measure in measures}
    for base in bases_of(measures):
        sums[f"merchants_{base}"] = daybook.merchant.nunique(where=daybook[base] > 0).cast("int64")
    return daybook.group_by("week", *level).aggregate(**sums)


def routes_table(lanes: Sequence[str]) -> Any:
    """Each lane with its route; engines never take text apart."""
    columns = {"lane": list(lanes), "route": [route_of(lane) for lane in lanes]}
    return ibis.memtable(columns, schema={"lane": "string", "route": "string"})


def bases_of(measures: Sequence[Measure]) -> list[str]:
    """The names of the measures that others are shares of."""
    return list(dict.fromkeys(measure.base for measure in measures))


def shares_of(measures: Sequence[Measure]) -> list[Measure]:
    """The measures that are a share of another."""
    return [measure for measure in measures if measure.name != measure.base]


Sums = dict[str, int]
"""By measure its sum, and by "merchants_<base>" a count."""


def climate_of(
    measures: Sequence[Measure],
    lanes: Mapping[tuple[int, str], Sums],
    routes: Mapping[tuple[int, str], Sums],
    all_of_week: Mapping[int, Sums],
) -> Climate:
    """The climate from grouped sums: for each week and lane the narrowest level that has enough."""
    shares = shares_of(measures)
    rates = {}
    for week, lane in lanes:
        levels = (lanes[week, lane], routes[week, route_of(lane)], all_of_week[week])
        rates[week, lane] = tuple(_narrowest(measure, levels) for measure in shares)
    return Climate(tuple(measure.name for measure in shares), rates)


def _narrowest(measure: Measure, levels: Iterable[Sums]) -> int:
    rate = 0
    for sums in levels:
        outcomes = sums[measure.base]
        rate = RATE_ONE * sums[measure.name] // outcomes if outcomes > 0 else 0
        if outcomes >= OUTCOMES_MIN * WEIGHT_ONE and sums[f"merchants_{measure.base}"] >= MERCHANTS_MIN:
            return rate
    return rate

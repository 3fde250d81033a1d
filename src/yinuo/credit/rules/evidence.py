"""Evidence: what was observed of each merchant and what was to be expected, weighed by age.

Observed = sum over days of weight(age) x sum; expected = sum of weight(age) x base x the climate's rate that week. Storm weeks
are left out of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from yinuo.credit.rules.climate import Climate, shares_of
from yinuo.credit.rules.measures import Measure
from yinuo.credit.rules.tables import AGE_DAYS_MAX, WEIGHTS

OBSERVED_SHIFT = 14     # from 2^20 (age) x 2^4 (weight) to 1,024 per whole outcome
EXPECTED_SHIFT = 26     # and 2^12 (rate) more
UNIT = 1024
WHOLE = 0               # stands for "no weighing by age": all of the last 365 days alike

Wanted = tuple[str, int]
"""A measure and a half-life in days (0: unweighed)."""
DaybookRow = tuple[str, int, str, Mapping[str, int]]
"""Merchant, day, lane, and the sum of every measure."""


@dataclass(frozen=True)
class Sums:
    """One merchant's evidence before it is rounded: to these a further outcome adds exactly what it adds in a scoring."""

    observed: Mapping[Wanted, int]
    expected: Mapping[Wanted, int]

    def __add__(self, other: Sums) -> Sums:
        return Sums(_added(self.observed, other.observed, 1), _added(self.expected, other.expected, 1))

    def __sub__(self, other: Sums) -> Sums:
        return Sums(_added(self.observed, other.observed, -1), _added(self.expected, other.expected, -1))

    def rounded(self) -> tuple[dict[Wanted, int], dict[Wanted, int]]:
        """Observed and expected in 1/1,024 of an outcome's unit, as a scorecard reads them."""
        observed = {wanted: total >> OBSERVED_SHIFT for wanted, total in self.observed.items()}
        return observed, {wanted: total >> EXPECTED_SHIFT for wanted, total in self.expected.items()}


def _added(one: Mapping[Wanted, int], other: Mapping[Wanted, int], times: int) -> dict[Wanted, int]:
    return {wanted: one.get(wanted, 0) + times * other.get(wanted, 0) for wanted in {**one, **other}}


@dataclass(frozen=True)
class Evidence:
    """Observed and expected of every merchant, in 1/1,024 of an outcome's unit: arrays of int64, merchants in sorted order.

    `observed_sums` and `expected_sums` are the same before they were rounded.
    """

    merchants: tuple[str, ...]
    observed: Mapping[Wanted, np.ndarray]
    expected: Mapping[Wanted, np.ndarray]
    observed_sums: Mapping[Wanted, np.ndarray]
    expected_sums: Mapping[Wanted, np.ndarray]

    def each(self) -> Iterator[tuple[str, dict[Wanted, int], dict[Wanted, int]]]:
        """Every merchant with what was observed and expected, as plain integers."""
        seen, due = ([values.tolist() for values in side.values()] for side in (self.observed, self.expected))
        for place, merchant in enumerate(self.merchants):
            observed = {wanted: column[place] for wanted, column in zip(self.observed, seen, strict=True)}
            yield merchant, observed, {wanted: column[place] for wanted, column in zip(self.expected, due, strict=True)}

    def of(self, place: int) -> tuple[dict[Wanted, int], dict[Wanted, int]]:
        """One merchant's observed and expected, as plain integers."""
        observed = {wanted: int(values[place]) for wanted, values in self.observed.items()}
        return observed, {wanted: int(values[place]) for wanted, values in self.expected.items()}


def evidence_query(
    daybook: Any, climate: Any, ages: Any, wanted: Sequence[Wanted], measures: Sequence[Measure]
) -> Any:
    """One aggregation per as-of day and merchant over the daybook with its weeks, joined with the ages and the climate.

    Where the climate has a column `as_of`, each day has its own.
    """
    by_name = {measure.name: measure for measure in measures}
    keys = [key for key in ("as_of", "week", "lane") if key in climate.columns]
    weighed = daybook.join(ages, "day").left_join(climate, keys)
    sums = {}
    for name, days in wanted:
        measure = by_name[name]
        weight = weighed[f"weight_{days}"]
        if by_name[measure.base].gauge is not None:
            calm, seemed = weighed[f"calm_{measure.base}"].coalesce(1), weighed[f"calm_yet_{measure.base}"].coalesce(1)
            weight = weight * ibis.ifelse(weighed.is_last_week == 1, seemed, calm)
        sums[f"observed_{name}_{days}"] = (weighed[name] * weight).sum().cast("int64")
        if measure.base != name:
            expected = weighed[measure.base] * weight * weighed[f"rate_{name}"].coalesce(0)
            sums[f"expected_{name}_{days}"] = expected.sum().cast("int64")
    return weighed.group_by("as_of", "merchant").aggregate(**sums)


def days_before(as_of: Sequence[int], days: int) -> dict[str, np.ndarray]:
    """For each as-of day so many days before it: the columns `as_of` and `day`."""
    at = np.repeat(np.array(as_of, np.int64), days)
    return {"as_of": at, "day": at - np.tile(np.arange(days, 0, -1), len(as_of))}


def ages_table(as_of: Sequence[int]) -> Any:
    """The days that count at each `as_of`, with their weights by half-life, and whether they lie in the last week before."""
    columns = days_before(as_of, AGE_DAYS_MAX)
    at, day = columns["as_of"], columns["day"]
    columns["is_last_week"] = ((day + 3) // 7 == (at + 2) // 7).astype(np.int64)
    for half_life, weights in WEIGHTS.items():
        columns[f"weight_{half_life}"] = np.array(weights, np.int64)[at - day]
    columns[f"weight_{WHOLE}"] = np.full(len(at), 1 << 20)
    return ibis.memtable(pa.table(columns))


def evidence_from(arrow: Any, wanted: Sequence[Wanted], measures: Sequence[Measure]) -> Evidence:
    """The evidence from an engine's result, put into the order of merchants' ids."""
    sorted_rows = arrow.sort_by("merchant")
    shares = {measure.name for measure in shares_of(measures)}

    def column(name: str) -> np.ndarray:
        return np.asarray(sorted_rows[name].to_numpy(), dtype=np.int64)

    observed = {(name, days): column(f"observed_{name}_{days}") for name, days in wanted}
    expected = {(name, days): column(f"expected_{name}_{days}") for name, days in wanted if name in shares}
    return Evidence(
        merchants=tuple(sorted_rows["merchant"].to_pylist()),
        observed={wanted: sums >> OBSERVED_SHIFT for wanted, sums in observed.items()},
        expected={wanted: sums >> EXPECTED_SHIFT for wanted, sums in expected.items()},
        observed_sums=observed, expected_sums=expected,
    )


def plain_evidence(
    rows: Sequence[DaybookRow], climate: Climate, as_of: int, wanted: Sequence[Wanted], measures: Sequence[Measure],
) -> dict[str, tuple[dict[Wanted, int], dict[Wanted, int]]]:
    """The same in plain Python, from daybook rows: the oracle, and what a verifier runs."""
    return {
        merchant: sums.rounded() for merchant, sums in plain_sums(rows, climate, as_of, wanted, measures).items()
    }


def plain_sums(
    rows: Sequence[DaybookRow], climate: Climate, as_of: int, wanted: Sequence[Wanted], measures: Sequence[Measure],
) -> dict[str, Sums]:
    """The evidence of the merchants in daybook rows before it is rounded."""
    by_name = {measure.name: measure for measure in measures}
    totals: dict[str, tuple[dict[Wanted, int], dict[Wanted, int]]] = {}
    for merchant, day, lane, sums in rows:
        age = as_of - day
        if not 1 <= age <= AGE_DAYS_MAX:
            continue
        observed, expected = totals.setdefault(merchant, ({}, {}))
        for name, days in wanted:
            base = by_name[name].base
            week = (day + 3) // 7
            weight = (WEIGHTS[days][age] if days else 1 << 20) * climate.is_calm(base, week, lane)
            observed[name, days] = observed.get((name, days), 0) + weight * sums[name]
            if base != name:
                rate = climate.rate(name, week, lane)
                expected[name, days] = expected.get((name, days), 0) + weight * sums[base] * rate
    return {merchant: Sums(*both) for merchant, both in totals.items()}

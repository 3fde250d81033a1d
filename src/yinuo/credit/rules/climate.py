"""The climate: what was to be expected of anyone, by the week in which outcomes became known.

For each lane and week, on the narrowest of lane, route, carrier and all that has at least 100 outcomes of 5 merchants. Sums
come from an engine; the rates are made here, in Python integers, and are what the record commits to.

A storm is a week in which so much failed on a lane that it tells nothing of anybody (a strike, a flood, a sale's peak): its
outcomes count for no merchant, neither the late ones nor the others. Otherwise a fortnight's strike would outweigh a year.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import msgspec
import numpy as np
import pyarrow as pa

from yinuo.credit.rules.judging import WEIGHT_ONE, carrier_of, route_of
from yinuo.credit.rules.measures import Measure

OUTCOMES_MIN = 100
MERCHANTS_MIN = 5
RATE_ONE = 4096         # a rate of one per outcome
RATE_MAX = 2**36        # far above what any measure can reach; engines still multiply it in 64 bits
STORM_TIMES = 3         # a week in which so many times as much failed as usual tells nothing of anybody
STORM_STRUCK = 3        # and it must have struck at least one in so many of the merchants, or it is somebody's own fault
USUAL_WEEKS = 26        # what "usual" means: the half-year before
USUAL_WEEKS_MIN = 4
CLIMATE_DAYS = 365 + (USUAL_WEEKS + 1) * 7
"""The days of outcomes that the climate of a year's evidence rests on."""


@dataclass(frozen=True)
class Climate:
    """By week and lane the rate of every measure that is a share of another, in 1/4,096 per outcome; and the storms: the
    (base, week, lane) in which outcomes tell nothing of anybody.
    """

    measures: tuple[str, ...]
    bases: tuple[str, ...]
    rates: Mapping[tuple[int, str], tuple[int, ...]]
    storms: frozenset[tuple[str, int, str]]

    def digest(self) -> str:
        """SHA-256 over its canonical JSON: what the record commits to."""
        return hashlib.sha256(self.encoded()).hexdigest()

    def encoded(self) -> bytes:
        """The canonical JSON of all rates and storms."""
        rows = [[*key, *rates] for key, rates in sorted(self.rates.items())]
        body = {"measures": self.measures, "bases": self.bases, "rates": rows, "storms": sorted(self.storms)}
        return msgspec.json.encode(body, order="sorted")

    @classmethod
    def decoded(cls, body: bytes) -> Climate:
        """The climate that was encoded; raises `msgspec.ValidationError` or ValueError for what is none."""
        return cls._read(msgspec.json.decode(body, type=_Body))

    @classmethod
    def _read(cls, read: _Body) -> Climate:
        for row in read.rates:
            _check_row(row, len(read.measures))
        rates = {(week, lane): tuple(rates) for week, lane, *rates in read.rates}
        return cls(read.measures, read.bases, rates, frozenset(read.storms))

    @classmethod
    def decoded_weeks(cls, body: bytes, weeks: range) -> Climate:
        """The same of some weeks alone, with every storm: a large market's whole climate takes long to read."""
        read = msgspec.json.decode(body, type=_Unread)
        rows = bytes(read.rates)       # in the order of weeks, each `[week,"lane",rate,...]`

        def start_of(some: range) -> int | None:
            return next((at for week in some if (at := rows.find(b'[%d,"' % week)) >= 0), None)

        if rows == b"[]":
            return cls._read(_Body(read.measures, read.bases, [], read.storms))
        first, last = (int(rows[at:].partition(b",")[0]) for at in (2, rows.rfind(b"[") + 1))
        start = start_of(range(max(first, weeks.start), min(last + 1, weeks.stop)))
        stop = start_of(range(max(first, weeks.stop), last + 1))
        found = b"[]" if start is None else b"[" + rows[start:stop].rstrip(b",]") + b"]]"
        part = _Body(read.measures, read.bases, msgspec.json.decode(found, type=list[tuple[Any, ...]]), read.storms)
        return cls._read(part)

    def rate(self, measure: str, week: int, lane: str) -> int:
        """The rate of one measure; 0 where nothing was known."""
        rates = self.rates.get((week, lane))
        return 0 if rates is None else rates[self.measures.index(measure)]

    def is_calm(self, base: str, week: int, lane: str) -> int:
        """1, or 0 where that week, the one before or the one after was a storm on the lane for outcomes of this base.

        A storm is not known to the day, and what it held back comes in with the next week's outcomes.
        """
        return int(self.is_calm_yet(base, week, lane) and (base, week + 1, lane) not in self.storms)

    def is_calm_yet(self, base: str, week: int, lane: str) -> int:
        """The same as far as it is known when the week is over: before the one after it."""
        return int(not any((base, week + shift, lane) in self.storms for shift in (-1, 0)))

    def before(self, day: int) -> Climate:
        """The climate of the weeks that were over at a day, which must be a Monday."""
        if (day + 3) % 7:
            raise ValueError("a climate can only be cut at a Monday")
        weeks = (day + 3) // 7
        return Climate(
            self.measures, self.bases,
            {key: rates for key, rates in self.rates.items() if key[0] < weeks},
            frozenset(storm for storm in self.storms if storm[1] < weeks),
        )

    def table(self, codes: Mapping[str, int] | None = None) -> Any:
        """The climate as a table for an engine: week, lane, and columns `rate_<measure>`, `calm_<base>`, `calm_yet_<base>`.

        With `codes`, lanes are numbers, as in the daybook's files.
        """
        return ibis.memtable(self.arrow(codes))

    def arrow(self, codes: Mapping[str, int] | None = None) -> pa.Table:
        """The same table as Arrow."""
        keys = list(self.rates)
        lanes = [lane if codes is None else codes[lane] for _, lane in keys]
        rates = np.array(list(self.rates.values()), np.int64).reshape(len(keys), len(self.measures))
        columns: dict[str, Any] = {
            "week": pa.array([week for week, _ in keys], pa.int64()),
            "lane": pa.array(lanes, pa.string() if codes is None else pa.int64()),
        }
        columns |= {f"rate_{name}": rates[:, place] for place, name in enumerate(self.measures)}
        for base in self.bases:
            stormy = any(storm[0] == base for storm in self.storms)
            for name, is_calm in ((f"calm_{base}", self.is_calm), (f"calm_yet_{base}", self.is_calm_yet)):
                calm = [is_calm(base, *key) for key in keys] if stormy else np.ones(len(keys))
                columns[name] = np.asarray(calm, np.int64)
        return pa.table(columns)


def several_table(several: Mapping[int, Climate], codes: Mapping[str, int]) -> Any:
    """The climates of several as-of days as one table, with the column `as_of`."""
    tables = [climate.arrow(codes) for climate in several.values()]
    days = np.repeat(list(several), [table.num_rows for table in tables])
    return ibis.memtable(pa.concat_tables(tables).append_column("as_of", pa.array(days, pa.int64())))


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    measures: tuple[str, ...]
    bases: tuple[str, ...]
    rates: list[tuple[Any, ...]]
    storms: list[tuple[str, int, str]]


class _Unread(msgspec.Struct, forbid_unknown_fields=True):
    """The same with its rates left as they are written."""

    measures: tuple[str, ...]
    bases: tuple[str, ...]
    rates: msgspec.Raw
    storms: list[tuple[str, int, str]]


def _check_row(row: tuple[Any, ...], measures: int) -> None:
    """Refuse a row that is no week, lane and rate of each measure."""
    if len(row) != 2 + measures:
        raise ValueError("a row of the climate has not a rate for each measure")
    week, lane, *rates = row
    if type(week) is not int or type(lane) is not str:
        raise ValueError("a row of the climate does not begin with week and lane")
    if any(type(rate) is not int or not 0 <= rate <= RATE_MAX for rate in rates):
        raise ValueError(f"a rate of the climate is no number from 0 to {RATE_MAX}")


def lane_sums(daybook: Any, measures: Sequence[Measure]) -> Any:
    """Per as-of day, week and lane the sums of every measure."""
    sums = {measure.name: daybook[measure.name].sum().cast("int64") for measure in measures}
    return daybook.group_by("as_of", "week", "lane").aggregate(**sums)


def merchants_with(daybook: Any, cells: Any, level: str, names: Sequence[str], *, days: int) -> Any:
    """Per as-of day, week and place of a level, as far as `cells` has it: how many merchants have a sum above 0 of each
    measure in the `days` before.

    A merchant whose outcomes were all withdrawn is none, whatever rows the daybook still holds of them.
    """
    kept = daybook.join(cells, ["week", level])
    kept = kept.filter(kept.day < kept.as_of, kept.day >= kept.as_of - days)
    cell = ("as_of", "week", level)
    each = kept.group_by(*cell, "merchant").aggregate(**{name: kept[name].sum().cast("int64") for name in names})
    counts = {name: (each[name] > 0).cast("int64").sum().cast("int64") for name in names}
    return each.group_by(*cell).aggregate(**counts)


def bases_of(measures: Sequence[Measure]) -> list[str]:
    """The names of the measures that others are shares of."""
    return list(dict.fromkeys(measure.base for measure in measures))


def gauged_of(measures: Sequence[Measure]) -> list[Measure]:
    """The bases whose weeks can be storms."""
    return [measure for measure in measures if measure.gauge is not None]


def shares_of(measures: Sequence[Measure]) -> list[Measure]:
    """The measures that are a share of another."""
    return [measure for measure in measures if measure.name != measure.base]


Sums = Mapping[str, int]
"""By measure its sum, by "merchants_<base>" how many merchants had outcomes, by "struck_<base>" how many of them failed."""
Level = Mapping[tuple[int, str], Sums]
"""Sums by week and lane, route, or "" for all."""


def plain_climate(
    daybook: Mapping[tuple[str, int, str], Mapping[str, int]], measures: Sequence[Measure], *, as_of: int,
    days: int = CLIMATE_DAYS,
) -> Climate:
    """The climate in plain Python from a whole daybook: the oracle, and what an auditor runs."""
    known = [(*key, sums) for key, sums in daybook.items() if as_of - days <= key[1] < as_of]

    def level(place_of: Callable[[str], str]) -> Level:
        return _plain_level(known, measures, place_of)

    return climate_of(
        measures, lanes=level(lambda lane: lane), routes=level(route_of), carriers=level(carrier_of),
        every=level(lambda lane: ""),
    )


def _plain_level(
    known: Sequence[tuple[str, int, str, Mapping[str, int]]], measures: Sequence[Measure], place_of: Callable[[str], str]
) -> Level:
    sums: dict[tuple[int, str], dict[str, int]] = {}
    each: dict[tuple[int, str], dict[tuple[str, str], int]] = {}
    for merchant, day, lane, values in known:
        cell = (day + 3) // 7, place_of(lane)
        added, merchants = sums.setdefault(cell, {}), each.setdefault(cell, {})
        for name, value in values.items():
            added[name] = added.get(name, 0) + value
            merchants[name, merchant] = merchants.get((name, merchant), 0) + value
    for cell, merchants in each.items():
        some = Counter(name for (name, _), value in merchants.items() if value > 0)
        sums[cell] |= {f"merchants_{base}": some[base] for base in bases_of(measures)}
        sums[cell] |= {f"struck_{base.name}": some[base.gauge or ""] for base in gauged_of(measures)}
    return {cell: added for cell, added in sums.items() if any(added.values())}


def climate_of(
    measures: Sequence[Measure], *, lanes: Level, routes: Level, carriers: Level, every: Level
) -> Climate:
    """The climate from grouped sums: for each week and lane the narrowest level that has enough.

    Cells in which everything is 0 must be left out: whether a daybook still holds rows of what was withdrawn tells nothing.
    """
    shares = shares_of(measures)
    gauged = gauged_of(measures)
    weeks = sorted({week for week, _ in every})
    rates, storms = {}, set()
    for lane in sorted({lane for _, lane in lanes}):
        levels = ((lanes, lane), (routes, route_of(lane)), (carriers, carrier_of(lane)), (every, ""))
        for week in weeks:
            if (week, lane) in lanes:
                rates[week, lane] = tuple(_rate(measure, week, _narrowest(measure.base, week, levels)) for measure in shares)
            storms |= {
                (base.name, week, lane) for base in gauged if _is_storm(base, week, _narrowest(base.name, week, levels))
            }
    return Climate(
        measures=tuple(measure.name for measure in shares), bases=tuple(base.name for base in gauged), rates=rates,
        storms=frozenset(storms),
    )


def _narrowest(base: str, week: int, levels: Sequence[tuple[Level, str]]) -> tuple[Level, str]:
    """The narrowest level with enough outcomes of enough merchants that week; the last where none has."""
    for level, key in levels:
        sums = level.get((week, key))
        if sums and sums[base] >= OUTCOMES_MIN * WEIGHT_ONE and sums[f"merchants_{base}"] >= MERCHANTS_MIN:
            return level, key
    return levels[-1]


def _rate(measure: Measure, week: int, place: tuple[Level, str]) -> int:
    sums = place[0][week, place[1]]
    outcomes = sums[measure.base]
    return RATE_ONE * sums[measure.name] // outcomes if outcomes > 0 else 0


def _is_storm(base: Measure, week: int, place: tuple[Level, str]) -> bool:
    """Whether failures were three times as frequent as in the half-year before, and struck a third of the merchants."""
    level, key = place
    now = level[week, key]
    if now[base.name] < OUTCOMES_MIN * WEIGHT_ONE or STORM_STRUCK * now[f"struck_{base.name}"] < now[f"merchants_{base.name}"]:
        return False
    before = [level[past, key] for past in range(week - USUAL_WEEKS, week) if (past, key) in level]
    outcomes = sum(sums[base.name] for sums in before)
    failures = sum(sums[base.gauge or ""] for sums in before)
    if len(before) < USUAL_WEEKS_MIN or outcomes < OUTCOMES_MIN * WEIGHT_ONE:
        return False
    return now[base.gauge or ""] * outcomes >= STORM_TIMES * failures * now[base.name]

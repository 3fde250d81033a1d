"""The climate of a large market: the same integers as `climate_of`, by arrays, and merchants counted only where it matters.

Counting distinct merchants is what a climate costs. It is needed only where a level has enough outcomes, not where a narrower
level within it has shown enough merchants already; and for storms only where failures rose enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from yinuo.credit.rules.climate import (
    MERCHANTS_MIN,
    OUTCOMES_MIN,
    RATE_ONE,
    STORM_STRUCK,
    STORM_TIMES,
    USUAL_WEEKS,
    USUAL_WEEKS_MIN,
    Climate,
    bases_of,
    gauged_of,
    shares_of,
)
from yinuo.credit.rules.judging import WEIGHT_ONE, carrier_of, route_of
from yinuo.credit.rules.measures import Measure

OUTCOMES = OUTCOMES_MIN * WEIGHT_ONE
LEVELS = ("lane", "route", "carrier", "every")
SUSPICION = STORM_TIMES * .999      # floating point finds candidates; integers decide
Cell = tuple[int, int, int]
Count = Callable[[str, np.ndarray, np.ndarray, np.ndarray, Sequence[str]], Mapping[Cell, Sequence[int]]]
"""Asked for a level, times, weeks and places beside them, and measures: by (time, week, place), how many merchants sum above 0
in each. Times are the places of as-of days among those asked for.
"""


def places_of(lanes: Sequence[str]) -> dict[str, np.ndarray]:
    """For the lanes in the order of their codes: the codes of their places at every level."""
    routes: dict[str, int] = {}
    carriers: dict[str, int] = {}
    return {
        "lane": np.arange(len(lanes)),
        "route": np.array([routes.setdefault(route_of(lane), len(routes)) for lane in lanes], np.int64),
        "carrier": np.array([carriers.setdefault(carrier_of(lane), len(carriers)) for lane in lanes], np.int64),
        "every": np.zeros(len(lanes), np.int64),
    }


@dataclass
class Level:
    """The sums of one level, a row for each place and week in which there were any, in that order.

    A place at another time is another place: its number is that of the place, and `width` more for each time before.
    """

    name: str
    width: int
    place: np.ndarray
    week: np.ndarray
    sums: dict[str, np.ndarray]
    enough: dict[str, np.ndarray] = field(default_factory=dict)
    storm: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, width: int, place: np.ndarray, week: np.ndarray, sums: Mapping[str, np.ndarray]) -> Level:
        """Add up rows of the same place and week."""
        keys, row = np.unique(_key(place, week), return_inverse=True)
        added = {}
        for measure, values in sums.items():
            added[measure] = np.zeros(len(keys), np.int64)
            np.add.at(added[measure], row, values)
        return cls(name, width, keys >> 32, keys & 0xFFFFFFFF, added)

    def rows(self, place: np.ndarray, week: np.ndarray) -> np.ndarray:
        """The row of each place and week, or -1."""
        keys, wanted = _key(self.place, self.week), _key(place, week)
        row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[row] == wanted, row, -1)

    def judge(self, bases: Sequence[str], count: Count, shown: Mapping[str, np.ndarray]) -> None:
        """Find which rows have enough outcomes of enough merchants; `shown` are those of which that is known already."""
        self.enough = {base: shown[base] & (self.sums[base] >= OUTCOMES) for base in bases}
        open_rows = {base: (self.sums[base] >= OUTCOMES) & ~self.enough[base] for base in bases}
        asked = np.flatnonzero(np.logical_or.reduce(list(open_rows.values())))
        if not len(asked):
            return
        counts = _counted(count, self, asked, bases)
        for column, base in enumerate(bases):
            self.enough[base][asked] |= open_rows[base][asked] & (counts[:, column] >= MERCHANTS_MIN)

    def find_storms(self, gauged: Sequence[Measure], count: Count) -> None:
        """Find the rows in which three times as much failed as in the half-year before, at a third of the merchants."""
        for base in gauged:
            self.storm[base.name] = np.zeros(len(self.week), bool)
            worth = self.sums[base.name] >= OUTCOMES
            if self.name != "every":
                worth &= self.enough[base.name]
            rows = np.array(
                [row for row in np.flatnonzero(worth & self._suspected(base)).tolist() if self._rose(base, row)], np.int64
            )
            if len(rows):
                struck = _counted(count, self, rows, (base.name, base.gauge or ""))
                self.storm[base.name][rows] = STORM_STRUCK * struck[:, 1] >= struck[:, 0]

    def _suspected(self, base: Measure) -> np.ndarray:
        """A superset of the rows in which failures rose enough."""
        since = np.searchsorted(_key(self.place, self.week), _key(self.place, np.maximum(self.week - USUAL_WEEKS, 0)))
        now = np.arange(len(self.week))
        outcomes, failures = (
            np.append(0., self.sums[name].astype(float).cumsum()) for name in (base.name, base.gauge or "")
        )
        usual = (failures[now] - failures[since]) * self.sums[base.name]
        slack = 1e-9 * failures[-1] * self.sums[base.name]      # what adding up floats may have lost
        found: np.ndarray = self.sums[base.gauge or ""] * (outcomes[now] - outcomes[since]) >= SUSPICION * usual - slack
        return found & (now - since >= USUAL_WEEKS_MIN)

    def _rose(self, base: Measure, row: int) -> bool:
        keys = _key(self.place[row : row + 1], np.maximum(self.week[row : row + 1] - USUAL_WEEKS, 0))
        before = slice(int(np.searchsorted(_key(self.place, self.week), keys)[0]), row)
        outcomes = int(sum(self.sums[base.name][before].tolist()))       # Python's integers: products may pass 64 bits
        failures = int(sum(self.sums[base.gauge or ""][before].tolist()))
        now, failed = int(self.sums[base.name][row]), int(self.sums[base.gauge or ""][row])
        return outcomes >= OUTCOMES and failed * outcomes >= STORM_TIMES * failures * now


def narrowed(
    measures: Sequence[Measure], lanes: Sequence[str], *, time: np.ndarray, times: int, week: np.ndarray, lane: np.ndarray,
    sums: Mapping[str, np.ndarray], count: Count,
) -> list[Climate]:
    """The climates of so many times from the sums by time, week and lane code, a row each, and from what `count` answers."""
    gauged, widths = gauged_of(measures), {name: int(codes.max(initial=0)) + 1 for name, codes in places_of(lanes).items()}
    places = {
        name: np.concatenate([codes + widths[name] * at for at in range(times)]) for name, codes in places_of(lanes).items()
    }
    lane = lane + len(lanes) * time
    some = np.logical_or.reduce([values != 0 for values in sums.values()])      # a lane may have lost all it had
    week, lane, sums = week[some], lane[some], {name: values[some] for name, values in sums.items()}
    levels: list[Level] = []
    for name in LEVELS if len(week) else ():
        level = Level.of(name, widths[name], places[name][lane], week, sums)
        shown = {base: np.zeros(len(level.week), bool) for base in bases_of(measures)}
        if levels:
            _show(level, levels[-1], places, shown)
        if name != "every":
            level.judge(bases_of(measures), count, shown)
        level.find_storms(gauged, count)
        levels.append(level)
    rates: list[dict[tuple[int, str], tuple[int, ...]]] = [{} for _ in range(times)]
    storms: list[set[tuple[str, int, str]]] = [set() for _ in range(times)]
    if levels:
        for code, at_week, shares in _rates(measures, places, levels):
            rates[code // len(lanes)][at_week, lanes[code % len(lanes)]] = shares
        for base, at_week, code in _storms(gauged, places, levels):
            storms[code // len(lanes)].add((base, at_week, lanes[code % len(lanes)]))
    names, bases = tuple(measure.name for measure in shares_of(measures)), tuple(base.name for base in gauged)
    return [Climate(names, bases, rates[at], frozenset(storms[at])) for at in range(times)]


def _show(level: Level, narrower: Level, places: Mapping[str, np.ndarray], shown: Mapping[str, np.ndarray]) -> None:
    """A place has enough merchants where a place that lies wholly within it has."""
    inner, outer = places[narrower.name], places[level.name]
    within = np.zeros(int(inner.max()) + 1, np.int64)
    within[inner] = outer
    whole = np.ones(len(within), bool)
    np.logical_and.at(whole, inner, within[inner] == outer)
    row = level.rows(within[narrower.place], narrower.week)
    for base, enough in narrower.enough.items():
        np.logical_or.at(shown[base], row, enough & whole[narrower.place])


def _rates(
    measures: Sequence[Measure], places: Mapping[str, np.ndarray], levels: Sequence[Level]
) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """The rates of every lane's code and week."""
    here = levels[0]
    rows = [level.rows(places[level.name][here.place], here.week) for level in levels]
    columns = []
    for measure in shares_of(measures):
        chosen = _narrowest(measure.base, rows, levels)
        failed = np.choose(chosen, [level.sums[measure.name][row] for level, row in zip(levels, rows, strict=True)])
        outcomes = np.choose(chosen, [level.sums[measure.base][row] for level, row in zip(levels, rows, strict=True)])
        columns.append(np.where(outcomes > 0, RATE_ONE * failed // np.maximum(outcomes, 1), 0).tolist())
    return zip(here.place.tolist(), here.week.tolist(), zip(*columns, strict=True), strict=True)


def _narrowest(base: str, rows: Sequence[np.ndarray], levels: Sequence[Level]) -> np.ndarray:
    """Which level counts: the narrowest with enough, or the last."""
    chosen = np.full(len(rows[0]), len(levels) - 1)
    for place in range(len(levels) - 2, -1, -1):
        chosen[(rows[place] >= 0) & levels[place].enough[base][rows[place]]] = place
    return chosen


def _storms(
    gauged: Sequence[Measure], places: Mapping[str, np.ndarray], levels: Sequence[Level]
) -> Iterator[tuple[str, int, int]]:
    """The storms of every lane's code, in weeks without outcomes on it too."""
    known = np.unique(levels[0].place)
    for base in gauged:
        for week in sorted({int(week) for level in levels for week in level.week[level.storm[base.name]]}):
            rows = [level.rows(places[level.name][known], np.full(len(known), week)) for level in levels]
            chosen = _narrowest(base.name, rows, levels)
            storm = np.choose(chosen, [level.storm[base.name][row] for level, row in zip(levels, rows, strict=True)])
            storm &= rows[-1] >= 0      # at another time that week may be unknown everywhere
            yield from ((base.name, week, code) for code in known[storm].tolist())


def _counted(count: Count, level: Level, rows: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """How many merchants there are in rows, a column for each measure."""
    week, (time, place) = level.week[rows], np.divmod(level.place[rows], level.width)
    found = count(level.name, time, week, place, names)
    nobody = (0,) * len(names)
    cells = zip(time.tolist(), week.tolist(), place.tolist(), strict=True)
    return np.array([found.get(cell, nobody) for cell in cells], np.int64)


def _key(place: np.ndarray, week: np.ndarray) -> np.ndarray:
    """Place and week in one number; weeks since 1970 are never negative here."""
    key: np.ndarray = (place.astype(np.int64) << 32) + week
    return key

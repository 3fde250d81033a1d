"""Where things stand in the charts: plain numbers in, percentages and paths out. Templates draw, words stay in templates.

Charts have no fixed width: what keeps its shape (dots, text) is placed in per cent, what may stretch (areas, lines) is a path
in a square of 1,000 by 1,000.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log10, sqrt
from typing import Any, Protocol

SCORE_MAX = 1000
SPAN_MIN = 200
RATES_PPM = (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000)


class Point(Protocol):
    """A score with its interval as of a day."""

    as_of: int
    score: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Interval:
    """A score and its interval on the scale from 0 to 1,000, in per cent."""

    left: str
    width: str
    point: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across a chart: where, in per cent, and the value it stands for."""

    place: str
    value: int


@dataclass(frozen=True, slots=True)
class Course:
    """Scores over time: one area and one line per unbroken stretch, the last point, and the lines to read them by."""

    areas: list[str]
    lines: list[str]
    last: tuple[str, str, int] | None
    scores: list[Tick]
    days: list[Tick]


@dataclass(frozen=True, slots=True)
class Dot:
    """A measured rate over the promised one, with its interval, in per cent."""

    x: str
    y: str
    top: str
    height: str


@dataclass(frozen=True, slots=True)
class Reliability:
    """Measured over promised rates, on two logarithmic scales of the same length."""

    dots: list[Dot]
    said: list[Tick]
    measured: list[Tick]
    rows: list[dict[str, int]]


def interval(score: int, low: int, high: int) -> Interval:
    """Where a score and its interval stand."""
    return Interval(_percent(low, SCORE_MAX), _percent(max(high - low, 4), SCORE_MAX), _percent(score, SCORE_MAX))


def share_bars(values: Sequence[int]) -> list[str]:
    """Each value's share of the largest one, in per cent; bars start at zero."""
    most = max(values, default=0) or 1
    return [_percent(value, most) for value in values]


def points_bars(points: Sequence[int]) -> list[tuple[str, str]]:
    """Left end and width of each bar of points around zero in the middle, in per cent."""
    most = max((abs(value) for value in points), default=0) or 1
    return [(_percent(most + min(value, 0), 2 * most), _percent(abs(value), 2 * most)) for value in points]


def course(points: Sequence[Point]) -> Course | None:
    """The course of a score over time, or None where fewer than two days have one."""
    scored = [point for point in points if point.score is not None]
    if len(scored) < 2:
        return None
    first, last = points[0].as_of, points[-1].as_of
    bottom, top = _score_span(scored)

    def x(point: Point) -> float:
        return 1000 * (point.as_of - first) / (last - first)

    def y(score: int) -> float:
        return 1000 * (top - score) / (top - bottom)

    areas, lines = [], []
    for has_score, stretch in groupby(points, key=lambda point: point.score is not None):
        if has_score:
            run = list(stretch)
            upper = [(x(p), y(_or(p.high, p))) for p in run]
            lower = [(x(p), y(_or(p.low, p))) for p in reversed(run)]
            areas.append(_path(upper + lower) + "Z")
            lines.append(_path([(x(p), y(p.score or 0)) for p in run]))
    step = 50 if top - bottom <= 300 else 100
    end = scored[-1]
    return Course(
        areas,
        lines,
        (_percent(x(end), 1000), _percent(y(end.score or 0), 1000), end.score or 0),
        [Tick(_percent(y(score), 1000), score) for score in range(-(-bottom // step) * step, top + 1, step)],
        [Tick(_percent(day - first, last - first), day) for day in (first, (first + last) // 2, last)],
    )


def reliability(rows: Iterable[dict[str, Any]]) -> Reliability | None:
    """What was promised against what was measured, or None where nothing was measured."""
    kept = [row for row in rows if row.get("predicted_ppm") and row.get("orders")]
    if not kept:
        return None
    spreads = [wilson_ppm(row.get("observed_ppm", 0), row["orders"]) for row in kept]
    told = [rate for row in kept for rate in (row["predicted_ppm"], row.get("observed_ppm", 0)) if rate > 0]
    low = max((rate for rate in RATES_PPM if rate * 6 <= min(told) * 5), default=RATES_PPM[0])
    most = max(low, *told, *(above for _, above in spreads))
    high = min((rate for rate in RATES_PPM if rate > most), default=1_000_000)

    def place(ppm: float) -> float:
        return min(1.0, max(0.0, log10(max(ppm, 1) / low) / log10(high / low)))

    dots = []
    for row, (below, above) in zip(kept, spreads, strict=True):
        top = 1 - place(above)
        dots.append(
            Dot(
                _percent(place(row["predicted_ppm"]), 1),
                _percent(1 - place(row.get("observed_ppm", 0)), 1),
                _percent(top, 1),
                _percent(1 - place(below) - top, 1),
            )
        )
    lines = [rate for rate in RATES_PPM if low <= rate <= high]
    return Reliability(
        dots,
        [Tick(_percent(place(rate), 1), rate) for rate in lines],
        [Tick(_percent(1 - place(rate), 1), rate) for rate in lines],
        kept,
    )


def wilson_ppm(observed_ppm: int, orders: int) -> tuple[int, int]:
    """The 95% interval of a rate measured on so many orders (Wilson), in parts per million."""
    z, p = 1.96, observed_ppm / 1_000_000
    middle = (p + z * z / (2 * orders)) / (1 + z * z / orders)
    half = z * sqrt(p * (1 - p) / orders + z * z / (4 * orders * orders)) / (1 + z * z / orders)
    return round((middle - half) * 1_000_000), round((middle + half) * 1_000_000)


def _score_span(scored: Sequence[Point]) -> tuple[int, int]:
    bottom = min(500, *(_or(point.low, point) for point in scored)) // 50 * 50
    top = -(-max(500, *(_or(point.high, point) for point in scored)) // 50) * 50
    missing = max(0, SPAN_MIN - (top - bottom))
    return max(0, bottom - -(-missing // 100) * 50), min(SCORE_MAX, top + missing // 100 * 50)


def _or(value: int | None, point: Point) -> int:
    return (point.score or 0) if value is None else value


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f}%"

"""Charts as inline SVG without a fixed width: lines are drawn in a square of 1,000 that stretches, words placed in per cent."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from yinuo.pipelines.preview.accuracy import Group

Place = tuple[float, float]
"""Across and up, each 0 to 1."""
Ticks = Sequence[tuple[float, str]]
RATES_PER_THOUSAND = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def plot(label: str, drawn: SafeString, *, up: Ticks, across: Ticks, kind: str = "wide") -> SafeString:
    """A chart with its lines across and its labels: values on their lines, beside them where bars are, the other axis below."""
    lines = format_html_join(
        "", '<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>', ((_down(place),) for place, _ in up)
    )
    at = ("-8", ".32em", "end") if kind == "bars" else ("0", "-4", "start")     # bars begin where words would stand
    words = format_html_join(
        "", '<text x="{}" y="{}" dy="{}" text-anchor="{}">{}</text>',
        ((at[0], _down(place), *at[1:], text) for place, text in up),
    )
    below = format_html_join(
        "", '<text class="{}" x="{}" y="100%" dy="18" text-anchor="{}">{}</text>',
        (("spare" if i % 2 and kind != "square" else "", _percent(place), _anchor(place), text)
         for i, (place, text) in enumerate(across)),
    )
    return format_html(
        '<div class="plot {}"><svg class="chart" role="img" aria-label="{}" width="100%" height="100%">{}{}{}{}</svg></div>',
        kind, label, lines, drawn, words, below,
    )


def line(places: Sequence[Place], style: str = "line") -> SafeString:
    """A line through places; it stretches with the chart."""
    return _stretched(format_html('<path class="{}" d="{}"/>', style, _path(places)))


def bars(values: Sequence[tuple[float, str]]) -> SafeString:
    """Upright bars of heights 0 to 1 side by side, each with its style."""
    width = 1000 / max(1, len(values))
    return _stretched(format_html_join(
        "", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        ((style, _n(i * width + width * 0.12), _n(1000 - 1000 * min(height, 1)), _n(width * 0.76), _n(1000 * min(height, 1)))
         for i, (height, style) in enumerate(values)),
    ))


def beside(place: float, text: str) -> SafeString:
    """Words for the end of a line, at the right of a chart of bars."""
    return format_html('<text x="100%" dx="8" y="{}" dy=".32em">{}</text>', _down(place), text)


def sparkline(scores: Sequence[int | None], label: str) -> SafeString:
    """The course of a score, 250 to 750 from bottom to top, with 500 as a line; gaps where there was no score."""
    last = max(1, len(scores) - 1)
    runs: list[list[Place]] = [[]]
    for i, score in enumerate(scores):
        if score is None:
            runs.append([])
        else:
            runs[-1].append((i / last, min(1.0, max(0.0, (score - 250) / 500))))
    drawn = format_html_join("", '<path class="line" d="{}"/>', ((_path(run),) for run in runs if len(run) > 1))
    return format_html(
        '<svg class="spark" role="img" aria-label="{}" viewBox="0 0 1000 1000" preserveAspectRatio="none">'
        '<path class="half" d="M0 500L1000 500"/>{}</svg>', label, drawn,
    )


def interval_bar(value: int, low: int, high: int, most: int, label: str) -> SafeString:
    """A value with its interval on a scale from nothing to `most`, 100 marked."""
    def x(percent: int) -> str:
        return _percent(min(percent, most) / most)

    return format_html(
        '<svg class="range" role="img" aria-label="{}" width="100%" height="16"><rect class="track" width="100%" height="16"/>'
        '<rect class="likely" x="{}" width="{}" y="4" height="8"/><line class="hundred" x1="{}" x2="{}" y1="0" y2="16"/>'
        '<line class="point" x1="{}" x2="{}" y1="2" y2="14"/></svg>',
        label, x(low), _percent((min(high, most) - min(low, most)) / most), x(100), x(100), x(value), x(value),
    )


def reliability(groups: Sequence[Group], label: str, told: str, measured: str) -> SafeString:
    """Measured over told rates on two logarithmic scales of the same length, each with its 95% interval."""
    rates = [rate for group in groups for rate in (group.predicted_ppm, max(group.low_ppm, 500), group.high_ppm)]
    low = max((rate for rate in RATES_PER_THOUSAND if rate * 1000 <= min(rates)), default=1)
    high = min((rate for rate in RATES_PER_THOUSAND if rate * 1000 >= max(rates)), default=1000)

    def place(ppm: int) -> float:
        return min(1.0, max(0.0, log10(max(ppm, 1) / 1000 / low) / log10(high / low)))

    ticks = [(place(rate * 1000), str(rate)) for rate in RATES_PER_THOUSAND if low <= rate <= high]
    spans = format_html_join(
        "", '<line class="spread" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>',
        ((_percent(place(g.predicted_ppm)), _down(place(g.low_ppm)), _down(place(g.high_ppm))) for g in groups),
    )
    dots = format_html_join(
        "", '<circle class="dot" cx="{}" cy="{}" r="4"/>',
        ((_percent(place(g.predicted_ppm)), _down(place(g.observed_ppm))) for g in groups),
    )
    names = format_html(
        '<text x="100%" y="100%" dy="-6" text-anchor="end">{}</text><text x="0" y="0" dy="-22">{}</text>', told, measured
    )
    diagonal = _stretched(mark_safe('<path class="base" d="M0 1000L1000 0"/>'))
    return plot(label, diagonal + spans + dots + names, up=ticks, across=ticks, kind="square")


def _stretched(drawn: SafeString) -> SafeString:
    return format_html('<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">{}</svg>', drawn)


def _path(places: Sequence[Place]) -> str:
    return "M" + "L".join(f"{_n(1000 * x)} {_n(1000 - 1000 * y)}" for x, y in places) if places else ""


def _anchor(place: float) -> str:
    return "start" if place < 0.05 else "end" if place > 0.95 else "middle"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _down(place: float) -> str:
    return _percent(1 - place)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"

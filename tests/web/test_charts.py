"""Where things stand in the charts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.web import charts


@dataclass
class Point:
    as_of: int
    score: int | None
    low: int | None
    high: int | None


scores = st.none() | st.integers(0, 1000)


@given(st.lists(scores, min_size=0, max_size=60))
def test_a_course_stays_within_its_frame(values):
    points = [
        Point(day, s, None if s is None else max(0, s - 40), None if s is None else min(1000, s + 40))
        for day, s in enumerate(values)
    ]
    course = charts.course(points)
    if sum(value is not None for value in values) < 2:
        assert course is None
        return
    assert course is not None
    numbers = [
        float(n)
        for path in course.lines + course.areas
        for n in path.replace("M", "").replace("Z", "").replace("L", " ").split()
    ]
    assert all(-0.1 <= number <= 1000.1 for number in numbers)
    assert any(tick.value == 500 for tick in course.scores)


def test_a_course_breaks_where_there_was_no_score():
    values = [500, 510, None, 520, 530]
    course = charts.course([Point(day, value, value, value) for day, value in enumerate(values)])
    assert course is not None
    assert len(course.lines) == 2


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=9))
def test_bars_of_points_start_at_zero_in_the_middle(points):
    for value, (left, width) in zip(points, charts.points_bars(points), strict=True):
        start, length = float(left[:-1]), float(width[:-1])
        assert abs((start if value >= 0 else start + length) - 50) < 0.02
        assert 0 <= start <= start + length <= 100.01


@given(st.integers(0, 1_000_000), st.integers(1, 1_000_000))
def test_the_interval_of_a_rate_holds_the_rate(observed, orders):
    low, high = charts.wilson_ppm(observed, orders)
    assert -1 <= low <= observed + 1
    assert observed - 1 <= high <= 1_000_001


def test_nothing_measured_draws_nothing():
    assert charts.reliability([]) is None
    assert charts.reliability([{"predicted_ppm": 0, "orders": 10}]) is None


@given(
    st.lists(
        st.tuples(st.integers(1, 900_000), st.integers(0, 1_000_000), st.integers(1, 100_000)), min_size=1, max_size=15
    )
)
def test_dots_stay_within_the_frame(rows):
    drawn = charts.reliability([{"predicted_ppm": p, "observed_ppm": o, "orders": n} for p, o, n in rows])
    assert drawn is not None
    for dot in drawn.dots:
        assert all(-0.01 <= float(place[:-1]) <= 100.01 for place in (dot.x, dot.y, dot.top, dot.height))


@pytest.mark.parametrize(("values", "bars"), [([], []), ([0, 0], ["0.00%", "0.00%"]), ([2, 4], ["50.00%", "100.00%"])])
def test_shares_are_of_the_largest(values, bars):
    assert charts.share_bars(values) == bars

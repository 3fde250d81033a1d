"""What the daybook counts. To add a measure: one file with one function, and one line here and in `MEASURES`.

A function's docstring is the public explanation of what it counts, in the words a merchant reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import getdoc
from typing import Any

from yinuo.credit.features.arrivals import arrivals, late_arrivals
from yinuo.credit.features.cancellations import cancellations
from yinuo.credit.features.complaints import complaints, slow_answers, undescribed
from yinuo.credit.features.dispatches import dispatches
from yinuo.credit.features.failures import failures
from yinuo.credit.features.handling_time import handling_time
from yinuo.credit.features.stars import low_stars, reviews
from yinuo.credit.rules.measures import Measure

_FUNCTIONS: tuple[Callable[[], Measure], ...] = (
    dispatches,
    handling_time,
    failures,
    cancellations,
    arrivals,
    late_arrivals,
    reviews,
    low_stars,
    complaints,
    undescribed,
    slow_answers,
)


def _with_meaning(function: Callable[[], Measure]) -> Measure:
    meaning = getdoc(function)
    assert meaning, f"{function.__name__} needs a docstring: it is the public explanation"
    return replace(function(), meaning=" ".join(meaning.split()))


MEASURES: tuple[Measure, ...] = tuple(_with_meaning(function) for function in _FUNCTIONS)


def costs(kind: str, fact: Any) -> bool:
    """Whether an outcome counts against its merchant because of the cause found for it, by any measure."""
    against = (measure for measure in MEASURES if measure.causes is not None and measure.base != measure.name)
    return any(measure.of(kind, fact) for measure in against)

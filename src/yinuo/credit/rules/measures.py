"""Measures: what is counted in a judged outcome, written once as data and read by every engine and by plain Python.

A measure looks at one kind of judged outcome and gives a small integer. The daybook adds these up; the climate tells what
sum was to be expected; a scorecard turns the ratio of the two into points.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

VALUE_MAX = 4095        # with weight 16 and age weight 2^20 a fact adds less than 2^36
OWN_FAULT = (None, "merchant")


@dataclass(frozen=True, slots=True)
class Case:
    """If the column's value is one of `among` (or above `above`), the measure is `value`. None never matches `above`."""

    column: str
    value: int
    among: tuple[str | None, ...] = ()
    above: int | None = None

    def holds(self, fact: Any) -> bool:
        """Whether the case holds for a fact, in plain Python."""
        found = getattr(fact, self.column)
        if self.above is not None:
            return found is not None and found > self.above
        return found in self.among


@dataclass(frozen=True, slots=True)
class Measure:
    """A named count over judged outcomes of one kind.

    `base` names the measure that counts the outcomes this one is a share of; a base measure is its own base. Only outcomes
    that nobody else caused are counted: those whose `cause` is in `causes`. The first case that holds gives the value.
    A base may name a `gauge`: the measure by which a week is told to be a storm, in which its outcomes count for nobody.
    """

    name: str
    kind: str
    base: str
    cases: tuple[Case, ...] = ()
    otherwise: int = 0
    causes: tuple[str | None, ...] | None = OWN_FAULT
    facet: Literal["dispatch", "described", "service"] = "dispatch"
    gauge: str | None = None
    meaning: str = ""

    def __post_init__(self) -> None:
        """Refuse values that could overflow an engine's integers."""
        if not all(0 <= value <= VALUE_MAX for value in [self.otherwise, *(case.value for case in self.cases)]):
            raise ValueError(f"{self.name}: values must lie between 0 and {VALUE_MAX}")

    def of(self, kind: str, fact: Any) -> int:
        """The measure of one fact, in plain Python: the oracle that every engine must agree with."""
        if kind != self.kind or (self.causes is not None and fact.cause not in self.causes):
            return 0
        return next((case.value for case in self.cases if case.holds(fact)), self.otherwise)

    def expression(self, facts: Any) -> Any:
        """The same as an Ibis expression over the archive's columns, weighted; never null."""
        import ibis  # noqa: PLC0415 - plain rules stay light

        value = ibis.literal(self.otherwise, "int64")
        for case in reversed(self.cases):
            value = ibis.ifelse(_condition(facts, case), ibis.literal(case.value, "int64"), value)
        counted = facts.kind == self.kind
        if self.causes is not None:
            counted = counted & _among(facts.cause, self.causes)
        return ibis.ifelse(counted, value * facts.weight.coalesce(0), ibis.literal(0, "int64"))


def _condition(facts: Any, case: Case) -> Any:
    column = facts[case.column]
    if case.above is not None:
        return (column > case.above).fill_null(False)
    return _among(column, case.among)


def _among(column: Any, values: Sequence[str | None]) -> Any:
    options = [column.isnull() if value is None else (column == value).fill_null(False) for value in values]
    return functools.reduce(lambda one, other: one | other, options)

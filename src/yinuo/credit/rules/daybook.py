"""The daybook: per merchant, outcome day and lane, the integer sums of every measure. Ibis expressions for any engine.

Sums are additive, so a daybook is a list of files whose rows add up: each run adds what is new, with what was replaced taken
off again. No division stands in these expressions, and no floats: every engine gives the same integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import ibis

from yinuo.credit.rules.measures import Measure

KEYS = ("merchant", "day", "lane")
KINDS = ("credit.dispatch_judged", "credit.delivery_judged", "credit.review_judged", "credit.complaint_judged")


def columns_needed(measures: Sequence[Measure]) -> list[str]:
    """The archive's columns that these measures read."""
    found = {"seq", "kind", "weight", "cause", *KEYS}
    found |= {case.column for measure in measures for case in measure.cases}
    return sorted(found)


def outcomes_of(facts: Any, measures: Sequence[Measure]) -> Any:
    """Every judged outcome with its measures, not added up yet."""
    judged = facts.filter(facts.kind.isin(KINDS), facts.merchant.notnull())
    # One outcome measures at most 4,095 x 16: narrow integers are read, moved and added faster.
    return judged.select(*KEYS, **{measure.name: measure.expression(judged).cast("int32") for measure in measures})


def daybook_of(facts: Any, measures: Sequence[Measure]) -> Any:
    """The daybook of a table of facts: one aggregation over the archive's columns."""
    outcomes = outcomes_of(facts, measures)
    sums = {measure.name: outcomes[measure.name].sum().cast("int64") for measure in measures}
    return outcomes.group_by(list(KEYS)).aggregate(**sums)


def row_of(fact: Any, *, kind: str, day: int, columns: Sequence[str]) -> SimpleNamespace:
    """A judged fact as the archive has it: its kind and day, and every column that a measure reads."""
    values = {name: getattr(fact, name, None) for name in columns}
    return SimpleNamespace(**values | {"kind": kind, "day": day})


def plain_daybook(facts: Iterable[Any], measures: Sequence[Measure]) -> dict[tuple[str, int, str], dict[str, int]]:
    """The same in plain Python, from the facts that stand: the oracle that every engine must agree with."""
    daybook: dict[tuple[str, int, str], dict[str, int]] = {}
    for fact in facts:
        if fact.kind not in KINDS or fact.merchant is None:
            continue
        sums = daybook.setdefault((fact.merchant, fact.day, fact.lane), {measure.name: 0 for measure in measures})
        for measure in measures:
            sums[measure.name] += measure.of(fact.kind, fact) * (fact.weight or 0)
    return daybook


def standing_facts(facts: Any, replaced: Any | None, *, start: int, stop: int) -> Any:
    """The facts numbered from `start` to before `stop` that still stand at size `stop`."""
    new = facts.filter(facts.seq >= start, facts.seq < stop)
    if replaced is None:
        return new
    gone = replaced.filter(replaced.by < stop).select(seq=replaced.target).distinct()
    return new.anti_join(gone, "seq")


def undone_facts(facts: Any, replaced: Any, *, start: int, stop: int) -> Any:
    """The facts numbered below `start` that stood at size `start` and stand no longer at `stop`."""
    before = replaced.filter(replaced.by < start).select(seq=replaced.target).distinct()
    gone = replaced.filter(replaced.by >= start, replaced.by < stop, replaced.target < start)
    gone = gone.select(seq=gone.target).distinct().anti_join(before, "seq")
    return facts.filter(facts.seq < start).semi_join(gone, "seq")


def negative(daybook: Any, measures: Sequence[Measure]) -> Any:
    """The same rows with every sum taken off instead of added."""
    return daybook.mutate(**{measure.name: -daybook[measure.name] for measure in measures})


def weeks(first_day: int, last_day: int) -> Any:
    """A table of the days in a span with the week that each lies in, Monday to Sunday; engines never divide."""
    days = range(first_day, last_day + 1)
    columns = {"day": list(days), "week": [(day + 3) // 7 for day in days]}
    return ibis.memtable(columns, schema=dict.fromkeys(columns, "int64"))

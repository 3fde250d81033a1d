"""What a run rests on besides the daybook: findings, and how many facts and reviews there are of each merchant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yinuo.catalogue.rules import ToldFinding
from yinuo.credit.models import Standing
from yinuo.credit.rules.engine import Store
from yinuo.credit.rules.told import ReviewCounts, findings_at, reviews_at
from yinuo.record.queries import counts_below
from yinuo.record.rules import Altered


@dataclass(frozen=True)
class Told:
    """Everything as of one size of the record; it serves all days that are scored at that size."""

    size: int
    findings: Sequence[ToldFinding]
    reviews: Mapping[str, ReviewCounts]
    _facts: dict[str, int] = field(default_factory=dict)

    def facts_about(self, merchants: Collection[str]) -> Mapping[str, int]:
        """How many facts below the size mention each of these merchants, and perhaps others."""
        new = [merchant for merchant in merchants if merchant not in self._facts]
        if new:
            self._facts.update(counts_below(subjects=new, size=self.size))
        return self._facts


def told_at(*, engine: Any, store: Store) -> Told:
    """What is told as of the daybook's size: a fixed number of queries, however many merchants there are.

    Refuses a record that lost facts since a run that saw less of it: nobody is scored by what is left.
    """
    size: int = store.written()["size"]
    told = Told(size, findings_at(engine, store, size=size), reviews_at(engine, store, size=size))
    seen = Standing.objects.filter(size__lte=size).order_by("merchant").values_list("merchant", "facts", "run")
    _check_none_lost(told, list(seen))
    return told


def _check_none_lost(told: Told, seen: Sequence[tuple[str, int, str]]) -> None:
    """Refuse where fewer facts are about a merchant than a run saw before: facts are replaced, and never go."""
    now = told.facts_about([merchant for merchant, *_ in seen])
    for merchant, facts, run in seen:
        if now[merchant] < facts:
            raise Altered(
                f"Run {run} saw {facts:,} facts about {merchant}, and {now[merchant]:,} are kept: some were taken away. "
                "Nobody is scored; `yinuo record audit` says more."
            )

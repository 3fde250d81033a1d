"""What a run rests on besides the daybook: findings, and how many facts and reviews there are of each merchant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yinuo.catalogue.rules import ToldFinding
from yinuo.credit.rules.engine import Store
from yinuo.credit.rules.told import ReviewCounts, findings_at, reviews_at
from yinuo.record.queries import counts_below


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
    """What is told as of the daybook's size: a fixed number of queries, however many merchants there are."""
    size: int = store.written()["size"]
    return Told(size, findings_at(engine, store, size=size), reviews_at(engine, store, size=size))

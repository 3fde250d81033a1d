"""Mirror tables: what facts tell, one row per subject. Written only here, so that they can be rebuilt from the record.

Every column is written by one kind of fact, so facts may come late, in any order, or again: the row ends the same. A fact
whose subject is not known yet makes a stub row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from yinuo.kit import rows
from yinuo.kit.facts import Fact, Recorded

AT = "@at"
"""Stands for the fact's business time, in microseconds, among a mirror's columns."""


@dataclass(frozen=True)
class Writes:
    """What one kind of fact writes: the table, and for each column the fact's field or `AT`; the first column is the key."""

    table: str
    columns: Mapping[str, str]

    def row_maker(self) -> Callable[[Recorded], tuple[Any, ...]]:
        """A function that makes a fact's row; there are at least two columns."""
        return attrgetter(*("at" if source == AT else f"fact.{source}" for source in self.columns.values()))


Mirror = Mapping[type[Fact], Writes]


def by_kind(facts: Iterable[Recorded]) -> dict[type[Fact], list[Recorded]]:
    """The facts by their kind, in their order."""
    kinds: dict[type[Fact], list[Recorded]] = {}
    for recorded in facts:
        kinds.setdefault(type(recorded.fact), []).append(recorded)
    return kinds


def apply(connection: Any, mirror: Mirror, facts: Iterable[Recorded]) -> None:
    """Bring the tables up to these facts, which come in the order of sealing; later ones win."""
    for kind, told in by_kind(facts).items():
        if (writes := mirror.get(kind)) is not None:
            latest = {row[0]: row for row in map(writes.row_maker(), told)}
            columns = list(writes.columns)
            rows.upsert(connection, writes.table, columns[0], columns, list(latest.values()))


def forget(connection: Any, mirror: Mirror, subjects: Sequence[str]) -> None:
    """Delete the rows of these subjects, before what still stands about them is applied again."""
    for table, key in {(writes.table, next(iter(writes.columns))) for writes in mirror.values()}:
        rows.delete_in(connection, table, key, subjects)


def clear(connection: Any, mirror: Mirror) -> None:
    """Empty the tables, before a rebuild."""
    with connection.cursor() as cursor:
        for table in sorted({writes.table for writes in mirror.values()}):
            cursor.execute(f"DELETE FROM {table}")

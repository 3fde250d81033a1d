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
    """What one kind of fact writes: the table, and for each column the fact's field, `AT`, or a constant in a 1-tuple.

    The first column is the key.
    """

    table: str
    columns: Mapping[str, str | tuple[Any]]

    def row_maker(self) -> Callable[[Recorded], tuple[Any, ...]]:
        """A function that makes a fact's row."""
        readers = [_reader(source) for source in self.columns.values()]
        return lambda recorded: tuple(read(recorded) for read in readers)


Mirror = Mapping[type[Fact], Writes]


def apply(connection: Any, mirror: Mirror, facts: Iterable[Recorded]) -> None:
    """Bring the tables up to these facts, which come in the order of sealing; later ones win."""
    latest: dict[type[Fact], dict[Any, tuple[Any, ...]]] = {kind: {} for kind in mirror}
    makers = {kind: writes.row_maker() for kind, writes in mirror.items()}
    for recorded in facts:
        kind = type(recorded.fact)
        if kind in makers:
            row = makers[kind](recorded)
            latest[kind][row[0]] = row
    for kind, writes in mirror.items():
        columns = list(writes.columns)
        rows.upsert(connection, writes.table, columns[0], columns, list(latest[kind].values()))


def forget(connection: Any, mirror: Mirror, subjects: Sequence[str]) -> None:
    """Delete the rows of these subjects, before what still stands about them is applied again."""
    for table, key in {(writes.table, next(iter(writes.columns))) for writes in mirror.values()}:
        rows.delete_in(connection, table, key, subjects)


def clear(connection: Any, mirror: Mirror) -> None:
    """Empty the tables, before a rebuild."""
    with connection.cursor() as cursor:
        for table in sorted({writes.table for writes in mirror.values()}):
            cursor.execute(f"DELETE FROM {table}")


def _reader(source: str | tuple[Any]) -> Callable[[Recorded], Any]:
    if isinstance(source, tuple):
        return lambda recorded: source[0]
    return attrgetter("at" if source == AT else f"fact.{source}")

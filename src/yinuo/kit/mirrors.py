"""Mirror tables: what facts tell, one row per subject. Written only here, so that they can be rebuilt from the record.

Every column is written by one kind of fact, so facts may come late, in any order, or again: the row ends the same. A fact
whose subject is not known yet makes a stub row.

Most kinds are stated once about a subject. Of two that contradict each other the first stands, by its number in the record,
until it is superseded or withdrawn: once the outcome is known, nobody improves on what was stated but by correcting it openly.
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
RECORDED = "@recorded"
"""Stands for the moment at which it was recorded, in microseconds."""
SEQ = "@seq"
"""Stands for its number in the record."""
SOURCE = "@source"
"""Stands for who stated it."""


@dataclass(frozen=True)
class Writes:
    """What one kind of fact writes: the table, and for each column the fact's field, `AT` or its like.

    The first column is the key; where it is made of two fields ("shipment/order"), `about` names the subject's own column.
    `once` is the column that tells that the kind was stated: once it has a value, another fact of the kind changes nothing.
    """

    table: str
    columns: Mapping[str, str]
    once: str | None = None
    about: str | None = None

    def row_maker(self) -> Callable[[Recorded], tuple[Any, ...]]:
        """A function that makes a fact's row; there are at least two columns."""
        sources = list(self.columns.values())
        if any("/" in source for source in sources):
            readers = [_reader(source) for source in sources]
            return lambda recorded: tuple([read(recorded) for read in readers])
        return attrgetter(*map(_attribute, sources))


Mirror = Mapping[type[Fact], Writes]


def by_kind(facts: Iterable[Recorded]) -> dict[type[Fact], list[Recorded]]:
    """The facts by their kind, in their order."""
    kinds: dict[type[Fact], list[Recorded]] = {}
    for recorded in facts:
        kinds.setdefault(type(recorded.fact), []).append(recorded)
    return kinds


def apply(connection: Any, mirror: Mirror, facts: Iterable[Recorded]) -> None:
    """Bring the tables up to these facts, which come in the order of sealing: later ones win, of what is `once` the first."""
    for kind, told in by_kind(facts).items():
        if (writes := mirror.get(kind)) is not None:
            ordered = map(writes.row_maker(), told if writes.once is None else reversed(told))
            made = {row[0]: row for row in ordered}     # the later one wins; of what is `once`, the first
            columns = list(writes.columns)
            rows.upsert(connection, writes.table, columns[0], columns, list(made.values()), unless=writes.once)


def forget(connection: Any, mirror: Mirror, subjects: Sequence[str]) -> None:
    """Delete the rows of these subjects, before what still stands about them is applied again."""
    for table, about in {(writes.table, writes.about or next(iter(writes.columns))) for writes in mirror.values()}:
        rows.delete_in(connection, table, about, subjects)


def leave_out(connection: Any, mirror: Mirror, facts: Iterable[Recorded], subject: str) -> None:
    """Take a subject out of the rows that these facts about it wrote: its own row goes, columns that name it become empty."""
    for kind, told in by_kind(facts).items():
        if (writes := mirror.get(kind)) is None:
            continue
        columns = list(writes.columns)
        key_of = writes.row_maker()
        keys = sorted({key_of(recorded)[0] for recorded in told})
        naming = [column for column, field in writes.columns.items() if getattr(told[0].fact, field, None) == subject]
        for column in naming:
            if column == columns[0]:
                rows.delete_in(connection, writes.table, column, [subject])
            else:
                rows.clear_in(connection, writes.table, column, subject, columns[0], keys)


def clear(connection: Any, mirror: Mirror) -> None:
    """Empty the tables, before a rebuild."""
    with connection.cursor() as cursor:
        for table in sorted({writes.table for writes in mirror.values()}):
            cursor.execute(f"DELETE FROM {table}")


def _reader(source: str) -> Callable[[Recorded], Any]:
    if "/" in source:
        read = attrgetter(*(f"fact.{field}" for field in source.split("/")))
        return lambda recorded: "/".join(read(recorded))
    return attrgetter(_attribute(source))


def _attribute(source: str) -> str:
    return source[1:] if source.startswith("@") else f"fact.{source}"

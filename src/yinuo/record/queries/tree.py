"""Questions to the Merkle tree: tiles, entries, roots, and the numbers by which subjects are counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.merkle import Reader, root_at
from yinuo.kit.tree import Place, edge_of, reader
from yinuo.record.models import Checkpoint
from yinuo.record.queries.vouched import cosignatures
from yinuo.record.rules import Altered


def tile_id(level: int, number: int) -> int:
    """The key of a tile's row."""
    return (level << 48) + number


def tiles(places: Iterable[Place]) -> dict[Place, bytes]:
    """The tiles at these places, as far as they go; one that is not there yet is left out."""
    wanted = {tile_id(*place): place for place in places}
    found = rows.select_in(connection, "SELECT id, hashes FROM record_tile WHERE id {keys}", list(wanted))
    return {wanted[key]: bytes(hashes) for key, hashes in found}


def edge_tiles(size: int) -> dict[Place, bytes]:
    """The unfinished tiles of a tree of that size."""
    return tiles(edge_of(size))


def next_numbers(subjects: Sequence[str]) -> dict[str, int]:
    """How many sealed facts mention each subject: the number that the next one gets."""
    last = "(SELECT m.number FROM record_mention m WHERE m.subject = {} ORDER BY m.number DESC LIMIT 1)"
    numbers = dict.fromkeys(subjects, 0)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT s, {last.format('s')} FROM unnest(%s::text[]) s", [list(subjects)])
            found = cursor.fetchall()
        else:
            found = []
            for chunk in rows.chunks(subjects, rows.SQLITE_KEYS_MAX):
                values = ",".join(["(%s)"] * len(chunk))
                cursor.execute(f"SELECT v.column1, {last.format('v.column1')} FROM (VALUES {values}) v", chunk)
                found += cursor.fetchall()
    numbers.update((subject, number + 1) for subject, number in found if number is not None)
    return numbers


def reader_at(size: int) -> Reader:
    """A reader of the hashes of the tree as it was at that size."""
    return reader(tiles, size)


def root_of(size: int) -> bytes:
    """The root of the tree as it was at that size, from its tiles."""
    return root_at(size, reader_at(size))


def leaves(*, start: int, stop: int) -> list[bytes]:
    """The log's entries numbered from `start` to before `stop`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT leaf FROM record_seal WHERE seq >= %s AND seq < %s ORDER BY seq", [start, stop])
        return [bytes(leaf) for (leaf,) in cursor.fetchall()]


def checkpoint(*, size: int | None = None) -> tuple[int, str] | None:
    """The size and note of the newest published checkpoint, or of the oldest that has at least that size.

    What witnesses have signed of it so far is in the note.
    """
    every = Checkpoint.objects.order_by("-size") if size is None else Checkpoint.objects.filter(size__gte=size).order_by("size")
    found = every.values_list("size", "note").first()
    return None if found is None else (found[0], found[1] + cosignatures(found[0]))


def signed_sizes() -> list[int]:
    """The sizes of all published checkpoints that are kept."""
    return list(Checkpoint.objects.order_by("size").values_list("size", flat=True))


def mentions_of(*, subject: str, size: int) -> list[int]:
    """The numbers of the facts that mention a subject, below a size: the first is the subject's 0, the next its 1.

    Refuses where one of the subject's own numbers is missing between them: a fact about it would be left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, seq FROM record_mention WHERE subject = %s AND seq < %s ORDER BY number", [subject, size]
        )
        found = cursor.fetchall()
    for expected, (number, _) in enumerate(found):
        if number != expected:
            raise Altered(f"Fact number {expected:,} about {subject} is not kept; `yinuo record audit` names such places.")
    return [int(seq) for _, seq in found]


def mentions_of_every(*, subjects: Sequence[str], size: int) -> list[int]:
    """The numbers of the facts that mention any of these subjects, below a size; one query. Refuses as `mentions_of` does."""
    sql = f"SELECT subject, number, seq FROM record_mention WHERE seq < {size:d} AND subject {{keys}}"
    found = sorted(rows.select_in(connection, sql, list(subjects)))
    counts: dict[str, int] = {}
    for subject, number, _ in found:
        expected = counts.get(subject, 0)
        if number != expected:
            raise Altered(f"Fact number {expected:,} about {subject} is not kept; `yinuo record audit` names such places.")
        counts[subject] = expected + 1
    return sorted({int(seq) for _, _, seq in found})


def counts_below(*, subjects: Sequence[str], size: int) -> dict[str, int]:
    """How many facts below a size mention each subject: one more than the last number that it gave. One query."""
    last = f"""(SELECT m.number FROM record_mention m WHERE m.subject = s.value AND m.seq < {size:d}
        ORDER BY m.number DESC LIMIT 1)"""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT s.value, {last} FROM unnest(%s::text[]) s(value)", [list(subjects)])
        else:
            cursor.execute(f"SELECT s.value, {last} FROM json_each(%s) s", [json.dumps(list(subjects))])
        return {subject: 0 if number is None else number + 1 for subject, number in cursor.fetchall()}

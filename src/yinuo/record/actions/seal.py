"""Seal: give every committed entry its number, and put it into the tree. One pass at a time, dense, nothing skipped."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.merkle import EMPTY_ROOT, leaf_hash
from yinuo.kit.opening import NO_NUMBERS, leaf_of, part_commitment
from yinuo.kit.realm import Realm
from yinuo.kit.tree import Edge
from yinuo.record import queries, rules
from yinuo.record.actions.recognise import check_remembered
from yinuo.record.models import Head, Pending
from yinuo.record.rules import Counted


@transaction.atomic
def seal(*, actor: Actor, realm: Realm, limit: int = rules.BATCH_MAX) -> int:
    """Number what has committed, at most `limit` entries, and grow the tree by it; returns how many.

    A second pass at the same time waits.

    Takes whatever is pending and never "all after the last id": under PostgreSQL ids commit out of order, and a
    watermark would lose the late ones for ever.
    """
    allow(actor, "record.seal")
    Head.objects.get_or_create(pk=1, defaults={"size": 0, "root": EMPTY_ROOT})
    head = Head.objects.select_for_update().get(pk=1)
    if realm.log is not None:
        check_remembered(realm.log, head.size)
    waiting = _take_waiting(limit)
    if not waiting.ids:
        return 0
    leaves, mentions = _numbered(waiting, head.size)
    edge = Edge(head.size, queries.edge_tiles(head.size))
    tiles = edge.append(list(map(leaf_hash, leaves)))
    sealed = zip(range(head.size, edge.size), waiting.ids, leaves, strict=True)
    rows.insert(connection, "record_seal", ("seq", "entry_id", "leaf"), list(sealed))
    rows.insert(connection, "record_mention", ("subject", "number", "seq"), mentions)
    grown = [(queries.tile_id(*place), hashes) for place, hashes in tiles.items()]
    rows.upsert(connection, "record_tile", "id", ("id", "hashes"), grown)
    head.size, head.root = edge.size, edge.root()
    head.save(update_fields=["size", "root"])
    return len(leaves)


class _Waiting(NamedTuple):
    """Entries to seal, in order: their ids, their inner hashes, and by whom they are counted."""

    ids: list[int]
    inners: list[bytes]
    counted: list[Counted]


def _take_waiting(limit: int) -> _Waiting:
    """Take pending batches off the list, as far as there is room; what is left of the last one stays pending."""
    waiting = _Waiting([], [], [])
    for batch in Pending.objects.order_by("first")[:limit]:
        room = limit - len(waiting.ids)
        if not room:
            break
        last = min(batch.last, batch.first + room - 1)
        found = _entries(batch.first, last)
        assert len(found) == last - batch.first + 1, "a pending batch has entries that are missing"
        counted = rules.decode_counted(bytes(batch.subjects))
        waiting.ids.extend(entry for entry, _ in found)
        waiting.inners.extend(bytes(inner) for _, inner in found)
        waiting.counted.extend(counted[: len(found)])
        Pending.objects.filter(first=batch.first).delete()
        if last < batch.last:
            rest = rules.encode_counted(counted[len(found) :])
            Pending.objects.create(first=last + 1, last=batch.last, at=batch.at, subjects=rest)
    return waiting


def _entries(first: int, last: int) -> list[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, inners FROM record_entry WHERE id BETWEEN %s AND %s ORDER BY id", [first, last])
        return list(cursor.fetchall())


def _numbered(waiting: _Waiting, start: int) -> tuple[list[bytes], list[tuple[str, int, int]]]:
    """The leaves of entries, whose subjects count on from where they were; and every subject's new numbers."""
    subjects = set(chain.from_iterable(counted.subjects for counted in waiting.counted))
    subjects.update(counted.person for counted in waiting.counted if counted.person is not None)
    following = queries.next_numbers(sorted(subjects))
    leaves: list[bytes] = []
    mentions: list[tuple[str, int, int]] = []
    for seq, (inner, counted) in enumerate(zip(waiting.inners, waiting.counted, strict=True), start):
        numbers = tuple([following[subject] for subject in counted.subjects])
        mentions += [(subject, number, seq) for subject, number in zip(counted.subjects, numbers, strict=True)]
        for subject in counted.subjects:
            following[subject] += 1
        main = part_commitment(rules.numbers_form(counted.fields) % numbers, inner[:32])
        leaves.append(leaf_of(main, part_commitment(_person_numbers(counted, following, mentions, seq), inner[32:])))
    return leaves, mentions


def _person_numbers(
    counted: Counted, following: dict[str, int], mentions: list[tuple[str, int, int]], seq: int
) -> bytes:
    if counted.person is None:
        return NO_NUMBERS
    number = following[counted.person]
    following[counted.person] = number + 1
    mentions.append((counted.person, number, seq))
    return rules.numbers_form(rules.PERSON) % number


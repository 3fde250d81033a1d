"""Seal: give every committed entry its number. One pass at a time, dense, nothing skipped."""

from __future__ import annotations

from django.db import connection, transaction

from yinuo.kit.actors import Actor, allow
from yinuo.record.models import Cursor, Head, Pending
from yinuo.record.rules import BATCH_MAX

_NUMBER = """
INSERT INTO record_seal (seq, entry_id) SELECT %s + row_number() OVER (ORDER BY id) - 1, id
FROM record_entry WHERE id BETWEEN %s AND %s
"""


@transaction.atomic
def seal(*, actor: Actor, limit: int = BATCH_MAX) -> int:
    """Number what has committed, at most `limit` entries; returns how many. A second pass at the same time waits.

    Takes whatever is pending and never "all after the last id": under PostgreSQL ids commit out of order, and a
    watermark would lose the late ones for ever.
    """
    allow(actor, "record.seal")
    Head.objects.get_or_create(pk=1, defaults={"size": 0})
    head = Head.objects.select_for_update().get(pk=1)
    sealed = 0
    for batch in Pending.objects.order_by("first")[:limit]:
        if sealed == limit:
            break
        sealed += _number(batch, head.size + sealed, limit - sealed)
    if sealed:
        head.size += sealed
        head.save(update_fields=["size"])
    return sealed


def _number(batch: Pending, start: int, room: int) -> int:
    """Number a pending batch from `start` on, as far as there is room; what is left of it stays pending."""
    last = min(batch.last, batch.first + room - 1)
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [start, batch.first, last])
        numbered = int(cursor.rowcount)
    assert numbered == last - batch.first + 1, "a pending batch has entries that are missing"
    Pending.objects.filter(first=batch.first).delete()
    if last < batch.last:
        Pending.objects.create(first=last + 1, last=batch.last)
    return numbered


def hold_cursor(*, name: str) -> int:
    """How far a follower has read, held until the transaction ends: a second follower of that name waits, and then goes on
    from where the first one stopped instead of doing the same again.
    """
    Cursor.objects.get_or_create(name=name)
    return Cursor.objects.select_for_update().get(name=name).position


def move_cursor(*, name: str, position: int) -> None:
    """Note how far a follower has read, in the transaction of what it did with it."""
    Cursor.objects.update_or_create(name=name, defaults={"position": position})

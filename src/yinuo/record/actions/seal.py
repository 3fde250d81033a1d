"""Seal: give every committed entry its number. One pass at a time, dense, nothing skipped."""

from __future__ import annotations

from django.db import connection, transaction

from yinuo.kit.actors import Actor, allow
from yinuo.record.models import Cursor, Head
from yinuo.record.rules import BATCH_MAX

_TAKE_POSTGRESQL = """
WITH taken AS (
    DELETE FROM record_pending WHERE entry_id IN (SELECT entry_id FROM record_pending ORDER BY entry_id LIMIT %s)
    RETURNING entry_id)
INSERT INTO record_seal (seq, entry_id) SELECT %s + row_number() OVER (ORDER BY entry_id) - 1, entry_id FROM taken
"""
_NUMBER_SQLITE = """
INSERT INTO record_seal (seq, entry_id) SELECT %s + row_number() OVER (ORDER BY entry_id) - 1, entry_id
FROM (SELECT entry_id FROM record_pending ORDER BY entry_id LIMIT %s)
"""
_EMPTY_SQLITE = """
DELETE FROM record_pending WHERE entry_id IN (SELECT entry_id FROM record_pending ORDER BY entry_id LIMIT %s)
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
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_TAKE_POSTGRESQL, [limit, head.size])
            taken = cursor.rowcount
        else:
            cursor.execute(_NUMBER_SQLITE, [head.size, limit])
            taken = cursor.rowcount
            cursor.execute(_EMPTY_SQLITE, [limit])
    if taken:
        head.size += taken
        head.save(update_fields=["size"])
    return int(taken)


def move_cursor(*, name: str, position: int) -> None:
    """Note how far a follower has read, in the transaction of what it did with it."""
    Cursor.objects.update_or_create(name=name, defaults={"position": position})

"""How far followers of the record have read."""

from __future__ import annotations

from yinuo.record.models import Cursor


def hold_cursor(*, name: str) -> int:
    """How far a follower has read, held until the transaction ends: a second follower of that name waits, and then goes on
    from where the first one stopped instead of doing the same again.
    """
    Cursor.objects.get_or_create(name=name)
    return Cursor.objects.select_for_update().get(name=name).position


def move_cursor(*, name: str, position: int) -> None:
    """Note how far a follower has read, in the transaction of what it did with it."""
    Cursor.objects.update_or_create(name=name, defaults={"position": position})

"""Publish: sign the tree's head, so that nobody can be shown another one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.log import Log
from yinuo.record import queries
from yinuo.record.actions.recognise import check_remembered
from yinuo.record.models import Checkpoint, Head

KEPT_EVERY = timedelta(minutes=10)      # of the checkpoints in between, only the newest is kept


@transaction.atomic
def publish(*, actor: Actor, log: Log, at: datetime) -> str | None:
    """Sign the head if it grew since the last time, and return the checkpoint; None where there is nothing new to sign.

    What was signed last stands in a file outside the database. A head that does not continue it is never signed.
    """
    allow(actor, "record.seal")
    head = Head.objects.select_for_update().filter(pk=1).first()
    if head is None or head.size == 0:
        check_remembered(log, 0)
        return None
    check_remembered(log, head.size)
    last = log.last_signed()
    queries.check_continues(log=log, last=last, size=head.size, root=bytes(head.root))
    if last is not None and last[0].size == head.size:
        _keep(head.size, last[1], at)       # a crash may have come between the file and the row
        return None
    note = log.sign(size=head.size, root=bytes(head.root))
    log.remember(note)
    _keep(head.size, note, at)
    return note


def _keep(size: int, note: str, at: datetime) -> None:
    """Keep the checkpoint's row; the one before it goes, unless it is ten minutes younger than that before, or pinned."""
    if Checkpoint.objects.filter(pk=size).exists():
        return
    before = list(Checkpoint.objects.order_by("-size")[:2])
    if len(before) == 2 and before[0].at - before[1].at < KEPT_EVERY:
        Checkpoint.objects.filter(pk=before[0].pk, pinned=False).delete()      # asked again: a witness may answer just now
    Checkpoint.objects.create(size=size, at=at, note=note)

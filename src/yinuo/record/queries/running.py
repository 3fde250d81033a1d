"""Running: whether the record continues what was signed before, or has stopped, and why."""

from __future__ import annotations

from yinuo.kit import checkpoints
from yinuo.kit.log import Log, LogStopped
from yinuo.kit.merkle import EMPTY_ROOT
from yinuo.record.models import Checkpoint, Head
from yinuo.record.queries.tree import root_of


def check_continues(*, log: Log, last: tuple[checkpoints.Checkpoint, str] | None, size: int, root: bytes) -> None:
    """Refuse a head that does not continue the last one signed, or that does not follow from its tiles."""
    log.check_reaches(size, last)
    if root_of(size) != root:
        raise LogStopped("The record's head does not follow from its tiles: one of them was altered. Nothing is signed.")
    if last is not None and root_of(last[0].size) != last[0].root:
        raise LogStopped(
            f"The record's first {last[0].size:,} facts are not those whose head was signed before: the record was altered, "
            "or put back and continued. Nothing is signed; docs/guide/record.md says how to recover, under “When a backup was "
            "put back”."
        )


def check_memory(*, log: Log) -> None:
    """Refuse a log that does not know any more what it signed last."""
    if not log.last.exists() and (signed := Checkpoint.objects.order_by("-size").values_list("size", flat=True).first()):
        raise LogStopped(
            f"The file of the last signed checkpoint is missing, but a head of {signed:,} facts was signed: without it nobody "
            "can tell whether the database was put back. Nothing is sealed or signed; docs/guide/record.md says how to "
            "recover, under “When a file beside the database is missing”.",
            path=str(log.last),
        )


def why_stopped(*, log: Log | None) -> str:
    """Why nothing is sealed or signed until somebody has looked; "" while the record goes on."""
    if log is None:
        return ""
    try:
        log.check_running()
        check_memory(log=log)
        last = log.last_signed()        # before the head, which may grow meanwhile, but never shrink
        size, root = Head.objects.filter(pk=1).values_list("size", "root").first() or (0, EMPTY_ROOT)
        check_continues(log=log, last=last, size=size, root=bytes(root))
    except LogStopped as refusal:
        return refusal.sentence
    return ""

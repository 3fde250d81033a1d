"""Make, cancel, lease and finish timers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from yinuo.timers.models import Timer

LEASE_MINUTES = 5
ATTEMPTS_MAX = 5
BACKOFF_MINUTES = 2     # doubled at each attempt

Handler = Callable[[str, datetime], None]
"""Does what is due for a subject, at a moment. It may be called again after a crash, so it must be idempotent."""


def set_timer(*, kind: str, subject: str, due: datetime) -> Timer:
    """Make the subject's timer of this kind, or move the one it has. Called inside the causing transaction."""
    timer, _ = Timer.objects.update_or_create(
        kind=kind, subject=subject, done=None, dead=None,
        defaults={"due": due, "lease_until": None, "attempts": 0, "trouble": ""},
    )
    return timer


def cancel_timer(*, kind: str, subject: str) -> bool:
    """Take the subject's open timer of this kind away; returns whether there was one."""
    deleted, _ = Timer.objects.filter(kind=kind, subject=subject, done=None, dead=None).delete()
    return bool(deleted)


def cancel_timers(*, kind: str, subjects: Sequence[str]) -> None:
    """Take the open timers of this kind of these subjects away.

    A worker holds a timer first and then what it is about. So whoever cancels one does that before it locks the subject:
    the other way round, each could wait for the other.
    """
    Timer.objects.filter(pk__in=hold_timers(kind=kind, subjects=subjects)).delete()


def hold_timers(*, kind: str, subjects: Sequence[str]) -> list[int]:
    """Let no worker run the open timers of this kind of these subjects until the transaction ends; their numbers."""
    held = Timer.objects.select_for_update().filter(kind=kind, subject__in=list(subjects), done=None, dead=None)
    return [timer.pk for timer in held.order_by("pk")]


def drop_timers(*, subject: str) -> None:
    """Delete every timer of a subject, also those that ran."""
    Timer.objects.filter(subject=subject).delete()


@transaction.atomic
def lease_due(*, at: datetime, kinds: Sequence[str] | None = None, limit: int = 100) -> list[Timer]:
    """Take timers that are due for a few minutes, so that no other worker runs them; earliest first.

    A lease that ran out (its worker died) is taken again.
    """
    due = Timer.objects.select_for_update(skip_locked=True).filter(done=None, dead=None, due__lte=at)
    if kinds is not None:
        due = due.filter(kind__in=kinds)
    leased = list(due.exclude(lease_until__gt=at).order_by("due", "pk")[:limit])
    for timer in leased:
        timer.lease_until = at + timedelta(minutes=LEASE_MINUTES)
        timer.attempts += 1
        timer.save(update_fields=["lease_until", "attempts"])
    return leased


def run_due(*, handlers: Mapping[str, Handler], at: datetime, limit: int = 100) -> tuple[int, int]:
    """Run what is due of the kinds that have a handler; returns how many were done and how many failed.

    A failure is tried again later, each time after twice as long; after five the timer is dead and a steward must look.
    """
    done = failed = 0
    for timer in lease_due(at=at, kinds=list(handlers), limit=limit):
        try:
            done += _run(timer, handlers[timer.kind], at)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises must not stop the other timers
            failed += 1
            _note_failure(timer, error, at)
    return done, failed


def run_due_apart(*, handlers: Mapping[str, Handler], at: datetime, limit: int = 100) -> tuple[int, int]:
    """Run what is due as `run_due` does, but outside a transaction: what takes long, or what no transaction can hold.

    A timer is done once its handler came back, so a handler that was stopped half way is called again.
    """
    done = failed = 0
    for timer in lease_due(at=at, kinds=list(handlers), limit=limit):
        try:
            handlers[timer.kind](timer.subject, at)
            done += _still_ours(timer).update(done=at, lease_until=None)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises must not stop the other timers
            failed += 1
            _note_failure(timer, error, at)
    return done, failed


@transaction.atomic
def _run(timer: Timer, handler: Handler, at: datetime) -> bool:
    """Run a leased timer, unless it was cancelled, moved or taken over since; what it did and its end are one."""
    if not _still_ours(timer).update(done=at, lease_until=None):
        return False
    handler(timer.subject, at)
    return True


def _note_failure(timer: Timer, error: Exception, at: datetime) -> None:
    _still_ours(timer).update(
        trouble=f"{type(error).__name__}: {error}".replace("\0", " "),
        lease_until=None,
        due=at + timedelta(minutes=BACKOFF_MINUTES * 2 ** (timer.attempts - 1)),
        dead=at if timer.attempts >= ATTEMPTS_MAX else None,
    )


def _still_ours(timer: Timer) -> QuerySet[Timer]:
    return Timer.objects.filter(pk=timer.pk, done=None, dead=None, lease_until=timer.lease_until, attempts=timer.attempts)

"""Make, cancel, lease and finish timers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from yinuo.timers.models import Timer

LEASE_MINUTES = 5
ATTEMPTS_MAX = 5
BACKOFF_MINUTES = 2     # doubled at each attempt

Handler = Callable[[str, datetime], None]
"""Does what is due for a subject, at a moment. It may be called again after a crash, so it must be idempotent."""


def set_timer(*, kind: str, subject: str, due: datetime) -> Timer:
    """Make the subject's timer of this kind, or move the one it has. Called inside the causing transaction."""
    timer, _ = Timer.objects.update_or_create(
        kind=kind, subject=subject, done=None, dead=None, defaults={"due": due, "lease_until": None, "attempts": 0}
    )
    return timer


def cancel_timer(*, kind: str, subject: str) -> bool:
    """Take the subject's open timer of this kind away; returns whether there was one."""
    deleted, _ = Timer.objects.filter(kind=kind, subject=subject, done=None, dead=None).delete()
    return bool(deleted)


@transaction.atomic
def lease_due(*, at: datetime, limit: int = 100) -> list[Timer]:
    """Take timers that are due for a few minutes, so that no other worker runs them; earliest first.

    A lease that ran out (its worker died) is taken again.
    """
    due = (
        Timer.objects.select_for_update(skip_locked=True)
        .filter(done=None, dead=None, due__lte=at)
        .exclude(lease_until__gt=at)
        .order_by("due", "pk")[:limit]
    )
    leased = list(due)
    for timer in leased:
        timer.lease_until = at + timedelta(minutes=LEASE_MINUTES)
        timer.attempts += 1
        timer.save(update_fields=["lease_until", "attempts"])
    return leased


def run_due(*, handlers: Mapping[str, Handler], at: datetime, limit: int = 100) -> tuple[int, int]:
    """Run what is due; returns how many were done and how many failed.

    A failure is tried again later, each time after twice as long; after five the timer is dead and a steward must look.
    """
    done = failed = 0
    for timer in lease_due(at=at, limit=limit):
        try:
            with transaction.atomic():
                handlers[timer.kind](timer.subject, at)
                Timer.objects.filter(pk=timer.pk).update(done=at, lease_until=None)
            done += 1
        except Exception as error:  # noqa: BLE001 - whatever a handler raises must not stop the other timers
            failed += 1
            _note_failure(timer, error, at)
    return done, failed


def _note_failure(timer: Timer, error: Exception, at: datetime) -> None:
    timer.trouble = f"{type(error).__name__}: {error}"
    timer.lease_until = None
    timer.due = at + timedelta(minutes=BACKOFF_MINUTES * 2 ** (timer.attempts - 1))
    timer.dead = at if timer.attempts >= ATTEMPTS_MAX else None
    timer.save(update_fields=["trouble", "lease_until", "due", "dead"])

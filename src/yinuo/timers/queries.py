"""Questions about timers."""

from __future__ import annotations

from datetime import datetime

from yinuo.timers.models import Timer


def open_timers(*, kind: str | None = None) -> list[Timer]:
    """Timers that are neither done nor dead, earliest first."""
    timers = Timer.objects.filter(done=None, dead=None).order_by("due", "pk")
    return list(timers.filter(kind=kind) if kind else timers)


def has_timer(*, kind: str, subject: str) -> bool:
    """Whether the subject has an open timer of this kind."""
    return Timer.objects.filter(kind=kind, subject=subject, done=None, dead=None).exists()


def late_count(*, at: datetime) -> int:
    """How many timers are overdue."""
    return Timer.objects.filter(done=None, dead=None, due__lt=at).count()


def dead_timers() -> list[Timer]:
    """Timers that failed for good and wait for a steward."""
    return list(Timer.objects.exclude(dead=None).order_by("dead"))

"""Deadlines as rows."""

from __future__ import annotations

from django.db import models


class Timer(models.Model):
    """Something that falls due: made and cancelled inside the transition that causes it, leased by the worker."""

    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    due = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    done = models.DateTimeField(null=True)
    dead = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject"), condition=models.Q(done=None, dead=None), name="timers_one_open_per_subject"
            ),
        )
        indexes = (models.Index(fields=("due",), condition=models.Q(done=None, dead=None), name="timers_due"),)

"""Mirror of complaints. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Complaint(models.Model):
    """A complaint from its opening to its end."""

    id = models.CharField(max_length=20, primary_key=True)
    order = models.CharField(max_length=20, null=True, db_index=True)
    merchant = models.CharField(max_length=20, null=True, db_index=True)
    listing = models.CharField(max_length=20, null=True)
    buyer = models.CharField(max_length=20, null=True)
    topic = models.CharField(max_length=20, null=True)
    opened_at = models.BigIntegerField(null=True)
    answered_at = models.BigIntegerField(null=True)
    closed_at = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=12, null=True)
    cause = models.CharField(max_length=13, null=True)

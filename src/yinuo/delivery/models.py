"""Mirrors of shipments and disruptions. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Shipment(models.Model):
    """A parcel of an order on its way. `..._recorded` is when the fact came in that told the moment."""

    id = models.CharField(max_length=41, primary_key=True)         # shipment/order
    shipment = models.CharField(max_length=20, db_index=True)
    order = models.CharField(max_length=20, db_index=True)
    source = models.CharField(max_length=64)
    carrier = models.CharField(max_length=40, null=True)
    ready_at = models.BigIntegerField(null=True)
    ready_recorded = models.BigIntegerField(null=True)
    handed_over_at = models.BigIntegerField(null=True)
    handed_over_recorded = models.BigIntegerField(null=True)
    explained_cause = models.CharField(max_length=13, null=True)   # of a late hand-over, as a carrier or provider proved it
    explained_by = models.CharField(max_length=40, null=True)
    delivered_at = models.BigIntegerField(null=True)
    delivered_recorded = models.BigIntegerField(null=True)
    harm = models.CharField(max_length=8, null=True)
    harm_cause = models.CharField(max_length=13, null=True)
    harmed_at = models.BigIntegerField(null=True)
    harmed_recorded = models.BigIntegerField(null=True)


class Disruption(models.Model):
    """A time in which a carrier could not work as promised, as one source declared it."""

    id = models.CharField(max_length=20, primary_key=True)
    source = models.CharField(max_length=64)
    carrier = models.CharField(max_length=40, null=True, db_index=True)
    origin = models.CharField(max_length=40, null=True)
    starts = models.BigIntegerField(null=True)
    ends = models.BigIntegerField(null=True)

"""Mirrors of shipments and disruptions. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Shipment(models.Model):
    """A parcel on its way."""

    id = models.CharField(max_length=20, primary_key=True)
    order = models.CharField(max_length=20, null=True, db_index=True)
    carrier = models.CharField(max_length=40, null=True)
    ready_at = models.BigIntegerField(null=True)
    handed_over_at = models.BigIntegerField(null=True)
    delivered_at = models.BigIntegerField(null=True)
    harm = models.CharField(max_length=8, null=True)
    harm_cause = models.CharField(max_length=13, null=True)
    harmed_at = models.BigIntegerField(null=True)


class Disruption(models.Model):
    """A time in which a carrier could not work as promised."""

    id = models.CharField(max_length=20, primary_key=True)
    carrier = models.CharField(max_length=40, null=True, db_index=True)
    origin = models.CharField(max_length=40, null=True)
    starts = models.BigIntegerField(null=True)
    ends = models.BigIntegerField(null=True)

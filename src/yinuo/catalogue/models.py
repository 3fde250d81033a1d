"""Mirrors of listings and findings. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Listing(models.Model):
    """Something for sale."""

    id = models.CharField(max_length=20, primary_key=True)
    merchant = models.CharField(max_length=20, null=True)
    category = models.CharField(max_length=40, null=True)
    price_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, null=True)
    published_at = models.BigIntegerField(null=True)
    withdrawn_at = models.BigIntegerField(null=True)
    withdrawn_ground = models.CharField(max_length=12, null=True)
    restored_at = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=("merchant", "-published_at", "id"), name="catalogue_listing_by_merchant"),)


class Finding(models.Model):
    """A decision that goods were unlawful, and whether it was overturned."""

    id = models.CharField(max_length=20, primary_key=True)
    merchant = models.CharField(max_length=20, null=True, db_index=True)
    listing = models.CharField(max_length=20, null=True, db_index=True)
    ground = models.CharField(max_length=12, null=True)
    upheld_at = models.BigIntegerField(null=True)
    overturned_at = models.BigIntegerField(null=True)

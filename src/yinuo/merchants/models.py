"""Mirrors of merchants and shops. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Merchant(models.Model):
    """A legal person or sole trader who sells."""

    id = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=200, null=True, db_index=True)   # public by law; its words are kept in the vault
    form = models.CharField(max_length=12, null=True)
    region = models.CharField(max_length=40, null=True)
    registered_at = models.BigIntegerField(null=True)
    closed_at = models.BigIntegerField(null=True)
    closed_ground = models.CharField(max_length=12, null=True)


class Shop(models.Model):
    """A shop of a merchant."""

    id = models.CharField(max_length=20, primary_key=True)
    merchant = models.CharField(max_length=20, null=True, db_index=True)
    category = models.CharField(max_length=40, null=True)
    opened_at = models.BigIntegerField(null=True)


class ExternalRating(models.Model):
    """What a third party says of a merchant, with its source and date."""

    id = models.CharField(max_length=20, primary_key=True)
    merchant = models.CharField(max_length=20, null=True, db_index=True)
    publisher = models.CharField(max_length=40, null=True)
    value_hundredths = models.BigIntegerField(null=True)
    scale_hundredths = models.BigIntegerField(null=True)
    observed_at = models.BigIntegerField(null=True)

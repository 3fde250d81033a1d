"""Mirror of the people of the marketplace. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Buyer(models.Model):
    """A buyer as facts tell of them."""

    id = models.CharField(max_length=20, primary_key=True)
    joined_at = models.BigIntegerField(null=True)
    region = models.CharField(max_length=40, null=True)

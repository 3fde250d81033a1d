"""Mirror of reviews. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Review(models.Model):
    """A review and whether it is shown. A review hidden later than it was last restored is hidden."""

    id = models.CharField(max_length=20, primary_key=True)
    buyer = models.CharField(max_length=20, null=True)
    order = models.CharField(max_length=20, null=True)
    merchant = models.CharField(max_length=20, null=True)
    listing = models.CharField(max_length=20, null=True)
    stars = models.SmallIntegerField(null=True)
    published_at = models.BigIntegerField(null=True)
    published_seq = models.BigIntegerField(null=True)              # the number of the fact that stated it
    replied_at = models.BigIntegerField(null=True)
    hidden_at = models.BigIntegerField(null=True)
    hidden_ground = models.CharField(max_length=20, null=True)
    restored_at = models.BigIntegerField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("merchant", "published_at"), name="reviews_review_by_merchant"),
            models.Index(fields=("listing", "published_at"), name="reviews_review_by_listing"),
            models.Index(fields=("buyer", "merchant", "published_seq"), name="reviews_review_by_buyer"),
            models.Index(fields=("order", "merchant", "published_seq"), name="reviews_review_by_order"),
        )

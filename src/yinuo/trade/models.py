"""Mirrors of orders and refunds. Moments are microseconds since 1970; only `mirror.apply` writes."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    """One merchant's part of what a buyer bought at once, and what was promised."""

    id = models.CharField(max_length=20, primary_key=True)
    merchant = models.CharField(max_length=20, null=True)
    buyer = models.CharField(max_length=20, null=True)
    listing = models.CharField(max_length=20, null=True)
    basket = models.CharField(max_length=20, null=True)
    items = models.IntegerField(null=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, null=True)
    hand_over_by = models.BigIntegerField(null=True)
    deliver_by = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=40, null=True)
    destination = models.CharField(max_length=40, null=True)
    carrier = models.CharField(max_length=40, null=True)
    placed_at = models.BigIntegerField(null=True)
    placed_seq = models.BigIntegerField(null=True)                 # the number of the fact that stated it
    paid_at = models.BigIntegerField(null=True)
    cancelled_at = models.BigIntegerField(null=True)
    cancelled_recorded = models.BigIntegerField(null=True)         # when the fact came in that told it
    cancelled_by = models.CharField(max_length=13, null=True)
    cancelled_ground = models.CharField(max_length=40, null=True)

    class Meta:
        indexes = (
            models.Index(fields=("merchant", "placed_at"), name="trade_order_by_merchant"),
            models.Index(fields=("buyer", "merchant", "placed_seq"), name="trade_order_by_buyer"),
        )


class Refund(models.Model):
    """Money that went back."""

    id = models.CharField(max_length=20, primary_key=True)
    order = models.CharField(max_length=20, null=True, db_index=True)
    amount_minor = models.BigIntegerField(null=True)
    ground = models.CharField(max_length=20, null=True)
    granted_at = models.BigIntegerField(null=True)

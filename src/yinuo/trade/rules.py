"""What is known of an order, as plain values."""

from __future__ import annotations

from typing import NamedTuple


class OrderRow(NamedTuple):
    """What is known of an order; moments in microseconds, None where no fact told it yet."""

    id: str
    merchant: str | None
    buyer: str | None
    listing: str | None
    amount_minor: int | None
    currency: str | None
    hand_over_by: int | None
    deliver_by: int | None
    origin: str | None
    destination: str | None
    carrier: str | None
    placed_at: int | None
    placed_seq: int | None
    paid_at: int | None
    cancelled_at: int | None
    cancelled_recorded: int | None
    cancelled_by: str | None

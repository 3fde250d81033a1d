"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, RECORDED, SEQ, Writes
from yinuo.kit.realm import Realm
from yinuo.trade import events

MIRROR: mirrors.Mirror = {
    events.OrderPlaced: Writes(
        "trade_order",
        {
            "id": "order",
            "merchant": "merchant",
            "buyer": "buyer",
            "listing": "listing",
            "basket": "basket",
            "items": "items",
            "amount_minor": "amount_minor",
            "currency": "currency",
            "hand_over_by": "hand_over_by",
            "deliver_by": "deliver_by",
            "origin": "origin",
            "destination": "destination",
            "carrier": "carrier",
            "placed_at": AT,
            "placed_seq": SEQ,
        },
        once="placed_at",
    ),
    events.OrderPaid: Writes(
        "trade_order",
        {"id": "order", "paid_at": AT},
        once="paid_at",
    ),
    events.OrderCancelled: Writes(
        "trade_order",
        {
            "id": "order",
            "cancelled_by": "by",
            "cancelled_ground": "ground",
            "cancelled_at": AT,
            "cancelled_recorded": RECORDED,
        },
        once="cancelled_at",
    ),
    events.RefundGranted: Writes(
        "trade_refund",
        {"id": "refund", "order": "order", "amount_minor": "amount_minor", "ground": "ground", "granted_at": AT},
        once="granted_at",
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

"""People who decide and people who are decided about, and an order that went wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from yinuo.credit.models import Dispatch
from yinuo.kit.actors import Actor
from yinuo.record.queries import facts_numbered, mentions_of, size
from yinuo.trade.models import Order

STEWARD = Actor("account:1", frozenset({"steward"}))
OTHER = Actor("account:2", frozenset({"steward"}))
ORDER = {"merchant": "m1", "buyer": "b1", "amount_minor": 5000, "currency": "CNY", "carrier": "swift",
         "hand_over_by": "2026-05-03T00:00:00Z", "deliver_by": "2026-05-06T00:00:00Z"}


@pytest.fixture
def late(take: Any, event: Callable[..., bytes]) -> SimpleNamespace:
    """Three orders of one merchant that were handed over late; their owner, and the keys of their judgements' orders."""
    for number in range(3):
        take([
            event("trade.order_placed", id=f"p{number}", time="2026-05-01T00:00:00Z", order=f"o{number}", **ORDER),
            event("delivery.shipment_handed_over", id=f"h{number}", time="2026-05-04T00:00:00Z", shipment=f"s{number}",
                  order=f"o{number}"),
        ])
    orders = list(Order.objects.order_by("placed_seq").values_list("pk", flat=True))
    merchant = Dispatch.objects.values_list("merchant", flat=True).first()
    assert merchant
    return SimpleNamespace(
        merchant=merchant, orders=orders, owner=Actor("account:9", own={merchant: frozenset({"merchant_owner"})}),
        reader=Actor("account:8", own={merchant: frozenset({"merchant_reader"})}),
        numbers=mentions_of(subject=merchant, size=size()), facts=facts_numbered,
    )


@pytest.fixture
def due(now: datetime) -> datetime:
    """When an objection made now is due."""
    return now + timedelta(days=14)

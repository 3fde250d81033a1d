"""How credit's own judged outcomes write their mirror tables."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.credit import events
from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, Writes

_DELIVERY = {
    "id": "order",
    "revision": "revision",
    "merchant": "merchant",
    "listing": "listing",
    "lane": "lane",
    "outcome": "outcome",
    "cause": "cause",
    "weight": "weight",
    "judged_at": AT,
}
MIRROR: mirrors.Mirror = {
    events.DispatchJudged: Writes(
        "credit_dispatch",
        _DELIVERY
        | {
            "buyer": "buyer",
            "used_permille": "used_permille",
            "placed_day": "placed_day",
            "value_minor": "value_minor",
        },
    ),
    events.DeliveryJudged: Writes("credit_delivery", _DELIVERY),
}


def apply(facts: Iterable[Recorded]) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

"""A small generator of realistic events for benchmarks: orders' lives, seeded, as CloudEvents in JSON."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

SOURCE = "bench"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_ORDER_EVERY_SECONDS = 20
_REVIEW_WORDS = "Arrived well packed and works as the page said. The colour is a little darker than in the pictures. "
_CITIES = ("CN-31", "CN-11", "CN-44", "CN-51", "CN-33")


def events(count: int, *, seed: int) -> Iterator[bytes]:
    """`count` events of interleaved orders in the order of their time; the same seed gives the same bytes."""
    chance = random.Random(seed)  # noqa: S311 - made-up orders, no secrets
    waiting: list[tuple[float, int, bytes]] = []
    made = 0
    for order in range(count):
        start = order * _ORDER_EVERY_SECONDS
        for second, kind, data in _life(chance, order):
            event = _event(made, start + second, kind, data)
            heapq.heappush(waiting, (start + second, made, event))
            made += 1
        while waiting and waiting[0][0] <= start and count:
            count -= 1
            yield heapq.heappop(waiting)[2]
        if not count:
            return


def _life(chance: random.Random, number: int) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """What happens to one order: (seconds after it was placed, kind, data)."""
    order = {"order": f"A-{number}"}
    merchant, buyer = f"seller-{int(chance.paretovariate(1.2)) % 500}", f"customer-{chance.randrange(number // 3 + 10)}"
    listing = f"{merchant}/{chance.randrange(20)}"
    if chance.random() < .3:
        yield -1, "people.buyer_joined", {"buyer": buyer, "region": chance.choice(_CITIES), "name": f"Name {number}"}
    yield 0, "trade.order_placed", order | {
        "merchant": merchant, "buyer": buyer, "listing": listing, "items": 1, "currency": "CNY",
        "amount_minor": chance.randrange(900, 90_000), "origin": chance.choice(_CITIES), "destination": chance.choice(_CITIES),
        "hand_over_by": _time(number * _ORDER_EVERY_SECONDS + 86_400 * 2), "payer": f"pay-{buyer}", "address": f"road {buyer}",
    }
    yield 40, "trade.order_paid", order | {"method": "card"}
    if chance.random() < .03:
        yield 3_000, "trade.order_cancelled", order | {"by": chance.choice(("merchant", "buyer"))}
        return
    handed = chance.uniform(5_000, 200_000)
    parcel = order | {"shipment": f"S-{number}"}
    yield handed, "delivery.shipment_handed_over", parcel | {"carrier": "sf-express"}
    arrived = handed + chance.uniform(50_000, 400_000)
    yield arrived, "delivery.shipment_delivered", parcel
    if chance.random() < .35:
        yield arrived + chance.uniform(1_000, 100_000), "reviews.review_published", order | {
            "review": f"R-{number}", "stars": chance.choice((5, 5, 5, 4, 3, 1)), "buyer": buyer, "merchant": merchant,
            "listing": listing, "words": _REVIEW_WORDS * chance.randrange(1, 4),
        }
    if chance.random() < .03:
        yield arrived + 2_000, "care.complaint_opened", order | {
            "complaint": f"C-{number}", "merchant": merchant, "buyer": buyer, "topic": "damaged",
        }


def _event(number: int, second: float, kind: str, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode({
        "specversion": "1.0", "id": f"e-{number:09d}", "source": SOURCE, "type": kind, "time": _time(second), "data": data,
    })


def _time(second: float) -> str:
    return (_START + timedelta(seconds=int(second))).isoformat()

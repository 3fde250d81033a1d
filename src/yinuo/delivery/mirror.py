"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.delivery import events
from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, Writes
from yinuo.kit.realm import Realm

MIRROR: mirrors.Mirror = {
    events.ShipmentReady: Writes(
        "delivery_shipment",
        {"id": "shipment", "order": "order", "ready_at": AT},
    ),
    events.ShipmentHandedOver: Writes(
        "delivery_shipment",
        {"id": "shipment", "order": "order", "carrier": "carrier", "handed_over_at": AT},
    ),
    events.ShipmentDelivered: Writes(
        "delivery_shipment",
        {"id": "shipment", "order": "order", "delivered_at": AT},
    ),
    events.ShipmentDamaged: Writes(
        "delivery_shipment",
        {"id": "shipment", "order": "order", "harm": "harm", "harm_cause": "cause", "harmed_at": AT},
    ),
    events.DisruptionDeclared: Writes(
        "delivery_disruption",
        {"id": "disruption", "carrier": "carrier", "origin": "origin", "starts": "starts", "ends": "ends"},
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.delivery import events
from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, RECORDED, SOURCE, Writes
from yinuo.kit.realm import Realm

# Keyed by the order too: a fact that names another order must not take the parcel away from the first.
_PARCEL = {"id": "shipment/order", "shipment": "shipment", "order": "order", "source": SOURCE}

MIRROR: mirrors.Mirror = {
    events.ShipmentReady: Writes(
        "delivery_shipment",
        _PARCEL | {"ready_at": AT, "ready_recorded": RECORDED},
        once="ready_at",
        about="shipment",
    ),
    events.ShipmentHandedOver: Writes(
        "delivery_shipment",
        _PARCEL | {"carrier": "carrier", "handed_over_at": AT, "handed_over_recorded": RECORDED},
        once="handed_over_at",
        about="shipment",
    ),
    events.HandOverExplained: Writes(
        "delivery_shipment",
        _PARCEL | {"explained_cause": "cause", "explained_by": "proved_by"},
        once="explained_cause",
        about="shipment",
    ),
    events.ShipmentDelivered: Writes(
        "delivery_shipment",
        _PARCEL | {"delivered_at": AT, "delivered_recorded": RECORDED},
        once="delivered_at",
        about="shipment",
    ),
    events.ShipmentDamaged: Writes(
        "delivery_shipment",
        _PARCEL | {"harm": "harm", "harm_cause": "cause", "harmed_at": AT, "harmed_recorded": RECORDED},
        once="harmed_at",
        about="shipment",
    ),
    events.DisruptionDeclared: Writes(
        "delivery_disruption",
        {
            "id": "disruption", "source": SOURCE, "carrier": "carrier", "origin": "origin", "starts": "starts", "ends": "ends",
        },
        once="starts",
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

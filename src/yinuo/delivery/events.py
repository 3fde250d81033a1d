"""Facts about shipments, carriers' disruptions, and whose fault a delay was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from yinuo.kit.facts import Code, DisruptionId, Fact, Moment, OrderId, ShipmentId, fact
from yinuo.kit.refusals import Malformed

DISRUPTION_DAYS_MAX = 60    # what lasts longer is no disruption but how the carrier works


@fact()
class ShipmentReady(Fact, frozen=True, kw_only=True, tag="delivery.shipment_ready"):
    """The merchant had the parcel ready and booked its collection; a wait after that is the carrier's."""

    shipment: ShipmentId
    order: OrderId


@fact()
class ShipmentHandedOver(Fact, frozen=True, kw_only=True, tag="delivery.shipment_handed_over"):
    """The carrier scanned the parcel for the first time: the merchant's part is done."""

    shipment: ShipmentId
    order: OrderId
    carrier: Code | None = None


@fact()
class HandOverExplained(Fact, frozen=True, kw_only=True, tag="delivery.hand_over_explained"):
    """The carrier, or another provider, proves that a late hand-over was not the merchant's: it came late, or was down.

    State it on the word of whoever was there, never on the merchant's own: an open objection is upheld by it at once.
    """

    shipment: ShipmentId
    order: OrderId
    cause: Literal["carrier", "platform", "buyer", "force_majeure"]
    proved_by: Code


@fact()
class ShipmentDelivered(Fact, frozen=True, kw_only=True, tag="delivery.shipment_delivered"):
    """The parcel reached the buyer."""

    shipment: ShipmentId
    order: OrderId


@fact()
class ShipmentDamaged(Fact, frozen=True, kw_only=True, tag="delivery.shipment_damaged"):
    """The parcel was found damaged or lost on its way, by the fault of the party named."""

    shipment: ShipmentId
    order: OrderId
    harm: Literal["damaged", "lost"]
    cause: Literal["merchant", "carrier", "force_majeure", "unknown"] = "unknown"


def _lasts_a_while(wire: Any) -> None:
    if wire.ends <= wire.starts:
        raise Malformed("A disruption ends after it starts.", path="data.ends")
    if wire.ends - wire.starts > timedelta(days=DISRUPTION_DAYS_MAX):
        raise Malformed(f"A disruption lasts {DISRUPTION_DAYS_MAX} days at most.", path="data.ends")


@fact(check=_lasts_a_while)
class DisruptionDeclared(Fact, frozen=True, kw_only=True, tag="delivery.disruption_declared"):
    """A carrier could not work as promised for up to 60 days (a strike, a flood); delays in it are nobody's fault."""

    disruption: DisruptionId
    carrier: Code
    starts: Moment
    ends: Moment
    origin: Code | None = None

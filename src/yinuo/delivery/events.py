"""Facts about shipments, carriers' disruptions, and whose fault a delay was."""

from __future__ import annotations

from typing import Literal

from yinuo.kit.facts import Code, DisruptionId, Fact, Moment, OrderId, ShipmentId, fact


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


@fact()
class DisruptionDeclared(Fact, frozen=True, kw_only=True, tag="delivery.disruption_declared"):
    """A carrier could not work as promised for a while (a strike, a flood); delays within it are nobody's fault."""

    disruption: DisruptionId
    carrier: Code
    starts: Moment
    ends: Moment
    origin: Code | None = None

"""Facts about orders. An order is one merchant's part of what a buyer bought at once; the whole is a basket."""

from __future__ import annotations

from typing import Literal

from yinuo.kit.facts import (
    BasketId,
    BuyerId,
    Code,
    Count,
    Currency,
    Fact,
    ListingId,
    MerchantId,
    Minor,
    Moment,
    OrderId,
    RefundId,
    fact,
)

Party = Literal["merchant", "buyer", "platform", "carrier", "force_majeure", "unknown"]


@fact(fingerprints=("payer", "address"))
class OrderPlaced(Fact, frozen=True, kw_only=True, tag="trade.order_placed"):
    """A buyer ordered from a merchant, who promised to hand it to the carrier and have it delivered by a time."""

    order: OrderId
    merchant: MerchantId
    amount_minor: Minor
    currency: Currency
    buyer: BuyerId | None = None
    listing: ListingId | None = None
    basket: BasketId | None = None
    items: Count = 1
    hand_over_by: Moment | None = None
    deliver_by: Moment | None = None
    origin: Code | None = None
    destination: Code | None = None
    carrier: Code | None = None


@fact()
class OrderPaid(Fact, frozen=True, kw_only=True, tag="trade.order_paid"):
    """The buyer's payment for an order was confirmed."""

    order: OrderId
    amount_minor: Minor | None = None
    method: Code | None = None


@fact()
class OrderCancelled(Fact, frozen=True, kw_only=True, tag="trade.order_cancelled"):
    """An order was called off before it was handed to a carrier, by the party named."""

    order: OrderId
    by: Party = "unknown"
    ground: Code | None = None
    derived: Literal["time"] | None = None


@fact()
class RefundGranted(Fact, frozen=True, kw_only=True, tag="trade.refund_granted"):
    """Money went back to the buyer, wholly or in part."""

    refund: RefundId
    order: OrderId
    amount_minor: Minor
    ground: Literal["not_as_described", "damaged", "late", "withdrawal", "goodwill", "unknown"] = "unknown"

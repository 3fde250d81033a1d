"""Facts about complaints."""

from __future__ import annotations

from typing import Literal

from yinuo.kit.facts import BuyerId, ComplaintId, Fact, ListingId, MerchantId, OrderId, fact

Topic = Literal["not_as_described", "damaged", "late", "not_received", "service", "unsafe", "other"]


@fact()
class ComplaintOpened(Fact, frozen=True, kw_only=True, tag="care.complaint_opened"):
    """A buyer complained about an order."""

    complaint: ComplaintId
    merchant: MerchantId
    order: OrderId | None = None
    listing: ListingId | None = None
    buyer: BuyerId | None = None
    topic: Topic = "other"


@fact()
class ComplaintAnswered(Fact, frozen=True, kw_only=True, tag="care.complaint_answered"):
    """The merchant gave a complaint its first answer."""

    complaint: ComplaintId
    merchant: MerchantId


@fact()
class ComplaintClosed(Fact, frozen=True, kw_only=True, tag="care.complaint_closed"):
    """A complaint came to its end, with the cause that was found."""

    complaint: ComplaintId
    merchant: MerchantId
    outcome: Literal["upheld", "rejected", "settled", "withdrawn"]
    cause: Literal["merchant", "carrier", "platform", "buyer", "force_majeure", "unknown"] = "unknown"

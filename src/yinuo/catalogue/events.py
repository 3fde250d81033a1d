"""Facts about listings, and about findings of unlawful goods."""

from __future__ import annotations

from typing import Literal

from yinuo.kit.facts import Code, Currency, Fact, FindingId, ListingId, MerchantId, Minor, Text, fact

Ground = Literal["counterfeit", "safety", "licence"]


@fact(texts={"title": Text(owner="merchant", retention="transaction")})
class ListingPublished(Fact, frozen=True, kw_only=True, tag="catalogue.listing_published"):
    """A merchant put something up for sale."""

    listing: ListingId
    merchant: MerchantId
    category: Code | None = None
    price_minor: Minor | None = None
    currency: Currency | None = None


@fact()
class ListingWithdrawn(Fact, frozen=True, kw_only=True, tag="catalogue.listing_withdrawn"):
    """A listing is no longer for sale."""

    listing: ListingId
    ground: Literal["merchant", "unlawful", "recall", "unknown"] = "unknown"


@fact()
class FindingUpheld(Fact, frozen=True, kw_only=True, tag="catalogue.finding_upheld"):
    """A decision found goods counterfeit, unsafe, or sold without the licence they need."""

    finding: FindingId
    merchant: MerchantId
    ground: Ground
    listing: ListingId | None = None


@fact()
class FindingOverturned(Fact, frozen=True, kw_only=True, tag="catalogue.finding_overturned"):
    """An earlier finding did not stand: it counts no longer, from the day it was made."""

    finding: FindingId
    merchant: MerchantId

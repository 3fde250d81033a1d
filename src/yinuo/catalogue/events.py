"""Facts about listings, and about findings of unlawful goods."""

from __future__ import annotations

from typing import Any, Literal

from yinuo.kit.facts import Code, Currency, Fact, FindingId, ListingId, MerchantId, Minor, Text, fact
from yinuo.kit.refusals import Malformed

Ground = Literal["counterfeit", "safety", "licence"]


@fact(texts={"title": Text(owner="merchant", retention="transaction")})
class ListingPublished(Fact, frozen=True, kw_only=True, tag="catalogue.listing_published"):
    """A merchant put something up for sale."""

    listing: ListingId
    merchant: MerchantId
    category: Code | None = None
    price_minor: Minor | None = None
    currency: Currency | None = None


def _is_no_decision(wire: Any) -> None:
    if wire.ground in ("unlawful", "terms"):
        sentence = "Whoever takes a listing off sale says why: state decisions.decision_stated, act listing_removed."
        raise Malformed(sentence, path="data.ground")


@fact(check=_is_no_decision)
class ListingWithdrawn(Fact, frozen=True, kw_only=True, tag="catalogue.listing_withdrawn"):
    """A listing is no longer for sale."""

    listing: ListingId
    ground: Literal["merchant", "unlawful", "terms", "recall", "unknown"] = "unknown"


@fact(external=False)
class ListingRestored(Fact, frozen=True, kw_only=True, tag="catalogue.listing_restored"):
    """A listing was taken off sale by a decision that did not stand."""

    listing: ListingId


@fact(external=False)
class FindingUpheld(Fact, frozen=True, kw_only=True, tag="catalogue.finding_upheld"):
    """A decision found goods counterfeit, unsafe, or sold without the licence they need."""

    finding: FindingId
    merchant: MerchantId
    ground: Ground
    listing: ListingId | None = None


@fact(external=False)
class FindingOverturned(Fact, frozen=True, kw_only=True, tag="catalogue.finding_overturned"):
    """An earlier finding did not stand: it counts no longer, from the day it was made."""

    finding: FindingId
    merchant: MerchantId

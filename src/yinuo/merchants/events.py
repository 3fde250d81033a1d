"""Facts about merchants, who are legal persons or sole traders, and their shops."""

from __future__ import annotations

from typing import Any, Literal

from yinuo.kit.facts import Code, Count, Fact, MerchantId, RatingId, ShopId, Text, fact
from yinuo.kit.refusals import Malformed


@fact(texts={"name": Text(owner="merchant", retention="transaction")})
class MerchantRegistered(Fact, frozen=True, kw_only=True, tag="merchants.merchant_registered"):
    """A legal person or sole trader was admitted as a merchant."""

    merchant: MerchantId
    form: Literal["legal_person", "sole_trader", "unknown"] = "unknown"
    region: Code | None = None


@fact(texts={"name": Text(owner="merchant", retention="transaction")})
class ShopOpened(Fact, frozen=True, kw_only=True, tag="merchants.shop_opened"):
    """A merchant opened a shop."""

    shop: ShopId
    merchant: MerchantId
    category: Code | None = None


@fact()
class MerchantClosed(Fact, frozen=True, kw_only=True, tag="merchants.merchant_closed"):
    """A merchant left the marketplace."""

    merchant: MerchantId
    ground: Literal["own_wish", "terminated", "unknown"] = "unknown"


def _within_its_scale(wire: Any) -> None:
    if wire.value_hundredths > wire.scale_hundredths:
        raise Malformed("A rating is at most the top of its scale.", path="data.value_hundredths")


@fact(check=_within_its_scale)
class ExternalRatingObserved(Fact, frozen=True, kw_only=True, tag="merchants.external_rating_observed"):
    """A third party publishes a rating of a merchant; it stands beside our score and is never mixed in."""

    rating: RatingId
    merchant: MerchantId
    publisher: Code
    value_hundredths: Count
    scale_hundredths: Count

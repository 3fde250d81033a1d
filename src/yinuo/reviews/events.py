"""Facts about reviews. A review never vanishes: it is shown or hidden on a listed ground, and counted either way."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from yinuo.kit.facts import BuyerId, Fact, ListingId, MerchantId, OrderId, ReviewId, Text, fact

Stars = Annotated[int, Meta(ge=1, le=5)]
HidingGround = Literal["not_this_purchase", "advertising", "personal_data", "insult", "unlawful", "bought"]


_WRITTEN = Text(owner="buyer", retention="content", once=True)


@fact(texts={"title": _WRITTEN, "words": _WRITTEN})
class ReviewPublished(Fact, frozen=True, kw_only=True, tag="reviews.review_published"):
    """A buyer reviewed a purchase with one to five stars. Without a merchant it counts for none (several shared the order)."""

    review: ReviewId
    stars: Stars
    buyer: BuyerId | None = None
    order: OrderId | None = None
    merchant: MerchantId | None = None
    listing: ListingId | None = None


@fact(texts={"reply": Text(owner="review", retention="content")})
class ReviewReplied(Fact, frozen=True, kw_only=True, tag="reviews.review_replied"):
    """The merchant answered a review in public."""

    review: ReviewId


@fact(external=False)
class ReviewHidden(Fact, frozen=True, kw_only=True, tag="reviews.review_hidden"):
    """A review is no longer shown, on the ground named; it stays counted and kept."""

    review: ReviewId
    ground: HidingGround


@fact(external=False)
class ReviewRestored(Fact, frozen=True, kw_only=True, tag="reviews.review_restored"):
    """A hidden review is shown again."""

    review: ReviewId

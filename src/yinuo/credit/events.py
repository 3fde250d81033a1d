"""Facts that credit states: outcomes judged, the climate, runs, and changes of standing.

A judged outcome carries all that its evidence needs, so that evidence is one sum over the record without a join, and so
that the cause it names can be contested like any other fact.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from yinuo.kit.facts import (
    BuyerId,
    Code,
    ComplaintId,
    Count,
    Digest,
    Fact,
    ListingId,
    MerchantId,
    OrderId,
    ReviewId,
    RunId,
    fact,
)

Cause = Literal["merchant", "carrier", "platform", "buyer", "force_majeure", "unknown"]
Weight = Annotated[int, Meta(ge=0, le=16)]
Permille = Annotated[int, Meta(ge=0, le=4095)]
Lane = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:>-]{0,123}$")]
Day = Annotated[int, Meta(ge=0, le=100_000)]


@fact(external=False)
class DispatchJudged(Fact, frozen=True, kw_only=True, tag="credit.dispatch_judged"):
    """Whether an order was handed to the carrier in time or called off, and through whose fault it was not."""

    order: OrderId
    merchant: MerchantId
    lane: Lane
    outcome: Literal["on_time", "late", "cancelled"]
    placed_day: Day
    value_minor: Count
    weight: Weight
    buyer: BuyerId | None = None
    listing: ListingId | None = None
    cause: Cause | None = None
    used_permille: Permille | None = None
    revision: Count = 0


@fact(external=False)
class DeliveryJudged(Fact, frozen=True, kw_only=True, tag="credit.delivery_judged"):
    """Whether an order reached the buyer by the day promised, and through whose fault it did not."""

    order: OrderId
    merchant: MerchantId
    lane: Lane
    outcome: Literal["on_time", "late", "damaged", "lost"]
    weight: Weight
    listing: ListingId | None = None
    cause: Cause | None = None
    revision: Count = 0


@fact(external=False)
class ReviewJudged(Fact, frozen=True, kw_only=True, tag="credit.review_judged"):
    """How much a review's stars count for its merchant: less, the more reviews the same buyer wrote about them."""

    review: ReviewId
    merchant: MerchantId
    lane: Lane
    stars: Annotated[int, Meta(ge=1, le=5)]
    weight: Weight
    listing: ListingId | None = None
    revision: Count = 0


@fact(external=False)
class ComplaintJudged(Fact, frozen=True, kw_only=True, tag="credit.complaint_judged"):
    """What a closed complaint says of the merchant: its topic, its cause, and how long the first answer took."""

    complaint: ComplaintId
    merchant: MerchantId
    lane: Lane
    topic: Literal["not_as_described", "damaged", "late", "not_received", "service", "unsafe", "other"]
    cause: Cause
    weight: Weight
    listing: ListingId | None = None
    answer_hours: Count | None = None
    revision: Count = 0


@fact(external=False)
class RunCompleted(Fact, frozen=True, kw_only=True, tag="credit.run_completed"):
    """All merchants were scored: at which size of the record and day, by which scorecard, against which climate.

    `odds_at_middle` are the odds of failure at 500, in 2^-20; 0 where no probability is told.
    """

    run: RunId
    size: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    as_of: Day
    scorecard: Code
    scorecard_digest: Digest
    mode: Literal["preview", "shadow", "subjects", "public"]
    climate: Digest
    standings: Digest
    odds_at_middle: Count
    merchants: Count
    moved: Count


@fact(external=False)
class StandingChanged(Fact, frozen=True, kw_only=True, tag="credit.standing_changed"):
    """A merchant's band changed from one run to the next."""

    merchant: MerchantId
    run: RunId
    before: Code
    after: Code
    score: Annotated[int, Meta(ge=0, le=1000)]

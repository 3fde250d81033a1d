"""A merchant's and a listing's public page, as values. What a page does not show is not here either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from yinuo.catalogue import queries as catalogue
from yinuo.catalogue.events import ListingPublished, ListingWithdrawn
from yinuo.credit import queries
from yinuo.credit.api.public import StepOut
from yinuo.kit.actors import PUBLIC
from yinuo.kit.carried import at_of, realm_of
from yinuo.kit.moments import MICROS_PER_DAY, from_day, from_micros, to_micros
from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.record import queries as record
from yinuo.reviews import queries as reviews

LISTED_MAX = 100

router = Router(tags=["credit"])


class ListingOut(Schema):
    """Something for sale, as lists show it; empty and null where nobody stated it. `title` is null where it was erased."""

    listing: str
    merchant: str
    title: str | None
    category: str
    price_minor: int | None
    currency: str
    published: datetime | None
    withdrawn: datetime | None
    withdrawn_ground: str


class RatingOut(Schema):
    """What a third party says of a merchant, on which scale (both in hundredths), and when that was seen."""

    publisher: str
    value_hundredths: int
    scale_hundredths: int
    observed: datetime | None


class ReviewCountsOut(Schema):
    """How many reviews came in, how many are hidden, and how the stars of those shown are spread."""

    received: int
    shown: int
    hidden: int
    by_stars: dict[str, int]


class ReviewOut(Schema):
    """A review as anybody may read it; a hidden one has a ground and no words."""

    review: str
    stars: int
    published: datetime
    hidden_ground: str
    title: str
    words: str
    reply: str
    erased: bool
    withheld: bool


class CauseOut(Schema):
    """How many orders went wrong in one way through one cause, and per thousand where enough are known."""

    cause: str
    outcome: str
    count: StepOut
    permille: int | None


class PointOut(Schema):
    """How the merchant stood as of a day."""

    as_of: date
    band: str
    score: int | None
    low: int | None
    high: int | None


class FindingOut(Schema):
    """A decision that goods were unlawful, and when it was overturned."""

    ground: str
    upheld: datetime
    overturned: datetime | None


class MerchantOut(Schema):
    """A merchant's public page, beside the standing: `/api/standings/{merchant}` has that. Null and empty where not public."""

    merchant: str
    name: str
    form: str
    region: str
    is_public: bool
    ratings: list[RatingOut]
    reviews: ReviewCountsOut
    causes: list[CauseOut]
    course: list[PointOut]
    findings: list[FindingOut]


class RateOut(Schema):
    """How many of a listing's orders ended in a complaint through the merchant's fault, as far as the public may know."""

    orders: StepOut
    complaints: StepOut
    permille: int | None
    as_of: date


class ProofOut(Schema):
    """A fact about the listing: its kind, for when it was stated, whether long after, and since when it can be proved."""

    kind: str
    at: datetime
    is_late: bool
    proved_since: datetime | None
    proved_at_size: int | None


class ListingPageOut(ListingOut):
    """A listing's public page. `rate` is null where standings are not public, or no order was judged yet."""

    is_public: bool
    rate: RateOut | None
    findings: list[FindingOut]
    reviews: ReviewCountsOut
    hidden_by_ground: dict[str, int]
    proofs: list[ProofOut]


class ListingsOut(Schema):
    """A stretch of a merchant's listings; `after` asks for the next one and is null at the end."""

    listings: list[ListingOut]
    after: str | None


class ReviewsPageOut(Schema):
    """A stretch of reviews, newest first; `before` asks for the next one and is null at the end."""

    reviews: list[ReviewOut]
    before: int | None


After = Annotated[str, Query(max_length=20)]
Before = Annotated[int | None, Query(ge=0, le=2**53)]
MerchantId = Annotated[str, Field(max_length=20)]


@router.get("/merchants/{merchant}", response=MerchantOut, summary="A merchant's public page")
def get_merchant(request: HttpRequest, merchant: str) -> dict[str, Any]:
    """Who a merchant is, what others say, and, where standings are public, the course of theirs and why orders went wrong."""
    is_public = queries.is_public(viewer=PUBLIC, mode=_mode())
    standing = queries.standing_of(viewer=PUBLIC, mode=_mode(), merchant=merchant) if is_public else None
    try:
        found = merchants.merchant(viewer=PUBLIC, merchant=merchant.replace("\0", ""))
    except NotFound:
        if standing is None:
            raise
        found = merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant]
    findings = (
        catalogue.findings_standing(viewer=PUBLIC, merchant=merchant, before=standing.as_of * MICROS_PER_DAY)
        if standing is not None and standing.override else []
    )
    return {
        "merchant": found.pk, "name": found.name or "", "form": found.form or "", "region": found.region or "",
        "is_public": is_public,
        "ratings": [
            {"publisher": one.publisher or "", "value_hundredths": one.value_hundredths,
             "scale_hundredths": one.scale_hundredths, "observed": _moment(one.observed_at)}
            for one in merchants.external_ratings(viewer=PUBLIC, merchant=found.pk)
        ],
        "reviews": _counts(reviews.review_counts(viewer=PUBLIC, merchant=found.pk)),
        "causes": [] if standing is None else queries.causes_of(viewer=PUBLIC, standing=standing),
        "course": [] if standing is None else points_told(queries.course_of(viewer=PUBLIC, standing=standing)),
        "findings": _findings(findings),
    }


@router.get("/merchants/{merchant}/listings", response=ListingsOut, summary="What a merchant put up for sale")
def get_listings(request: HttpRequest, merchant: MerchantId, after: After = "") -> dict[str, Any]:
    """A merchant's listings, newest first, also what was withdrawn since, 100 at a time."""
    found = catalogue.listings_of(
        viewer=PUBLIC, merchant=merchant.replace("\0", ""), after=after.replace("\0", ""), limit=LISTED_MAX + 1,
        realm=realm_of(request),
    )
    more = len(found) > LISTED_MAX
    return {"listings": [_listing(one) for one in found[:LISTED_MAX]], "after": found[LISTED_MAX - 1].listing if more else None}


@router.get("/merchants/{merchant}/reviews", response=ReviewsPageOut, summary="A merchant's reviews")
def get_merchant_reviews(request: HttpRequest, merchant: MerchantId, before: Before = None) -> dict[str, Any]:
    """Reviews as anybody may read them, newest first, 100 at a time."""
    return _reviews(request, before, merchant=merchant.replace("\0", ""))


@router.get("/listings/{listing}", response=ListingPageOut, summary="A listing's public page")
def get_listing(request: HttpRequest, listing: Annotated[str, Field(max_length=20)]) -> dict[str, Any]:
    """What it is, who sells it, how often it comes to complaints, and since when what was stated can be proved."""
    listing = listing.replace("\0", "")
    found = catalogue.listing(viewer=PUBLIC, listing=listing, realm=realm_of(request))
    before = to_micros(at_of(request))
    is_public = queries.is_public(viewer=PUBLIC, mode=_mode())
    rate = queries.listing_rate(viewer=PUBLIC, mode=_mode(), listing=listing) if is_public else None
    findings = catalogue.findings_about(viewer=PUBLIC, listing=listing, before=before) if is_public else []
    return _listing(found) | {
        "is_public": is_public,
        "rate": None if rate is None else {
            "orders": rate.orders, "complaints": rate.complaints, "permille": rate.permille, "as_of": from_day(rate.as_of),
        },
        "findings": _findings(findings),
        "reviews": _counts(reviews.review_counts(viewer=PUBLIC, listing=listing)),
        "hidden_by_ground": reviews.hidden_by_ground(viewer=PUBLIC, listing=listing),
        "proofs": _proofs(listing),
    }


@router.get("/listings/{listing}/reviews", response=ReviewsPageOut, summary="A listing's reviews")
def get_listing_reviews(
    request: HttpRequest, listing: Annotated[str, Field(max_length=20)], before: Before = None
) -> dict[str, Any]:
    """Reviews as anybody may read them, newest first, 100 at a time."""
    return _reviews(request, before, listing=listing.replace("\0", ""))


def points_told(points: Sequence[Any]) -> list[dict[str, Any]]:
    """A course's points as values, oldest first."""
    return [
        {"as_of": from_day(one.as_of), "band": one.band, "score": one.score, "low": one.low, "high": one.high} for one in points
    ]


def _mode() -> str:
    mode: str = settings.YINUO["YINUO_MODE"]
    return mode


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _listing(found: catalogue.ListingShown) -> dict[str, Any]:
    return {
        "listing": found.listing, "merchant": found.merchant, "title": found.title, "category": found.category,
        "price_minor": found.price_minor, "currency": found.currency, "published": _moment(found.published_at),
        "withdrawn": _moment(found.withdrawn_at), "withdrawn_ground": found.withdrawn_ground,
    }


def _counts(counts: reviews.ReviewCounts) -> dict[str, Any]:
    return {
        "received": counts.received, "shown": counts.shown, "hidden": counts.hidden,
        "by_stars": {str(stars): count for stars, count in counts.shown_by_stars.items()},
    }


def _findings(findings: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"ground": one.ground or "", "upheld": from_micros(one.upheld_at or 0), "overturned": _moment(one.overturned_at)}
        for one in findings
    ]


def _reviews(request: HttpRequest, before: int | None, **about: str) -> dict[str, Any]:
    realm = realm_of(request)
    found = reviews.newest_reviews(viewer=PUBLIC, realm=realm, before=before, limit=LISTED_MAX + 1, **about)
    shown = [
        {
            "review": one.review, "stars": one.stars, "published": from_micros(one.published_at), "erased": one.erased,
            "hidden_ground": one.hidden_ground, "title": one.title, "words": one.words, "reply": one.reply,
            "withheld": one.withheld,
        }
        for one in found[:LISTED_MAX]
    ]
    return {"reviews": shown, "before": found[LISTED_MAX - 1].published_at if len(found) > LISTED_MAX else None}


def _proofs(listing: str) -> list[dict[str, Any]]:
    """The newest publication and the newest withdrawal that stand in the record."""
    newest: dict[type[Any], Any] = {}
    for each in record.facts_about(subjects=[listing]):
        if isinstance(each.fact, ListingPublished | ListingWithdrawn):
            newest[type(each.fact)] = each
    heads = {each.seq: record.head_over(number=each.seq) for each in newest.values()}
    return [
        {
            "kind": "catalogue.listing_published" if isinstance(each.fact, ListingPublished) else "catalogue.listing_withdrawn",
            "at": from_micros(each.at), "is_late": each.recorded - each.at > MICROS_PER_DAY,
            "proved_since": head.at if (head := heads[each.seq]) else None, "proved_at_size": head.size if head else None,
        }
        for each in newest.values()
    ]

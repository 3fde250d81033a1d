"""Standings and their method, for programs. What the public may not see on a page it does not see here either."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from yinuo.credit import queries
from yinuo.kit.actors import PUBLIC
from yinuo.kit.moments import from_day
from yinuo.kit.refusals import NotFound

router = Router(tags=["credit"])


class StepOut(Schema):
    """A count in steps: at least `low`, and below `end` unless that is null."""

    low: int
    end: int | None


class FacetOut(Schema):
    """How the merchant stands on one side."""

    name: str
    band: str
    score: int | None
    outcomes: StepOut


class ReasonOut(Schema):
    """What one feature adds to the score or takes from it, and what was observed as a share of what was to be expected.

    The share is null below 30 outcomes, and where nothing is compared.
    """

    feature: str
    half_life_days: int | None
    points: int
    permille_of_expected: int | None


class WayBackOut(Schema):
    """When a better band is reached again: after so many faultless orders or on a day, whichever is first."""

    band: str
    orders: int | None
    day: date | None
    feature: str


class ReviewsOut(Schema):
    """How many reviews were received below the standing's size, and how many of them are shown and hidden."""

    received: int
    shown: int
    hidden: int


class StandingOut(Schema):
    """What a merchant can be trusted with, and why. There is no score before the history is enough, or under an override.

    `band_before` is the band of the standing before, one of the pins: near an edge it still holds. Null in a first standing.
    """

    merchant: str
    scorecard: str
    run: str
    size: int
    as_of: date
    band: str
    band_before: str | None
    score: int | None
    low: int | None
    high: int | None
    odds_ppm: int | None
    measured_on: int | None
    outcomes: StepOut
    override: str
    facts: StepOut
    reviews: ReviewsOut
    facets: list[FacetOut]
    reasons: list[ReasonOut]
    way_back: WayBackOut | None


class ListedOut(Schema):
    """A merchant in the directory."""

    merchant: str
    name: str
    region: str
    band: str | None
    score: int | None
    low: int | None
    high: int | None
    outcomes: StepOut | None


class DirectoryOut(Schema):
    """A stretch of the directory; `after` asks for the next one and is null at the end."""

    merchants: list[ListedOut]
    after: str | None


class FeatureOut(Schema):
    """A feature of the scorecard in force: what it means, how long it remembers, and its points."""

    name: str
    measure: str
    meaning: str
    facet: str
    half_life_days: int | None
    bins: list[dict[str, Any]]


class MethodOut(Schema):
    """The scorecard in force with its fingerprint, its features and how well it keeps its word."""

    scorecard: str
    digest: str
    in_force_since: datetime | None
    features: list[FeatureOut]
    body: dict[str, Any]
    report: dict[str, Any]


class DirectoryQuery(Schema):
    """What to list: part of a name, a band, an order, and the merchant to go on behind."""

    search: Annotated[str, Field(max_length=100)] = ""
    band: Literal["", "excellent", "good", "expected", "new", "caution", "poor", "unlawful"] = ""
    sort: queries.Sort = "standing"
    after: Annotated[str, Field(max_length=20)] = ""


@router.get("/standings/{merchant}", response=StandingOut, summary="How a merchant stands, and why")
def standing(request: HttpRequest, merchant: str) -> dict[str, Any]:
    """The merchant's standing by the scorecard shown, with reasons that add up and everything that pins it."""
    found = queries.standing_of(viewer=PUBLIC, mode=_mode(), merchant=merchant)
    if found is None:
        raise NotFound(queries.NOT_JUDGED)
    return {
        "merchant": found.merchant,
        "scorecard": found.scorecard,
        "run": found.run,
        "size": found.size,
        "as_of": from_day(found.as_of),
        **_figures(found),
        "band_before": found.band_before or None,
        "odds_ppm": None if found.override else found.odds_ppm,
        "measured_on": None if found.override else found.measured_on,
        "override": found.override,
        "facts": queries.step_of(found.facts),
        "reviews": {
            "received": found.reviews_received, "shown": found.reviews_shown, "hidden": found.reviews_hidden,
        },
        "facets": queries.facets_of(viewer=PUBLIC, standing=found),
        "reasons": queries.reasons_of(viewer=PUBLIC, standing=found),
        "way_back": _way_back(found.way_back or {}),
    }


@router.get("/merchants", response=DirectoryOut, summary="The directory of merchants")
def merchants(request: HttpRequest, wanted: Annotated[DirectoryQuery, Query()]) -> dict[str, Any]:
    """Merchants by standing, name or amount of evidence, 100 at a time."""
    page = queries.directory(viewer=PUBLIC, mode=_mode(), limit=100, **wanted.model_dump())
    nothing = {"band": None, "score": None, "low": None, "high": None, "outcomes": None}
    rows = [
        {
            "merchant": row.merchant.pk,
            "name": row.merchant.name or "",
            "region": row.merchant.region or "",
            **(_figures(row.standing) if row.standing else nothing),
        }
        for row in page.rows
    ]
    return {"merchants": rows, "after": page.after or None}


@router.get("/credit/method", response=MethodOut, summary="How standings are made")
def method(request: HttpRequest) -> dict[str, Any]:
    """The scorecard in force, whole, with what was measured of it."""
    scorecard = queries.scorecard_shown()
    if scorecard is None:
        raise NotFound("No scorecard is in force yet.")
    return {
        "scorecard": scorecard.name,
        "digest": scorecard.digest,
        "in_force_since": scorecard.in_force_since,
        "features": queries.features_of(scorecard),
        "body": scorecard.body,
        "report": scorecard.report,
    }


@router.get("/credit/features", response=list[FeatureOut], summary="What counts, and what it means")
def features(request: HttpRequest) -> list[dict[str, Any]]:
    """Every feature of the scorecard in force with its public explanation."""
    scorecard = queries.scorecard_shown()
    return queries.features_of(scorecard) if scorecard else []


def _mode() -> str:
    mode: str = settings.YINUO["YINUO_MODE"]
    return mode


def _figures(standing: Any) -> dict[str, Any]:
    shown = not standing.override
    return {
        "band": standing.band,
        "score": standing.score if shown else None,
        "low": standing.low if shown else None,
        "high": standing.high if shown else None,
        "outcomes": queries.step_of(standing.outcomes),
    }


def _way_back(way_back: dict[str, Any]) -> dict[str, Any] | None:
    if not way_back.get("band"):
        return None
    day = way_back.get("day")
    return {
        "band": way_back["band"],
        "orders": way_back.get("orders"),
        "day": None if day is None else from_day(day),
        "feature": way_back.get("feature", ""),
    }

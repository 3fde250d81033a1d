"""A merchant's coming days: open orders by the points at stake, falls that are foreseen, what if, the next scorecard."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from yinuo.credit import queries
from yinuo.decisions.rules import AT_ONCE_MAX
from yinuo.kit.carried import actor_of, at_of, realm_of
from yinuo.kit.moments import from_day
from yinuo.vault.queries import source_ids_of

SHOWN = 50

router = Router(tags=["credit"])
Stage = Literal["late", "soon", "open", "way"]


class OpenOrderOut(Schema):
    """An order that may still cost points: until when what must happen, its value, its weight in sixteenths of an order.

    `stage`: its time to be handed over is past (late), within a day (soon) or later (open), or it is on its way (way).
    `points`: the score if it goes well less that if it fails; null where there is no score to lose from yet.
    """

    order: str
    order_id: str
    aspect: Literal["dispatch", "delivery"]
    stage: Stage
    due: datetime
    value_minor: int | None
    currency: str | None
    weight: int
    points: int | None


class FirstFallOut(Schema):
    """How many whole orders late through the merchant cost the first points, and how many points."""

    orders: int
    points: int


class TodayOut(Schema):
    """A stretch of the open orders as of `clock`, and how many there are in each stage; `next` asks for the next stretch and is
    null at the end.
    """

    clock: datetime
    counts: dict[str, int]
    orders: list[OpenOrderOut]
    next: int | None
    first_fall: FirstFallOut | None


class ForeseenOut(Schema):
    """A fall of the standing: as of which day, from which score and band to which, how many points of it come by age and how
    many by orders, and how many orders those are by stage. `half` is half the interval's width.
    """

    day: date
    score_now: int
    band_now: str
    score: int
    band: str
    half: int
    by_age: int
    by_orders: int
    orders: dict[str, int]


class WarningOut(Schema):
    """A fall that is foreseen; null where none is worth a warning."""

    foreseen: ForeseenOut | None


class SupposedStandingOut(Schema):
    """A standing by the scorecard shown; no figures where the history is not enough."""

    band: str
    score: int | None
    low: int | None
    high: int | None
    outcomes: int
    override: str


class BesideOut(Schema):
    """What a feature adds or takes in each of two standings; null where it has no part in one of them."""

    feature: str
    half_life_days: int | None
    now: int | None
    then: int | None


class WhatIfOut(Schema):
    """The standing as it is and as it would be, with the reasons side by side; `left_out`: objections it does not rest on."""

    now: SupposedStandingOut
    then: SupposedStandingOut
    reasons: list[BesideOut]
    left_out: list[str]


class AnnouncedOut(Schema):
    """A scorecard that is to take over, from which day (null while that is open), and the merchant's standing by it, if any.

    `reasons` holds both standings' side by side: `now` by the scorecard shown, `then` by this one.
    """

    scorecard: str
    digest: str
    since: datetime
    in_force_from: date | None
    as_of: date | None
    standing: SupposedStandingOut | None
    reasons: list[BesideOut]


class TodayQuery(Schema):
    """Which part of the list, and from which place on."""

    stage: Stage | None = None
    start: Annotated[int, Field(ge=0, le=500_000)] = 0


class SupposedQuery(Schema):
    """What to suppose: orders more, how many of them late, how much of their time the others take, and objections upheld."""

    orders: Annotated[int, Field(ge=0, le=1_000)] = 0
    late: Annotated[int, Field(ge=0, le=1_000)] = 0
    used: Literal["60", "80", "100"] = "60"
    contest: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=AT_ONCE_MAX)] = []


@router.get("/credit/own/{merchant}/today", response=TodayOut, summary="Our open orders by the points at stake")
def get_today(request: HttpRequest, merchant: str, wanted: Annotated[TodayQuery, Query()]) -> dict[str, Any]:
    """Every open order, those with most points at stake first, then the most urgent; 50 at a time."""
    seen = _seen(request, merchant)
    found = queries.today(seen, stage=wanted.stage or "", start=wanted.start, stop=wanted.start + SHOWN)
    among = found.counts[wanted.stage] if wanted.stage else found.total
    called = source_ids_of(surrogates=[one.order for one in found.rows], realm=realm_of(request))
    return {
        "clock": found.clock, "counts": dict(found.counts),
        "orders": [
            {"order": one.order, "order_id": (called.get(one.order) or ("", ""))[1], "aspect": one.aspect, "stage": one.stage,
             "due": one.due, "value_minor": one.value_minor, "currency": one.currency, "weight": one.weight,
             "points": one.points}
            for one in found.rows
        ],
        "next": wanted.start + SHOWN if wanted.start + SHOWN < among else None,
        "first_fall": found.first_fall and {"orders": found.first_fall[0], "points": found.first_fall[1]},
    }


@router.get("/credit/own/{merchant}/foreseen", response=WarningOut, summary="A fall that is foreseen")
def get_foreseen(request: HttpRequest, merchant: str) -> dict[str, Any]:
    """What the coming weeks' scorings give if nothing new becomes known and the orders that are late or nearly so fail."""
    found = queries.foreseen(_seen(request, merchant))
    if found is None:
        return {"foreseen": None}
    return {"foreseen": {
        "day": from_day(found.warned.day), "score_now": found.score, "band_now": found.band, "score": found.warned.score,
        "band": found.warned.band, "half": found.half, "by_age": found.warned.by_age, "by_orders": found.warned.by_orders,
        "orders": dict(found.orders),
    }}


@router.get("/credit/own/{merchant}/what-if", response=WhatIfOut, summary="Our standing with what we suppose")
def get_what_if(request: HttpRequest, merchant: str, wanted: Annotated[SupposedQuery, Query()]) -> dict[str, Any]:
    """The standing with so many orders more, so many of them late, and with open objections to a cause upheld."""
    suppose = queries.Supposed(wanted.orders, wanted.late, int(wanted.used), wanted.contest)
    found = queries.what_if(viewer=actor_of(request), merchant=merchant, suppose=suppose, realm=realm_of(request))
    return {
        "now": _standing(found.now), "then": _standing(found.then), "reasons": _beside(found.reasons),
        "left_out": found.left_out,
    }


@router.get("/credit/own/{merchant}/announced", response=list[AnnouncedOut], summary="Our standing by the next scorecard")
def get_announced(request: HttpRequest, merchant: str) -> list[dict[str, Any]]:
    """The scorecards that are to take over, newest first, each with the standing by it where one was scored already."""
    found = queries.announced(viewer=actor_of(request), merchant=merchant)
    now = queries.own_standing(viewer=actor_of(request), merchant=merchant)
    return [
        {
            "scorecard": card.name, "digest": card.digest, "since": card.added,
            "in_force_from": None if card.in_force_from is None else from_day(card.in_force_from),
            "as_of": None if theirs is None else from_day(theirs.as_of),
            "standing": None if theirs is None else _standing(theirs),
            "reasons": [] if now is None or theirs is None or None in (now.score, theirs.score) else _beside(
                queries.reasons_beside(now.reasons, theirs.reasons)
            ),
        }
        for card, theirs in found
    ]


def _seen(request: HttpRequest, merchant: str) -> Any:
    return queries.look_ahead(viewer=actor_of(request), merchant=merchant, at=at_of(request))


def _standing(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("band", "score", "low", "high", "outcomes", "override")}


def _beside(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"feature": one["feature"], "half_life_days": one.get("half_life_days"), "now": one["now"], "then": one["then"]}
        for one in reasons if "feature" in one
    ]

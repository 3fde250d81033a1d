"""A merchant's own view of their standing, in exact figures, and their objections; a buyer's own level; stewards' held runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from yinuo.credit import actions, queries
from yinuo.credit.api.public import WayBackOut
from yinuo.credit.api.shown import PointOut, points_told
from yinuo.credit.rules.levels import LEVELS
from yinuo.decisions.rules import AT_ONCE_MAX, CLOCKS, WORDS_MAX, Objection
from yinuo.kit.carried import actor_of, here_of
from yinuo.kit.moments import from_day
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.vault.queries import source_ids_of

if TYPE_CHECKING:
    from yinuo.decisions.models import Contest

HELD_MAX = 200
_OBJECTION = "The carrier did not come on the day that was booked; the booking is with the shipment."

router = Router(tags=["credit"])


class OwnReasonOut(Schema):
    """What one feature adds to the score or takes from it, with the sums it was computed from."""

    feature: str
    half_life_days: int | None
    points: int
    detail: dict[str, Any]


class OwnStandingOut(Schema):
    """The standing as its subject sees it, in whatever mode: exact figures, reasons that add up, the course, and the pins."""

    merchant: str
    scorecard: str
    run: str
    size: int
    as_of: date
    band: str
    score: int | None
    low: int | None
    high: int | None
    odds_ppm: int | None
    measured_on: int | None
    override: str
    outcomes: int
    facts: int
    reasons: list[OwnReasonOut]
    facets: dict[str, Any]
    way_back: WayBackOut | None
    course: list[PointOut]


class HeldOut(Schema):
    """An outcome through the merchant's own fault: of which order or complaint (`order_id`, `complaint_id`: as its shop calls
    it), what went wrong, its weight in sixteenths of an order (0: it costs no points), and the state of the newest objection to
    it. Of a complaint `outcome` is the topic, and `order` the one that it names, if any.
    """

    order: str | None
    order_id: str
    complaint: str | None
    complaint_id: str
    aspect: Literal["dispatch", "delivery", "complaint"]
    outcome: str
    at: datetime
    weight: int
    used_permille: int | None
    contest: str


class CausesIn(Schema):
    """Outcomes to object to, all for the same reason: orders by what was judged, complaints, whose fault it was, and words."""

    model_config = {"json_schema_extra": {"example": {
        "dispatch": ["ob2k7xq3zm4wv6y2a"], "claimed": "carrier", "words": _OBJECTION,
    }}}
    dispatch: Annotated[list[str], Field(max_length=AT_ONCE_MAX)] = []
    delivery: Annotated[list[str], Field(max_length=AT_ONCE_MAX)] = []
    complaint: Annotated[list[str], Field(max_length=AT_ONCE_MAX)] = []
    claimed: Literal["carrier", "platform", "buyer", "force_majeure", "unknown"]
    words: Annotated[str, Field(max_length=2 * WORDS_MAX)]


class FactIn(Schema):
    """A sealed fact to object to, by its number, with what is wrong about it."""

    model_config = {"json_schema_extra": {"example": {
        "number": 48211, "words": "The parcel was handed over a day earlier; the receipt of the depot shows it.",
    }}}
    number: Annotated[int, Field(ge=0, le=2**53)]
    words: Annotated[str, Field(max_length=2 * WORDS_MAX)]


class OpenedOut(Schema):
    """An objection that shows as disputed from now on, and by when a person who did not raise it answers."""

    id: str
    order: str | None
    complaint: str | None
    due: datetime


class ComplainedOut(Schema):
    """A complaint whose cause is contested, as it is told now: about which order, on what, when it was opened, first answered
    and closed, how, and through whose fault. `stands`: the merchant is still blamed for what was contested.
    """

    complaint: str
    complaint_id: str
    order: str | None
    order_id: str
    topic: str
    opened: datetime | None
    answered: datetime | None
    closed: datetime | None
    outcome: Literal["", "upheld", "rejected", "settled", "withdrawn"]
    cause: str
    stands: bool


class SideOut(Schema):
    """A side of a standing before and without what was corrected; null where too little was known for a score."""

    facet: str
    score_before: int | None
    score_without: int | None


class LostOut(Schema):
    """A published standing that rested on what did not stand: what it was, and what it would have been.

    `sides`: those that a complaint changed, also where the scorecard makes no points of it.
    """

    as_of: date
    run: str
    score: int | None
    band: str
    score_without: int | None
    band_without: str
    points: int
    sides: list[SideOut]


class MadeWholeOut(Schema):
    """What an upheld objection gives back: each published standing computed again, the most points lost, days in a lower band.
    """

    contest: str
    lost: list[LostOut]
    points_max: int
    days_in_lower_band: int


class WaitingRunOut(Schema):
    """A run held at the gate until a steward has looked, and why."""

    run: str
    as_of: date
    size: int
    scorecard: str
    merchants: int
    moved: int
    reason: str
    completed: datetime


class LevelStepOut(Schema):
    """What a level takes: so many orders, and at most such a share of spoilt ones."""

    level: int
    orders_min: int
    spoilt_permille_max: int


class LevelOut(Schema):
    """A buyer's level, from what it was reckoned, and what each level takes. Null before it was reckoned."""

    level: int | None
    orders: int | None
    cancelled: int | None
    complaints_rejected: int | None
    as_of: date | None
    levels: list[LevelStepOut]


@router.get("/credit/own/{merchant}", response=OwnStandingOut, summary="Our own standing, in exact figures")
def get_own(request: HttpRequest, merchant: str) -> dict[str, Any]:
    """What the merchant's console shows: for its team and for staff, also where standings are not public."""
    found = queries.own_standing(viewer=actor_of(request), merchant=merchant)
    if found is None:
        raise NotFound(queries.NOT_JUDGED)
    exact = (
        "scorecard", "run", "size", "band", "score", "low", "high", "odds_ppm", "measured_on", "override", "outcomes", "facts",
    )
    back = found.way_back or {}
    return {name: getattr(found, name) for name in exact} | {
        "merchant": found.merchant, "as_of": from_day(found.as_of), "facets": found.facets or {},
        "reasons": [
            {"feature": one["feature"], "half_life_days": one.get("half_life_days"), "points": one.get("points", 0),
             "detail": one.get("detail") or {}}
            for one in found.reasons or [] if "feature" in one
        ],
        "way_back": None if not back.get("band") else {
            "band": back["band"], "orders": back.get("orders"), "feature": back.get("feature", ""),
            "day": None if back.get("day") is None else from_day(back["day"]),
        },
        "course": points_told(queries.course_of(viewer=actor_of(request), standing=found)),
    }


@router.get("/credit/own/{merchant}/held", response=list[HeldOut], summary="What costs us points")
def get_held(request: HttpRequest, merchant: str) -> list[dict[str, Any]]:
    """Every outcome of the year through the merchant's own fault, newest first, 200 at most."""
    here = here_of(request)
    found = queries.held_against(viewer=here["actor"], merchant=merchant, at=here["at"], limit=HELD_MAX)
    about = {subject for one in found for subject in (one.order, one.complaint) if subject}
    called = source_ids_of(surrogates=about, realm=here["realm"])
    return [
        {
            "order": one.order, "order_id": (called.get(one.order or "") or ("", ""))[1],
            "complaint": one.complaint, "complaint_id": (called.get(one.complaint or "") or ("", ""))[1],
            "aspect": one.aspect, "outcome": one.outcome, "at": one.at, "weight": one.weight,
            "used_permille": one.used_permille, "contest": one.contest,
        }
        for one in found
    ]


@router.get(
    "/credit/own/{merchant}/report", response=dict[str, Any], summary="Our credit report",
    openapi_extra={"responses": {200: {"description": "A file that `yinuo verify` reads."}}},
)
def get_report(request: HttpRequest, merchant: str) -> dict[str, Any]:
    """The credit report, by which anybody it is given to computes the score again, offline. Not for credit granting."""
    here = here_of(request)
    if here["realm"].log is None:
        raise NotFound("This installation publishes no log.")
    return queries.credit_report(
        viewer=here["actor"], merchant=merchant, realm=here["realm"], policy=here["realm"].log.policy
    )


@router.post("/credit/own/{merchant}/contests", response={201: list[OpenedOut]}, summary="Object to the cause of outcomes",
             tags=["due process"])
def post_causes(request: HttpRequest, merchant: str, wanted: CausesIn) -> Status[list[dict[str, Any]]]:
    """Object to one or many at once, all or none. Each shows as disputed at once. What is contested already is 409."""
    every = {"dispatch": wanted.dispatch, "delivery": wanted.delivery, "complaint": wanted.complaint}
    chosen = {aspect: ids for aspect, ids in every.items() if ids}
    if not chosen:
        raise Malformed("Choose at least one outcome.", path="dispatch")
    made = actions.contest_each(
        merchant=merchant, outcomes=chosen, claimed=wanted.claimed, objection=_objection(request, wanted.words),
        **here_of(request),
    )
    return Status(201, [_opened(one) for one in made])


@router.post("/credit/own/{merchant}/contests/fact", response={201: OpenedOut}, summary="Object to a fact",
             tags=["due process"])
def post_fact(request: HttpRequest, merchant: str, wanted: FactIn) -> Status[dict[str, Any]]:
    """Object to a sealed fact about the way of an order; upheld, it is withdrawn. What is contested already is 409."""
    made = actions.contest_fact(
        merchant=merchant, number=wanted.number, objection=_objection(request, wanted.words), **here_of(request)
    )
    return Status(201, _opened(made))


@router.get("/contests/{contest}/made-whole", response=MadeWholeOut, summary="What an upheld objection gives back",
            tags=["due process"])
def get_made_whole(request: HttpRequest, contest: str) -> dict[str, Any]:
    """Every published standing that rested on what did not stand, computed again without it."""
    whole = queries.made_whole(viewer=actor_of(request), contest_id=contest)
    return {
        "contest": contest, "points_max": whole.points_max, "days_in_lower_band": whole.days_in_lower_band,
        "lost": [
            {"as_of": from_day(one.as_of), "run": one.run, "score": one.score, "band": one.band, "points": one.points,
             "score_without": one.score_without, "band_without": one.band_without,
             "sides": [
                 {"facet": side.facet, "score_before": side.score_before, "score_without": side.score_without}
                 for side in one.sides
             ]}
            for one in whole.lost
        ],
    }


@router.get("/contests/{contest}/complaint", response=ComplainedOut, summary="The complaint that an objection is about",
            tags=["due process"])
def get_complaint(request: HttpRequest, contest: str) -> dict[str, Any]:
    """The complaint as it is told now, for whoever objected to its cause and for staff. What is about none is 404."""
    here = here_of(request)
    found = queries.complained(viewer=here["actor"], contest_id=contest)
    if found is None:
        raise NotFound("This objection is about no complaint.")
    called = source_ids_of(surrogates=[thing for thing in (found.complaint, found.order) if thing], realm=here["realm"])
    return {
        "complaint": found.complaint, "complaint_id": (called.get(found.complaint) or ("", ""))[1], "order": found.order,
        "order_id": (called.get(found.order or "") or ("", ""))[1], "topic": found.topic, "opened": found.opened,
        "answered": found.answered, "closed": found.closed, "outcome": found.outcome, "cause": found.cause,
        "stands": found.stands,
    }


@router.get("/credit/runs/waiting", response=list[WaitingRunOut], summary="Runs held at the gate")
def get_waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """The runs that wait until a steward has looked, newest first, for stewards and auditors."""
    return [
        {"run": run.pk, "as_of": from_day(run.as_of), "size": run.size, "scorecard": run.scorecard, "moved": run.moved,
         "merchants": run.merchants, "reason": run.reason, "completed": run.completed}
        for run in queries.waiting_runs(viewer=actor_of(request))
    ]


@router.get("/me/{person}/level", response=LevelOut, summary="My level as a buyer", tags=["my data"])
def get_level(request: HttpRequest, person: str) -> dict[str, Any]:
    """A buyer's level, to the buyer alone. Never used for prices, statutory rights or lending."""
    found = queries.own_level(viewer=actor_of(request), buyer=person)
    names = ("level", "orders", "cancelled", "complaints_rejected")
    return {name: getattr(found, name, None) for name in names} | {
        "as_of": None if found is None else from_day(found.as_of),
        "levels": [
            {"level": one.number, "orders_min": one.orders_min, "spoilt_permille_max": one.spoilt_permille_max}
            for one in LEVELS
        ],
    }


def _opened(contest: Contest) -> dict[str, Any]:
    return {"id": contest.pk, "order": contest.order, "complaint": contest.complaint, "due": contest.due}


def _objection(request: HttpRequest, words: str) -> Objection:
    """What was objected, due by the clock of this jurisdiction."""
    days = CLOCKS[settings.YINUO["YINUO_JURISDICTION"]].contest_days
    return Objection(words, request.calendar.deadline_days(request.now, days))  # type: ignore[attr-defined] # config.realm

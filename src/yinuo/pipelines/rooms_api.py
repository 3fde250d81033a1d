"""Case rooms over HTTP: those who keep them ask, approve and close; the authority that was let in reads. Each look is noted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from yinuo.decisions.rules import ACTS, GROUNDS
from yinuo.kit.actors import Actor
from yinuo.kit.carried import here_of
from yinuo.kit.facts import Recorded
from yinuo.kit.moments import from_day, from_micros
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.people import actions, queries
from yinuo.people.rules import AUTHORITY, REQUEST_WORDS, ROOM_CASES_MAX, ROOM_GUESTS_MAX, RoomRequest
from yinuo.pipelines import rooms
from yinuo.record.rules import kind_of

router = Router(tags=["case rooms"])
State = Literal["asked", "open", "declined", "withdrawn", "lapsed", "expired", "early"]
Kind = Literal["decision", "contest", "order", "merchant"]


class RoomOut(Schema):
    """A room as lists show it: how it stands, who asks under which number, how many cases, and its clocks.

    `asked_by`, the sign-in name of who entered the request, is empty to the authority.
    """

    id: str
    state: State
    authority: str
    reference: str
    cases: int
    asked_by: str
    asked: datetime
    approve_by: datetime
    until: datetime
    closed: datetime | None


class CaseOut(Schema):
    """A case that a room shows, and the merchant whom it concerns."""

    kind: Kind
    thing: str
    merchant: str | None


class WholeRoomOut(Schema):
    """A room with its request in words, its cases, who is let in, and what was done.

    `digest` is of all that was asked: an approval names it. It is empty to the authority, like `asked_by` and `approved_by`.
    """

    id: str
    state: State
    authority: str
    basis: str
    reference: str
    request: str
    with_persons: bool
    silence: str
    tell_from: datetime | None
    guests: list[str]
    cases: list[CaseOut]
    asked_by: str
    asked: datetime
    approve_by: datetime
    approved_by: str
    opened: datetime | None
    until: datetime
    told: datetime | None
    closed: datetime | None
    digest: str


class RoomIn(Schema):
    """An authority's written request. `cases` are ids of decisions, objections, orders or merchants, or "order SOURCE NUMBER".

    `until` is the last day on which the room is open. Those concerned are told when it opens, or after `silent_until`, which
    takes a ground of law for the silence.
    """

    model_config = {"json_schema_extra": {"example": {
        "authority": "District Court of Nowhere", "basis": "E-Commerce Law 25", "reference": "(2026) 17",
        "request": "The order named below, with everything that was stated about it.", "until": "2026-08-31",
        "guests": ["court"], "cases": ["order myshop A-1001"],
    }}}
    authority: Annotated[str, Field(max_length=REQUEST_WORDS["authority"][1])]
    basis: Annotated[str, Field(max_length=REQUEST_WORDS["basis"][1])]
    reference: Annotated[str, Field(max_length=REQUEST_WORDS["reference"][1])]
    request: Annotated[str, Field(max_length=REQUEST_WORDS["asked"][1])]
    until: date
    guests: Annotated[list[Annotated[str, Field(max_length=150)]], Field(
        max_length=ROOM_GUESTS_MAX, description="Sign-in names of the authority's accounts.")]
    cases: Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=ROOM_CASES_MAX)]
    with_persons: bool = False
    silence: Annotated[str, Field(max_length=300)] = ""
    silent_until: date | None = None


class AskedOut(Schema):
    """The room that waits for a second person now, who must approve it by a day."""

    id: str
    approve_by: datetime


class ApprovalIn(Schema):
    """What is approved: the digest of the request as it was read."""

    model_config = {"json_schema_extra": {"example": {"digest": "0f" * 32}}}
    digest: Annotated[str, Field(max_length=64)]


class RoomLookOut(Schema):
    """What an authority looked at in a room: `page` is room where it was the list of cases, `thing` the case."""

    at: datetime
    who: str
    what: Literal["seen", "taken"]
    page: str
    thing: str


class RoomLooksOut(Schema):
    """The newest looks, newest first, and whether there are older ones."""

    looks: list[RoomLookOut]
    more: bool


class DecisionShownOut(Schema):
    """A decision with its statement of reasons; the reasons are null where they were erased."""

    act: str
    adverse: bool
    ground: str
    rule: str
    reasons: str | None
    facts: list[str]
    automated: str
    decided: datetime
    since: datetime
    until: datetime | None
    reversed: datetime | None


class ContestShownOut(Schema):
    """An objection in its words, which are null where they were erased."""

    aspect: str
    claimed: str
    state: str
    objection: str | None
    opened: datetime
    settled: datetime | None
    cause: str


class AppealShownOut(Schema):
    """An appeal and its answer in their words, which are null where there are none, or they were erased."""

    state: str
    objection: str | None
    opened: datetime
    reply: str | None
    settled: datetime | None


class StandingShownOut(Schema):
    """How the merchant stands; the file shows how that was reckoned."""

    band: str
    score: int | None
    outcomes: int
    as_of: date


class FactShownOut(Schema):
    """A sealed fact about the order: its number, kind and moment, and who stated it. The file holds the rest, with proof."""

    number: int
    kind: str
    at: datetime
    source: str


class CaseShownOut(CaseOut):
    """A case whole. What does not belong to its kind is null; `order` is what its shop calls it."""

    merchant_name: str
    decision: DecisionShownOut | None
    contest: ContestShownOut | None
    appeal: AppealShownOut | None
    order: str
    facts: list[FactShownOut] | None
    standing: StandingShownOut | None


@router.get("/rooms", response=list[RoomOut], summary="Case rooms")
def get_rooms(request: HttpRequest) -> list[dict[str, Any]]:
    """Every room, newest first, for those who keep them and auditors; to an authority those that were opened for it."""
    here = here_of(request)
    is_guest = here["actor"].holds(AUTHORITY)
    ask = queries.own_rooms if is_guest else queries.rooms
    return [
        {
            "id": one.room.pk, "state": one.state, "authority": one.request.authority, "reference": one.request.reference,
            "cases": len(one.cases), "asked_by": "" if is_guest else one.asked_by, **_clocks(one),
        }
        for one in ask(viewer=here["actor"], realm=here["realm"], at=here["at"])
    ]


@router.post("/rooms", response={201: AskedOut}, summary="Enter an authority's request")
def post_room(request: HttpRequest, wanted: RoomIn) -> Status[dict[str, Any]]:
    """Ask for a room, as a steward or the data-protection officer. Nobody sees anything until a second person approved."""
    until = _end_of(wanted.until, "until")
    asked = RoomRequest(
        authority=wanted.authority.strip(), basis=wanted.basis.strip(), reference=wanted.reference.strip(),
        asked=wanted.request.strip(), until=until, with_persons=wanted.with_persons, silence=wanted.silence.strip(),
        tell_from=None if wanted.silent_until is None else _end_of(wanted.silent_until, "silent_until"),
    )
    made = rooms.ask(request=asked, named=wanted.cases, guests=wanted.guests, **here_of(request))
    return Status(201, {"id": made.pk, "approve_by": made.proposal.expires})


@router.get("/rooms/{room}", response=WholeRoomOut, summary="A case room")
def get_room(request: HttpRequest, room: str) -> dict[str, Any]:
    """The request and its cases: to those who keep rooms and auditors at any time, to the authority while it is open."""
    here = here_of(request)
    actor: Actor = here["actor"]
    if actor.holds(AUTHORITY):
        actions.enter_room(actor=actor, room_id=room, at=here["at"])
        (found,) = [
            one for one in queries.own_rooms(viewer=actor, realm=here["realm"], at=here["at"])
            if one.room.pk == room
        ]
        return _whole(found) | {"asked_by": "", "approved_by": "", "digest": ""}
    found = queries.room(viewer=actor, room_id=room, realm=here["realm"], at=here["at"])
    actions.note_staff_look(
        actor=actor, person="", why="room" if actor.roles & {"steward", "data_protection"} else "audits", page="room",
        thing=room, at=here["at"],
    )
    return _whole(found)


@router.get("/rooms/{room}/looks", response=RoomLooksOut, summary="What an authority looked at")
def get_room_looks(request: HttpRequest, room: str) -> dict[str, Any]:
    """The newest 100 looks in a room: to those who keep rooms and auditors all of them, to an authority its own."""
    here = here_of(request)
    if here["actor"].holds(AUTHORITY):
        found = queries.own_looks_in(viewer=here["actor"], room=room)
    else:
        queries.room(viewer=here["actor"], room_id=room, realm=here["realm"], at=here["at"])
        found = queries.looks_in(viewer=here["actor"], room=room)
    return {
        "looks": [
            {"at": look.at, "who": who, "what": look.what, "page": look.page, "thing": look.thing} for look, who in found.looks
        ],
        "more": found.more,
    }


@router.post("/rooms/{room}/approve", response={204: None}, summary="Approve a case room")
def post_approve_room(request: HttpRequest, room: str, wanted: ApprovalIn) -> Status[None]:
    """Open it, as the second person who read the request. Those concerned are told now, or later where the law says so."""
    actions.approve_room(room_id=room, digest=wanted.digest, **here_of(request))
    return Status(204, None)


@router.post("/rooms/{room}/decline", response={204: None}, summary="Decline a case room")
def post_decline_room(request: HttpRequest, room: str) -> Status[None]:
    """Say no to it as the second person: nothing was shown."""
    actions.decline_room(room_id=room, **here_of(request))
    return Status(204, None)


@router.post("/rooms/{room}/withdraw", response={204: None}, summary="Take a request for a case room back")
def post_withdraw_room(request: HttpRequest, room: str) -> Status[None]:
    """Take back a request that one entered oneself, before anybody approved it."""
    actions.withdraw_room(room_id=room, **here_of(request))
    return Status(204, None)


@router.post("/rooms/{room}/close", response={204: None}, summary="Close a case room")
def post_close_room(request: HttpRequest, room: str) -> Status[None]:
    """Close an open one before its day. It takes one person."""
    actions.close_room(room_id=room, **here_of(request))
    return Status(204, None)


@router.get("/rooms/{room}/cases/{thing}", response=CaseShownOut, summary="A case in a room")
def get_case(request: HttpRequest, room: str, thing: str) -> dict[str, Any]:
    """A decision with its statement, objection and appeal; an order's facts; a merchant's standing. For the authority alone."""
    shown = rooms.show(room=room, thing=thing, **here_of(request))
    words = shown.words or {}
    decision, contest, appeal = shown.decision, shown.contest, shown.appeal
    return {
        "kind": shown.case.kind, "thing": shown.case.thing, "merchant": shown.case.merchant, "order": shown.order,
        "merchant_name": (shown.merchant.name if shown.merchant is not None else None) or "",
        "decision": None if decision is None else {
            "act": decision.act, "adverse": ACTS[decision.act].adverse, "ground": decision.ground,
            "rule": GROUNDS[decision.ground].rule, "reasons": words.get("reasons"), "facts": decision.facts.split(),
            "automated": decision.automated, "decided": decision.decided_at, "since": decision.since, "until": decision.until,
            "reversed": decision.reversed_at,
        },
        "contest": None if contest is None else {
            "aspect": contest.aspect, "claimed": contest.claimed, "state": contest.state, "objection": words.get("objection"),
            "opened": contest.opened_at, "settled": contest.settled_at, "cause": contest.cause,
        },
        "appeal": None if appeal is None else {
            "state": appeal.state, "objection": words.get("appeal"), "opened": appeal.opened_at, "reply": words.get("reply"),
            "settled": appeal.settled_at,
        },
        "facts": None if shown.facts is None else _facts(shown.facts),
        "standing": None if shown.standing is None else {
            "band": shown.standing.band, "score": shown.standing.score, "outcomes": shown.standing.outcomes,
            "as_of": from_day(shown.standing.as_of),
        },
    }


@router.get(
    "/rooms/{room}/cases/{thing}/file", response=dict[str, Any], summary="The file of a case",
    openapi_extra={"responses": {200: {"description": "A file that `yinuo verify` reads."}}},
)
def get_file(request: HttpRequest, room: str, thing: str) -> dict[str, Any]:
    """An order's facts with their proofs, or a merchant's credit report. That it was taken along is noted."""
    here = here_of(request)
    if here["realm"].log is None:
        raise NotFound("This installation publishes no log.")
    return rooms.take(room=room, thing=thing, policy=here["realm"].log.policy, **here)


def _clocks(shown: queries.RoomShown) -> dict[str, Any]:
    return {
        "asked": shown.room.proposal.proposed_at, "approve_by": shown.room.proposal.expires, "until": shown.room.until,
        "closed": shown.room.closed_at,
    }


def _whole(shown: queries.RoomShown) -> dict[str, Any]:
    same = ("authority", "basis", "reference", "with_persons", "silence", "tell_from")
    return {name: getattr(shown.request, name) for name in same} | _clocks(shown) | {
        "id": shown.room.pk, "state": shown.state, "request": shown.request.asked, "guests": shown.guests,
        "cases": [{"kind": case.kind, "thing": case.thing, "merchant": case.merchant} for case in shown.cases],
        "asked_by": shown.asked_by, "approved_by": shown.settled_by if shown.room.opened_at else "",
        "opened": shown.room.opened_at, "told": shown.room.told_at, "digest": shown.room.proposal.digest,
    }


def _facts(facts: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Without what they say: that names the buyer, whom not every request names."""
    return [
        {"number": told.seq, "kind": kind_of(type(told.fact)).name, "at": from_micros(told.at), "source": told.source}
        for told in facts
    ]


def _end_of(day: date, path: str) -> datetime:
    """The end of a day, where the installation is."""
    try:
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
    except (ValueError, OverflowError):
        raise Malformed("There is no such day to wait for.", path=path) from None

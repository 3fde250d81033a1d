"""Events that intake refused, over HTTP, for stewards: see what is wrong where, correct and take in, or drop."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema, Status

from yinuo.decisions.rules import AT_ONCE_MAX
from yinuo.kit.carried import actor_of, at_of, here_of, realm_of
from yinuo.people.actions import note_staff_look
from yinuo.record import actions, queries

LISTED_MAX = 100

router = Router(tags=["refused events"])
Number = Annotated[int, Path(ge=0, le=2**53)]


class RefusedWaitingOut(Schema):
    """A refused event as lists show it: its number, source, id, where the fault lies and what it is."""

    number: int
    source: str
    received: datetime
    id: str
    path: str
    sentence: str


class RefusedEventOut(RefusedWaitingOut):
    """A refused event as it came, as text."""

    event: str


class WaitingOut(Schema):
    """How many wait, of each source, and 100 of them, oldest first; `after` asks for the next ones and is null at the end."""

    counts: dict[str, int]
    refused: list[RefusedWaitingOut]
    after: int | None


class WaitingQuery(Schema):
    """Of one source or of all, come before a moment or whenever, from behind a number."""

    source: Annotated[str, Field(max_length=40)] = ""
    before: datetime | None = None
    after: Annotated[int, Field(ge=0, le=2**53)] = 0


class ManyIn(Schema):
    """Refused events by their numbers."""

    model_config = {"json_schema_extra": {"example": {"numbers": [17, 18, 19]}}}
    numbers: Annotated[list[Annotated[int, Field(ge=0, le=2**53)]], Field(min_length=1, max_length=AT_ONCE_MAX)]


class StillRefusedOut(Schema):
    """One that cannot be taken in as it came, and why."""

    number: int
    sentence: str


class ManyReplayedOut(Schema):
    """How many are taken in, and why each of the others is not."""

    taken: int
    refused: list[StillRefusedOut]


class DroppedOut(Schema):
    """How many are gone."""

    dropped: int


class CorrectedIn(Schema):
    """The event as it is right, whole; null takes it in as it came, such as after the program has learnt its kind."""

    model_config = {"json_schema_extra": {"example": {"event": {
        "specversion": "1.0", "id": "A-1001/paid", "source": "myshop", "type": "trade.order_paid",
        "time": "2026-05-01T09:31:00+08:00", "data": {"order": "A-1001"},
    }}}}
    event: dict[str, Any] | None = None


@router.get("/refused", response=WaitingOut, summary="Refused events that wait")
def get_refused(request: HttpRequest, wanted: Annotated[WaitingQuery, Query()]) -> dict[str, Any]:
    """The events that wait for correction, 100 at a time."""
    found = queries.refused_waiting(
        viewer=actor_of(request), source=wanted.source or None, before=wanted.before, after=wanted.after,
        limit=LISTED_MAX + 1, realm=realm_of(request),
    )
    return {
        "counts": dict(queries.refused_totals(viewer=actor_of(request))), "refused": [_told(one) for one in found[:LISTED_MAX]],
        "after": found[LISTED_MAX - 1].pk if len(found) > LISTED_MAX else None,
    }


@router.post("/refused/check", response=ManyReplayedOut, summary="Which refused events can be taken in now")
def post_check_refused(request: HttpRequest, wanted: ManyIn) -> dict[str, Any]:
    """How many of these would be taken in as they came, and why not the others. Changes nothing."""
    numbers = list(dict.fromkeys(wanted.numbers))
    here = here_of(request)
    still = actions.still_refused(numbers=numbers, **here)
    waiting = {one.pk for one in queries.refused_events(viewer=here["actor"], realm=here["realm"], numbers=numbers)}
    gone = {number: f"There is no refused event {number} waiting." for number in numbers if number not in waiting}
    return _replayed(numbers, gone | still)


@router.post("/refused/replay", response=ManyReplayedOut, summary="Take refused events in")
def post_replay_many(request: HttpRequest, wanted: ManyIn) -> dict[str, Any]:
    """Take many in as they came, such as after the program has learnt their kind; those that are still wrong stay."""
    numbers = list(dict.fromkeys(wanted.numbers))
    return _replayed(numbers, actions.replay_each(numbers=numbers, **here_of(request)))


@router.post("/refused/drop", response=DroppedOut, summary="Drop refused events")
def post_drop_many(request: HttpRequest, wanted: ManyIn) -> dict[str, int]:
    """Delete many for good, all or none: where one does not wait any more it is 404."""
    return {"dropped": actions.drop_refused(actor=actor_of(request), numbers=wanted.numbers)}


@router.get("/refused/{number}", response=RefusedEventOut, summary="A refused event")
def get_refused_event(request: HttpRequest, number: Number) -> dict[str, Any]:
    """The event as it came, with what is wrong where. It may hold anybody's data: that you looked is noted."""
    found = queries.refused_event(viewer=actor_of(request), realm=realm_of(request), number=number)
    _noted(request, number)
    return _told(found) | {"event": found.raw_text}


@router.post("/refused/{number}/replay", response={204: None}, summary="Take a refused event in")
def post_replay_refused(request: HttpRequest, number: Number, wanted: CorrectedIn) -> Status[None]:
    """Take it in corrected: the same event, or one that supersedes it. Refused with the reason if it is still wrong.

    One that was taken in is not there any more (404).
    """
    corrected = None if wanted.event is None else msgspec.json.encode(wanted.event)
    actions.replay_refused(refused_id=number, corrected=corrected, **here_of(request))
    _noted(request, number)
    return Status(204, None)


@router.delete("/refused/{number}", response={204: None}, summary="Drop a refused event")
def delete_refused(request: HttpRequest, number: Number) -> Status[None]:
    """Delete it for good."""
    actions.drop_refused(actor=actor_of(request), numbers=[number])
    return Status(204, None)


def _noted(request: HttpRequest, number: int) -> None:
    note_staff_look(
        actor=actor_of(request), person="", why="corrects", page="refused", thing=str(number), at=at_of(request)
    )


def _replayed(numbers: list[int], still: dict[int, str]) -> dict[str, Any]:
    refused = [{"number": number, "sentence": why} for number, why in sorted(still.items())]
    return {"taken": len(numbers) - len(refused), "refused": refused}


def _told(found: queries.RefusedWaiting) -> dict[str, Any]:
    return {
        "number": found.pk, "source": found.source, "received": found.received, "id": found.event_id, "path": found.path,
        "sentence": found.sentence,
    }

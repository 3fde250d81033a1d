"""Runs over HTTP, for stewards and auditors: the list, the gate's numbers, whom each moved, and recomputing one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from yinuo.credit import actions, queries
from yinuo.decisions.queries import words
from yinuo.decisions.rules import WORDS_MAX
from yinuo.kit.carried import actor_of, here_of, realm_of
from yinuo.kit.moments import from_day
from yinuo.people.queries import names_of

LISTED = 25

router = Router(tags=["credit"])
State = Literal["published", "waiting", "kept"]


class RunOut(Schema):
    """A run: as of which day, by which scorecard, of how many facts, how many merchants it scored and moved to another band.

    `state`: published; waiting at the gate, for the `reason` given; or kept and not shown.
    """

    run: str
    as_of: date
    scorecard: str
    size: int
    state: State
    reason: str
    merchants: int
    moved: int
    completed: datetime


class RunsOut(Schema):
    """A stretch of the runs; `after` asks for the next one and is null at the end."""

    runs: list[RunOut]
    after: str | None


class PastRunOut(Schema):
    """What a run before moved."""

    run: str
    as_of: date
    merchants: int
    moved: int


class GateOut(Schema):
    """What the gate holds a run against: how many it may move without a look, which share that is, how many it always may,
    and what the last runs moved. `is_usual_known` from four of them on.
    """

    allowed: int
    share_permille: int
    least: int
    past: list[PastRunOut]
    is_usual_known: bool


class JobOut(Schema):
    """Long work on a run: who asked for it when and why, how far it is, and how it ended (`said`: why it was refused).

    `found` holds what was compared: how many standings, whether the climate agrees, how many differ, and the first of them.
    """

    job: str
    kind: Literal["recompute", "release"]
    run: str
    asked_by: str
    asked: datetime
    reasons: str | None
    began: datetime | None
    done: int
    total: int
    ended: datetime | None
    outcome: Literal["", "agrees", "differs", "released", "refused", "failed"]
    said: str
    found: dict[str, Any]


class WholeRunOut(RunOut):
    """A run with its pins, the gate's numbers, and what was asked for of it, newest first."""

    mode: str
    climate: str
    standings: str
    gate: GateOut
    can_recompute: bool
    jobs: list[JobOut]


class MovedByOut(Schema):
    """How many points a feature moved a merchant."""

    feature: str
    half_life_days: int | None
    points: int


class ReleaseIn(Schema):
    """Why it is right that so much changes, in words of one's own."""

    model_config = {"json_schema_extra": {"example": {"words": "The strike ended; the week before is known at last."}}}
    words: Annotated[str, Field(min_length=1, max_length=2 * WORDS_MAX)]


class MoverOut(Schema):
    """A merchant whom a run moved, from which score and band to which, and through what, furthest first."""

    place: int
    merchant: str
    score_before: int | None
    band_before: str
    score: int | None
    band: str
    causes: list[MovedByOut]


class MoversOut(Schema):
    """A stretch of those whom a run moved; `next` asks for the next one and is null at the end."""

    movers: list[MoverOut]
    next: int | None


class RunsQuery(Schema):
    """In which state, and behind which run the list goes on."""

    state: State | None = None
    after: Annotated[str, Field(max_length=20)] = ""


@router.get("/credit/runs", response=RunsOut, summary="Runs")
def get_runs(request: HttpRequest, wanted: Annotated[RunsQuery, Query()]) -> dict[str, Any]:
    """Every run, newest first, 25 at a time."""
    found = queries.runs_page(
        viewer=actor_of(request), state=wanted.state or "", after=wanted.after, limit=LISTED
    )
    return {"runs": [_told(one) for one in found.rows], "after": found.after or None}


@router.get("/credit/runs/{run}", response=WholeRunOut, summary="A run with the gate's numbers")
def get_run(request: HttpRequest, run: str) -> dict[str, Any]:
    """A run with everything that pins its result, and what the gate held it against."""
    found = queries.run_of_id(viewer=actor_of(request), run_id=run)
    gate = queries.gate_of(viewer=actor_of(request), run=found)
    return _told(found) | {
        "mode": found.mode, "climate": found.climate, "standings": found.standings,
        "gate": {
            "allowed": gate.allowed, "share_permille": gate.share_permille, "least": gate.least,
            "is_usual_known": gate.is_usual_known,
            "past": [
                {"run": one.pk, "as_of": from_day(one.as_of), "merchants": one.merchants, "moved": one.moved}
                for one in gate.past
            ],
        },
        "can_recompute": queries.can_recompute(run_id=found.pk),
        "jobs": _jobs(request, queries.jobs_of(viewer=actor_of(request), run_id=found.pk)),
    }


@router.get("/credit/runs/{run}/movers", response=MoversOut, summary="Whom a run moved")
def get_movers(
    request: HttpRequest, run: str, start: Annotated[int, Query(ge=0, le=100_000)] = 0
) -> dict[str, Any]:
    """Those whom a run moved furthest, or would, from one place on, 25 at a time."""
    found = queries.movers_of(
        viewer=actor_of(request), run_id=queries.run_of_id(viewer=actor_of(request), run_id=run).pk, start=start, limit=LISTED
    )
    return {
        "movers": [
            {
                "place": one.place, "merchant": one.merchant, "score_before": one.score_before, "score": one.score,
                "band_before": one.band_before, "band": one.band,
                "causes": [
                    {"feature": each["feature"], "half_life_days": each.get("half_life_days"), "points": each["points"]}
                    for each in one.causes
                ],
            }
            for one in found.rows
        ],
        "next": found.after,
    }


@router.post("/credit/runs/{run}/recompute", response={201: JobOut}, summary="Have a run recomputed")
def post_recompute(request: HttpRequest, run: str) -> Status[dict[str, Any]]:
    """Have it computed anew from the facts and held against what it committed to. It changes nothing, and the worker does it:
    the answer is the job to ask about. While one is going on it is 409.
    """
    made = actions.ask_recompute(run_id=run, **here_of(request))
    return Status(201, _jobs(request, [made])[0])


@router.post("/credit/runs/{run}/release", response={201: JobOut}, summary="Release a held run")
def post_release(request: HttpRequest, run: str, wanted: ReleaseIn) -> Status[dict[str, Any]]:
    """Have a run published that was held at the gate, as a steward who has looked, with the reasons. The worker makes it again
    first, and it must come out the same: the answer is the job to ask about.
    """
    made = actions.ask_release(run_id=run, words=wanted.words, **here_of(request))
    return Status(201, _jobs(request, [made])[0])


@router.get("/credit/jobs/{job}", response=JobOut, summary="How far a job is")
def get_job(request: HttpRequest, job: str) -> dict[str, Any]:
    """How far long work on a run is, and how it ended."""
    return _jobs(request, [queries.job(viewer=actor_of(request), job_id=job)])[0]


def _told(run: Any) -> dict[str, Any]:
    same = ("scorecard", "size", "state", "reason", "merchants", "moved", "completed")
    return {name: getattr(run, name) for name in same} | {"run": run.pk, "as_of": from_day(run.as_of)}


def _jobs(request: HttpRequest, jobs: list[Any]) -> list[dict[str, Any]]:
    called = names_of({job.asked_by for job in jobs})
    said = words(name="reasons", subjects=[job.pk for job in jobs if job.words], realm=realm_of(request))
    same = ("kind", "run", "asked", "began", "done", "total", "ended", "outcome", "said", "found")
    return [
        {name: getattr(job, name) for name in same}
        | {"job": job.pk, "asked_by": called.get(job.asked_by, job.asked_by), "reasons": said.get(job.pk)}
        for job in jobs
    ]

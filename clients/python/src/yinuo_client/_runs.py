"""Runs, for stewards and auditors: the list, the gate's numbers, whom each moved, recomputing one, releasing one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from yinuo_client._reading import read
from yinuo_client._transport import Calls, in_path


@dataclass(frozen=True)
class HeldRun:
    """A run held at the gate, and why."""

    run: str
    as_of: date
    size: int
    scorecard: str
    merchants: int
    moved: int
    reason: str
    completed: datetime


@dataclass(frozen=True)
class Run(HeldRun):
    """A run: how many merchants it scored and moved to another band; published, waiting at the gate, or kept and not shown."""

    state: str


@dataclass(frozen=True)
class PastRun:
    """What a run before moved."""

    run: str
    as_of: date
    merchants: int
    moved: int


@dataclass(frozen=True)
class Gate:
    """How many a run may move without a look, which share that is, how many it always may, and what the last runs moved."""

    allowed: int
    share_permille: int
    least: int
    past: tuple[PastRun, ...]
    is_usual_known: bool


@dataclass(frozen=True)
class Job:
    """Long work on a run: who asked for it and why, how far it is, how it ended (`said`: why it was refused), what it found."""

    job: str
    kind: str
    run: str
    asked_by: str
    asked: datetime
    reasons: str | None
    began: datetime | None
    done: int
    total: int
    ended: datetime | None
    outcome: str
    said: str
    found: Mapping[str, Any]


@dataclass(frozen=True)
class WholeRun(Run):
    """A run with its pins, the gate's numbers, and what was asked for of it, newest first."""

    mode: str
    climate: str
    standings: str
    gate: Gate
    can_recompute: bool
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class MovedBy:
    """How many points a feature moved a merchant."""

    feature: str
    half_life_days: int | None
    points: int


@dataclass(frozen=True)
class Mover:
    """A merchant whom a run moved, from which score and band to which, and through what, furthest first."""

    place: int
    merchant: str
    score_before: int | None
    band_before: str
    score: int | None
    band: str
    causes: tuple[MovedBy, ...]


class RunCalls(Calls):
    """What scoring did and what waits for a look. Long work is a job, which the worker does: ask `job` how far it is."""

    def runs(self, *, state: str = "") -> Iterator[Run]:
        """Every run, newest first; or those published, waiting or kept."""
        narrowed, after = {"state": state} if state else {}, ""
        while True:
            query = urlencode(narrowed | ({"after": after} if after else {}))
            told = self._get(f"/credit/runs?{query}")
            yield from (read(Run, one) for one in told["runs"])
            if told["after"] is None:
                return
            after = told["after"]

    def run(self, run: str) -> WholeRun:
        """A run with what pins its result, and what the gate held it against."""
        return read(WholeRun, self._get(f"/credit/runs/{in_path(run)}"))

    def movers(self, run: str) -> Iterator[Mover]:
        """Those whom a run moved, or would, furthest first."""
        start: int | None = 0
        while start is not None:
            told = self._get(f"/credit/runs/{in_path(run)}/movers?start={start:d}")
            yield from (read(Mover, one) for one in told["movers"])
            start = told["next"]

    def held_runs(self) -> list[HeldRun]:
        """The runs held at the gate."""
        return [read(HeldRun, told) for told in self._get("/credit/runs/waiting")]

    def release_run(self, run: str, *, words: str) -> Job:
        """Have a run published that was held at the gate, for these reasons; the job that does it."""
        return read(Job, self._do("POST", f"/credit/runs/{in_path(run)}/release", {"words": words}))

    def recompute_run(self, run: str) -> Job:
        """Have a run computed anew and held against what it committed to; the job that does it."""
        return read(Job, self._do("POST", f"/credit/runs/{in_path(run)}/recompute"))

    def job(self, job: str) -> Job:
        """How far long work on a run is, and how it ended."""
        return read(Job, self._get(f"/credit/jobs/{in_path(job)}"))

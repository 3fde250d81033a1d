"""Questions about runs, for staff: the list, the gate's numbers, who moved furthest, what each committed to, jobs on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from yinuo.credit.models import Job, Mover, Run, RunProof
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.gate import MOVED_MIN, MOVED_PPM_MAX, PPM, USUAL_RUNS, USUAL_RUNS_MIN, moved_max
from yinuo.credit.rules.kept import climate_in, leaf_in, leaves_in
from yinuo.credit.rules.leaf import Leaf
from yinuo.kit.actors import Actor, allow
from yinuo.kit.refusals import NotFound


@dataclass(frozen=True, slots=True)
class RunPage:
    """A stretch of the runs, newest first, and the run behind which the next one starts ("" at the end)."""

    rows: list[Run]
    after: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate held a run against: how many it may move without a look, and what the last runs before it moved."""

    allowed: int
    share_permille: int
    least: int
    past: list[Run]
    is_usual_known: bool


@dataclass(frozen=True, slots=True)
class MoverPage:
    """A stretch of those whom a run moved, the furthest first, and the place from which the next one starts (None: the end)."""

    rows: list[Mover]
    after: int | None


def runs_page(*, viewer: Actor, state: str = "", after: str = "", limit: int) -> RunPage:
    """Runs in one state or all, the last completed first; of those completed together, the one of the latest day."""
    allow(viewer, "credit.see_runs")
    found = Run.objects.filter(state=state) if state else Run.objects.all()
    if after:
        anchor = run_of_id(viewer=viewer, run_id=after)
        behind = Q(as_of__lt=anchor.as_of) | Q(as_of=anchor.as_of, pk__gt=anchor.pk)
        found = found.filter(Q(completed__lt=anchor.completed) | Q(completed=anchor.completed) & behind)
    shown = list(found.order_by("-completed", "-as_of", "pk")[: limit + 1])
    return RunPage(shown[:limit], shown[limit - 1].pk if len(shown) > limit else "")


def run_of_id(*, viewer: Actor, run_id: str) -> Run:
    """The run of that id, for staff."""
    allow(viewer, "credit.see_runs")
    found = Run.objects.filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such run.")
    return found


def can_recompute(*, run_id: str) -> bool:
    """Whether what the run committed to is kept, so that it can be held against it."""
    return RunProof.objects.filter(pk=run_id).exists()


def gate_of(*, viewer: Actor, run: Run) -> Gate:
    """The numbers by which the gate judges a run: against what the last runs before its day moved."""
    allow(viewer, "credit.see_runs")
    before = Run.objects.filter(scorecard=run.scorecard, as_of__lt=run.as_of).exclude(state="waiting")
    past = list(before.order_by("-as_of", "-completed")[:USUAL_RUNS])
    allowed = moved_max(run.merchants, [(each.moved, each.merchants) for each in past])
    share = max(1_000 * allowed // run.merchants if run.merchants else 0, 1_000 * MOVED_PPM_MAX // PPM)
    return Gate(allowed, share, MOVED_MIN, past, sum(each.merchants > 0 for each in past) >= USUAL_RUNS_MIN)


def movers_of(*, viewer: Actor, run_id: str, start: int = 0, limit: int) -> MoverPage:
    """Whom a run moved furthest; one query."""
    allow(viewer, "credit.see_runs")
    found = list(Mover.objects.filter(run=run_id, place__gte=start).order_by("place")[: limit + 1])
    return MoverPage(found[:limit], found[limit].place if len(found) > limit else None)


def jobs_of(*, viewer: Actor, run_id: str) -> list[Job]:
    """What was asked for of a run, newest first."""
    allow(viewer, "credit.see_runs")
    return list(Job.objects.filter(run=run_id).order_by("-asked", "pk")[:20])


def job(*, viewer: Actor, job_id: str) -> Job:
    """One job, for staff."""
    allow(viewer, "credit.see_runs")
    found = Job.objects.filter(pk=job_id).first()
    if found is None:
        raise NotFound("There is no such job.")
    return found


def committed(*, run: Run) -> tuple[Climate, dict[str, Leaf]]:
    """What a run committed to, whole: its climate and the leaf of each merchant; refuses what was changed since."""
    proof = RunProof.objects.filter(pk=run.pk).first()
    if proof is None:
        raise NotFound(f"What run {run.pk} committed to is not kept any more.")
    climate = Climate.decoded(climate_in(bytes(proof.climate), run=run.pk, digest=run.climate))
    leaves = leaves_in(bytes(proof.leaves), run=run.pk, root=run.standings)
    return climate, {leaf.merchant: leaf for leaf in map(leaf_in, leaves)}


def differences(kept: dict[str, Leaf], now: dict[str, Leaf], *, limit: int) -> tuple[int, list[dict[str, Any]]]:
    """How many standings differ, and of the first of them what: by merchant."""
    names = Leaf.__struct_fields__
    found: list[dict[str, Any]] = []
    many = 0
    for merchant in sorted(kept.keys() | now.keys()):
        one, other = kept.get(merchant), now.get(merchant)
        if one == other:
            continue
        many += 1
        if len(found) < limit:
            parts = [
                {"what": name, "kept": getattr(one, name, None), "now": getattr(other, name, None)}
                for name in names if name not in ("merchant", "salt") and getattr(one, name, None) != getattr(other, name, None)
            ]
            found.append({"merchant": merchant, "parts": parts})
    return many, found

"""Publish a run: hold it at the gate or show its standings, and commit to them in the record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from yinuo.credit.actions.rescore import Scoring, root_of
from yinuo.credit.events import RunCompleted, StandingChanged
from yinuo.credit.models import Run, RunProof, Scorecard, Standing
from yinuo.credit.queries import shown_scorecard
from yinuo.credit.rules.bands import RANKS
from yinuo.credit.rules.engine import Store, outcomes_by_carrier
from yinuo.credit.rules.gate import LOOK_BACK_DAYS, USUAL_RUNS, moved_max, silent_days
from yinuo.credit.rules.kept import packed
from yinuo.credit.rules.leaf import Leaf
from yinuo.credit.rules.movers import Stood, causes_of, furthest
from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM, Actor, allow, read_anew
from yinuo.kit.ids import new_surrogates
from yinuo.kit.moments import from_day, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, NotFound
from yinuo.record import actions as record

BESIDE_DAYS = 28        # a scorecard that was scored beside the one shown in so many days was announced
MOVED_REASON = "{moved} of {merchants} merchants would change their band; at most {allowed} may without a look."
CARD_REASON = (
    "Scorecard {new} would take the place of {old} and was not scored beside it in the last {days} days; "
    "{moved} of {merchants} merchants would change their band."
)
OUTAGE_REASON = "No outcome came in on {days}: the intake may have been out."


@transaction.atomic
def publish(
    *, actor: Actor, scoring: Scoring, realm: Realm, at: datetime, gate: bool = True, outage: str = ""
) -> Run:
    """Write a run and, unless the gate holds it, its standings; commit to both in the record.

    With `gate` a run waits for a steward if it would move more merchants a band than may without a look, if another
    scorecard takes over that was not scored beside the one shown, or if it overlaps an outage of the intake. A run by a
    scorecard that is not in force is kept beside: its standings can be compared. So is one of an earlier day or a smaller
    record than the one shown: it adds to the courses, and what is shown stays.
    """
    allow(actor, "credit.rescore")
    in_force = Scorecard.objects.filter(state="in_force").values_list("name", flat=True).first()
    is_kept = in_force not in (None, scoring.pins.scorecard) or _is_behind(scoring.pins.as_of, scoring.pins.size)
    shown = shown_scorecard()
    before = scoring.before if is_kept and scoring.before else _bands_by(shown) or scoring.before
    moved = _moved(before, scoring)
    lost = sum(band != "new" for merchant, band in before.items() if merchant not in scoring.results)
    reason = _reason(scoring, shown, len(moved) + lost, outage) if gate and not is_kept else ""
    leaves = scoring.leaves(realm.key)
    state = "waiting" if reason else "kept" if is_kept else "published"
    run = _run_of(scoring, leaves, realm, at, state=state, moved=len(moved))
    run.reason = reason
    run.save(force_insert=True)
    if not is_kept:
        _keep_proof(run, scoring, leaves)
        _keep_movers(run, scoring, shown)
    if not reason:
        if not is_kept or scoring.pins.scorecard != shown:
            _write_standings(run, scoring, leaves)
        _write_points([scoring])
    _state_runs([(run, scoring)], realm, at)
    if run.state == "published":
        _state_changes(run, scoring, before, moved, realm, at)
    return run


@transaction.atomic
def keep_past(*, actor: Actor, scorings: Sequence[Scoring], realm: Realm, at: datetime) -> list[Run]:
    """Write runs of past days, and their points for the courses; commit to them in the record. What is shown stays."""
    allow(actor, "credit.rescore")
    shown = _bands_by(shown_scorecard())
    runs = [
        _run_of(
            scoring, scoring.leaves(realm.key), realm, at, state="kept", moved=len(_moved(scoring.before or shown, scoring))
        )
        for scoring in scorings
    ]
    Run.objects.bulk_create(runs)
    _write_points(scorings)
    _state_runs(zip(runs, scorings, strict=True), realm, at)
    return runs


@transaction.atomic
def release(*, actor: Actor, run_id: str, scoring: Scoring, realm: Realm, at: datetime) -> Run:
    """Publish a run that waited at the gate, after a steward looked; its standings are made again and must be the same."""
    allow(read_anew(actor), "credit.release_run")
    run = Run.objects.select_for_update().filter(pk=run_id, state="waiting").first()
    if run is None:
        raise NotFound(f"No run {run_id} waits at the gate.")
    leaves = scoring.leaves(realm.key)
    if root_of(leaves) != run.standings:
        raise Conflict(f"Run {run_id} cannot be made again as it was; start a new one.")
    if Scorecard.objects.filter(state="in_force").exclude(name=run.scorecard).exists():
        raise Conflict(f"Run {run_id} is by {run.scorecard!r}, which is not in force any more; start a new one.")
    if _is_behind(run.as_of, run.size):
        raise Conflict(f"Run {run_id} is of an earlier day, or of a smaller record, than what is shown; start a new one.")
    before = _bands_by(shown_scorecard())
    moved = _moved(before, scoring)
    run.state, run.completed = "published", at     # what is shown is what was published last
    run.save(update_fields=["state", "completed"])
    _write_standings(run, scoring, leaves)
    _write_points([scoring])
    _state_changes(run, scoring, before, moved, realm, at)
    return run


def _run_of(
    scoring: Scoring, leaves: Mapping[str, Leaf], realm: Realm, at: datetime, *, state: str, moved: int
) -> Run:
    pins = scoring.pins
    return Run(
        id=new_surrogates(realm.entropy, "n", 1)[0], size=pins.size, as_of=pins.as_of, scorecard=pins.scorecard,
        mode=pins.mode, state=state, climate=scoring.climate.digest(), standings=root_of(leaves),
        merchants=len(scoring.results), moved=moved, completed=at,
    )


def _is_behind(as_of: int, size: int) -> bool:
    """Whether what is shown was scored as of a later day, or of the same day from a larger record."""
    published = Run.objects.filter(state="published", scorecard=shown_scorecard())
    return published.filter(Q(as_of__gt=as_of) | Q(as_of=as_of, size__gt=size)).exists()


def _bands_by(scorecard: str) -> dict[str, str]:
    return dict(Standing.objects.filter(scorecard=scorecard).values_list("merchant", "band"))


def _moved(before: Mapping[str, str], scoring: Scoring) -> list[str]:
    """The merchants whose band changed; to be judged for the first time is no change of band."""
    return [
        merchant for merchant, result in scoring.results.items()
        if before.get(merchant, "new") not in ("new", result.band)
    ]


def _reason(scoring: Scoring, shown: str, moved: int, outage: str) -> str:
    """Why the gate holds a run: in sentences, or "" if it does not."""
    pins, merchants = scoring.pins, len(scoring.results)
    found = [outage] if outage else []
    runs = Run.objects.filter(scorecard=pins.scorecard)
    if shown not in ("", pins.scorecard):
        if not runs.filter(state="kept", as_of__gt=pins.as_of - BESIDE_DAYS, as_of__lte=pins.as_of).exists():
            found.append(CARD_REASON.format(
                new=pins.scorecard, old=shown, days=BESIDE_DAYS, moved=moved, merchants=merchants
            ))
            return " ".join(found)
        moved = len(_moved(_bands_by(pins.scorecard), scoring))     # against what was announced
    past = runs.filter(as_of__lt=pins.as_of).exclude(state="waiting").order_by("-as_of", "-completed")
    allowed = moved_max(merchants, list(past.values_list("moved", "merchants")[:USUAL_RUNS]))
    if moved > allowed:
        found.append(MOVED_REASON.format(moved=moved, merchants=merchants, allowed=allowed))
    return " ".join(found)


_STANDING_COLUMNS = (
    "id", "scorecard", "merchant", "run", "size", "as_of", "band", "band_rank", "score", "low", "high", "odds_ppm", "outcomes",
    "measured_on", "override", "band_before", "facts", "reviews_received", "reviews_shown", "reviews_hidden", "facets",
    "reasons", "way_back",
)


def _keep_proof(run: Run, scoring: Scoring, leaves: Mapping[str, Leaf]) -> None:
    """Keep what the run's fact commits to, so that everybody scored can be given their part of it."""
    lines = b"\n".join(leaf.encoded() for leaf in leaves.values())
    RunProof.objects.create(run=run.id, climate=packed(scoring.climate.encoded()), leaves=packed(lines))


def _keep_movers(run: Run, scoring: Scoring, shown: str) -> None:
    """Keep whom a run moves furthest against what is shown, and through what; before that is written over."""
    then = Standing.objects.filter(scorecard=shown)
    before = {merchant: Stood(score, band) for merchant, score, band in then.values_list("merchant", "score", "band")}
    after = {merchant: Stood(result.score, result.band) for merchant, result in scoring.results.items()}
    moved = furthest(before, after)
    keys = [f"{shown}/{merchant}" for merchant in moved]
    found = rows.select_in(connection, "SELECT merchant, reasons FROM credit_standing WHERE id {keys}", keys)
    reasons = {merchant: json.loads(kept) if isinstance(kept, str) else kept for merchant, kept in found}
    table = [
        (
            f"{run.id}/{place}", run.id, place, merchant, before[merchant].score, after[merchant].score,
            before[merchant].band, after[merchant].band,
            json.dumps(causes_of(reasons.get(merchant) or [], scoring.results[merchant].reasons)),
        )
        for place, merchant in enumerate(moved)
    ]
    columns = ("id", "run", "place", "merchant", "score_before", "score", "band_before", "band", "causes")
    rows.insert(connection, "credit_mover", columns, table)


def _write_standings(run: Run, scoring: Scoring, leaves: Mapping[str, Leaf]) -> None:
    """Write each merchant's present standing, unless a later day's is there already."""
    card = scoring.pins.scorecard
    if Standing.objects.filter(scorecard=card, as_of__gt=run.as_of).exists():
        return
    table = [
        (
            f"{card}/{merchant}", card, merchant, run.id, run.size, run.as_of, result.band, RANKS[result.band],
            result.score, result.low, result.high, result.odds_ppm, result.outcomes,
            scoring.measured_on, result.override, result.before, leaves[merchant].facts, *leaves[merchant].reviews,
            *(json.dumps(part) for part in (result.facets, result.reasons, result.way_back)),
        )
        for merchant, result in scoring.results.items()
    ]
    rows.upsert(connection, "credit_standing", "id", _STANDING_COLUMNS, table)
    ahead = [(f"{card}/{merchant}", run.id, sums) for merchant, sums in scoring.ahead.items() if merchant in scoring.results]
    rows.upsert(connection, "credit_outlook", "id", ("id", "run", "sums"), ahead)


def _write_points(scorings: Sequence[Scoring]) -> None:
    """Write each merchant's point on the course, for each day scored; in order, since the table's indexes then change less."""
    points = sorted(
        (
            f"{scoring.pins.scorecard}/{merchant}/{scoring.pins.as_of}", scoring.pins.scorecard, merchant,
            scoring.pins.as_of, result.score, result.low, result.high, result.band,
        )
        for scoring in scorings for merchant, result in scoring.results.items()
    )
    columns = ("id", "scorecard", "merchant", "as_of", "score", "low", "high", "band")
    rows.upsert(connection, "credit_standingpoint", "id", columns, points)


def _state_runs(runs: Iterable[tuple[Run, Scoring]], realm: Realm, at: datetime) -> None:
    statements = [
        record.Statement(f"run/{run.id}", to_micros(at), RunCompleted(
            run=run.id, size=run.size, as_of=run.as_of, scorecard=run.scorecard, scorecard_digest=scoring.card_digest,
            mode=run.mode,  # type: ignore[arg-type]
            climate=run.climate, standings=run.standings,
            odds_at_middle=scoring.odds_at_middle, merchants=run.merchants, moved=run.moved,
        ))
        for run, scoring in runs
    ]
    record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


def _state_changes(
    run: Run, scoring: Scoring, before: Mapping[str, str], moved: Sequence[str], realm: Realm, at: datetime
) -> None:
    changes = [
        record.Statement(
            f"standing/{merchant}/{run.id}", to_micros(at),
            StandingChanged(
                merchant=merchant, run=run.id, before=before[merchant], after=scoring.results[merchant].band,
                score=scoring.results[merchant].score or 0,
            ),
        )
        for merchant in moved if merchant in before
    ]
    record.append(actor=SYSTEM, statements=changes, realm=realm, at=at)


def outage_in(engine: Any, store: Store, *, as_of: int) -> str:
    """A sentence about days in the last week on which a carrier's outcomes are missing; or nothing."""
    found = silent_days(outcomes_by_carrier(engine, store, as_of=as_of, days=LOOK_BACK_DAYS), as_of=as_of)
    days = [f"{from_day(day)}" + ("" if carrier == "any" else f" from {carrier}") for carrier, day in found]
    return OUTAGE_REASON.format(days=", ".join(days)) if days else ""

"""Rescore everybody: from the daybook to standings, pinned, gated, committed to in the record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection, transaction

from yinuo.catalogue.queries import open_findings
from yinuo.credit.events import RunCompleted, StandingChanged
from yinuo.credit.features import MEASURES
from yinuo.credit.models import Run, Standing
from yinuo.credit.rules.bands import RANKS
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.engine import Store, evidence_at, recent_outcomes
from yinuo.credit.rules.evidence import Evidence
from yinuo.credit.rules.scorecard import (
    RECENT_DAYS,
    Card,
    Result,
    odds_at_middle,
    standing_of,
    wanted_by,
)
from yinuo.kit import merkle, rows
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.ids import new_surrogates
from yinuo.kit.moments import MICROS_PER_DAY, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, NotFound
from yinuo.record import actions as record

MOVED_PERMILLE_MAX = 20     # a run that moves more of the merchants a band waits for a steward
MOVED_MIN = 5               # but a handful in a small market is no sign of a fault
GATE_REASON = "{moved} of {merchants} merchants would change their band; at most {allowed} may without a look."
OUTAGE_REASON = "No outcome came in on {days} of the last {window} days: the intake may have been out."


def open_store(folder: Path, *, size: int | None = None) -> Store:
    """The archive and daybook in a folder, with the measures of this version of Yinuo."""
    return Store(folder, MEASURES, size=size)


@dataclass(frozen=True)
class Pins:
    """What a run's results depend on: the record's size, the as-of day, the scorecard, the mode."""

    size: int
    as_of: int
    scorecard: str
    mode: str


@dataclass(frozen=True)
class Scoring:
    """All standings of one run, before anything is written."""

    pins: Pins
    climate: Climate
    evidence: Evidence
    results: Mapping[str, Result]
    measured_on: int | None

    def root(self) -> str:
        """The Merkle root over all standings, by merchant."""
        leaves = (
            msgspec.json.encode([merchant, result.score, result.band, result.low, result.high, result.odds_ppm])
            for merchant, result in sorted(self.results.items())
        )
        return merkle.root(leaves).hex()


def score_all(
    *, engine: Any, store: Store, climate: Climate, card: Card, pins: Pins, merchants: Collection[str] = (),
    explain: bool = True,
) -> Scoring:
    """Score every merchant who has evidence, and every other that is registered as not having enough."""
    merchants = frozenset(merchants)
    evidence = evidence_at(engine, store, climate, as_of=pins.as_of, wanted=wanted_by(card, MEASURES))
    scores = card.scores(evidence.observed, evidence.expected)
    odds = 0
    if card.calibrated_on:
        recent = recent_outcomes(engine, store, as_of=pins.as_of, days=RECENT_DAYS, merchants=evidence.merchants)
        odds = odds_at_middle(scores, *recent)
    findings = open_findings(before=pins.as_of * MICROS_PER_DAY)
    results = {}
    for place, merchant in enumerate(evidence.merchants):
        observed, expected = evidence.of(place)
        if merchant not in merchants and not any(observed.values()):
            continue        # everything ever told of them was withdrawn
        grounds = findings.get(merchant, [])
        results[merchant] = standing_of(
            card, observed, expected, odds_at_middle=odds, as_of=pins.as_of,
            override=grounds[0] if grounds else "", findings=len(grounds), explain=explain,
        )
    for merchant in merchants - results.keys():
        grounds = findings.get(merchant, [])
        results[merchant] = standing_of(
            card, {}, {}, odds_at_middle=0, as_of=pins.as_of, override=grounds[0] if grounds else "", findings=len(grounds)
        )
    return Scoring(pins, climate, evidence, results, card.calibrated_on or None)


@transaction.atomic
def publish(
    *, actor: Actor, scoring: Scoring, realm: Realm, at: datetime, gate: bool = True, outage: str = ""
) -> Run:
    """Write a run and, unless the gate holds it, its standings; commit to both in the record.

    With `gate` a run that would move more than 2% of the merchants a band, or that overlaps an outage of the intake, is
    kept waiting for a steward.
    """
    allow(actor, "credit.rescore")
    pins = scoring.pins
    before = dict(Standing.objects.filter(scorecard=pins.scorecard).values_list("merchant", "band"))
    moved = _moved(before, scoring)
    reason = outage if gate else ""
    allowed = max(MOVED_MIN, len(before) * MOVED_PERMILLE_MAX // 1000)
    if gate and before and len(moved) > allowed:
        reason = GATE_REASON.format(moved=len(moved), merchants=len(before), allowed=allowed)
    run = Run.objects.create(
        id=new_surrogates(realm.entropy, "n", 1)[0], size=pins.size, as_of=pins.as_of, scorecard=pins.scorecard,
        mode=pins.mode, state="waiting" if reason else "published", reason=reason, climate=scoring.climate.digest(),
        standings=scoring.root(), merchants=len(scoring.results), moved=len(moved), completed=at,
    )
    if not reason:
        _write_standings(run, scoring)
    _state_run(run, scoring, before if not reason else {}, moved, realm, at)
    return run


@transaction.atomic
def release(*, actor: Actor, run_id: str, scoring: Scoring, realm: Realm, at: datetime) -> Run:
    """Publish a run that waited at the gate, after a steward looked; its standings are made again and must be the same."""
    allow(actor, "credit.release_run")
    run = Run.objects.select_for_update().filter(pk=run_id, state="waiting").first()
    if run is None:
        raise NotFound(f"No run {run_id} waits at the gate.")
    if scoring.root() != run.standings:
        raise Conflict(f"Run {run_id} cannot be made again as it was; start a new one.")
    before = dict(Standing.objects.filter(scorecard=run.scorecard).values_list("merchant", "band"))
    moved = _moved(before, scoring)
    run.state = "published"
    run.save(update_fields=["state"])
    _write_standings(run, scoring)
    _state_changes(run, scoring, before, moved, realm, at)
    return run


def _moved(before: Mapping[str, str], scoring: Scoring) -> list[str]:
    """The merchants whose band changed; to be judged for the first time is no change of band."""
    return [
        merchant for merchant, result in scoring.results.items()
        if before.get(merchant, "new") not in ("new", result.band)
    ]


_STANDING_COLUMNS = (
    "id", "scorecard", "merchant", "run", "size", "as_of", "band", "band_rank", "score", "low", "high", "odds_ppm", "outcomes",
    "measured_on", "override", "facets", "reasons", "way_back",
)


def _write_standings(run: Run, scoring: Scoring) -> None:
    """Write each merchant's point, and the present standing unless a later day's is there already."""
    card = scoring.pins.scorecard
    table = [
        (
            f"{card}/{merchant}", card, merchant, run.id, run.size, run.as_of, result.band, RANKS[result.band],
            result.score, result.low, result.high, result.odds_ppm, result.outcomes,
            scoring.measured_on, result.override,
            *(json.dumps(part) for part in (result.facets, result.reasons, result.way_back)),
        )
        for merchant, result in scoring.results.items()
    ]
    if not Standing.objects.filter(scorecard=card, as_of__gt=run.as_of).exists():
        rows.upsert(connection, "credit_standing", "id", _STANDING_COLUMNS, table)
    points = [
        (f"{card}/{merchant}/{run.as_of}", card, merchant, run.as_of, result.score, result.low, result.high,
         result.band)
        for merchant, result in scoring.results.items()
    ]
    columns = ("id", "scorecard", "merchant", "as_of", "score", "low", "high", "band")
    rows.upsert(connection, "credit_standingpoint", "id", columns, points)


def _state_run(
    run: Run, scoring: Scoring, before: Mapping[str, str], moved: Sequence[str], realm: Realm, at: datetime
) -> None:
    fact = RunCompleted(
        run=run.id, size=run.size, as_of=run.as_of, scorecard=run.scorecard, mode=run.mode,  # type: ignore[arg-type]
        climate=run.climate, standings=run.standings, merchants=run.merchants, moved=run.moved,
    )
    statement = record.Statement(f"run/{run.id}", to_micros(at), fact)
    record.append(actor=SYSTEM, statements=[statement], realm=realm, at=at)
    if run.state == "published":
        _state_changes(run, scoring, before, moved, realm, at)


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
    """A sentence about days without any outcome in the last four weeks of a market that is otherwise busy; or nothing."""
    recent = store.rows(engine, as_of=as_of, days=RECENT_DAYS)
    daily = recent.group_by("day").aggregate(outcomes=recent.dispatches.sum()).to_pyarrow().to_pylist()
    counts = Counter({int(row["day"]): int(row["outcomes"] or 0) for row in daily})
    busy = sorted(counts.values())
    if len(busy) < RECENT_DAYS // 2 or busy[len(busy) // 2] < 20 * 16:
        return ""
    silent = [day for day in range(as_of - RECENT_DAYS, as_of) if counts[day] <= 0]
    return OUTAGE_REASON.format(days=len(silent), window=RECENT_DAYS) if silent else ""

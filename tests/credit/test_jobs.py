"""Runs recomputed and released on request: asked for on a page, done by the worker, told to whoever asked."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.db import transaction

from yinuo.credit import actions, queries
from yinuo.credit.models import Job, Mover, Run, RunProof, Standing
from yinuo.credit.rules.bands import RANKS
from yinuo.credit.rules.kept import leaf_in, leaves_in, packed
from yinuo.credit.rules.movers import CAUSES_MAX, MOVERS_MAX, Stood, causes_of, furthest
from yinuo.kit import merkle
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound
from yinuo.pipelines import jobs, rescore
from yinuo.timers.models import Timer
from yinuo.vault.queries import words_of

pytestmark = pytest.mark.django_db
STEWARD, AUDITOR = Actor("account:1", frozenset({"steward"})), Actor("account:2", frozenset({"auditor"}))
WORDS = "The carrier's strike of last week explains every one of them."


def do(market, job):
    jobs.do_job(job_id=job.pk, engine_name="duckdb", folder=market.folder, realm=market.realm, now=lambda: market.now)
    return queries.job(viewer=AUDITOR, job_id=job.pk)


def asked(market, run, actor=AUDITOR):
    return actions.ask_recompute(actor=actor, run_id=run.pk, realm=market.realm, at=market.now)


@pytest.mark.parametrize("which", ["first", "second"])
def test_an_auditor_recomputes_a_run_and_everything_agrees(market, which):
    run = getattr(market, which)
    before = list(Standing.objects.order_by("pk").values())
    job = asked(market, run)
    assert Timer.objects.filter(kind=actions.JOB, subject=job.pk, done=None).count() == 1
    ended = do(market, job)
    assert (ended.outcome, ended.said) == ("agrees", "")
    assert ended.found == {
        "climate_agrees": True, "standings": run.merchants, "differing": 0, "shown": [], "faults": [],
    }
    assert (ended.done, ended.total) == (rescore.RECOMPUTE_STEPS, rescore.RECOMPUTE_STEPS)
    assert list(Standing.objects.order_by("pk").values()) == before


def test_what_was_kept_otherwise_than_the_facts_give_is_named(market):
    """Whoever changes standings, proof and root alike: the facts and the record still tell."""
    run = Run.objects.get(pk=market.second.pk)
    kept = bytes(RunProof.objects.get(pk=run.pk).leaves)
    leaves = [leaf_in(leaf) for leaf in leaves_in(kept, run=run.pk, root=run.standings)]
    place = next(n for n, leaf in enumerate(leaves) if leaf.score is not None and leaf.score < 900)
    bought = msgspec.structs.replace(leaves[place], score=leaves[place].score + 77)
    lines = [each.encoded() for each in [*leaves[:place], bought, *leaves[place + 1:]]]
    RunProof.objects.filter(pk=run.pk).update(leaves=packed(b"\n".join(lines)))
    root = merkle.root(lines).hex()
    Run.objects.filter(pk=run.pk).update(standings=root)
    ended = do(market, asked(market, run))
    assert ended.outcome == "differs"
    assert ended.found["climate_agrees"]
    assert ended.found["differing"] == 1
    assert ended.found["shown"] == [
        {"merchant": bought.merchant, "parts": [{"what": "score", "kept": bought.score, "now": leaves[place].score}]}
    ]
    assert any(f"kept with standings {root!r}" in fault for fault in ended.found["faults"])


def test_a_standing_that_was_touched_up_is_named(market):
    row = Standing.objects.filter(run=market.second.pk, score__isnull=False).first()
    Standing.objects.filter(pk=row.pk).update(score=row.score + 5)
    ended = do(market, asked(market, market.second))
    assert (ended.outcome, ended.found["differing"]) == ("differs", 0)
    assert [fault for fault in ended.found["faults"] if row.merchant in fault and f"score {row.score + 5}" in fault]


def test_a_proof_that_was_spoilt_is_a_refusal_that_is_told(market):
    RunProof.objects.filter(pk=market.second.pk).update(leaves=packed(b"{}"))
    ended = do(market, asked(market, market.second))
    assert ended.outcome == "refused"
    assert "were changed" in ended.said


def test_a_job_that_breaks_off_is_told_and_can_be_asked_for_again(market, monkeypatch, caplog):
    job = asked(market, market.second)
    with pytest.raises(Conflict):
        asked(market, market.second)
    broken = jobs.do_job
    broken(job_id=job.pk, engine_name="no-such-engine", folder=market.folder, realm=market.realm, now=lambda: market.now)
    ended = queries.job(viewer=STEWARD, job_id=job.pk)
    assert ended.outcome in ("failed", "refused")
    assert ended.said
    assert do(market, asked(market, market.second)).outcome == "agrees"
    assert do(market, job).outcome == ended.outcome        # one that has ended is not done again


def test_only_those_who_may_ask(market):
    owner = Actor("account:4", own={"m": frozenset({"merchant_owner"})})
    for actor in (PUBLIC, Actor("account:3", frozenset({"finance"})), owner):
        with pytest.raises(NotAllowed):
            asked(market, market.second, actor)
        with pytest.raises(NotAllowed):
            queries.runs_page(viewer=actor, limit=5)
        with pytest.raises(NotAllowed):
            queries.movers_of(viewer=actor, run_id=market.second.pk, limit=5)
    release = {"run_id": market.second.pk, "words": WORDS, "realm": market.realm, "at": market.now}
    for actor in (AUDITOR, PUBLIC, SYSTEM):
        with pytest.raises(NotAllowed):
            actions.ask_release(actor=actor, **release)
    with pytest.raises(NotFound):
        actions.ask_release(actor=STEWARD, **release)      # it does not wait
    with pytest.raises(NotFound):
        asked(market, Run(pk="nnone"))
    assert not Job.objects.exists()
    assert not Timer.objects.filter(kind=actions.JOB).exists()


def test_a_held_run_is_released_with_reasons_also_after_others_registered(market):
    with transaction.atomic():
        run = Run.objects.get(pk=market.second.pk)
        held = rescore.rescore(
            engine_name="duckdb", folder=market.folder, realm=market.realm, at=market.now + timedelta(days=2),
            orders=rescore.Orders(gate=False, as_of=run.as_of + 3),
        )
        Run.objects.filter(pk=held.pk).update(state="waiting", reason="Because.")
        Standing.objects.filter(run=held.pk).delete()
    market.follow()
    market.take([msgspec.json.encode({
        "specversion": "1.0", "id": "late-one", "source": "demo", "type": "merchants.merchant_registered",
        "time": "2026-05-30T00:00:00Z", "data": {"merchant": "registered-later", "name": "Later"},
    })])
    ask = {"actor": STEWARD, "run_id": held.pk, "realm": market.realm, "at": market.now + timedelta(days=2)}
    for words in ("", "ok", "." * 40):
        with pytest.raises(Malformed):
            actions.ask_release(words=words, **ask)
    job = actions.ask_release(words=WORDS, **ask)
    assert words_of(name="reasons", subjects=[job.pk], realm=market.realm) == {job.pk: WORDS}
    jobs.do_job(
        job_id=job.pk, engine_name="duckdb", folder=market.folder, realm=market.realm,
        now=lambda: market.now + timedelta(days=2),
    )
    ended = Job.objects.get(pk=job.pk)
    assert (ended.outcome, ended.said) == ("released", "")
    assert Run.objects.get(pk=held.pk).state == "published"
    assert Standing.objects.filter(run=held.pk).count() == held.merchants


def test_a_run_keeps_whom_it_moved_and_through_what(market):
    movers = list(Mover.objects.filter(run=market.second.pk).order_by("place"))
    assert movers
    assert [each.place for each in movers] == list(range(len(movers)))
    far = [
        (-abs(RANKS[each.band] - RANKS[each.band_before]), -abs((each.score or 0) - (each.score_before or 0)))
        for each in movers
    ]
    assert far == sorted(far)
    standings = {row.merchant: row for row in Standing.objects.filter(run=market.second.pk)}
    for each in movers:
        assert (each.score, each.band) == (standings[each.merchant].score, standings[each.merchant].band)
        assert len(each.causes) <= CAUSES_MAX
    told = [each for each in movers if each.score != each.score_before and len(each.causes) < CAUSES_MAX]
    assert told
    for each in told:       # where no cause was left out, they add up
        assert sum(cause["points"] for cause in each.causes) == each.score - each.score_before


def test_a_first_run_moves_nobody(market):
    assert not Mover.objects.filter(run=market.first.pk).exists()


def test_the_pages_of_movers_meet(market):
    first = queries.movers_of(viewer=AUDITOR, run_id=market.second.pk, limit=3)
    rest = queries.movers_of(viewer=AUDITOR, run_id=market.second.pk, start=first.after or 0, limit=10_000)
    assert rest.after is None
    assert [each.place for each in [*first.rows, *rest.rows]] == list(range(Mover.objects.filter(run=market.second.pk).count()))


def test_furthest_goes_by_bands_then_by_points():
    before = {"a": Stood(560, "good"), "b": Stood(505, "expected"), "c": Stood(None, "new"), "d": Stood(500, "expected"),
              "e": Stood(300, "poor"), "f": Stood(520, "unlawful")}
    after = {"a": Stood(430, "caution"), "b": Stood(520, "expected"), "c": Stood(700, "excellent"), "d": Stood(500, "expected"),
             "e": Stood(None, "new"), "f": Stood(520, "expected")}
    assert furthest(before, after) == ["f", "a", "b"]
    many = {f"m{n}": Stood(500, "expected") for n in range(MOVERS_MAX + 50)}
    assert len(furthest(many, {m: Stood(501 + int(m[1:]) % 40, "expected") for m in many})) == MOVERS_MAX


def test_causes_are_the_differences_of_reasons():
    start = {"feature": "start", "points": 3}
    before = [start, {"feature": "a", "half_life_days": 30, "points": 10}, {"feature": "gone", "points": 4}]
    after = [start, {"feature": "a", "half_life_days": 30, "points": -10}, {"feature": "new", "points": 1}]
    assert causes_of(before, after) == [
        {"feature": "a", "half_life_days": 30, "points": -20}, {"feature": "gone", "half_life_days": None, "points": -4},
        {"feature": "new", "half_life_days": None, "points": 1},
    ]


def test_the_gates_numbers_are_those_of_the_rule(market):
    gate = queries.gate_of(viewer=AUDITOR, run=market.second)
    past = Run.objects.filter(scorecard=market.second.scorecard, as_of__lt=market.second.as_of).count()
    assert len(gate.past) == min(8, past)
    assert gate.allowed >= 5

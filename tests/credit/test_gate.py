"""The gate: what waits for a steward, by rule and in the database."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.credit import actions, queries
from yinuo.credit.actions.rescore import bands_before
from yinuo.credit.models import Run, Scorecard, Standing, StandingPoint
from yinuo.credit.rules.bands import band_of
from yinuo.credit.rules.gate import BUSY_OUTCOMES, MOVED_MIN, moved_max, silent_days
from yinuo.credit.rules.scorecard import Result
from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.refusals import Conflict, NotAllowed, NotFound
from yinuo.record.models import Opening

AS_OF = 20_600
runs = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 10_000)), max_size=12)


@given(st.integers(0, 100_000), runs)
def test_a_handful_and_two_per_cent_may_always_move(merchants, past):
    assert moved_max(merchants, past) >= max(MOVED_MIN, merchants * 2 // 100)


@given(st.integers(1, 100_000), st.integers(0, 20), st.integers(4, 12))
def test_twice_what_is_usual_may_move(merchants, percent, count):
    assert moved_max(merchants, [(percent, 100)] * count) == max(MOVED_MIN, merchants * max(2, 2 * percent) // 100)


@given(st.integers(1, 10_000), st.integers(0, 100))
def test_one_wild_run_makes_nothing_usual(merchants, share):
    calm = [(1, 100)] * 7
    assert moved_max(merchants, [(share, 100), *calm]) == moved_max(merchants, [*calm[:1], *calm])
    assert moved_max(merchants, [(share, 100)] * 3) == moved_max(merchants, [])


def weeks(carrier: str, *, rest: int = 6) -> dict[tuple[str, int], int]:
    """Six weeks in which a carrier takes parcels every day but one."""
    return {(carrier, day): BUSY_OUTCOMES for day in range(AS_OF - 42, AS_OF + 14) if day % 7 != rest}


def test_a_day_of_rest_is_no_outage_and_a_lost_day_of_one_carrier_is():
    told = weeks("swift") | weeks("harbor", rest=2)
    assert silent_days(told, as_of=AS_OF) == []
    lost = next(day for day in range(AS_OF - 5, AS_OF) if day % 7 not in (2, 6))
    del told["harbor", lost]
    assert silent_days(told, as_of=AS_OF) == [("harbor", lost)]
    assert silent_days(told, as_of=lost + 1) == []      # it may yet come: the last day is never looked at
    assert silent_days(told, as_of=lost + 9) == []


days = st.tuples(st.just("swift"), st.integers(AS_OF - 40, AS_OF))


@given(st.dictionaries(days, st.integers(-5, 2 * BUSY_OUTCOMES), max_size=60))
def test_only_days_that_are_busy_otherwise_can_be_missing(told):
    for carrier, day in silent_days(told, as_of=AS_OF):
        assert told.get((carrier, day), 0) <= 0
        assert AS_OF - 8 <= day < AS_OF - 1
        assert min(told[carrier, day - 7 * back] for back in range(1, 5)) >= BUSY_OUTCOMES


@pytest.fixture
def cards(db, now):
    """Two scorecards, the first in force."""
    for name, state in (("one", "in_force"), ("two", "announced")):
        Scorecard.objects.create(name=name, state=state, digest=name, body={}, report={}, added=now)


def scored(scores: dict[str, int | None], *, day: int = AS_OF, card: str = "one", half: int = 40) -> actions.Scoring:
    """A scoring of merchants with these scores, as scoring makes it."""
    before = bands_before(scorecard=card, as_of=day)
    results = {
        merchant: Result(
            score=score, low=score, high=score, band=band_of(score, before=before.get(merchant, ""), half=half), outcomes=50,
            odds_ppm=None, override="", before=before.get(merchant, ""), facets={}, reasons=[], way_back={},
        )
        for merchant, score in scores.items()
    }
    climate = SimpleNamespace(digest=lambda: "ab" * 32, encoded=lambda: b"{}")
    pins = actions.Pins(size=1, as_of=day, scorecard=card, mode="public")
    return actions.Scoring(pins, climate, None, results, None, before, "cd" * 32, 0, actions.Told(1, [], {}))  # type: ignore[arg-type]


@pytest.fixture
def publish(realm, now, cards):
    """Publishes scorings, each a minute after the one before."""
    minutes = iter(range(1_000))

    def publishing(scoring: actions.Scoring, **more) -> Run:
        return actions.publish(actor=SYSTEM, scoring=scoring, realm=realm, at=now + timedelta(minutes=next(minutes)), **more)

    return publishing


def everybody(score: int, count: int = 100) -> dict[str, int | None]:
    return {f"m{number:018d}": score for number in range(count)}


def with_some(scores: dict[str, int | None], moved: int, score: int) -> dict[str, int | None]:
    return scores | dict.fromkeys([*scores][:moved], score)


def shown(merchant: str) -> str:
    standing = queries.standing_of(viewer=PUBLIC, mode="public", merchant=merchant)
    assert standing is not None
    return f"{standing.scorecard} {standing.band}"


def test_a_run_that_moves_more_than_usual_waits_and_changes_nothing(publish, realm, now):
    calm = everybody(500)
    first = publish(scored(calm))
    assert (first.state, first.moved) == ("published", 0)
    few = publish(scored(with_some(calm, 5, 620), day=AS_OF + 1))
    assert (few.state, few.moved) == ("published", 5)

    many = scored(with_some(calm, 11, 620), day=AS_OF + 2)
    run = publish(many)
    assert (run.state, run.moved) == ("waiting", 6)
    assert "6 of 100 merchants would change their band; at most 5 may" in run.reason
    assert Standing.objects.filter(band="excellent").count() == 5
    assert not StandingPoint.objects.filter(as_of=AS_OF + 2).exists()

    with pytest.raises(NotAllowed):
        actions.release(actor=PUBLIC, run_id=run.id, scoring=many, realm=realm, at=now)
    with pytest.raises(Conflict):
        actions.release(actor=SYSTEM, run_id=run.id, scoring=scored(calm, day=AS_OF + 2), realm=realm, at=now)
    assert Standing.objects.filter(band="excellent").count() == 5

    actions.release(actor=SYSTEM, run_id=run.id, scoring=many, realm=realm, at=now)
    assert Standing.objects.filter(band="excellent").count() == 11
    with pytest.raises(NotFound):
        actions.release(actor=SYSTEM, run_id=run.id, scoring=many, realm=realm, at=now)


def test_what_is_usual_here_does_not_wait(publish):
    score = everybody(500, 300)
    publish(scored(score))
    states = []
    for day in range(1, 8):
        score = with_some(score, 12, 620 if day % 2 else 500)
        run = publish(scored(score, day=AS_OF + day), gate=day > 4)
        states.append((run.state, run.moved))
    assert states == [("published", 12)] * 7
    assert publish(scored(with_some(score, 40, 440), day=AS_OF + 9)).state == "waiting"


def test_a_band_stays_near_its_edge_and_its_pin_says_so(publish):
    merchant = "m000000000000000000"
    for day, score, before, band in (
        (0, 525, "", "expected"), (1, 535, "expected", "expected"), (2, 541, "expected", "good"), (3, 521, "good", "good"),
        (4, 519, "good", "expected"),
    ):
        publish(scored({merchant: score}, day=AS_OF + day))
        standing = Standing.objects.get()
        assert (standing.band_before, standing.band) == (before, band), day
        assert band_of(standing.score, before=standing.band_before, half=40) == standing.band
    publish(scored({merchant: 541}, day=AS_OF + 2))     # the same day again finds the same band before
    assert StandingPoint.objects.get(as_of=AS_OF + 2).band == "good"


def test_another_scorecard_waits_with_its_share_unless_it_was_scored_beside(publish, cards, realm, now):
    merchants = everybody(500)
    merchant = next(iter(merchants))
    publish(scored(merchants))
    actions.put_in_force(actor=SYSTEM, name="two", at=now)
    assert shown(merchant) == "one expected"        # until a run by it is published
    swapped = scored(everybody(620), day=AS_OF + 1, card="two")
    run = publish(swapped)
    assert run.state == "waiting"
    assert "Scorecard two would take the place of one" in run.reason
    assert "100 of 100 merchants would change their band" in run.reason
    assert shown(merchant) == "one expected"
    actions.release(actor=SYSTEM, run_id=run.id, scoring=swapped, realm=realm, at=now + timedelta(days=1))
    assert shown(merchant) == "two excellent"
    assert Opening.objects.filter(about=merchant).count() == 1


def test_a_scorecard_scored_beside_takes_over_without_waiting(publish, cards, now):
    merchants = everybody(500)
    merchant = next(iter(merchants))
    publish(scored(merchants))
    beside = publish(scored(everybody(620), card="two"))
    assert (beside.state, beside.moved) == ("kept", 100)
    assert shown(merchant) == "one expected"
    actions.put_in_force(actor=SYSTEM, name="two", at=now)
    assert publish(scored(everybody(620), day=AS_OF + 40, card="two")).state == "waiting"      # that was long ago
    assert publish(scored(everybody(620), day=AS_OF + 7, card="two")).state == "published"
    assert shown(merchant) == "two excellent"


def test_a_run_that_waited_is_not_released_under_another_scorecard(publish, cards, realm, now):
    publish(scored(everybody(500)))
    wild = scored(everybody(620), day=AS_OF + 1)
    run = publish(wild)
    actions.put_in_force(actor=SYSTEM, name="two", at=now)
    with pytest.raises(Conflict, match="not in force"):
        actions.release(actor=SYSTEM, run_id=run.id, scoring=wild, realm=realm, at=now)
    assert Run.objects.get(pk=run.id).state == "waiting"


def test_an_outage_waits_and_all_reasons_are_told(publish):
    publish(scored(everybody(500)))
    assert publish(scored(everybody(500), day=AS_OF + 1), outage="Nothing came in.").reason == "Nothing came in."
    run = publish(scored(everybody(620), day=AS_OF + 2), outage="Nothing came in.")
    assert run.reason.startswith("Nothing came in. 100 of 100")
    assert publish(scored(everybody(620), day=AS_OF + 2), outage="Nothing came in.", gate=False).state == "published"


def test_weeks_of_the_past_are_kept_and_give_the_band_before(publish, realm, now):
    publish(scored(everybody(500)))
    shown = list(Standing.objects.values())
    with pytest.raises(NotAllowed):
        actions.keep_past(actor=PUBLIC, scorings=[scored(everybody(525), day=AS_OF - 14)], realm=realm, at=now)
    actions.keep_past(actor=SYSTEM, scorings=[scored(everybody(525), day=AS_OF - 14)], realm=realm, at=now)
    past = scored(everybody(535), day=AS_OF - 7)
    [run] = actions.keep_past(actor=SYSTEM, scorings=[past], realm=realm, at=now)
    assert (run.state, run.moved) == ("kept", 0)
    assert StandingPoint.objects.filter(as_of__lt=AS_OF).count() == 200
    assert list(Standing.objects.values()) == shown
    assert bands_before(scorecard="one", as_of=AS_OF, last=past) == bands_before(scorecard="one", as_of=AS_OF)
    assert bands_before(scorecard="one", as_of=AS_OF) == dict.fromkeys(everybody(0), "expected")
    newest = queries.newest_run()
    assert newest is not None
    assert newest.as_of == AS_OF


def test_a_run_behind_what_is_shown_adds_to_the_courses_and_changes_nothing(publish, realm, now):
    publish(scored(everybody(500), day=AS_OF + 7))
    before = list(Standing.objects.order_by("pk").values())
    earlier = publish(scored(everybody(620)), gate=False)
    assert earlier.state == "kept"
    assert list(Standing.objects.order_by("pk").values()) == before
    assert StandingPoint.objects.filter(as_of=AS_OF).count() == 100
    assert Opening.objects.filter(about__startswith="m").count() == 0      # no change of standing was stated


def test_an_older_run_that_waited_is_not_released_over_a_newer_one(publish, realm, now):
    publish(scored(everybody(500)))
    wild = scored(everybody(620), day=AS_OF + 1)
    waiting = publish(wild)
    publish(scored(everybody(500), day=AS_OF + 2))
    with pytest.raises(Conflict, match="earlier day"):
        actions.release(actor=SYSTEM, run_id=waiting.id, scoring=wild, realm=realm, at=now)
    assert not Standing.objects.exclude(band="expected").exists()


def test_the_retired_card_scored_beside_does_not_touch_what_is_shown(publish, cards, now):
    publish(scored(everybody(500)))
    actions.put_in_force(actor=SYSTEM, name="two", at=now)
    assert publish(scored(everybody(620), day=AS_OF + 1)).state == "kept"
    assert not Standing.objects.filter(scorecard="one").exclude(band="expected").exists()


def test_an_announced_scorecard_is_held_where_it_departs_from_what_was_announced(publish, cards, now):
    publish(scored(everybody(500)))
    publish(scored(everybody(500), card="two"))
    actions.put_in_force(actor=SYSTEM, name="two", at=now)
    run = publish(scored(everybody(620), day=AS_OF + 7, card="two"))
    assert run.state == "waiting"
    assert "100 of 100 merchants would change" in run.reason


def test_a_scoring_that_lost_the_merchants_waits(publish):
    publish(scored(everybody(500)))
    assert publish(scored({}, day=AS_OF + 1)).state == "waiting"

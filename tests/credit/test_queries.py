"""What the public learns of standings: steps instead of counts, order, pages, mode."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from yinuo.cli.explain import told
from yinuo.credit import queries
from yinuo.credit.models import Dispatch, Scorecard, Standing
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.merchants.models import Merchant

AS_OF = 20_605


def standing(merchant: str, *, band: str = "good", score: int | None = 540, outcomes: int = 500, **more) -> Standing:
    fields = {"facets": {}, "reasons": [], "way_back": {}, "override": "", "low": score, "high": score, "size": 1, "run": "n1"}
    return Standing(
        id=f"c/{merchant}", scorecard="c", merchant=merchant, band=band, band_rank=queries.RANKS[band], score=score,
        outcomes=outcomes, as_of=AS_OF, **fields | more,
    )


@pytest.fixture
def card(db, now):
    return Scorecard.objects.create(name="c", state="in_force", digest="0", body={}, report={}, added=now)


@pytest.fixture
def crowd(card):
    """Eighty merchants in every band, many with equal scores and counts."""
    dice = random.Random(3)
    for number in range(80):
        pk = f"m{number:02d}"
        band = dice.choice(list(queries.RANKS))
        score = None if band == "new" or (band == "unlawful" and number % 2) else dice.choice((400, 500, 600))
        Merchant.objects.create(id=pk, name=f"{dice.choice(('Tea', '茶', 'Books'))} {number % 7}")
        standing(pk, band=band, score=score, outcomes=dice.choice((0, 5, 50, 500))).save()


def walk(**query) -> list[str]:
    found, after = [], ""
    while True:
        page = queries.directory(viewer=PUBLIC, mode="public", after=after, limit=7, **query)
        found += [row.merchant.pk for row in page.rows]
        if not page.after:
            return found
        after = page.after


@given(st.integers(0, 10**7))
def test_a_step_holds_its_count(count):
    step = queries.step_of(count)
    assert step.low <= count
    assert step.end is None or count < step.end


def test_a_count_of_none_is_told_as_none():
    assert queries.step_of(0) == queries.Step(0, 1)
    assert queries.step_of(9) == queries.Step(1, 10)


@pytest.mark.parametrize("sort", ["standing", "name", "evidence"])
@pytest.mark.parametrize("band", ["", "good", "new", "unlawful"])
@pytest.mark.parametrize("search", ["", "tea", "茶"])
def test_pages_hold_everybody_once_in_order(crowd, sort, band, search):
    names = dict(Merchant.objects.values_list("pk", "name"))
    rows = {row.merchant: row for row in Standing.objects.all()}
    wanted = [m for m, row in rows.items() if (not band or row.band == band) and search.lower() in names[m].lower()]
    no_score = 1_001 if connection.features.nulls_order_largest else -1     # the database's own choice within a band
    keys = {
        "standing": lambda m: (rows[m].band_rank, -(rows[m].score if rows[m].score is not None else no_score), m),
        "name": lambda m: (names[m], m),
        "evidence": lambda m: (-rows[m].outcomes, m),
    }
    assert walk(sort=sort, band=band, search=search) == sorted(wanted, key=keys[sort])


def test_a_wrong_place_and_a_wrong_band_are_refused(crowd):
    with pytest.raises(NotFound):
        queries.directory(viewer=PUBLIC, mode="public", after="nobody", limit=7)
    with pytest.raises(Malformed):
        queries.directory(viewer=PUBLIC, mode="public", band="best", limit=7)


@pytest.mark.parametrize("mode", ["preview", "shadow", "subjects"])
def test_standings_stay_closed_until_public(crowd, mode):
    with pytest.raises(queries.NotPublic):
        queries.standing_of(viewer=PUBLIC, mode=mode, merchant="m01")
    page = queries.directory(viewer=PUBLIC, mode=mode, sort="standing", band="good", limit=100)
    assert len(page.rows) == 80
    assert {row.standing for row in page.rows} == {None}
    for viewer in (SYSTEM, Actor("li", frozenset({"steward"}))):
        assert queries.standing_of(viewer=viewer, mode=mode, merchant="m01") is not None


def test_a_band_that_the_score_alone_would_not_give_is_told(card):
    held = standing("m1", band="expected", score=535, low=495, high=575, band_before="expected")
    assert queries.held_band_of(viewer=PUBLIC, standing=held) == queries.HeldBand("good", 10)
    known = standing("m1", band="good", score=528, low=508, high=548, band_before="good")
    assert queries.held_band_of(viewer=PUBLIC, standing=known) == queries.HeldBand("expected", 5)
    for plain in ({}, {"band": "new", "score": None}, {"band": "unlawful", "override": "safety"}):
        assert queries.held_band_of(viewer=PUBLIC, standing=standing("m1", **plain)) is None


def test_explain_tells_why_a_band_holds(card):
    lines = told(standing("m1", band="expected", score=535, low=495, high=575, band_before="expected"))
    assert lines[1] == "  The score alone would be 'good'; the band before holds until it is 10 points past the edge."
    assert lines[-1].endswith("band before 'expected')")
    assert "score alone" not in " ".join(told(standing("m1")))


def test_only_the_scorecard_in_force_counts(card, now):
    Scorecard.objects.create(name="d", state="announced", digest="1", body={}, report={}, added=now)
    standing("m1").save()
    other = standing("m1", score=900)
    other.id, other.scorecard = "d/m1", "d"
    other.save()
    found = queries.standing_of(viewer=PUBLIC, mode="public", merchant="m1")
    assert found is not None
    assert found.score == 540


def test_causes_are_told_in_steps_and_rates_only_where_enough_are_known(card):
    day = (AS_OF - 10) * MICROS_PER_DAY
    for number in range(29):
        outcome, cause = ("late", "carrier") if number < 3 else ("on_time", None)
        Dispatch.objects.create(id=f"o{number}", merchant="m1", outcome=outcome, cause=cause, judged_at=day)
    Dispatch.objects.create(id="old", merchant="m1", outcome="late", cause="merchant", judged_at=day - 400 * MICROS_PER_DAY)
    Dispatch.objects.create(id="new", merchant="m1", outcome="late", cause="merchant", judged_at=AS_OF * MICROS_PER_DAY)
    few = queries.causes_of(viewer=PUBLIC, standing=standing("m1"))
    assert few == [queries.CauseCount("carrier", "sent_late", queries.Step(1, 10), None)]
    Dispatch.objects.create(id="o30", merchant="m1", outcome="cancelled", cause=None, judged_at=day)
    enough = queries.causes_of(viewer=PUBLIC, standing=standing("m1"))
    assert [(count.outcome, count.cause, count.permille) for count in enough] == [
        ("sent_late", "carrier", 100), ("cancelled", "unknown", 33),
    ]


def test_reasons_tell_shares_and_never_sums():
    reason = {"feature": "handling_time", "half_life_days": 90, "points": 40, "observed": "3.1", "expected": "6.2",
              "detail": {"observed": 310, "expected": 620, "unit": 1024}}
    shown = queries.reasons_of(viewer=PUBLIC, standing=standing("m1", reasons=[reason]))
    assert shown == [{"feature": "handling_time", "half_life_days": 90, "points": 40, "permille_of_expected": 500}]
    few = queries.reasons_of(viewer=PUBLIC, standing=standing("m1", reasons=[reason], outcomes=29))
    assert few[0]["permille_of_expected"] is None
    assert queries.reasons_of(viewer=PUBLIC, standing=standing("m1", reasons=[reason], override="safety")) == []

"""Scores, reasons, probabilities and the way back: what a merchant can hold us to."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinuo.credit.rules.bands import LOWEST, RANKS, band_of
from yinuo.credit.rules.evidence import UNIT
from yinuo.credit.rules.scorecard import (
    EFFECTIVE,
    OUTCOMES,
    PPM,
    Card,
    Feature,
    odds_at_middle,
    probability_ppm,
    standing_of,
    way_back,
)
from yinuo.credit.rules.tables import (
    BINS_EACH_SIDE,
    ODDS,
    ONE,
    QUARTER_EDGES,
    WEIGHTS,
    odds_of_score,
    points_of_ratio,
    quarter_bin,
    quarter_bins,
)

AS_OF = 20_000
MEASURES = (("handling_time", 30), ("handling_time", 365), ("low_stars", 90))
LARGE = 1 << 40

amounts = st.one_of(st.integers(-LARGE, LARGE), st.integers(0, 100 * UNIT))
steps = st.lists(st.integers(0, 40), min_size=2 * BINS_EACH_SIDE + 1, max_size=2 * BINS_EACH_SIDE + 1)


def feature(measure, half_life, points, priors=(UNIT, UNIT)):
    return Feature(
        name=f"{measure}_{half_life}", measure=measure, half_life_days=half_life, facet="dispatch", observed_prior=priors[0],
        expected_prior=priors[1], points=tuple(points),
    )


def falling(per_step, start=200):
    return [start - sum(per_step[:place]) for place in range(len(per_step))]


@st.composite
def cards(draw):
    features = tuple(feature(*measure, falling(draw(steps)), (draw(st.integers(1, 4096)),) * 2) for measure in MEASURES)
    return Card(name="c", start=draw(st.integers(0, 1000)), features=features, calibrated_on=5_000)


def even(per_octave=25):
    """A card of the usual shape."""
    points = [round(-per_octave * step / 4) for step in range(-BINS_EACH_SIDE, BINS_EACH_SIDE + 1)]
    return Card(name="c", start=490, features=tuple(feature(*measure, points) for measure in MEASURES), calibrated_on=5_000)


BAD_CARDS = [
    {"spread_outcomes": 0}, {"spread_outcomes": -5}, {"spread_points": -1}, {"spread_points": 2**53}, {"outcomes_min": -1},
    {"calibrated_on": -1}, {"start": 2**53}, {"features": ()}, {"features": even().features * 200},
]
BAD_FEATURES = [
    {"observed_prior": -1}, {"observed_prior": 2**50}, {"expected_prior": 0}, {"expected_prior": 2**50},
    {"points": (2**50,) * (2 * BINS_EACH_SIDE + 1)},
]


@pytest.mark.parametrize("wrong", [*BAD_CARDS, *BAD_FEATURES], ids=str)
def test_a_card_by_which_nothing_can_be_scored_is_refused(wrong):
    made = msgspec.to_builtins(even())
    for target in made["features"] if wrong in BAD_FEATURES else [made]:
        target.update(wrong)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(made), Card)


evidence = st.fixed_dictionaries(dict.fromkeys(MEASURES, amounts))


@given(cards(), st.lists(st.tuples(evidence, evidence), min_size=1, max_size=5))
def test_scores_of_all_are_the_scores_of_each(card, merchants):
    observed = {wanted: np.array([seen[wanted] for seen, _ in merchants]) for wanted in MEASURES}
    expected = {wanted: np.array([due[wanted] for _, due in merchants]) for wanted in MEASURES}
    assert card.scores(observed, expected).tolist() == [card.score(seen, due) for seen, due in merchants]


@given(cards(), evidence, evidence, st.integers(10, 500), st.integers(1, ONE))
def test_reasons_add_up(card, observed, expected, outcomes, odds):
    observed = observed | {OUTCOMES: outcomes * UNIT, EFFECTIVE: outcomes * UNIT}
    result = standing_of(card, observed, expected, odds_at_middle=odds, as_of=AS_OF)
    assert sum(reason["points"] for reason in result.reasons) == result.score - 500
    assert 0 <= result.low <= result.score <= result.high <= 1000
    assert result.band == band_of(result.score)


@given(cards(), evidence, evidence)
def test_too_little_evidence_is_no_low_score(card, observed, expected):
    result = standing_of(card, observed | {OUTCOMES: 9 * UNIT}, expected, odds_at_middle=ONE, as_of=AS_OF)
    assert (result.score, result.band, result.reasons, result.odds_ppm) == (None, "new", [], None)


@given(cards(), evidence, evidence, st.sampled_from(MEASURES), st.integers(0, LARGE))
def test_worse_conduct_never_earns_points_and_a_harder_lane_never_costs_any(card, observed, expected, which, more):
    score = card.score(observed, expected)
    assert card.score(observed | {which: observed[which] + more}, expected) <= score
    assert card.score(observed, expected | {which: expected[which] + more}) >= score


def test_points_that_rise_with_worse_conduct_are_refused():
    with pytest.raises(ValueError, match="points rise"):
        feature("low_stars", 90, [0] * 32 + [1])


@given(st.integers(0, 999), st.integers(1, 10 * ONE))
def test_the_probability_never_rises_with_the_score(score, odds):
    assert 0 <= probability_ppm(score + 1, odds) <= probability_ppm(score, odds) <= PPM


def test_the_probability_is_held_where_nothing_was_measured():
    assert probability_ppm(0, ONE // 10) == probability_ppm(350, ONE // 10)
    assert probability_ppm(1000, ONE // 10) == probability_ppm(650, ONE // 10)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 200)), min_size=1, max_size=20), st.integers(1, 99))
def test_the_middle_foretells_as_many_failures_as_there_were(merchants, share):
    scores, outcomes = (np.array(column) for column in zip(*merchants, strict=True))
    failures = max(1, int(outcomes.sum()) * share // 100)
    odds = odds_at_middle(scores, outcomes, failures)
    if failures == outcomes.sum():
        assert odds == 0
        return
    told = sum(count * probability_ppm(score, odds) for score, count in merchants)
    assert told == pytest.approx(failures * PPM, rel=.01, abs=int(outcomes.sum()) * 20)


@given(st.integers(0, 30 * UNIT), st.integers(0, 30 * UNIT), st.integers(1, 200), st.sampled_from([*LOWEST]))
@settings(deadline=None)
def test_the_way_back_leads_there(seen, due, outcomes, before):
    card = even()
    observed = dict.fromkeys(MEASURES, seen) | {EFFECTIVE: outcomes * UNIT, OUTCOMES: outcomes * UNIT}
    expected = dict.fromkeys(MEASURES, due)
    band = band_of(card.score(observed, expected), before=before, half=card.half_width(outcomes * UNIT))
    found = way_back(card, observed, expected, band=band, as_of=AS_OF)

    def led_to(seen, due):
        half = card.half_width(seen[EFFECTIVE])
        return RANKS[band_of(card.score(seen, due), before=band, half=half)]

    if band == "excellent":
        assert found == {}
    if found:
        assert RANKS[found["band"]] < RANKS[band]
    if "orders" in found:
        good = [{**observed, EFFECTIVE: (outcomes + more) * UNIT} for more in (found["orders"], found["orders"] - 1)]
        assert led_to(good[0], later(observed, expected, found["orders"])) < RANKS[band]
        if 1 < found["orders"] < 50:
            assert led_to(good[1], later(observed, expected, found["orders"] - 1)) >= RANKS[band]
    if "day" in found:
        days = found["day"] - AS_OF
        assert 1 <= days <= 360
        assert led_to(aged(observed, days), aged(expected, days)) < RANKS[band]


def later(observed, expected, orders):
    """What would be due after so many more orders like the merchant's mean one."""
    mean = UNIT * expected["handling_time", 365] // observed[EFFECTIVE]
    return {wanted: due + (orders * mean if wanted[0] == "handling_time" else 0) for wanted, due in expected.items()}


def aged(amounts_by_wanted, days):
    known = [wanted for wanted in (*MEASURES, EFFECTIVE) if wanted in amounts_by_wanted]
    return {wanted: amounts_by_wanted[wanted] * WEIGHTS[wanted[1]][days] // ONE for wanted in known}


def test_the_tables_are_the_rounded_powers():
    assert [round(ONE * 2 ** ((500 - score) / 50)) for score in range(1000, -1, -1)] == ODDS
    assert odds_of_score(500) == ONE
    assert odds_of_score(550) == ONE // 2
    assert len(QUARTER_EDGES) == 2 * BINS_EACH_SIDE
    assert quarter_bin(1, 1) == 0
    assert [quarter_bin(2**octave, 1) for octave in range(5)] == [0, 4, 8, 12, 16]
    assert quarter_bin(1, 1000) == -BINS_EACH_SIDE
    assert points_of_ratio(1, 1) == 0
    assert points_of_ratio(1, 2) == 50


@given(st.lists(st.tuples(st.integers(0, LARGE), st.integers(1, LARGE)), min_size=1, max_size=20))
def test_bins_of_arrays_are_the_bins_of_each(ratios):
    numerators, denominators = (np.array(column) for column in zip(*ratios, strict=True))
    assert quarter_bins(numerators, denominators).tolist() == [quarter_bin(*ratio) for ratio in ratios]


def test_a_card_keeps_its_digest():
    assert even().digest() == even().digest()
    assert even().digest() != even(26).digest()

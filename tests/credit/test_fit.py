"""Fitting: the same history gives the same card, signs hold, and the report's figures are what they say."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

import yinuo.credit.actions  # noqa: F401 - binds the module below
from yinuo.credit.rules.scorecard import PPM
from yinuo.kit.refusals import Malformed

fit = sys.modules["yinuo.credit.actions.fit"]       # `actions.fit` is the action of that name

FIRST = 565         # February 2017
MERCHANTS = 300


def history(seed: int = 1, count: int = 7, slopes: tuple[float, ...] = (.4, .5, .3)) -> list[fit.Month]:
    """Months of a market in which failures depend on the features, in octaves, by these slopes."""
    chance = np.random.default_rng(seed)
    months = []
    for number in range(FIRST, FIRST + count):
        bins = chance.integers(-12, 8, (MERCHANTS, len(fit.SHAPES)))
        orders = chance.geometric(.08, MERCHANTS)
        odds = -2.3 + (bins / 4 * slopes[: len(fit.SHAPES)]).sum(1)
        failures = chance.binomial(orders, 1 / (1 + np.exp(-odds)))
        early = orders // 2
        months.append(fit.Month(
            number=number, merchants=tuple(f"m{place:03d}" for place in range(MERCHANTS)), bins=bins,
            recent_orders=orders, recent_failures=int(failures.sum()), known=orders,
            orders={number: early, number + 1: orders - early},
            failures={number: np.minimum(failures, early), number + 1: failures - np.minimum(failures, early)},
        ))
    return months


def test_the_same_history_gives_the_same_card_and_report():
    cards = [fit.fit(months=history(), name="own") for _ in range(2)]
    assert cards[0] == cards[1]
    assert cards[0][0].digest() == cards[1][0].digest()


def test_worse_conduct_costs_points_and_the_card_ranks():
    card, report = fit.fit(months=history(), name="own")
    for feature in card.features:
        assert feature.points[0] > 0 > feature.points[-1]
        assert feature.points[16] == 0
    assert report["auc_permille"] > 650
    assert card.calibrated_on == report["calibrated_on_orders"] > fit.ORDERS_MIN
    assert report["calibration_error_ppm"] < 30_000


def test_a_feature_that_would_earn_points_for_worse_conduct_earns_none():
    card = fit.fit_card(history(slopes=(.5, .5, -.6)), before=FIRST + 7, name="own")
    assert set(card.features[2].points) == {0}
    assert card.features[0].points[0] > 0


def test_500_has_the_odds_of_all_orders_together():
    months = history()
    card = fit.fit_card(months, before=FIRST + 9, name="own")
    scores = np.concatenate([fit.scores_of(card, month.bins) for month in months])
    orders, failures = (np.concatenate(part) for part in zip(*(month.until(10**6) for month in months), strict=True))
    rate = failures.sum() / orders.sum()
    chance = 1 / (1 + np.exp(-np.log(rate / (1 - rate)) - (500 - scores) / 50 * np.log(2)))
    assert (orders * chance).sum() == pytest.approx(failures.sum(), rel=.02)


def test_only_what_was_known_before_is_learnt_from():
    months = history()
    before = fit.fit_card(months, before=FIRST + 4, name="own")
    for month in months:
        for known in month.failures:
            if known >= FIRST + 4:
                month.failures[known][:] = month.orders[known]
    assert fit.fit_card(months, before=FIRST + 4, name="own") == before


def test_too_little_history_is_said():
    with pytest.raises(Malformed, match="4 are needed"):
        fit.fit(months=history(count=3), name="own")
    with pytest.raises(Malformed, match="needs 1,000"):
        fit.fit_card(history(count=4)[:0], before=FIRST + 4, name="own")


groups = st.lists(
    st.tuples(st.integers(0, PPM), st.integers(1, 50), st.floats(0, 1)), min_size=2, max_size=60
)


def counted(rows: list[tuple[int, int, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    told, orders = (np.array(column) for column in list(zip(*rows, strict=True))[:2])
    return told, orders, np.array([round(share * count) for _, count, share in rows])


@given(groups)
def test_the_auc_is_scikit_learns(rows):
    told, orders, failures = counted(rows)
    found = fit.auc_permille(told, orders, failures)
    if not 0 < failures.sum() < orders.sum():
        assert found is None
        return
    outcomes = np.concatenate([[1] * bad + [0] * (count - bad) for bad, count in zip(failures, orders, strict=True)])
    assert abs(found - 1000 * roc_auc_score(outcomes, np.repeat(told, orders))) <= .5 + 1e-6


@given(groups)
def test_reliability_counts_every_order_once(rows):
    told, orders, failures = counted(rows)
    table = fit.reliability(told, orders, failures)
    assert len(table) <= fit.RELIABILITY_BINS
    assert sum(row["orders"] for row in table) == orders.sum()
    assert sum(row["observed_ppm"] * row["orders"] for row in table) == pytest.approx(
        int(failures.sum()) * PPM, abs=int(orders.sum()) + 1
    )
    assert [row["low_ppm"] for row in table] == sorted(row["low_ppm"] for row in table)
    assert all(row["low_ppm"] <= row["predicted_ppm"] <= row["high_ppm"] for row in table)


def test_reliability_is_scikit_learns_curve():
    chance = np.random.default_rng(3)
    told = chance.permutation(np.linspace(10_000, 400_000, 15 * 200).astype(int))
    failed = (chance.random(len(told)) < told / PPM).astype(int)
    table = fit.reliability(told, np.ones(len(told), int), failed)
    happened, meant = calibration_curve(failed, told / PPM, n_bins=fit.RELIABILITY_BINS, strategy="quantile")
    assert np.allclose([row["observed_ppm"] / PPM for row in table], happened, atol=.006)
    assert np.allclose([row["predicted_ppm"] / PPM for row in table], meant, atol=.006)

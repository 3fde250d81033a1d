"""Fit a scorecard on this marketplace's own history, month by month, and measure how often it was right afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from yinuo.credit.rules import daybook as daybooks
from yinuo.credit.rules.engine import Recent, Store, climates_over, evidence_over, recent_over, to_arrow
from yinuo.credit.rules.evidence import UNIT, Evidence, Wanted
from yinuo.credit.rules.scorecard import PPM, RECENT_DAYS, Card, Feature, odds_at_middle, probability_ppm
from yinuo.credit.rules.tables import BINS_EACH_SIDE, quarter_bins
from yinuo.kit.moments import from_day, to_day
from yinuo.kit.refusals import Malformed

Progress = Callable[[int, int], None]
MONTHS_MIN = 4              # three to fit on, one to measure on
RELIABILITY_BINS = 15
RIDGE = 30.0
ORDERS_MIN = 1_000


@dataclass(frozen=True)
class Shape:
    """A feature before its points are known: what it reads, its facet, its priors in outcomes' units."""

    measure: str
    half_life_days: int
    facet: str
    observed_prior: int
    expected_prior: int

    @property
    def wanted(self) -> Wanted:
        """The evidence it reads."""
        return self.measure, self.half_life_days


# Small priors, a little kinder on the observed side: few merchants make most failures, so the typical one lies below the mean.
SHAPES = (
    Shape("handling_time", 30, "dispatch", UNIT * 3 // 4, UNIT),
    Shape("handling_time", 365, "dispatch", UNIT * 3 // 4, UNIT),
    Shape("low_stars", 90, "described", UNIT * 2, UNIT * 2),
)


@dataclass(frozen=True)
class Month:
    """What was known of each merchant at the first of a month, and what became of the orders placed in it.

    `orders` and `failures` are per merchant, by the month in which the outcome became known (months since 1970).
    """

    number: int
    merchants: tuple[str, ...]
    bins: np.ndarray                    # merchants x shapes, quarter octaves
    recent_orders: np.ndarray           # outcomes known in the four weeks before
    recent_failures: int
    known: np.ndarray                   # outcomes known before
    orders: dict[int, np.ndarray] = field(default_factory=dict)
    failures: dict[int, np.ndarray] = field(default_factory=dict)

    def until(self, month: int) -> tuple[np.ndarray, np.ndarray]:
        """Orders and failures per merchant whose outcome was known before the first of a month."""
        orders = sum((o for known, o in self.orders.items() if known < month), np.zeros(len(self.merchants), np.int64))
        failures = sum((f for known, f in self.failures.items() if known < month), np.zeros(len(self.merchants), np.int64))
        return orders, failures


def month_number(day: int) -> int:
    """The month of a day, counted from January 1970 = 0."""
    when = from_day(day)
    return (when.year - 1970) * 12 + when.month - 1


def first_day(month: int) -> int:
    """The day number of a month's first day."""
    return to_day(date(1970 + month // 12, month % 12 + 1, 1))


def gather(
    *, engine: Any, store: Store, until: int, progress: Progress = lambda done, total: None
) -> list[Month]:
    """The history in months, up to the day `until`: features as known at each first, outcomes as they became known."""
    outcomes = _outcomes(engine, store, until)
    if not outcomes:
        raise Malformed("There are no judged orders yet: import a shop's history first.")
    first = min(row["placed_month"] for row in outcomes) + 1
    last = month_number(until - 1)
    numbers = range(first, last + 1)
    days = [first_day(number) for number in numbers]
    climates = climates_over(engine, store, days=days)
    wanted = list(dict.fromkeys([*(shape.wanted for shape in SHAPES), ("dispatches", 0)]))
    known = evidence_over(engine, store, climates, days=days, wanted=wanted)
    recent = recent_over(engine, store, days=days, span=RECENT_DAYS)
    months = []
    for number, evidence, told in zip(numbers, known, recent, strict=True):
        months.append(_month(number, evidence, told, outcomes))
        progress(number - first + 1, last + 1 - first)
    return months


def _outcomes(engine: Any, store: Store, until: int) -> list[dict[str, Any]]:
    """Orders and failures by merchant, month placed and month known: whole orders, whoever placed them."""
    columns = ["seq", "kind", "merchant", "cause", "outcome", "placed_day", "day", "weight"]
    facts = store.facts(engine, columns=columns)
    size = store.archived()["size"]
    judged = daybooks.standing_facts(facts, store.replaced(engine), start=0, stop=size)
    judged = judged.filter(judged.kind == "credit.dispatch_judged", judged.day < until)
    judged = judged.filter((judged.cause.isnull()) | (judged.cause == "merchant").fill_null(False))
    failed = (judged.outcome != "on_time").cast("int64")
    sums = judged.group_by("merchant", "placed_day", "day").aggregate(orders=judged.count(), failures=failed.sum())
    totals: dict[tuple[str, int, int], list[int]] = {}
    for row in to_arrow(sums).to_pylist():
        key = (row["merchant"], month_number(row["placed_day"]), month_number(row["day"]))
        found = totals.setdefault(key, [0, 0])
        found[0] += row["orders"]
        found[1] += row["failures"]
    return [
        {"merchant": merchant, "placed_month": placed, "known_month": known, "orders": orders, "failures": failures}
        for (merchant, placed, known), (orders, failures) in totals.items()
    ]


def _month(number: int, evidence: Evidence, recent: Recent, outcomes: Sequence[dict[str, Any]]) -> Month:
    placed = [row for row in outcomes if row["placed_month"] == number]
    merchants = tuple(sorted({*evidence.merchants, *(row["merchant"] for row in placed)}))
    place = {merchant: i for i, merchant in enumerate(merchants)}
    into = np.array([place[merchant] for merchant in evidence.merchants], dtype=np.int64)

    def spread(values: np.ndarray) -> np.ndarray:
        whole = np.zeros(len(merchants), np.int64)
        whole[into] = values
        return whole

    bins = np.stack(
        [
            quarter_bins(
                np.maximum(spread(evidence.observed[shape.wanted]), 0) + shape.observed_prior,
                np.maximum(spread(evidence.expected[shape.wanted]), 0) + shape.expected_prior,
            )
            for shape in SHAPES
        ],
        axis=1,
    )
    known = spread(evidence.observed["dispatches", 0]) // UNIT
    month = Month(number, merchants, bins, recent.of(merchants), recent.failures, known)
    for row in placed:
        for table, name in ((month.orders, "orders"), (month.failures, "failures")):
            table.setdefault(row["known_month"], np.zeros(len(merchants), np.int64))[place[row["merchant"]]] += row[name]
    return month


def fit_card(months: Sequence[Month], *, before: int, name: str) -> Card:
    """The scorecard fitted on the months before one, with what was known before it.

    Logistic regression with signs: each feature may only cost points for worse. A merchant with many orders does not count as
    many merchants: rows weigh 1/sqrt(orders). The start is set so that 500 has the odds of all orders together.
    """
    bins, orders, failures = _training(months, before)
    weight = 1 / np.sqrt(orders)
    features = np.clip(bins, -BINS_EACH_SIDE, BINS_EACH_SIDE) / 4
    spread = features.std(0) + 1e-9
    coefficients = _logistic(features / spread, orders * weight, failures * weight) / spread
    per_octave = -50 / np.log(2) * coefficients
    cards = tuple(
        Feature(
            name=f"{shape.measure}_{shape.half_life_days}", measure=shape.measure, half_life_days=shape.half_life_days,
            facet=shape.facet, observed_prior=shape.observed_prior, expected_prior=shape.expected_prior,
            points=tuple(round(float(octave) * step / 4) for step in range(-BINS_EACH_SIDE, BINS_EACH_SIDE + 1)),
        )
        for shape, octave in zip(SHAPES, per_octave, strict=True)
    )
    card = Card(name=name, start=500, features=cards)
    scores = scores_of(card, bins)
    start = _anchor(scores, orders, failures)
    return Card(name=name, start=start, features=cards, calibrated_on=0)


def _training(months: Sequence[Month], before: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = []
    for month in months:
        if month.number >= before:
            continue
        orders, failures = month.until(before)
        some = orders > 0
        parts.append((month.bins[some], orders[some], failures[some]))
    orders = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, np.int64)
    if orders.sum() < ORDERS_MIN:
        raise Malformed(
            f"There are {int(orders.sum()):,} judged orders of merchants with a history to learn from; "
            f"a scorecard of one's own needs {ORDERS_MIN:,}."
        )
    failures = np.concatenate([part[2] for part in parts])
    if not 0 < failures.sum() < orders.sum():
        raise Malformed("A scorecard learns from orders that went wrong and orders that went well; here is only one kind.")
    return np.concatenate([part[0] for part in parts]), orders, failures


def _logistic(x: np.ndarray, orders: np.ndarray, failures: np.ndarray) -> np.ndarray:
    """Coefficients >= 0 of a ridge logistic regression on grouped outcomes."""
    from scipy.optimize import minimize  # noqa: PLC0415 - a second to load, and only fitting needs it

    width = x.shape[1]

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        odds = x @ at[:width] + at[width]
        chance = 1 / (1 + np.exp(-odds))
        error = orders * chance - failures
        value = (orders * np.logaddexp(0, odds) - failures * odds).sum() + RIDGE / 2 * (at[:width] ** 2).sum()
        return float(value), np.append(x.T @ error + RIDGE * at[:width], error.sum())

    start = np.append(np.zeros(width), -2.0)
    bounds = [(0, None)] * width + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:width])


def _anchor(scores: np.ndarray, orders: np.ndarray, failures: np.ndarray) -> int:
    """Where everyone starts, so that 500 has the odds of all orders together."""
    lean = (500 - scores) / 50 * np.log(2)
    intercept = 0.0
    for _ in range(50):
        chance = 1 / (1 + np.exp(-intercept - lean))
        intercept += float((failures - orders * chance).sum() / (orders * chance * (1 - chance)).sum())
    rate = failures.sum() / orders.sum()
    return round(500 - 50 / float(np.log(2)) * float(intercept - np.log(rate / (1 - rate))))


def scores_of(card: Card, bins: np.ndarray) -> np.ndarray:
    """The scores for rows of bins, one column a feature."""
    points = [
        np.array(feature.points)[np.clip(bins[:, i], -BINS_EACH_SIDE, BINS_EACH_SIDE) + BINS_EACH_SIDE]
        for i, feature in enumerate(card.features)
    ]
    scores: np.ndarray = np.clip(card.start + np.sum(points, axis=0), 0, 1000)
    return scores


def foretell(card: Card, month: Month) -> np.ndarray:
    """The probability of failure in millionths for each merchant, as it would have been told at the first of the month."""
    scores = scores_of(card, month.bins)
    odds = odds_at_middle(scores, month.recent_orders, month.recent_failures)
    return np.array([probability_ppm(int(score), odds) for score in scores])


def fit(
    *, months: Sequence[Month], name: str, told: Sequence[dict[str, Any]] | None = None
) -> tuple[Card, dict[str, Any]]:
    """The scorecard for now, and the report on how its like would have done: refitted each month on the past alone.

    `told` is what `walk_forward` gave for these months, where the caller has it.
    """
    if len(months) < MONTHS_MIN:
        raise Malformed(f"The months of history are {len(months)}; {MONTHS_MIN} are needed to fit and to measure.")
    end = months[-1].number + 1
    card = fit_card(months, before=end, name=name)
    told = walk_forward(months) if told is None else told
    report = report_of(told, card, months)
    measured = int(sum(row["orders"].sum() for row in told))
    return Card(
        name=name, start=card.start, features=card.features, calibrated_on=measured if measured >= ORDERS_MIN else 0
    ), report


def walk_forward(months: Sequence[Month]) -> list[dict[str, Any]]:
    """For each month that can be foretold: scores, probabilities told beforehand, and what happened, by merchant."""
    told = []
    for month in months[MONTHS_MIN - 1 :]:
        try:
            card = fit_card(months, before=month.number, name="walk")
        except Malformed:
            continue
        orders, failures = month.until(2**31)
        some = orders > 0
        told.append(
            {
                "month": month.number, "card": card, "scores": scores_of(card, month.bins)[some],
                "ppm": foretell(card, month)[some], "orders": orders[some], "failures": failures[some],
                "known": month.known[some], "merchants": np.array(month.merchants, dtype=object)[some],
            }
        )
    return told


def report_of(told: Sequence[dict[str, Any]], card: Card, months: Sequence[Month]) -> dict[str, Any]:
    """What a reader of the method page wants to know: reliability, ranking, stability, what weighs how much."""
    ppm = np.concatenate([row["ppm"] for row in told]) if told else np.zeros(0)
    orders = np.concatenate([row["orders"] for row in told]) if told else np.zeros(0)
    failures = np.concatenate([row["failures"] for row in told]) if told else np.zeros(0)
    table = reliability(ppm, orders, failures)
    total = int(orders.sum())
    error = sum(abs(row["predicted_ppm"] - row["observed_ppm"]) * row["orders"] for row in table) // max(1, total)
    return {
        "fitted_on": f"{first_of(months[0].number)} to {first_of(months[-1].number + 1)}",
        "reliability": table,
        "calibrated_on_orders": total,
        "months": [first_of(row["month"]) for row in told],
        "auc_permille": auc_permille(ppm, orders, failures),
        "calibration_error_ppm": int(error),
        "stability_permille": _stability(card, months),
        "features": [
            {"name": feature.name, "information_value_milli": _information(feature, i, months)}
            for i, feature in enumerate(card.features)
        ],
    }


def first_of(month: int) -> str:
    """A month's first day in ISO form."""
    return from_day(first_day(month)).isoformat()


def reliability(ppm: np.ndarray, orders: np.ndarray, failures: np.ndarray) -> list[dict[str, int]]:
    """Told against happened, in fifteen groups of about as many orders each."""
    if not len(ppm) or not orders.sum():
        return []
    order = np.argsort(ppm, kind="stable")
    ppm, orders, failures = ppm[order], orders[order], failures[order]
    groups = np.minimum((orders.cumsum() - orders) * RELIABILITY_BINS // orders.sum(), RELIABILITY_BINS - 1)
    table = []
    for group in np.unique(groups):
        rows = groups == group
        count = int(orders[rows].sum())
        table.append(
            {
                "low_ppm": int(ppm[rows].min()), "high_ppm": int(ppm[rows].max()),
                "predicted_ppm": int((ppm[rows] * orders[rows]).sum() // count),
                "observed_ppm": int(failures[rows].sum() * PPM // count), "orders": count,
            }
        )
    return table


def auc_permille(risk: np.ndarray, orders: np.ndarray, failures: np.ndarray) -> int | None:
    """How often a failed order had the higher risk than a good one, in permille; ties count half."""
    good = orders - failures
    if not len(risk) or not failures.sum() or not good.sum():
        return None
    levels, place = np.unique(risk, return_inverse=True)
    bad_at = np.bincount(place, failures, len(levels))
    good_at = np.bincount(place, good, len(levels))
    below = good_at.cumsum() - good_at
    return round(1000 * float((bad_at * (below + good_at / 2)).sum() / (failures.sum() * good.sum())))


def _stability(card: Card, months: Sequence[Month]) -> int:
    """The population stability index of scores between the first and the second half of the months, in permille."""
    half = len(months) // 2
    halves = [np.concatenate([scores_of(card, month.bins) for month in part]) for part in (months[:half], months[half:])]
    edges = np.array([400, 450, 475, 500, 525, 550, 600])
    shares = [np.bincount(np.searchsorted(edges, scores), minlength=8) + 0.5 for scores in halves]
    before, after = (share / share.sum() for share in shares)
    return round(1000 * float(((after - before) * np.log(after / before)).sum()))


def _information(feature: Feature, column: int, months: Sequence[Month]) -> int:
    """The feature's information value, in thousandths: how well its bins tell failed orders from good ones."""
    good, bad = np.full(2 * BINS_EACH_SIDE + 1, 0.5), np.full(2 * BINS_EACH_SIDE + 1, 0.5)
    for month in months:
        orders, failures = month.until(2**31)
        place = np.clip(month.bins[:, column], -BINS_EACH_SIDE, BINS_EACH_SIDE) + BINS_EACH_SIDE
        bad += np.bincount(place, failures, len(bad))
        good += np.bincount(place, orders - failures, len(good))
    bad, good = bad / bad.sum(), good / good.sum()
    return round(1000 * float(((bad - good) * np.log(bad / good)).sum()))

"""Does the score foretell the merchant's next failure? Olist's past, walked forward, by the product's own code.

A unit is an order x merchant with a known outcome; it is scored with the standing at the first of the month in which it was
placed, by the card that was fitted on what was known before that day. The units of all test months are pooled. The headline
AUC ranks by the score, as the public sees it; `auc_told_*` rank by the probability told, which also knows the month's level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from yinuo.credit.actions import open_store
from yinuo.credit.actions.fit import (
    RIDGE,
    SHAPES,
    Month,
    first_day,
    first_of,
    fit_card,
    foretell,
    gather,
    month_number,
    scores_of,
)
from yinuo.credit.rules.engine import Store, climate_at, duckdb, evidence_at, to_arrow
from yinuo.credit.rules.scorecard import PPM, Card
from yinuo.kit.actors import SYSTEM
from yinuo.kit.moments import to_day
from yinuo.kit.refusals import NotFound
from yinuo.pipelines.bench import Options
from yinuo.pipelines.importing import olist
from yinuo.pipelines.importing.run import Import, fingerprint
from yinuo.pipelines.importing.tables import Table
from yinuo.pipelines.react import react
from yinuo.record import actions as record

TEST = ((2018, 2), (2018, 6))
DEVELOPMENT = ((2017, 8), (2018, 1))
ECE_BINS = 15
COLD = (1, 10)
ESTABLISHED = 30
RATING_PRIOR = 20
USED_HALF_LIFE_DAYS = 180
USED_PRIOR = 2
FORWARD_DAYS, FORWARD_UNITS = 90, 10
REPEATS = 500
RATINGS = ("mean_stars", "bayesian_stars", "share_positive")
RIVALS = ("challenger", "logistic", "used_share", "bayesian_stars")


@dataclass(frozen=True)
class Past:
    """What happened, a row each: units with the days they were placed and known, and reviews; merchants as numbers."""

    merchants: Mapping[str, int]
    unit: np.ndarray
    placed: np.ndarray
    known: np.ndarray
    failed: np.ndarray
    used: np.ndarray            # share of the promised time, NaN where it was called off
    reviewed: np.ndarray
    review_day: np.ndarray
    stars: np.ndarray

    def known_before(self, day: int) -> np.ndarray:
        """How many outcomes of each merchant were known before a day."""
        return np.bincount(self.unit[self.known < day], minlength=len(self.merchants))


@dataclass(frozen=True)
class Cut:
    """One month: every merchant's history, score, probability and rivals' risks at its first day, and its units."""

    month: Month
    day: int
    history: np.ndarray
    risks: Mapping[str, np.ndarray]     # by name, per merchant; higher is worse
    told: np.ndarray
    card: Card
    rows: np.ndarray                    # places in `Past` of the units


def run(options: Options) -> dict[str, Any]:
    """Import Olist, follow, archive, add up, walk forward over the test months, and compare."""
    tables = open_data(options)
    store = load(tables, options)
    with duckdb() as engine:
        store.update(engine)
        past = read_past(engine, store)
        options.say("Gathering the months")
        end = int(past.known.max()) + 1
        months = [month for month in gather(engine=engine, store=store, until=end) if month.number <= _month(TEST[1])]
        options.say("Walking forward")
        ratios = {month.number: ratios_of(engine, store, month) for month in months}
    cuts = walk(past, months, ratios, TEST)
    options.say("Resampling merchants")
    return report(past, cuts) | {
        "development": brief(past, walk(past, months, ratios, DEVELOPMENT)),
        "data": digest_of(tables),
        "units": len(past.unit),
        "units_misjudged": misjudged(past, months),
        "protocol": {
            "test": "2018-02..2018-06", "refitted": "monthly", "pooled": "units of all test months",
            "auc_all, auc_history, auc_cold, auc_established": "by the score", "ece": "by the probability told",
            "resamples": REPEATS, "features": [list(shape.wanted) for shape in SHAPES], "ridge": RIDGE,
        },
    }


def open_data(options: Options) -> Mapping[str, Table]:
    """The data set's files; says plainly where they are missing."""
    folder = options.data / "olist"
    if not folder.is_dir():
        raise NotFound(
            "There is no folder `olist` with the CSV files of the Brazilian E-Commerce Public Dataset; fetch it from Kaggle "
            "(olistbr/brazilian-ecommerce) and name its parent with --data.", path=str(folder),
        )
    return olist.open_folder(folder)


def load(tables: Mapping[str, Table], options: Options) -> Store:
    """Take the data set in as `yinuo import olist` does, follow the record, and archive it."""
    name = fingerprint(source=olist.SOURCE, digests=[f"olist {key} {table.digest}" for key, table in tables.items()])
    importing = Import(actor=SYSTEM, source=olist.SOURCE, name=name, realm=options.realm, at=options.at)
    options.say("Taking the data set in")
    importing.run(olist.items(tables), scratch=options.scratch)
    options.say("Following the record")
    react(domains=options.domains, realm=options.realm, at=options.at)
    options.say("Archiving")
    store = open_store(options.scratch)
    record.archive(actor=SYSTEM, folder=store.archive)
    return store


def digest_of(tables: Mapping[str, Table]) -> str:
    """What names the data: the digests of all its files together."""
    return sha256("\n".join(f"{key} {table.digest}" for key, table in sorted(tables.items())).encode()).hexdigest()


def read_past(engine: Any, store: Store) -> Past:
    """All units whose outcome is known, by the protocol's own rule over the shop's facts, and all reviews of merchants.

    What the product judged is not asked: a fault in judging must show, not hide.
    """
    columns = ["kind", "at", "day", "order", "merchant", "hand_over_by", "stars"]
    facts = store.facts(engine, columns=columns)
    placed = facts.filter(facts.kind == "trade.order_placed").select(
        "order", "merchant", "hand_over_by", placed="at", placed_day="day"
    )
    handed = facts.filter(facts.kind == "delivery.shipment_handed_over").select("order", handed="at", handed_day="day")
    cancelled = facts.filter(facts.kind == "trade.order_cancelled").select("order", cancelled_day="day")
    every = placed.left_join(handed, "order").drop("order_right").left_join(cancelled, "order").drop("order_right")
    known = every.filter(every.handed.notnull() | every.cancelled_day.notnull()).order_by("placed", "order")
    reviews = facts.filter(facts.kind == "reviews.review_published", facts.merchant.notnull()).order_by("at")
    return _past(to_arrow(known), to_arrow(reviews.select("merchant", "day", "stars")))


def _past(units: Any, reviews: Any) -> Past:
    names = sorted({*units["merchant"].to_pylist(), *reviews["merchant"].to_pylist()})
    places = {name: place for place, name in enumerate(names)}

    def numbers(column: str) -> np.ndarray:
        found: np.ndarray = units[column].cast("float64").to_numpy()
        return found

    cancelled = ~np.isnan(numbers("cancelled_day"))
    promised = numbers("hand_over_by") - numbers("placed")
    used = np.clip((numbers("handed") - numbers("placed")) / np.where(promised > 0, promised, np.nan), 0, 4)
    return Past(
        merchants=places,
        unit=np.array([places[name] for name in units["merchant"].to_pylist()]),
        placed=units["placed_day"].to_numpy(),
        known=np.where(cancelled, numbers("cancelled_day"), numbers("handed_day")).astype(np.int64),
        failed=(cancelled | (numbers("handed") > numbers("hand_over_by"))).astype(np.int64),
        used=np.where(cancelled, np.nan, used),
        reviewed=np.array([places[name] for name in reviews["merchant"].to_pylist()]),
        review_day=reviews["day"].to_numpy(), stars=reviews["stars"].to_numpy(),
    )


def misjudged(past: Past, months: Sequence[Month]) -> int:
    """By how many failures the product's judgements and the protocol differ over all months, merchant by merchant."""
    found = 0
    for month in months:
        placed = (past.placed >= first_day(month.number)) & (past.placed < first_day(month.number + 1))
        ours = np.zeros(len(past.merchants))
        ours[[past.merchants[merchant] for merchant in month.merchants]] = month.until(2**31)[1]
        found += int(np.abs(np.bincount(past.unit[placed], past.failed[placed], len(ours)) - ours).sum())
    return found


def ratios_of(engine: Any, store: Store, month: Month) -> np.ndarray:
    """The card's features before they are cut into quarter octaves, in octaves: what rivals may learn from."""
    as_of = first_day(month.number)
    wanted = [shape.wanted for shape in SHAPES]
    evidence = evidence_at(engine, store, climate_at(engine, store, as_of=as_of), as_of=as_of, wanted=wanted)
    place = {merchant: i for i, merchant in enumerate(month.merchants)}
    into = np.array([place[merchant] for merchant in evidence.merchants], dtype=np.int64)
    found = np.zeros((len(month.merchants), len(SHAPES)))
    for column, shape in enumerate(SHAPES):
        seen, due = np.zeros(len(place)), np.zeros(len(place))
        seen[into], due[into] = evidence.observed[shape.wanted], evidence.expected[shape.wanted]
        found[:, column] = np.log2((np.maximum(seen, 0) + shape.observed_prior) / (np.maximum(due, 0) + shape.expected_prior))
    return found


def walk(
    past: Past, months: Sequence[Month], ratios: Mapping[int, np.ndarray], span: tuple[tuple[int, int], tuple[int, int]]
) -> list[Cut]:
    """Each month of the span as it would have been told at its first day, by cards and rivals that knew only the past."""
    first, last = (_month(end) for end in span)
    return [_cut(past, months, ratios, month) for month in months if first <= month.number <= last]


def _cut(past: Past, months: Sequence[Month], ratios: Mapping[int, np.ndarray], month: Month) -> Cut:
    day, end = first_day(month.number), first_day(month.number + 1)
    card = fit_card(months, before=month.number, name="walk")
    into = np.array([past.merchants[merchant] for merchant in month.merchants])

    def spread(values: np.ndarray, otherwise: float = 0.0) -> np.ndarray:
        whole = np.full(len(past.merchants), otherwise)
        whole[into] = values
        return whole

    risks = {"score": -spread(scores_of(card, month.bins), card.start), **baselines(past, day)}
    risks |= {name: spread(values) for name, values in learnt(months, ratios, month).items()}
    return Cut(
        month=month, day=day, history=past.known_before(day), risks=risks, told=spread(foretell(card, month) / PPM), card=card,
        rows=np.flatnonzero((past.placed >= day) & (past.placed < end)),
    )


def learnt(months: Sequence[Month], ratios: Mapping[int, np.ndarray], month: Month) -> dict[str, np.ndarray]:
    """The risks by a logistic regression and by boosted trees, fitted on the very units that the card was fitted on."""
    parts = []
    for earlier in months:
        if earlier.number < month.number:
            orders, failures = earlier.until(month.number)
            parts.append((np.repeat(ratios[earlier.number], orders, axis=0), _outcomes(orders, failures)))
    x, failed = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    trees = HistGradientBoostingClassifier(
        max_leaf_nodes=6, learning_rate=.03, max_iter=200, min_samples_leaf=300, l2_regularization=5, early_stopping=False,
        random_state=0,
    )
    models = {"challenger": trees, "logistic": LogisticRegression()}
    return {name: model.fit(x, failed).predict_proba(ratios[month.number])[:, 1] for name, model in models.items()}


def _outcomes(orders: np.ndarray, failures: np.ndarray) -> np.ndarray:
    """One row a unit, 1 for a failure, in the order of merchants."""
    counts = np.stack([failures, orders - failures], axis=1).ravel()
    return np.repeat(np.tile([1, 0], len(orders)), counts)


def baselines(past: Past, day: int) -> dict[str, np.ndarray]:
    """The risks by what shops show today, from what was known before a day: higher is worse."""
    size = len(past.merchants)
    some = past.review_day < day
    who, stars = past.reviewed[some], past.stars[some]
    count = np.bincount(who, minlength=size)
    total, positive = np.bincount(who, stars, size), np.bincount(who, stars >= 4, size)
    mean, share = stars.mean(), (stars >= 4).mean()
    rated = np.maximum(count, 1)
    return {
        "mean_stars": -np.where(count, total / rated, mean),
        "bayesian_stars": -(total + RATING_PRIOR * mean) / (count + RATING_PRIOR),
        "share_positive": -np.where(count, positive / rated, share),
        "used_share": used_share(past, day, prior=USED_PRIOR),
        "used_share_bare": used_share(past, day, prior=1e-9),
    }


def used_share(past: Past, day: int, *, prior: float) -> np.ndarray:
    """The mean share of the promised handling time used, weighed by age, with so many outcomes of the general mean added."""
    size = len(past.merchants)
    some = (past.known < day) & ~np.isnan(past.used)
    who, used = past.unit[some], past.used[some]
    weight = 0.5 ** ((day - past.known[some]) / USED_HALF_LIFE_DAYS)
    mean = (weight * used).sum() / weight.sum()
    found: np.ndarray = (np.bincount(who, weight * used, size) + prior * mean) / (np.bincount(who, weight, size) + prior)
    return found


def report(past: Past, cuts: Sequence[Cut]) -> dict[str, Any]:
    """All metrics of the test months."""
    units = Units.of(past, cuts)
    slices = units.slices()
    found = brief(past, cuts)
    for name in (*RIVALS, "mean_stars", "share_positive", "used_share_bare"):
        found |= {f"auc_{name}_{part}": _auc(units.failed[some], units.risks[name][some]) for part, some in slices.items()}
    found["auc_challenger"] = found["auc_challenger_history"]
    best = max(RATINGS, key=lambda name: found[f"auc_{name}_history"])
    found |= {"auc_best_rating_baseline": found[f"auc_{best}_history"], "best_rating_baseline": best}
    found["by_month"] = [
        {"month": first_of(cut.month.number), "units": len(cut.rows), "start": cut.card.start,
         "points_per_doubling": {feature.name: -feature.points[-1] / 4 for feature in cut.card.features},
         "failed": _round(past.failed[cut.rows].mean()), "told": _round(cut.told[past.unit[cut.rows]].mean())}
        for cut in cuts
    ]
    found["differences"] = {
        f"{name}_{part}": bootstrap(units, "score", name, some) for name in RIVALS for part, some in slices.items()
    }
    return found


def brief(past: Past, cuts: Sequence[Cut]) -> dict[str, Any]:
    """The metrics that goals are set for, of the product's own scores alone and of stars."""
    units = Units.of(past, cuts)
    found: dict[str, Any] = {"units_tested": len(units.failed), "failed": _round(units.failed.mean())}
    for part, some in units.slices().items():
        found[f"auc_{part}"] = _auc(units.failed[some], units.risks["score"][some])
        found[f"auc_told_{part}"] = _auc(units.failed[some], units.told[some])
    found |= calibration(units)
    for name, key in (("score", ""), ("mean_stars", "_stars"), ("used_share", "_used")):
        fifths = [worst_fifth(past, cut, cut.risks[name]) for cut in cuts]
        found[f"auc_worst_fifth{key}"] = _round(np.mean([fifth[0] for fifth in fifths]))
        found[f"spearman{key}"] = _round(np.mean([fifth[1] for fifth in fifths]))
        found[f"auc_worst_fifth_by_month{key}"] = [_round(fifth[0]) for fifth in fifths]
    return found


@dataclass(frozen=True)
class Units:
    """The pooled units of some months: whose they are, what was told of them, what became of them."""

    merchant: np.ndarray
    month: np.ndarray
    history: np.ndarray
    failed: np.ndarray
    told: np.ndarray
    risks: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, past: Past, cuts: Sequence[Cut]) -> Units:
        """The units placed in the months of the cuts."""
        def pooled(of_cut: Callable[[Cut], np.ndarray]) -> np.ndarray:
            return np.concatenate([of_cut(cut)[past.unit[cut.rows]] for cut in cuts])

        rows = np.concatenate([cut.rows for cut in cuts])
        return cls(
            merchant=past.unit[rows], month=np.concatenate([np.full(len(cut.rows), cut.month.number) for cut in cuts]),
            history=pooled(lambda cut: cut.history), failed=past.failed[rows], told=pooled(lambda cut: cut.told),
            risks={name: pooled(lambda cut, name=name: cut.risks[name]) for name in cuts[0].risks},  # type: ignore[misc]
        )

    def slices(self) -> dict[str, np.ndarray]:
        """Which units belong to merchants with how much known history."""
        return {
            "all": np.ones(len(self.failed), bool),
            "history": self.history > 0,
            "cold": (self.history >= COLD[0]) & (self.history <= COLD[1]),
            "established": self.history >= ESTABLISHED,
        }


def calibration(units: Units) -> dict[str, Any]:
    """How far what was told lies from what happened."""
    months = [units.month == number for number in np.unique(units.month)]
    moved = units.told.astype(float)
    for some in months:
        moved[some] = rebased(units.told[some], units.failed[some])
    return {
        "ece": _round(ece(units.told, units.failed)),
        "ece_monthly": _round(np.mean([ece(units.told[some], units.failed[some]) for some in months])),
        "ece_adjusted": _round(np.mean([ece(moved[some], units.failed[some]) for some in months])),
        "ece_adjusted_pooled": _round(ece(moved, units.failed)),
        "slope": _round(slope(units.told, units.failed)),
        "brier": _round(np.mean((units.told - units.failed) ** 2)),
        "log_loss": _round(log_loss(units.failed, units.told)),
    }


def ece(told: np.ndarray, failed: np.ndarray) -> float:
    """The mean distance of told from happened over groups of equally many units."""
    order = np.argsort(told, kind="stable")
    groups = np.array_split(order, ECE_BINS)
    return float(sum(len(group) * abs(told[group].mean() - failed[group].mean()) for group in groups) / len(told))


def rebased(told: np.ndarray, failed: np.ndarray) -> np.ndarray:
    """The probabilities with all log-odds moved alike, so that their mean is what happened."""
    odds, move, chance = np.log(told / (1 - told)), 0.0, told
    for _ in range(50):
        chance = 1 / (1 + np.exp(-odds - move))
        move += (failed.mean() - chance.mean()) / (chance * (1 - chance)).mean()
    return chance


def slope(told: np.ndarray, failed: np.ndarray) -> float:
    """By how much the real log-odds grow with those told: 1 where the spread is right."""
    odds = np.log(told / (1 - told))[:, None]
    return float(LogisticRegression(C=1e6).fit(odds, failed).coef_[0, 0])


def worst_fifth(past: Past, cut: Cut, risk: np.ndarray) -> tuple[float, float]:
    """How well a risk tells the fifth of merchants who will fail most over 90 days (AUC), and ranks them all (Spearman).

    Merchants with at least ten units; of equal rates the one with more failures is the worse.
    """
    some = (past.placed >= cut.day) & (past.placed < cut.day + FORWARD_DAYS)
    units = np.bincount(past.unit[some], minlength=len(past.merchants))
    failures = np.bincount(past.unit[some], past.failed[some], len(past.merchants))
    enough = np.flatnonzero(units >= FORWARD_UNITS)
    rate = failures[enough] / units[enough]
    worst = np.zeros(len(enough), bool)
    worst[np.lexsort((failures[enough], rate))[-(len(enough) // 5):]] = True
    return float(roc_auc_score(worst, risk[enough])), float(np.corrcoef(_ranks(rate), _ranks(risk[enough]))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0, equal values sharing the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (count.cumsum() - (count + 1) / 2)[place]
    return ranks


def bootstrap(units: Units, ours: str, theirs: str, some: np.ndarray) -> dict[str, float]:
    """By how much our AUC lies above another's when the merchants are drawn again, in pairs; seeded."""
    merchants, who = np.unique(units.merchant[some], return_inverse=True)
    failed = units.failed[some]
    levels = [np.unique(units.risks[name][some], return_inverse=True)[1] for name in (ours, theirs)]
    chance = np.random.default_rng(0)
    found = []
    for _ in range(REPEATS):
        weight = np.bincount(chance.integers(0, len(merchants), len(merchants)), minlength=len(merchants))[who]
        found.append(_weighed_auc(levels[0], failed, weight) - _weighed_auc(levels[1], failed, weight))
    low, high = np.quantile(found, [.025, .975])
    difference = _auc(failed, units.risks[ours][some]) - _auc(failed, units.risks[theirs][some])
    return {"difference": _round(difference), "error": _round(np.std(found)), "low": _round(low), "high": _round(high)}


def _weighed_auc(level: np.ndarray, failed: np.ndarray, weight: np.ndarray) -> float:
    bad = np.bincount(level, weight * failed)
    good = np.bincount(level, weight * (1 - failed))
    below = good.cumsum() - good
    return float((bad * (below + good / 2)).sum() / (bad.sum() * good.sum()))


def _auc(failed: np.ndarray, risk: np.ndarray) -> float:
    return _round(roc_auc_score(failed, risk))


def _month(when: tuple[int, int]) -> int:
    return month_number(to_day(date(*when, 1)))


def _round(value: Any) -> float:
    return round(float(value), 4)

"""How often the score was right afterwards, against the mean of stars that the shop showed at the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

import msgspec
import numpy as np

from yinuo.credit.actions.fit import auc_permille, first_day, first_of, reliability
from yinuo.pipelines.preview.history import History
from yinuo.pipelines.preview.replay import Replay

WORST_SHARE = 10        # the tenth of orders that a score likes least
Z = 1.96                # 95 of 100 intervals hold the true rate


Ranked = tuple[np.ndarray, np.ndarray, np.ndarray]
"""By merchant: a risk by which orders are ranked, orders, failures."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """About a fifteenth of all orders: what was told of them beforehand, what came, and between which rates the truth lies."""

    predicted_ppm: int
    observed_ppm: int
    low_ppm: int
    high_ppm: int
    orders: int


class Monthly(msgspec.Struct, frozen=True, kw_only=True):
    """One month's orders: how many were foretold to fail, and how many did."""

    month: str
    orders: int
    failures: int
    foretold: int
    auc_permille: int | None


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """How well the score ranked and foretold, and how well mean stars ranked the very same orders."""

    orders: int
    failures: int
    groups: tuple[Group, ...]
    groups_within: int
    months: tuple[Monthly, ...]
    error_ppm: int
    auc_permille: int | None
    stars_auc_permille: int | None
    worst_permille: int
    stars_worst_permille: int


def accuracy_of(replay: Replay, history: History) -> Accuracy:
    """Measure what was told at the first of each month on the orders placed in it."""
    ppm, orders, failures = (
        np.concatenate([row[name] for row in replay.told]) for name in ("ppm", "orders", "failures")
    )
    by_score = [(-row["scores"], row["orders"], row["failures"]) for row in replay.told]
    by_stars = [
        (_stars_risk(history, row["month"], row["merchants"]), row["orders"], row["failures"]) for row in replay.told
    ]
    any_stars = bool(history.stars[2].sum())
    groups = tuple(_groups(ppm, orders, failures))
    total = int(orders.sum())
    error = sum(abs(group.predicted_ppm - group.observed_ppm) * group.orders for group in groups) // max(1, total)
    return Accuracy(
        orders=total, failures=int(failures.sum()), groups=groups,
        groups_within=sum(group.low_ppm <= group.predicted_ppm <= group.high_ppm for group in groups),
        months=tuple(_months(replay)), error_ppm=error,
        auc_permille=_pairs_permille(by_score), stars_auc_permille=_pairs_permille(by_stars) if any_stars else None,
        worst_permille=_worst_permille(by_score), stars_worst_permille=_worst_permille(by_stars),
    )


def wilson_ppm(failures: int, orders: int) -> tuple[int, int]:
    """The 95% interval of a rate measured on so many orders (Wilson), in parts per million."""
    if not orders:
        return 0, 1_000_000
    share = failures / orders
    middle = (share + Z * Z / (2 * orders)) / (1 + Z * Z / orders)
    half = Z * sqrt(share * (1 - share) / orders + Z * Z / (4 * orders * orders)) / (1 + Z * Z / orders)
    return max(0, round((middle - half) * 1_000_000)), round((middle + half) * 1_000_000)


def _groups(ppm: np.ndarray, orders: np.ndarray, failures: np.ndarray) -> Iterator[Group]:
    for row in reliability(ppm, orders, failures):
        count = row["orders"]
        low, high = wilson_ppm(round(row["observed_ppm"] * count / 1_000_000), count)
        yield Group(
            predicted_ppm=row["predicted_ppm"], observed_ppm=row["observed_ppm"], low_ppm=low, high_ppm=high, orders=count
        )


def _months(replay: Replay) -> Iterator[Monthly]:
    for row in replay.told:
        orders, failures = int(row["orders"].sum()), int(row["failures"].sum())
        foretold = int((row["ppm"] * row["orders"]).sum()) // 1_000_000
        yield Monthly(
            month=first_of(row["month"]), orders=orders, failures=failures, foretold=foretold,
            auc_permille=auc_permille(-row["scores"], row["orders"], row["failures"]),
        )


def _stars_risk(history: History, month: int, merchants: Sequence[str]) -> np.ndarray:
    """Five minus each merchant's mean stars at the first of the month; one without reviews stands at the mean of all."""
    who, day, reviews, stars = history.stars
    some = day < first_day(month)
    width = len(history.outcomes.merchants)
    counts = np.bincount(who[some], reviews[some], width)
    sums = np.bincount(who[some], stars[some], width)
    every = sums.sum() / counts.sum() if counts.sum() else 0.0
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), every)
    place = {merchant: i for i, merchant in enumerate(history.outcomes.merchants)}
    return np.array([5 - mean[place[merchant]] for merchant in merchants])


def _pairs_permille(months: Sequence[Ranked]) -> int | None:
    """Of all pairs of a failed and a good order of the same month: in how many the failed one had the higher risk."""
    right = pairs = 0.0
    for risk, orders, failures in months:
        if (auc := auc_permille(risk, orders, failures)) is not None:
            count = float(failures.sum()) * float((orders - failures).sum())
            right, pairs = right + auc * count, pairs + count
    return round(right / pairs) if pairs else None


def _worst_permille(months: Sequence[Ranked]) -> int:
    """The share of all failures that lies in each month's tenth of orders with the highest risk."""
    caught = sum(_caught(*month) for month in months)
    return round(1000 * caught / max(1, sum(int(failures.sum()) for _, _, failures in months)))


def _caught(risk: np.ndarray, orders: np.ndarray, failures: np.ndarray) -> float:
    """How many failures lie in the tenth of orders with the highest risk."""
    order = np.argsort(-risk, kind="stable")
    edge = orders.sum() / WORST_SHARE
    before = orders[order].cumsum() - orders[order]
    part = np.clip((edge - before) / np.maximum(orders[order], 1), 0, 1)
    return float((failures[order] * part).sum())

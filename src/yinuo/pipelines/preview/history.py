"""The past as tables of integers: outcomes against what was to be expected, stars, causes, and what the shop did not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yinuo.credit.rules import daybook as daybooks
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.engine import Store, to_arrow

RATE_ONE = 4096         # the climate's rates are in 1/4,096 per outcome
JUDGED = ("credit.dispatch_judged", "credit.delivery_judged", "credit.complaint_judged")


@dataclass(frozen=True)
class Outcomes:
    """Judged orders by merchant and the day on which the outcome became known: how many, how many failed, how many were to be
    expected to fail. Storms, weeks in which so much failed that they tell nothing of anybody, are left out.
    """

    merchants: tuple[str, ...]
    who: np.ndarray
    day: np.ndarray
    orders: np.ndarray
    failures: np.ndarray
    expected: np.ndarray        # not whole numbers

    def within(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Orders, failures and expected failures of each merchant, from one day to before another."""
        some = (self.day >= start) & (self.day < stop)
        width = len(self.merchants)
        orders, failures, expected = (
            np.bincount(self.who[some], values[some], width) for values in (self.orders, self.failures, self.expected)
        )
        return orders.astype(np.int64), failures.astype(np.int64), expected


@dataclass(frozen=True)
class Week:
    """A week of the whole market: outcomes and failures through merchants' own fault, and those on lanes in a storm."""

    week: int
    orders: int
    failures: int
    storm_orders: int
    storm_failures: int


@dataclass(frozen=True)
class History:
    """All that the report reads of the past, besides what scoring reads itself."""

    outcomes: Outcomes
    weeks: tuple[Week, ...]
    stars: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]    # merchant, day, reviews, sum of stars
    causes: Mapping[tuple[str, str, str], int]                      # (kind of judgement, what happened, cause) -> how many
    told: Mapping[str, int]                                         # how many facts told what
    born: np.ndarray                                                # the day each merchant was first met
    placed: tuple[int, int]                                         # first and last day of an order


def read_history(*, engine: Any, store: Store, climate: Climate, until: int) -> History:
    """The history up to the day `until`, from the archive."""
    facts = _standing(engine, store, until)
    born = {row["merchant"]: row["day"] for row in _rows(_births(facts))}
    merchants = tuple(sorted(born))
    place = {merchant: i for i, merchant in enumerate(merchants)}
    table = _outcomes(engine, facts, climate, until)
    placed = facts.filter(facts.kind == "trade.order_placed")
    span = _rows(placed.aggregate(first=placed.day.min(), last=placed.day.max()))[0]
    return History(
        outcomes=_calm_outcomes(table, merchants, place), weeks=_weeks(table), stars=_stars(facts, place),
        causes=_causes(facts), told=_told(facts), born=np.array([born[merchant] for merchant in merchants], np.int64),
        placed=(int(span["first"] or 0), int(span["last"] or 0)),
    )


def _rows(table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = to_arrow(table).to_pylist()
    return found


def _standing(engine: Any, store: Store, until: int) -> Any:
    columns = [
        "seq", "kind", "day", "merchant", "buyer", "lane", "outcome", "cause", "topic", "stars", "hand_over_by", "deliver_by",
        "origin", "destination", "carrier", "derived", "order",
    ]
    facts = store.facts(engine, columns=columns)
    standing = daybooks.standing_facts(facts, store.replaced(engine), start=0, stop=store.archived()["size"])
    return standing.filter(standing.day < until)


def _births(facts: Any) -> Any:
    known = facts.filter(facts.merchant.notnull())
    return known.group_by("merchant").aggregate(day=known.day.min())


def _outcomes(engine: Any, facts: Any, climate: Climate, until: int) -> list[dict[str, Any]]:
    """Judged orders by merchant, day and week, with the climate of their lane that week."""
    own = facts.filter(facts.kind == "credit.dispatch_judged")
    own = own.filter(own.cause.isnull() | (own.cause == "merchant").fill_null(False))
    failed = (own.outcome != "on_time").cast("int64")
    sums = own.group_by("merchant", "day", "lane").aggregate(orders=own.count(), failures=failed.sum())
    first = _rows(sums.aggregate(day=sums.day.min()))[0]["day"]
    weeks = daybooks.weeks(until if first is None else int(first), until)
    known = sums.join(weeks, "day").left_join(climate.table(), ["week", "lane"])
    by_day = known.group_by("merchant", "day", "week", calm=known.calm_dispatches.coalesce(1))
    return _rows(by_day.aggregate(
        orders=known.orders.sum().cast("int64"), failures=known.failures.sum().cast("int64"),
        expected=(known.orders * known.rate_failures.coalesce(0)).sum().cast("int64"),
    ))


def _calm_outcomes(table: Sequence[dict[str, Any]], merchants: tuple[str, ...], place: Mapping[str, int]) -> Outcomes:
    calm = [row for row in table if row["calm"]]
    day, orders, failures = (np.array([row[name] for row in calm], np.int64) for name in ("day", "orders", "failures"))
    who = np.array([place[row["merchant"]] for row in calm], np.int64)
    expected = np.array([row["expected"] for row in calm], np.float64) / RATE_ONE
    return Outcomes(merchants, who, day, orders, failures, expected)


def _weeks(table: Sequence[dict[str, Any]]) -> tuple[Week, ...]:
    sums: dict[int, list[int]] = {}
    for row in table:
        found = sums.setdefault(row["week"], [0, 0, 0, 0])
        found[0] += row["orders"]
        found[1] += row["failures"]
        if not row["calm"]:
            found[2] += row["orders"]
            found[3] += row["failures"]
    return tuple(Week(week, *counts) for week, counts in sorted(sums.items()))


def _stars(facts: Any, place: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    reviews = facts.filter(facts.kind == "reviews.review_published", facts.merchant.notnull())
    sums = reviews.group_by("merchant", "day").aggregate(reviews=reviews.count(), stars=reviews.stars.sum())
    found = _rows(sums)
    day, count, total = (np.array([int(row[name]) for row in found], np.int64) for name in ("day", "reviews", "stars"))
    return np.array([place[row["merchant"]] for row in found], np.int64), day, count, total


def _causes(facts: Any) -> dict[tuple[str, str, str], int]:
    judged = facts.filter(facts.kind.isin(JUDGED))
    what = judged.outcome.coalesce(judged.topic)
    counted = judged.group_by("kind", what=what, cause=judged.cause.coalesce("")).aggregate(n=judged.count())
    return {(row["kind"], row["what"], row["cause"]): int(row["n"]) for row in _rows(counted)}


def _told(facts: Any) -> dict[str, int]:
    """How many facts of each kind there are, and how many orders and reviews told each thing that a judgement needs."""
    counted = facts.group_by("kind").aggregate(n=facts.count(), derived=facts.derived.count())
    rows = _rows(counted)
    told = {row["kind"]: int(row["n"]) for row in rows} | {"derived": sum(int(row["derived"]) for row in rows)}
    placed = facts.filter(facts.kind == "trade.order_placed")
    names = ("buyer", "hand_over_by", "deliver_by", "origin", "destination", "carrier")
    found = _rows(placed.aggregate(**{name: placed[name].count() for name in names}))[0]
    handed = facts.filter(facts.kind == "delivery.shipment_handed_over")
    reviews = facts.filter(facts.kind == "reviews.review_published")
    told |= {f"order.{name}": int(count) for name, count in found.items()}
    told["shipment.carrier"] = int(handed.carrier.count().to_pyarrow().as_py())
    told["review.merchant"] = int(reviews.merchant.count().to_pyarrow().as_py())
    return told

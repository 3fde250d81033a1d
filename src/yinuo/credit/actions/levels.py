"""Rate listings by complaints and set buyers' levels: each one aggregation over the archive."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from yinuo.credit.models import BuyerLevel
from yinuo.credit.rules import daybook as daybooks
from yinuo.credit.rules.engine import Store, to_arrow
from yinuo.credit.rules.levels import level_of
from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.people.queries import usable_among

YEAR_DAYS = 365


@transaction.atomic
def rate_listings(*, actor: Actor, engine: Any, store: Store, as_of: int) -> int:
    """Set every listing's count of judged orders and of complaints the merchant caused, over the last 365 days."""
    allow(actor, "credit.rescore")
    columns = ["seq", "kind", "merchant", "listing", "cause", "day"]
    facts = _standing(engine, store, columns, as_of)
    facts = facts.filter(facts.listing.notnull(), facts.merchant.notnull())
    ordered = (facts.kind == "credit.dispatch_judged").cast("int64")
    complained = ((facts.kind == "credit.complaint_judged") & (facts.cause == "merchant").fill_null(False)).cast("int64")
    sums = facts.group_by("listing", "merchant").aggregate(orders=ordered.sum(), complaints=complained.sum())
    found = [row for row in to_arrow(sums).to_pylist() if row["orders"] or row["complaints"]]
    latest = {row["listing"]: (row["listing"], row["merchant"], row["orders"], row["complaints"], as_of) for row in found}
    names = ("listing", "merchant", "orders", "complaints", "as_of")
    rows.upsert(connection, "credit_listingrate", "listing", names, list(latest.values()))
    return len(latest)


@transaction.atomic
def level_buyers(*, actor: Actor, engine: Any, store: Store, as_of: int) -> int:
    """Set every buyer's level from orders, own cancellations and rejected complaints of the last 365 days."""
    allow(actor, "credit.rescore")
    columns = ["seq", "kind", "buyer", "complaint", "outcome", "by", "order", "day"]
    facts = _standing(engine, store, columns, as_of)
    counts: dict[str, list[int]] = {}
    for place, buyers in enumerate((_orders(facts), _cancelled(facts), _rejected(facts))):
        for row in to_arrow(buyers).to_pylist():
            counts.setdefault(row["buyer"], [0, 0, 0])[place] = row["times"]
    table = [
        (buyer, level_of(orders=orders, cancelled=cancelled, complaints_rejected=rejected), orders, cancelled, rejected, as_of)
        for buyer, (orders, cancelled, rejected) in counts.items()
    ]
    usable = usable_among([row[0] for row in table])        # nobody who was erased since, or whose data is not to be used
    table = [row for row in table if row[0] in usable]
    names = ("buyer", "level", "orders", "cancelled", "complaints_rejected", "as_of")
    rows.upsert(connection, "credit_buyerlevel", "buyer", names, table)
    return len(table)


@transaction.atomic
def forget_person(*, actor: Actor, person: str) -> None:
    """Delete the level of a buyer who is forgotten."""
    allow(actor, "people.erase")
    BuyerLevel.objects.filter(buyer=person).delete()


def _standing(engine: Any, store: Store, columns: list[str], as_of: int) -> Any:
    facts = store.facts(engine, columns=columns)
    facts = daybooks.standing_facts(facts, store.replaced(engine), start=0, stop=store.archived()["size"])
    return facts.filter(facts.day < as_of, facts.day >= as_of - YEAR_DAYS)


def _orders(facts: Any) -> Any:
    placed = facts.filter(facts.kind == "trade.order_placed", facts.buyer.notnull())
    return placed.group_by("buyer").aggregate(times=placed.count())


def _cancelled(facts: Any) -> Any:
    placed = facts.filter(facts.kind == "trade.order_placed", facts.buyer.notnull()).select("order", "buyer")
    called_off = facts.filter(facts.kind == "trade.order_cancelled", facts.by == "buyer").select("order").distinct()
    joined = placed.join(called_off, "order")
    return joined.group_by("buyer").aggregate(times=joined.count())


def _rejected(facts: Any) -> Any:
    opened = facts.filter(facts.kind == "care.complaint_opened", facts.buyer.notnull()).select("complaint", "buyer")
    rejected = facts.filter(facts.kind == "care.complaint_closed", facts.outcome == "rejected")
    joined = opened.join(rejected.select("complaint").distinct(), "complaint")
    return joined.group_by("buyer").aggregate(times=joined.count())

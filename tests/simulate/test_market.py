"""The simulated market: repeatable, in order, lawful on the wire, and true to what was planted."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import msgspec
import pytest

import yinuo.care.events
import yinuo.catalogue.events
import yinuo.decisions.events
import yinuo.delivery.events
import yinuo.merchants.events
import yinuo.people.events
import yinuo.reviews.events
import yinuo.trade.events  # noqa: F401 - importing them registers every kind
from yinuo.kit.facts import kind_named, kinds
from yinuo.kit.refusals import Malformed
from yinuo.simulate.market import Event, Plan, events
from yinuo.simulate.truth import truth

SMALL = Plan(seed=7, merchants=60, buyers=600, orders=2_000)
MIDDLE = Plan(seed=3, merchants=120, buyers=2_000, orders=12_000)

BEGINNINGS = {
    "people.buyer_joined", "merchants.merchant_registered", "merchants.shop_opened", "catalogue.listing_published",
    "decisions.decision_stated", "merchants.external_rating_observed", "trade.order_placed", "trade.refund_granted",
    "delivery.shipment_ready", "delivery.shipment_handed_over", "reviews.review_published", "care.complaint_opened",
}
DOMAINS = {"people", "merchants", "catalogue", "trade", "delivery", "reviews", "care", "decisions"}
NEVER_MADE = {
    "delivery.disruption_declared",     # unless the plan says that the strike is declared
    "delivery.hand_over_explained",     # nobody of the invented market objects to anything
}


@dataclass
class Ledger:
    """What a reader of the stream knows of each order."""

    placed: dict[str, Event] = field(default_factory=dict)
    paid: dict[str, datetime] = field(default_factory=dict)
    cancelled: dict[str, Event] = field(default_factory=dict)
    ready: dict[str, datetime] = field(default_factory=dict)
    handed: dict[str, datetime] = field(default_factory=dict)
    delivered: dict[str, datetime] = field(default_factory=dict)
    reviews: dict[str, Event] = field(default_factory=dict)

    def of(self, *merchants: str) -> list[str]:
        """The orders of some merchants."""
        return [order for order, event in self.placed.items() if event.data["merchant"] in merchants]

    def late(self, order: str) -> bool:
        """Whether the carrier had the order after the time promised."""
        return order in self.handed and self.handed[order] > promise(self.placed[order])

    def failed(self, order: str) -> bool:
        """Whether it was late or the merchant called it off."""
        cancelled = self.cancelled.get(order)
        return self.late(order) or (cancelled is not None and cancelled.data["by"] == "merchant")

    def share(self, orders: Iterable[str]) -> float:
        """The share that failed."""
        judged = [self.failed(order) for order in orders]
        return sum(judged) / len(judged)


def promise(placed: Event) -> datetime:
    return datetime.fromisoformat(str(placed.data["hand_over_by"]))


def read(plan: Plan) -> Ledger:
    ledger = Ledger()
    times = {
        "trade.order_paid": ledger.paid, "delivery.shipment_ready": ledger.ready,
        "delivery.shipment_handed_over": ledger.handed, "delivery.shipment_delivered": ledger.delivered,
    }
    whole = {
        "trade.order_placed": ledger.placed, "trade.order_cancelled": ledger.cancelled,
        "reviews.review_published": ledger.reviews,
    }
    for event in events(plan):
        order = str(event.data.get("order"))
        if event.type in times:
            times[event.type][order] = event.time
        elif event.type in whole:
            whole[event.type][order] = event
    return ledger


def digest(plan: Plan) -> str:
    hashed = hashlib.blake2b()
    for event in events(plan):
        hashed.update(msgspec.json.encode(event))
    return hashed.hexdigest()


@pytest.fixture(scope="module")
def small() -> list[Event]:
    return list(events(SMALL))


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return read(MIDDLE)


def test_the_same_plan_gives_the_same_events_and_another_seed_others() -> None:
    assert digest(SMALL) == digest(SMALL)
    assert digest(SMALL) != digest(replace(SMALL, seed=8))
    assert truth(SMALL) == truth(SMALL)


def test_time_never_goes_back_and_ids_are_unique(small: list[Event]) -> None:
    assert all(before.time <= after.time for before, after in pairwise(small))
    assert len({event.id for event in small}) == len(small)
    assert small[0].time.tzinfo is UTC
    assert small[-1].time.date() < SMALL.starts + timedelta(days=SMALL.days)


def test_every_event_is_what_its_kind_says_on_the_wire(small: list[Event]) -> None:
    for event in small:
        kind = kind_named(event.type)
        assert kind.external
        msgspec.json.decode(msgspec.json.encode(event.data), type=kind.wire, strict=True)
        assert None not in event.data.values()


def test_every_external_kind_is_made() -> None:
    made = {event.type for event in events(MIDDLE)}
    assert made == {name for name, kind in kinds().items() if kind.external and kind.domain in DOMAINS} - NEVER_MADE


def test_moments_are_written_in_utc(small: list[Event]) -> None:
    placed = next(event for event in small if event.type == "trade.order_placed")
    assert str(placed.data["hand_over_by"]).endswith("Z")
    assert promise(placed) - placed.time in (timedelta(hours=48), timedelta(hours=72))


def test_nothing_is_spoken_of_before_it_exists(small: list[Event]) -> None:
    known: set[tuple[str, object]] = set()
    for event in small:
        kind = kind_named(event.type)
        named = {name: (subject, event.data[name]) for name, subject in kind.subjects.items() if name in event.data}
        begun = {kind.about, "shipment"}   # a shipment begins with whichever of its events comes first
        assert all(pair in known for name, pair in named.items() if name not in begun)
        assert event.type in BEGINNINGS or named[kind.about] in known
        known.update(named.values())


def test_an_order_lives_forwards(ledger: Ledger) -> None:
    for order, event in ledger.placed.items():
        later = (ledger.paid, ledger.ready, ledger.handed, ledger.delivered)
        steps = [event.time, *(step[order] for step in later if order in step)]
        assert all(before < after for before, after in pairwise(steps))
        if order in ledger.cancelled:
            assert order not in ledger.handed
            assert ledger.cancelled[order].time > steps[-1]
        if order in ledger.reviews:
            assert ledger.reviews[order].time > ledger.delivered[order]


def test_exactly_as_many_orders_are_placed_as_planned(small: list[Event], ledger: Ledger) -> None:
    assert sum(event.type == "trade.order_placed" for event in small) == SMALL.orders
    assert len(ledger.placed) == MIDDLE.orders


def test_merchants_trade_only_while_they_are_there(ledger: Ledger) -> None:
    for merchant in truth(MIDDLE).merchants:
        days = [ledger.placed[order].time.date() for order in ledger.of(merchant.merchant)]
        assert all(merchant.joined_on < day < (merchant.left_on or date.max) for day in days)


def test_one_merchant_goes_bad_and_one_recovers(ledger: Ledger) -> None:
    answers = truth(MIDDLE)
    (bad,), (good,) = answers.of_type("goes_bad"), answers.of_type("recovers")
    assert bad.turned_bad_on is not None
    assert good.recovered_on is not None
    before, after = split(ledger, bad.merchant, bad.turned_bad_on)
    assert ledger.share(before) < 0.06
    assert 0.28 < ledger.share(after) < 0.48
    before, after = split(ledger, good.merchant, good.recovered_on)
    assert ledger.share(before) > 0.25
    assert ledger.share(after) < 0.15


def split(ledger: Ledger, merchant: str, day: date) -> tuple[list[str], list[str]]:
    orders = ledger.of(merchant)
    before = [order for order in orders if ledger.placed[order].time.date() < day]
    return before, [order for order in orders if ledger.placed[order].time.date() >= day]


def test_types_of_merchant_behave_as_named(ledger: Ledger) -> None:
    answers = truth(MIDDLE)
    share = {
        type_: ledger.share(ledger.of(*(merchant.merchant for merchant in answers.of_type(type_))))
        for type_ in ("honest", "late", "canceller", "counterfeiter")
    }
    assert share["honest"] < 0.10
    assert share["late"] > 0.22
    assert share["canceller"] > 0.10
    assert share["counterfeiter"] < 0.04


def test_in_the_strike_the_carrier_is_late_and_merchants_are_not(ledger: Ledger) -> None:
    strike = truth(MIDDLE).strike
    inside = [
        order for order, event in ledger.placed.items()
        if strike.from_day <= event.time.date() < strike.until_day and order in ledger.handed
    ]
    struck = [order for order in inside if ledger.placed[order].data["carrier"] == strike.carrier]
    assert ledger.share(struck) > 0.75
    assert ledger.share(set(inside) - set(struck)) < 0.25
    stated = [order for order in struck if order in ledger.ready]
    assert sum(ledger.ready[order] <= promise(ledger.placed[order]) for order in stated) / len(stated) > 0.8


def test_the_strike_is_declared_only_on_demand() -> None:
    declared = [event for event in events(replace(SMALL, strike_declared=True)) if "disruption" in event.data]
    strike = truth(SMALL).strike
    assert [event.data["carrier"] for event in declared] == [strike.carrier]
    assert declared[0].time.date() == strike.from_day + timedelta(days=2)
    assert all("disruption" not in event.data for event in events(SMALL))


def test_on_the_sale_day_all_buy_more_and_are_slower(ledger: Ledger) -> None:
    sale = truth(MIDDLE).sale_day
    days = Counter(event.time.date() for event in ledger.placed.values())
    assert days[sale] > 2.5 * MIDDLE.orders / MIDDLE.days
    honest = ledger.of(*(merchant.merchant for merchant in truth(MIDDLE).of_type("honest")))
    rush = [order for order in honest if timedelta(0) <= ledger.placed[order].time.date() - sale < timedelta(days=3)]
    assert ledger.share(rush) > 2 * ledger.share(honest)


def test_rings_buy_praise_in_time_and_share_homes(ledger: Ledger) -> None:
    for ring in truth(MIDDLE).rings:
        homes = {str(ledger.placed[order].data["address"]) for order in fakes(ledger, ring.merchants, ring.buyers)}
        orders = [
            order for order in fakes(ledger, ring.merchants, ring.buyers)
            if ring.from_day <= ledger.placed[order].time.date() < ring.until_day
        ]
        assert ring.orders <= len(orders) <= ring.orders + 3   # now and then a member really buys there
        assert len(homes) <= 8
        assert ledger.share(orders) < 0.03
        praised = [ledger.reviews[order] for order in orders if order in ledger.reviews]
        assert len(praised) > 0.8 * ring.orders
        assert sum(event.data["stars"] == 5 for event in praised) >= len(praised) - 2


def fakes(ledger: Ledger, merchants: tuple[str, ...], buyers: tuple[str, ...]) -> list[str]:
    return [order for order in ledger.of(*merchants) if ledger.placed[order].data["buyer"] in buyers]


def test_a_late_merchant_orders_from_himself_for_one_yuan(ledger: Ledger) -> None:
    scheme = truth(MIDDLE).self_orders
    own = [order for order, event in ledger.placed.items() if event.data["amount_minor"] == 100]
    assert len(own) == scheme.orders
    assert {ledger.placed[order].data["buyer"] for order in own} <= set(scheme.buyers)
    assert len({ledger.placed[order].data["address"] for order in own}) == 1
    assert ledger.share(own) == 0
    assert ledger.share(set(ledger.of(scheme.merchant)) - set(own)) > 0.2


def test_the_counterfeiter_is_found_out_and_the_wrongly_accused_cleared(small: list[Event]) -> None:
    found = [
        event for event in small
        if event.type.startswith("decisions.") and event.data["decision"].startswith("finding-")
        and event.data.get("act") != "listing_removed"
    ]
    wrong, right = truth(SMALL).findings
    assert [(event.data["decision"], event.time.date()) for event in found] == [
        (wrong.finding, wrong.found_on), (wrong.finding, wrong.overturned_on), (right.finding, right.found_on),
    ]
    withdrawn = next(event for event in small if event.data.get("act") == "listing_removed")
    assert not any(
        event.data["listing"] == withdrawn.data["listing"]
        for event in small if event.type == "trade.order_placed" and event.time > withdrawn.time
    )


def test_only_modern_merchants_state_that_parcels_are_ready(ledger: Ledger) -> None:
    modern = {merchant.merchant for merchant in truth(MIDDLE).merchants if merchant.states_ready}
    assert {str(ledger.placed[order].data["merchant"]) for order in ledger.ready} <= modern
    assert 0.45 < len(modern) / MIDDLE.merchants < 0.75


def test_truth_is_json_and_names_are_unique() -> None:
    answers = truth(MIDDLE)
    assert msgspec.json.decode(msgspec.json.encode(answers), type=type(answers)) == answers
    assert len({merchant.name for merchant in answers.merchants}) == MIDDLE.merchants


def test_the_stream_keeps_only_what_is_pending() -> None:
    """A market three times as long needs no more memory at any moment, at the same orders a day."""
    assert peak(replace(SMALL, days=360, orders=3_600)) < 1.5 * peak(replace(SMALL, days=120, orders=1_200))


def peak(plan: Plan) -> int:
    tracemalloc.start()
    try:
        for _ in events(plan):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_first_events_of_a_huge_market_come_at_once() -> None:
    first = list(islice(events(Plan(merchants=2_000, buyers=1_000_000, orders=5_000_000)), 10))
    assert first[0].type == "merchants.merchant_registered"


def test_a_market_too_small_is_refused() -> None:
    with pytest.raises(Malformed):
        Plan(merchants=5)
    with pytest.raises(Malformed):
        Plan(rings=30)


@pytest.mark.parametrize("plan", [
    Plan(merchants=24, buyers=300, orders=500, days=60),
    Plan(merchants=120, buyers=1_500, orders=18_000, rings=6, days=100),
    Plan(merchants=60, buyers=300, orders=500, rings=0, starts=date(2024, 6, 15), days=800),
])
def test_odd_sizes_hold_together(plan: Plan) -> None:
    placed = sum(event.type == "trade.order_placed" for event in events(plan))
    assert placed == plan.orders
    assert len(truth(plan).rings) == plan.rings

"""A seeded marketplace as a stream of events in order of time, made day by day: memory holds only what is pending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from typing import NamedTuple

from yinuo.simulate.agenda import Agenda, Happening, moment
from yinuo.simulate.cast import (
    REGIONS,
    Cast,
    Fake,
    Merchant,
    buyer_id,
    buyers_joined,
    cast_of,
    fingerprint,
    home_of,
    wallet_of,
)
from yinuo.simulate.lives import CURRENCY, Customer, Lives
from yinuo.simulate.names import FINDING_REASONS, listing_title, nickname
from yinuo.simulate.plan import DAY_SECONDS, HOUR_SECONDS, Plan
from yinuo.simulate.seasons import shared_out
from yinuo.simulate.truth import COUNTERFEIT_FINDING, WRONG_FINDING

__all__ = ["Event", "Plan", "events"]

# By the hour in UTC; China is 8 hours ahead.
_HOUR_WEIGHTS = (6, 7, 8, 7, 8, 7, 6, 6, 6, 6, 6, 7, 9, 9, 7, 4, 2, 1, 1, 1, 1, 1, 2, 4)
_HOURS = tuple(hour for hour, weight in enumerate(_HOUR_WEIGHTS) for _ in range(weight))
_JOINING_SECONDS = 3 * HOUR_SECONDS
_KEENNESS = 1.35
_RATED_SHARE = 0.25
_HOMES_OF_A_RING = 5
_WALLETS_OF_A_RING = 4


class Event(NamedTuple):
    """One event as a shop would send it: an id of its own, a kind of fact, when it happened, and its data."""

    id: str
    type: str
    time: datetime
    data: dict[str, object]


def events(plan: Plan) -> Iterator[Event]:
    """Everything that happens in the market of a plan, never going back in time; the same plan, the same events."""
    fromtimestamp = datetime.fromtimestamp
    for number, (second, kind, data) in enumerate(_happenings(plan), start=1):
        yield Event(f"event-{number:08d}", kind, fromtimestamp(second, UTC), data)


def _happenings(plan: Plan) -> Iterator[Happening]:
    cast = cast_of(plan)
    chance = plan.random("market")
    agenda = Agenda(plan.start_second, plan.days)
    counter = Counter(cast, Lives(cast, agenda, chance), chance)
    _note_planted(cast, agenda)
    _note_ratings(cast, agenda, chance)
    yield from _opening(cast)
    for day in range(1, plan.days):
        _note_arrivals(cast, agenda, day)
        counter.open(day)
        yield from agenda.take(day)


class Counter:
    """Where orders are placed: each day's ordinary ones, and among them the fake ones of that day."""

    def __init__(self, cast: Cast, lives: Lives, chance: Random) -> None:
        self._cast = cast
        self._lives = lives
        self._chance = chance
        self._fakes = _fakes_by_day(cast)
        planted = sum(map(len, self._fakes.values()))
        self._orders = shared_out(cast.plan.orders - planted, (0.0, *cast.seasons.demand[1:]))
        self._change_days = {day for merchant in cast.merchants for day in (merchant.joins_on + 1, merchant.leaves_on)}
        self._open: list[Merchant] = []
        self._rates: list[float] = []

    def open(self, day: int) -> None:
        """Place the orders of a day and note what becomes of each."""
        if day in self._change_days:
            self._open = [each for each in self._cast.merchants if each.joins_on < day < each.leaves_on]
            self._rates = list(accumulate(merchant.rate for merchant in self._open))
        orders = self._orders[day]
        fakes: list[tuple[Fake, int | None] | None] = [None] * orders
        fakes += self._fakes.get(day, [])
        self._chance.shuffle(fakes)
        merchants = iter(self._chance.choices(self._open, cum_weights=self._rates, k=orders))
        buyers = buyers_joined(self._cast.plan, day - 1)
        for second, fake in zip(self._seconds(day, len(fakes)), fakes, strict=True):
            if fake is None:
                self._ordinary(second, next(merchants), buyers)
            else:
                self._planted(second, *fake)

    def _seconds(self, day: int, orders: int) -> list[int]:
        starts = self._cast.plan.second_of(day)
        random, hours = self._chance.random, len(_HOURS)
        return sorted(starts + int((_HOURS[int(random() * hours)] + random()) * HOUR_SECONDS) for _ in range(orders))

    def _ordinary(self, second: int, merchant: Merchant, buyers: int) -> None:
        # The power makes those who joined early the keenest: a heavy tail of buyers without a table of them.
        buyer = int(self._chance.random() ** _KEENNESS * buyers)
        home, wallet = fingerprint("a", home_of(buyer)), fingerprint("p", wallet_of(buyer))
        self._lives.unfold(self._lives.place(second, merchant, Customer(buyer, region_of(buyer), home, wallet)))

    def _planted(self, second: int, fake: Fake, ring: int | None) -> None:
        merchant = self._cast.merchants[fake.merchant - 1]
        plan = self._cast.plan
        scheme = plan.buyers + 10 * (0 if ring is None else ring + 1)   # homes and wallets that no honest buyer has
        homes, wallets = (1, 1) if ring is None else (_HOMES_OF_A_RING, _WALLETS_OF_A_RING)
        home, wallet = fingerprint("a", scheme + fake.buyer % homes), fingerprint("p", scheme + fake.buyer % wallets)
        customer = Customer(fake.buyer, region_of(fake.buyer), home, wallet)
        self._lives.unfold_fake(self._lives.place(second, merchant, customer, one_yuan=ring is None), ring)


def region_of(buyer: int) -> int:
    """Where a buyer lives, as a place in `REGIONS`."""
    place = buyer * 7919 % 100
    return 0 if place < 38 else 1 if place < 60 else 2 if place < 87 else 3


def _fakes_by_day(cast: Cast) -> dict[int, list[tuple[Fake, int | None] | None]]:
    """The fake orders of each day with the number of their ring; None for a merchant's own."""
    days: dict[int, list[tuple[Fake, int | None] | None]] = {}
    for number, ring in enumerate(cast.rings):
        for fake in ring.fakes:
            days.setdefault(fake.day, []).append((fake, number))
    for fake in cast.self_orders.fakes:
        days.setdefault(fake.day, []).append((fake, None))
    return days


def _opening(cast: Cast) -> Iterator[Happening]:
    """The first day: merchants register in its first half, buyers in its second; streamed, as there may be many."""
    plan = cast.plan
    founders = [merchant for merchant in cast.merchants if merchant.joins_on == 0]
    half = DAY_SECONDS // 2
    for place, merchant in enumerate(founders):
        yield from _registration(merchant, plan.start_second + half * place // len(founders))
    buyers = buyers_joined(plan, 0)
    for buyer in range(buyers):
        yield _account(buyer, plan.start_second + half + half * buyer // buyers)


def _note_arrivals(cast: Cast, agenda: Agenda, day: int) -> None:
    """The merchants and buyers who join on a later day; they trade from the next day on."""
    starts = cast.plan.second_of(day)
    for merchant in cast.joiners.get(day, ()):
        for happening in _registration(merchant, starts + merchant.number * 61 % _JOINING_SECONDS):
            agenda.add(*happening)
    first, end = buyers_joined(cast.plan, day - 1), buyers_joined(cast.plan, day)
    for place, buyer in enumerate(range(first, end)):
        agenda.add(*_account(buyer, starts + DAY_SECONDS * place // (end - first)))


def _registration(merchant: Merchant, second: int) -> Iterator[Happening]:
    form = "sole_trader" if merchant.number % 3 == 0 else "legal_person"
    yield second, "merchants.merchant_registered", {
        "merchant": merchant.id, "form": form, "region": merchant.region, "name": merchant.name,
    }
    category = merchant.category
    yield second, "merchants.shop_opened", {
        "shop": f"shop-{merchant.number:05d}", "merchant": merchant.id, "category": category.code,
        "name": merchant.name,
    }
    for place, price_minor in enumerate(merchant.prices_minor):
        yield second, "catalogue.listing_published", {
            "listing": f"listing-{merchant.first_listing + place:06d}", "merchant": merchant.id,
            "category": category.code, "price_minor": price_minor, "currency": CURRENCY,
            "title": listing_title(category, merchant.number + place),
        }


def _account(buyer: int, second: int) -> Happening:
    return second, "people.buyer_joined", {
        "buyer": buyer_id(buyer), "region": REGIONS[region_of(buyer)], "name": nickname(buyer),
    }


def _note_planted(cast: Cast, agenda: Agenda) -> None:
    """Findings, the strike if it is declared, and merchants who leave."""
    plan = cast.plan
    counterfeiter, accused = cast.only("counterfeiter"), cast.only("wrongly_accused")
    listing = f"listing-{counterfeiter.first_listing:06d}"
    found = plan.second_of(cast.finding_day)
    agenda.add(plan.second_of(cast.accused_day) + 2 * HOUR_SECONDS, "decisions.decision_stated", {
        "decision": WRONG_FINDING, "act": "goods_unlawful", "ground": "counterfeit", "automated": "no",
        "merchant": accused.id, "listing": f"listing-{accused.first_listing:06d}", "reasons": FINDING_REASONS[0],
    })
    agenda.add(plan.second_of(cast.cleared_day) + 2 * HOUR_SECONDS, "decisions.decision_withdrawn", {
        "decision": WRONG_FINDING,
    })
    for decision, act in ((COUNTERFEIT_FINDING, "goods_unlawful"), (f"{COUNTERFEIT_FINDING}-removal", "listing_removed")):
        agenda.add(found, "decisions.decision_stated", {
            "decision": decision, "act": act, "ground": "counterfeit", "automated": "no", "merchant": counterfeiter.id,
            "listing": listing, "reasons": FINDING_REASONS[1],
        })
    for merchant in cast.merchants:
        if merchant.leaves_on < plan.days:
            left = plan.second_of(merchant.leaves_on)
            agenda.add(left, "merchants.merchant_closed", {"merchant": merchant.id, "ground": "own_wish"})
            for place in range(len(merchant.prices_minor)):
                gone: dict[str, object] = {"listing": f"listing-{merchant.first_listing + place:06d}", "ground": "merchant"}
                agenda.add(left, "catalogue.listing_withdrawn", gone)
    if plan.strike_declared:
        _note_strike(cast, agenda)


def _note_strike(cast: Cast, agenda: Agenda) -> None:
    strike = cast.seasons.strike
    agenda.add(strike.declared_second, "delivery.disruption_declared", {
        "disruption": "disruption-0001", "carrier": strike.carrier,
        "starts": moment(strike.from_second), "ends": moment(strike.until_second),
    })


def _note_ratings(cast: Cast, agenda: Agenda, chance: Random) -> None:
    """What a third party publishes about some of the merchants, a while after they joined."""
    rated = (merchant for merchant in cast.merchants if chance.random() < _RATED_SHARE)
    for number, merchant in enumerate(rated, start=1):
        day = merchant.joins_on + chance.randint(5, 60)
        if day >= merchant.leaves_on:
            continue
        value = min(500, max(100, round(100 * chance.gauss(merchant.before.stars - 0.3, 0.3))))
        agenda.add(cast.plan.second_of(day) + chance.randrange(DAY_SECONDS), "merchants.external_rating_observed", {
            "rating": f"rating-{number:05d}", "merchant": merchant.id, "publisher": "open-ratings",
            "value_hundredths": value, "scale_hundredths": 500,
        })

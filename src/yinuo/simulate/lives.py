"""The life of an order: what becomes of it from its placing to the last word about it, noted in the agenda at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from math import exp
from random import Random
from typing import NamedTuple

from yinuo.simulate.agenda import Agenda, moment
from yinuo.simulate.cast import CARRIERS, REGIONS, Cast, Conduct, Merchant, buyer_id
from yinuo.simulate.names import HIDING_REASONS, reply_words, review_title, review_words, scripted_words
from yinuo.simulate.plan import DAY_SECONDS, HOUR_SECONDS

CURRENCY = "CNY"

_CARRIERS_CLOSE = 13 * HOUR_SECONDS       # 21:00 in China; they open again at midnight UTC, 8:00 in China
_DISTANCE_DAYS = ((2, 3, 3, 4), (3, 2, 4, 4), (3, 4, 2, 5), (4, 4, 5, 2))
_CARRIER_PACES = {"swift": 0.58, "harbor": 0.68, "plain": 0.80}
_METHODS = ("wallet", "wallet", "card", "bank")

_EVERYDAY_TOPICS = (("service", 0.5), ("not_as_described", 0.8), ("unsafe", 0.83), ("other", 1.01))
_EVERYDAY_CAUSES = (("merchant", 0.4), ("buyer", 0.75), ("unknown", 1.01))

_LOST = 0.0008
_DAMAGED = 0.004
_UNPAID = 0.003
_CHANGED_MIND = 0.010
_WITHDRAWN = 0.006
_REVIEWED = 0.35
_HIDING_GROUNDS = ("insult", "advertising", "personal_data", "not_this_purchase")
_REFUND_GROUNDS = {
    "not_as_described": "not_as_described", "unsafe": "not_as_described", "damaged": "damaged", "late": "late",
}


class Customer(NamedTuple):
    """Who orders: a buyer's number, the region as a place in `REGIONS`, the fingerprints of home and wallet."""

    buyer: int
    region: int
    address: str
    payer: str


@dataclass(slots=True)
class Sale:
    """One order while its life is written. Times are seconds since 1970."""

    number: int
    order: str
    merchant: Merchant
    conduct: Conduct
    listing: str
    buyer: str
    amount_minor: int
    carrier: str
    transit_days: int
    transit_pace: float
    slowness: float
    placed: int
    hand_over_by: int
    deliver_by: int
    paid: int = 0
    handed: int = 0
    arrived: int = 0
    harm: str = ""
    harm_cause: str = "unknown"


class Lives:
    """Writes lives of orders into an agenda."""

    def __init__(self, cast: Cast, agenda: Agenda, chance: Random) -> None:
        self._cast = cast
        self._add = agenda.add
        self._chance = chance
        self._random = chance.random
        self._numbers = {name: count(1) for name in ("order", "review", "complaint", "refund")}
        self._start_second = cast.plan.start_second
        self._strike = cast.seasons.strike
        self._transit_paces = _transit_paces(cast)

    def place(self, second: int, merchant: Merchant, customer: Customer, *, one_yuan: bool = False) -> Sale:
        """Note that a customer orders, and give the sale to carry on. Orders of one yuan avoid the struck carrier."""
        random, destination = self._random, customer.region
        day = (second - self._start_second) // DAY_SECONDS
        listing = int(random() ** 2 * len(merchant.prices_minor))
        if merchant.type == "counterfeiter" and listing == 0 and day >= self._cast.finding_day:
            listing = 1   # the first was withdrawn
        items = 1 if one_yuan or random() < 0.86 else int(2 + 2 * random())
        carrier = CARRIERS[1] if one_yuan else merchant.carrier if random() < 0.8 else _any_carrier(random())
        transit_days = _DISTANCE_DAYS[merchant.region_number][destination]
        hand_over_by = second + merchant.category.dispatch_hours * HOUR_SECONDS
        number = next(self._numbers["order"])
        sale = Sale(
            number=number, order=f"order-{number:06d}", merchant=merchant,
            conduct=merchant.before if day < merchant.turns_on else merchant.after,
            listing=f"listing-{merchant.first_listing + listing:06d}", buyer=buyer_id(customer.buyer),
            amount_minor=100 if one_yuan else merchant.prices_minor[listing] * items, carrier=carrier,
            transit_days=transit_days, transit_pace=self._transit_paces[carrier, merchant.region_number, destination],
            slowness=self._cast.seasons.slowness[day], placed=second, hand_over_by=hand_over_by,
            deliver_by=hand_over_by + transit_days * DAY_SECONDS,
        )
        self._placed(sale, customer, items)
        return sale

    def unfold(self, sale: Sale) -> None:
        """Note all that becomes of an honest buyer's order."""
        if not self._pay(sale) or self._call_off(sale):
            return
        self._dispatch(sale, self._ready_at(sale))
        self._carry(sale)
        self._review(sale)
        if not sale.harm and self._random() < _WITHDRAWN:
            self._withdraw(sale)   # and complains of nothing: an order is never refunded twice
        else:
            self._complain(sale)

    def unfold_fake(self, sale: Sale, script: int | None) -> None:
        """Note the life of an order that was placed to be praised: on time to the hour, five stars soon after."""
        random = self._random
        self._paid(sale, 30 + int(150 * random()))
        used = (0.05 + 0.30 * random()) * (sale.hand_over_by - sale.placed)
        ready = sale.paid + int(used)
        sale.handed = _in_working_hours(ready + HOUR_SECONDS, random())
        self._hand_over(sale, ready)
        transit = (0.35 + 0.35 * random()) * sale.transit_days * DAY_SECONDS
        sale.arrived = _in_working_hours(sale.handed + int(transit), random())
        self._deliver(sale)
        if random() < 0.93:
            self._praise(sale, script)

    # placing, payment, cancelling

    def _placed(self, sale: Sale, customer: Customer, items: int) -> None:
        self._add(sale.placed, "trade.order_placed", {
            "order": sale.order, "merchant": sale.merchant.id, "amount_minor": sale.amount_minor, "currency": CURRENCY,
            "buyer": sale.buyer, "listing": sale.listing, "items": items,
            "hand_over_by": moment(sale.hand_over_by), "deliver_by": moment(sale.deliver_by),
            "origin": sale.merchant.region, "destination": REGIONS[customer.region], "carrier": sale.carrier,
            "payer": customer.payer, "address": customer.address,
        })

    def _pay(self, sale: Sale) -> bool:
        if self._random() < _UNPAID:
            self._cancelled(sale, sale.placed + 1800, "buyer", "unpaid")
            return False
        self._paid(sale, 20 + int(900 * self._random() ** 3))
        return True

    def _paid(self, sale: Sale, wait_seconds: int) -> None:
        sale.paid = sale.placed + wait_seconds
        self._add(sale.paid, "trade.order_paid", {
            "order": sale.order, "amount_minor": sale.amount_minor, "method": _METHODS[int(4 * self._random())],
        })

    def _call_off(self, sale: Sale) -> bool:
        luck = self._random()
        if luck < sale.conduct.cancels:
            share = 0.10 + 0.85 * self._random()
            at = sale.paid + int(share * (sale.hand_over_by - sale.placed))
            self._cancelled(sale, at, "merchant", "out_of_stock")
            return True
        if luck > 1 - _CHANGED_MIND:
            self._cancelled(sale, sale.paid + int(6 * HOUR_SECONDS * self._random()), "buyer", "changed_mind")
            return True
        return False

    def _cancelled(self, sale: Sale, second: int, by: str, ground: str) -> None:
        self._add(second, "trade.order_cancelled", {"order": sale.order, "by": by, "ground": ground})

    # dispatch and carriage

    def _ready_at(self, sale: Sale) -> int:
        conduct = sale.conduct
        share = conduct.pace * sale.slowness * exp(conduct.spread * self._chance.gauss(0.0, 1.0))
        return sale.paid + int(min(share, 5.0) * (sale.hand_over_by - sale.placed))

    def _dispatch(self, sale: Sale, ready: int) -> None:
        random = self._random
        collected = ready + int((1 + 4 * random()) * HOUR_SECONDS)
        strike = self._strike
        if strike.from_second <= ready < strike.until_second and sale.carrier == strike.carrier:
            collected += int((2 + 3.5 * random()) * DAY_SECONDS)
        sale.handed = _in_working_hours(collected, random())
        self._hand_over(sale, ready)

    def _hand_over(self, sale: Sale, ready: int) -> None:
        shipment = f"shipment-{sale.number:06d}"
        if sale.merchant.states_ready:
            self._add(ready, "delivery.shipment_ready", {"shipment": shipment, "order": sale.order})
        self._add(sale.handed, "delivery.shipment_handed_over", {
            "shipment": shipment, "order": sale.order, "carrier": sale.carrier,
        })

    def _carry(self, sale: Sale) -> None:
        luck = self._random()
        transit = sale.transit_pace * sale.slowness * exp(0.3 * self._chance.gauss(0.0, 1.0))
        sale.arrived = _in_working_hours(
            sale.handed + int(transit * sale.transit_days * DAY_SECONDS), self._random()
        )
        if luck < _LOST:
            self._harm(sale, sale.deliver_by + 5 * DAY_SECONDS, "lost", "carrier")
            return
        self._deliver(sale)
        if luck < _LOST + _DAMAGED:
            cause = "carrier" if self._random() < 0.65 else "merchant" if self._random() < 0.6 else "unknown"
            self._harm(sale, sale.arrived + 600, "damaged", cause)

    def _deliver(self, sale: Sale) -> None:
        self._add(sale.arrived, "delivery.shipment_delivered", {
            "shipment": f"shipment-{sale.number:06d}", "order": sale.order,
        })

    def _harm(self, sale: Sale, second: int, harm: str, cause: str) -> None:
        second = max(second, sale.handed + DAY_SECONDS) if harm == "lost" else second
        sale.harm, sale.harm_cause, sale.arrived = harm, cause, second
        self._add(second, "delivery.shipment_damaged", {
            "shipment": f"shipment-{sale.number:06d}", "order": sale.order, "harm": harm, "cause": cause,
        })

    def _withdraw(self, sale: Sale) -> None:
        self._refund(sale, sale.arrived + int((1 + 6 * self._random()) * DAY_SECONDS), sale.amount_minor, "withdrawal")

    def _refund(self, sale: Sale, second: int, amount_minor: int, ground: str) -> None:
        self._add(second, "trade.refund_granted", {
            "refund": f"refund-{next(self._numbers['refund']):06d}", "order": sale.order,
            "amount_minor": amount_minor, "ground": ground,
        })

    # reviews

    def _review(self, sale: Sale) -> None:
        if self._random() >= _REVIEWED or sale.harm == "lost":
            return
        mean = sale.conduct.stars
        if sale.harm:
            mean -= 2.2
        elif sale.arrived > sale.deliver_by:
            mean -= 1.3
        elif sale.handed > sale.hand_over_by:
            mean -= 0.5
        stars = min(5, max(1, round(self._chance.gauss(mean, 1.0))))
        at = sale.arrived + int((0.1 + 8 * self._random() ** 2) * DAY_SECONDS)
        chance = self._chance
        words = review_words(chance, stars, sale.merchant.category) if self._random() < 0.8 else ""
        review = self._publish(sale, at, stars, words, review_title(chance, stars) if self._random() < 0.3 else "")
        self._follow_up(at, review, stars, sale.buyer)

    def _publish(self, sale: Sale, second: int, stars: int, words: str, title: str) -> str:
        review = f"review-{next(self._numbers['review']):06d}"
        data: dict[str, object] = {
            "review": review, "stars": stars, "buyer": sale.buyer, "order": sale.order, "merchant": sale.merchant.id,
            "listing": sale.listing,
        }
        if words:
            data["words"] = words
        if title:
            data["title"] = title
        self._add(second, "reviews.review_published", data)
        return review

    def _follow_up(self, published: int, review: str, stars: int, buyer: str) -> None:
        random = self._random
        if random() < (0.20 if stars <= 3 else 0.06):
            replied = published + int((2 + 70 * random()) * HOUR_SECONDS)
            self._add(replied, "reviews.review_replied", {"review": review, "reply": reply_words(self._chance)})
        if random() < 0.004:
            hidden = published + int((0.2 + 4 * random()) * DAY_SECONDS)
            ground = _HIDING_GROUNDS[int(4 * random())]
            self._add(hidden, "decisions.decision_stated", {
                "decision": f"hiding-{review}", "act": "review_hidden", "ground": ground, "automated": "partly", "buyer": buyer,
                "review": review, "reasons": HIDING_REASONS[ground],
            })
            if random() < 0.4:
                restored = hidden + int((2 + 8 * random()) * DAY_SECONDS)
                self._add(restored, "decisions.decision_withdrawn", {"decision": f"hiding-{review}"})

    def _praise(self, sale: Sale, script: int | None) -> None:
        chance = self._chance
        at = sale.arrived + int((0.5 + 4.5 * self._random()) * HOUR_SECONDS)
        category = sale.merchant.category
        words = review_words(chance, 5, category) if script is None else scripted_words(chance, script)
        self._publish(sale, at, 5, words, review_title(chance, 5) if self._random() < 0.3 else "")

    # complaints

    def _complain(self, sale: Sale) -> None:
        found = self._grievance(sale)
        if found is None:
            return
        topic, cause = found
        random = self._random
        opened = sale.arrived + int((1 + 60 * random()) * HOUR_SECONDS)
        answered = opened + int(sale.conduct.answer_hours * self._chance.lognormvariate(0, 0.6) * HOUR_SECONDS)
        closed = answered + int((0.5 + 6 * random()) * DAY_SECONDS)
        complaint = f"complaint-{next(self._numbers['complaint']):06d}"
        about: dict[str, object] = {"complaint": complaint, "merchant": sale.merchant.id}
        self._add(opened, "care.complaint_opened", about | {
            "order": sale.order, "listing": sale.listing, "buyer": sale.buyer, "topic": topic,
        })
        if random() < 0.93:
            self._add(answered, "care.complaint_answered", dict(about))
        outcome = _outcome(cause, random())
        self._add(closed, "care.complaint_closed", about | {"outcome": outcome, "cause": cause})
        if outcome in ("upheld", "settled") and random() < 0.8:
            amount = sale.amount_minor if outcome == "upheld" else sale.amount_minor // 2
            self._refund(sale, closed + 900, amount, _REFUND_GROUNDS.get(topic, "goodwill"))

    def _grievance(self, sale: Sale) -> tuple[str, str] | None:
        """What the buyer complains of and whose fault it will be found to be; None when there is no complaint."""
        luck = self._random()
        if sale.harm == "lost":
            return ("not_received", "carrier") if luck < 0.9 else None
        if sale.harm == "damaged":
            return ("damaged", sale.harm_cause) if luck < 0.6 else None
        if luck < sale.conduct.misdescribes:
            return "not_as_described", "merchant"
        luck -= sale.conduct.misdescribes
        if luck < 0.004:
            return _everyday_grievance(luck / 0.004, self._random())
        if sale.arrived > sale.deliver_by and luck < 0.05:
            return "late", self._cause_of_lateness(sale)
        return None

    def _cause_of_lateness(self, sale: Sale) -> str:
        strike = self._strike
        struck = sale.carrier == strike.carrier and strike.from_second <= sale.hand_over_by < strike.until_second
        return "carrier" if struck or sale.handed <= sale.hand_over_by else "merchant"


def _in_working_hours(second: int, luck: float) -> int:
    """That moment, or some time the next morning when carriers have closed."""
    over = second % DAY_SECONDS - _CARRIERS_CLOSE
    return second if over <= 0 else second - over + DAY_SECONDS - _CARRIERS_CLOSE + int(3 * HOUR_SECONDS * luck)


def _any_carrier(luck: float) -> str:
    return CARRIERS[0] if luck < 0.5 else CARRIERS[1] if luck < 0.8 else CARRIERS[2]


def _transit_paces(cast: Cast) -> dict[tuple[str, int, int], float]:
    """How fast each carrier really is on each lane, as a share of the transit time promised."""
    chance = cast.plan.random("lanes")
    regions = range(len(REGIONS))
    return {
        (carrier, origin, destination): pace * chance.lognormvariate(0, 0.10)
        for carrier, pace in _CARRIER_PACES.items() for origin in regions for destination in regions
    }


def _everyday_grievance(topic_luck: float, cause_luck: float) -> tuple[str, str]:
    topic = next(topic for topic, share in _EVERYDAY_TOPICS if topic_luck < share)
    return topic, next(cause for cause, share in _EVERYDAY_CAUSES if cause_luck < share)


def _outcome(cause: str, luck: float) -> str:
    if cause in ("merchant", "carrier"):
        return "upheld" if luck < 0.7 else "settled"
    if cause == "buyer":
        return "rejected" if luck < 0.8 else "withdrawn"
    return "settled" if luck < 0.4 else "rejected"

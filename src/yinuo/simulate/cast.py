"""Who takes part: merchants with their conduct, buyers, and those who cheat. Planned up front from the seed alone."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from yinuo.simulate.names import CATEGORIES, Category, shop_name
from yinuo.simulate.plan import Plan
from yinuo.simulate.seasons import STRUCK_CARRIER, Seasons, seasons_of

REGIONS = ("east", "north", "south", "west")
_REGION_WEIGHTS = (40, 20, 28, 12)
CARRIERS = (STRUCK_CARRIER, "harbor", "plain")
_CARRIER_WEIGHTS = (50, 30, 20)

_LATE_SHARE = 0.08
_CANCELLER_SHARE = 0.04
_NEWCOMER_SHARE = 0.10
_NEWCOMER_DAYS = 60
_JOINS_LATER_SHARE = 0.15
_LEAVES_SHARE = 0.02
_MODERN_SHARE = 0.60
_RING_MERCHANTS = 3

_TURNS_BAD = 0.29          # mid-April in a plan that is the year
_RECOVERS = 0.37           # mid-May
_FOUND_OUT = 0.78          # mid-October
_ACCUSED = 0.62
_CLEARED_AFTER_DAYS = 12
_RING_SPANS = ((0.22, 0.40), (0.64, 0.80))
_SELF_ORDERS_SPAN = (0.15, 0.95)

_FULL_SIZE_ORDERS = 60_000   # from this size on, a ring is as large as rings get
_RING_BUYERS = 40
_RING_ORDERS = 450
_SELF_ORDERS = 200
_SELF_BUYERS = 3


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a merchant behaves: chances are from 0 to 1, times are shares of the promised dispatch time or hours."""

    pace: float
    spread: float
    cancels: float
    stars: float
    misdescribes: float
    answer_hours: float


@dataclass(slots=True)
class Merchant:
    """One merchant and the truth about it."""

    type: str
    category: Category
    region: str
    region_number: int
    carrier: str
    states_ready: bool
    joins_on: int
    leaves_on: int
    turns_on: int
    rate: float
    prices_minor: tuple[int, ...]
    before: Conduct
    after: Conduct
    number: int = 0
    name: str = ""
    first_listing: int = 0

    @property
    def id(self) -> str:
        """The source id."""
        return f"merchant-{self.number:05d}"


@dataclass(frozen=True, slots=True)
class Fake:
    """An order that no one wanted: placed to look busy and to be praised."""

    day: int
    merchant: int
    buyer: int


@dataclass(frozen=True, slots=True)
class Ring:
    """Buyers who order from a few merchants only to praise them; they share addresses and payers."""

    merchants: tuple[int, ...]
    buyers: tuple[int, ...]
    from_day: int
    until_day: int
    script: int
    fakes: tuple[Fake, ...]


@dataclass(frozen=True, slots=True)
class SelfOrders:
    """A late merchant's one-yuan orders with himself."""

    merchant: int
    buyers: tuple[int, ...]
    fakes: tuple[Fake, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone in the market, and what is planted with them."""

    plan: Plan
    seasons: Seasons
    merchants: tuple[Merchant, ...]
    joiners: dict[int, list[Merchant]]
    rings: tuple[Ring, ...]
    self_orders: SelfOrders
    finding_day: int
    accused_day: int
    cleared_day: int

    def only(self, type_: str) -> Merchant:
        """The one merchant of a type that is planted once."""
        return next(merchant for merchant in self.merchants if merchant.type == type_)


# type: orders per day wished for, and the share of all orders it may take at most
_VOLUMES = {
    "goes_bad": (11.0, 0.064), "recovers": (6.0, 0.035), "counterfeiter": (4.0, 0.025),
    "self_orders": (2.5, 0.015), "wrongly_accused": (3.0, 0.018), "ring": (1.0, 0.006),
}
ONE_OFF_TYPES = ("goes_bad", "recovers", "counterfeiter", "self_orders", "wrongly_accused")


def cast_of(plan: Plan) -> Cast:
    """Everyone in the market of a plan."""
    chance = plan.random("cast")
    merchants = _merchants(plan, chance)
    taken: set[int] = set()
    ring_members = [merchant.number for merchant in merchants if merchant.type == "ring"]
    rings = tuple(
        _ring(plan, chance, number, tuple(ring_members[number * _RING_MERCHANTS:(number + 1) * _RING_MERCHANTS]), taken)
        for number in range(plan.rings)
    )
    accused = plan.day_at(_ACCUSED)
    return Cast(
        plan=plan,
        seasons=seasons_of(plan),
        merchants=merchants,
        joiners=_joiners(merchants),
        rings=rings,
        self_orders=_self_orders(plan, chance, merchants, taken),
        finding_day=plan.day_at(_FOUND_OUT),
        accused_day=accused,
        cleared_day=accused + _CLEARED_AFTER_DAYS,
    )


def buyers_joined(plan: Plan, day: int) -> int:
    """How many buyers have an account at the end of a day: half on the first, the others evenly over the plan."""
    if day < 0:
        return 0
    half = plan.buyers // 2
    return half + (plan.buyers - half) * day // (plan.days - 1)


def buyer_id(buyer: int) -> str:
    """The source id of a buyer."""
    return f"buyer-{buyer:06d}"


def home_of(buyer: int) -> int:
    """The number of an honest buyer's address. Couples and dormitories share one, so that sharing proves nothing."""
    place = buyer % 100
    if place < 20:
        return buyer - place % 2
    if place < 28:
        return buyer - (place - 20)
    return buyer


def wallet_of(buyer: int) -> int:
    """The number of the payment account of an honest buyer; some couples share one."""
    return buyer - buyer % 2 if buyer % 100 < 12 else buyer


def fingerprint(prefix: str, number: int) -> str:
    """What a shop sends instead of an address or a payer: an opaque code, the same for the same thing."""
    return f"{prefix}{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 & 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:032x}"


def _merchants(plan: Plan, chance: Random) -> tuple[Merchant, ...]:
    types = _types(plan)
    chance.shuffle(types)
    rates = _rates(plan, chance, types)
    merchants = tuple(_merchant(plan, chance, type_, rate) for type_, rate in zip(types, rates, strict=True))
    _number(merchants)
    return merchants


def _number(merchants: tuple[Merchant, ...]) -> None:
    """Give each merchant its number, a name of its own, and numbers for its listings."""
    named = {category.code: 0 for category in CATEGORIES}
    listing = 1
    for number, merchant in enumerate(merchants, start=1):
        code = merchant.category.code
        merchant.number, merchant.first_listing = number, listing
        merchant.name = shop_name(merchant.category, named[code])
        named[code] += 1
        listing += len(merchant.prices_minor)


def _types(plan: Plan) -> list[str]:
    types = [
        *ONE_OFF_TYPES,
        *["ring"] * (plan.rings * _RING_MERCHANTS),
        *["late"] * round(plan.merchants * _LATE_SHARE),
        *["canceller"] * round(plan.merchants * _CANCELLER_SHARE),
        *["newcomer"] * round(plan.merchants * _NEWCOMER_SHARE),
    ]
    return types + ["honest"] * (plan.merchants - len(types))


def _rates(plan: Plan, chance: Random, types: list[str]) -> list[float]:
    """Each merchant's share of the orders: planted ones enough to be seen, the others by a heavy tail."""
    planted = [_planted_rate(plan, type_) for type_ in types]
    tail = [_tail_weight(chance, type_) for type_ in types]
    scale = (1 - sum(planted)) / sum(weight for weight, share in zip(tail, planted, strict=True) if share == 0)
    return [share or weight * scale for weight, share in zip(tail, planted, strict=True)]


def _planted_rate(plan: Plan, type_: str) -> float:
    if type_ not in _VOLUMES:
        return 0.0
    per_day, ceiling = _VOLUMES[type_]
    if type_ == "ring":
        ceiling = min(ceiling, 1.5 / plan.merchants)   # however many rings there are, the others keep most of the trade
    return min(ceiling, per_day * plan.days / plan.orders)


def _tail_weight(chance: Random, type_: str) -> float:
    if type_ == "newcomer":
        return chance.uniform(0.25, 1.2)
    return chance.lognormvariate(0, 1.15 if type_ == "honest" else 0.6)


def _merchant(plan: Plan, chance: Random, type_: str, rate: float) -> Merchant:
    category = chance.choice(CATEGORIES)
    region = chance.choices(range(len(REGIONS)), _REGION_WEIGHTS)[0]
    before, after = _conducts(chance, type_)
    joins_on, leaves_on = _stay(plan, chance, type_)
    turns_on = {"goes_bad": plan.day_at(_TURNS_BAD), "recovers": plan.day_at(_RECOVERS)}.get(type_, plan.days)
    return Merchant(
        type=type_, category=category, region=REGIONS[region], region_number=region,
        carrier=chance.choices(CARRIERS, _CARRIER_WEIGHTS)[0], states_ready=chance.random() < _MODERN_SHARE,
        joins_on=joins_on, leaves_on=leaves_on, turns_on=turns_on, rate=rate,
        prices_minor=_prices(chance, category, type_), before=before, after=after,
    )


def _prices(chance: Random, category: Category, type_: str) -> tuple[int, ...]:
    count = 6 if type_ == "counterfeiter" else chance.randint(2, 6)
    return tuple(
        max(500, round(category.price_minor_typical * chance.lognormvariate(0, 0.5) / 100) * 100) for _ in range(count)
    )


def _stay(plan: Plan, chance: Random, type_: str) -> tuple[int, int]:
    """The days on which a merchant joins and leaves; leaving after the last day is staying."""
    if type_ == "newcomer":
        return plan.days - chance.randint(5, min(_NEWCOMER_DAYS, plan.days // 4)), plan.days
    if type_ != "honest":
        return 0, plan.days
    joins_on = chance.randint(1, plan.day_at(0.6)) if chance.random() < _JOINS_LATER_SHARE else 0
    leaves = chance.random() < _LEAVES_SHARE
    return joins_on, chance.randint(plan.day_at(0.65), plan.day_at(0.95)) if leaves else plan.days


def _conducts(chance: Random, type_: str) -> tuple[Conduct, Conduct]:
    """A merchant's conduct before and after it turns; the same where it never does."""
    good, bad = _exemplary(chance), _bad(chance)
    if type_ == "goes_bad":
        return good, bad
    if type_ == "recovers":
        return bad, good
    steady = _STEADY.get(type_, _good)(chance)
    return steady, steady


def _good(chance: Random) -> Conduct:
    return Conduct(
        pace=min(0.47, chance.lognormvariate(-1.10, 0.26)), spread=chance.uniform(0.35, 0.55),
        cancels=chance.uniform(0, 0.008), stars=chance.gauss(4.7, 0.25), misdescribes=chance.uniform(0.001, 0.007),
        answer_hours=chance.uniform(3, 16),
    )


def _exemplary(chance: Random) -> Conduct:
    """Beyond doubt, so that a turn for the worse or the better is plain to see."""
    return Conduct(
        pace=0.31, spread=0.42, cancels=0.003, stars=chance.gauss(4.7, 0.1), misdescribes=0.003, answer_hours=6,
    )


def _bad(chance: Random) -> Conduct:
    """Late or cancelled in about 35 of 100 orders."""
    return Conduct(
        pace=0.66, spread=0.5, cancels=0.12, stars=chance.gauss(4.2, 0.1), misdescribes=0.01, answer_hours=48,
    )


def _late(chance: Random) -> Conduct:
    return Conduct(
        pace=chance.uniform(0.58, 0.82), spread=0.5, cancels=chance.uniform(0, 0.02), stars=chance.gauss(4.4, 0.25),
        misdescribes=chance.uniform(0.002, 0.01), answer_hours=chance.uniform(10, 50),
    )


def _canceller(chance: Random) -> Conduct:
    return Conduct(
        pace=chance.lognormvariate(-1.0, 0.25), spread=0.5, cancels=chance.uniform(0.08, 0.15),
        stars=chance.gauss(4.5, 0.25), misdescribes=chance.uniform(0.002, 0.01), answer_hours=chance.uniform(10, 40),
    )


def _counterfeiter(chance: Random) -> Conduct:
    """Excellent at everything but the goods."""
    return Conduct(pace=0.18, spread=0.35, cancels=0.001, stars=2.6, misdescribes=0.14, answer_hours=2)


def _mediocre(chance: Random) -> Conduct:
    """Why a ring pays for praise."""
    return Conduct(
        pace=chance.uniform(0.48, 0.62), spread=0.5, cancels=0.02, stars=chance.gauss(3.7, 0.15),
        misdescribes=0.02, answer_hours=30,
    )


_STEADY = {
    "late": _late, "self_orders": _late, "canceller": _canceller, "counterfeiter": _counterfeiter, "ring": _mediocre,
}


def _joiners(merchants: tuple[Merchant, ...]) -> dict[int, list[Merchant]]:
    """The merchants who join on each day after the first."""
    days: dict[int, list[Merchant]] = {}
    for merchant in merchants:
        if merchant.joins_on > 0:
            days.setdefault(merchant.joins_on, []).append(merchant)
    return days


def _ring(plan: Plan, chance: Random, number: int, merchants: tuple[int, ...], taken: set[int]) -> Ring:
    starts, ends = _RING_SPANS[number % len(_RING_SPANS)]
    from_day, until_day = plan.day_at(starts), plan.day_at(ends)
    buyers = _recruits(plan, chance, from_day, _scaled(plan, _RING_BUYERS, 8, power=0.5), taken)
    orders = _scaled(plan, _RING_ORDERS, 24)
    fakes = tuple(
        Fake(chance.randrange(from_day, until_day), chance.choice(merchants), buyers[turn % len(buyers)])
        for turn in range(orders)
    )
    return Ring(merchants, buyers, from_day, until_day, number, tuple(sorted(fakes, key=lambda fake: fake.day)))


def _self_orders(plan: Plan, chance: Random, merchants: tuple[Merchant, ...], taken: set[int]) -> SelfOrders:
    merchant = next(merchant.number for merchant in merchants if merchant.type == "self_orders")
    from_day, until_day = (plan.day_at(share) for share in _SELF_ORDERS_SPAN)
    buyers = _recruits(plan, chance, from_day, _SELF_BUYERS, taken)
    days = sorted(chance.randrange(from_day, until_day) for _ in range(_scaled(plan, _SELF_ORDERS, 12)))
    return SelfOrders(merchant, buyers, tuple(Fake(day, merchant, chance.choice(buyers)) for day in days))


def _recruits(plan: Plan, chance: Random, before_day: int, count: int, taken: set[int]) -> tuple[int, ...]:
    """Buyers whose accounts are young on that day, and who are not yet in another scheme."""
    until = buyers_joined(plan, before_day - 1)
    since = buyers_joined(plan, before_day - 28)
    free = [buyer for buyer in range(since, until) if buyer not in taken]
    if len(free) < 2 * count:
        free = [buyer for buyer in range(until) if buyer not in taken]
    recruits = tuple(sorted(chance.sample(free, count)))
    taken.update(recruits)
    return recruits


def _scaled(plan: Plan, full: int, least: int, power: float = 1.0) -> int:
    """A size that shrinks with a market below full size and never grows beyond."""
    size: float = min(1.0, plan.orders / _FULL_SIZE_ORDERS) ** power
    return max(least, round(full * size))

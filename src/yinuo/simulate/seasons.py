"""What the time of year does to everyone: how much is ordered, how slow all become, and when a carrier is on strike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from yinuo.simulate.plan import DAY_SECONDS, Plan

_WEEK = (0.98, 0.95, 0.95, 0.98, 1.02, 1.08, 1.04)    # Monday to Sunday
_GROWTH = 0.25
_NOISE = 0.05
_SALE_DAY = 0.8603                                     # 11 November in a plan that is the year
_SALE_ORDERS = {-2: 1.2, -1: 1.4, 0: 4.0, 1: 2.2, 2: 1.6, 3: 1.2}
_SALE_SLOWNESS = {-2: 1.1, -1: 1.25, 0: 1.8, 1: 1.75, 2: 1.6, 3: 1.45, 4: 1.35, 5: 1.25, 6: 1.15, 7: 1.1}
_STRIKE_STARTS = 0.556
_STRIKE_DAYS = 14
_STRIKE_DECLARED_AFTER_DAYS = 2
STRUCK_CARRIER = "swift"


@dataclass(frozen=True, slots=True)
class Strike:
    """A while in which one carrier collects parcels days late."""

    carrier: str
    from_day: int
    until_day: int
    from_second: int
    until_second: int
    declared_second: int


@dataclass(frozen=True, slots=True)
class Seasons:
    """The demand and the slowness of each day of the plan, and its strike."""

    demand: tuple[float, ...]
    slowness: tuple[float, ...]
    sale_day: int
    strike: Strike


def seasons_of(plan: Plan) -> Seasons:
    """The seasons of a plan."""
    chance = plan.random("seasons")
    sale = plan.day_at(_SALE_DAY)
    weekday = plan.starts.weekday()
    demand = tuple(
        _WEEK[(weekday + day) % 7] * (1 + _GROWTH * day / plan.days) * _SALE_ORDERS.get(day - sale, 1.0)
        * chance.lognormvariate(0, _NOISE)
        for day in range(plan.days)
    )
    slowness = tuple(
        _SALE_SLOWNESS.get(day - sale, 1.0) * chance.lognormvariate(0, _NOISE) for day in range(plan.days)
    )
    return Seasons(demand, slowness, sale, _strike_of(plan))


def shared_out(total: int, weights: tuple[float, ...]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to the total exactly."""
    whole = sum(weights)
    edges = [round(total * reached / whole) for reached in accumulate(weights)]
    return [edge - before for before, edge in zip([0, *edges], edges, strict=False)]


def _strike_of(plan: Plan) -> Strike:
    from_day = plan.day_at(_STRIKE_STARTS)
    until_day = from_day + min(_STRIKE_DAYS, plan.days // 8)
    starts = plan.second_of(from_day)
    return Strike(
        carrier=STRUCK_CARRIER,
        from_day=from_day,
        until_day=until_day,
        from_second=starts,
        until_second=plan.second_of(until_day),
        declared_second=starts + _STRIKE_DECLARED_AFTER_DAYS * DAY_SECONDS,
    )

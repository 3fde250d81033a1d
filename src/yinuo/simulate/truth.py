"""What was planted in a simulated market: the answer sheet for whoever judges it, known before the first event."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from yinuo.simulate.cast import Cast, Merchant, Ring, SelfOrders, buyer_id, cast_of
from yinuo.simulate.plan import Plan


class MerchantTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What one merchant really is. `pace_permille` is the typical share of the promised dispatch time it uses."""

    merchant: str
    name: str
    type: str
    joined_on: date
    left_on: date | None
    turned_bad_on: date | None
    recovered_on: date | None
    states_ready: bool
    pace_permille: int
    pace_permille_after: int


class RingTruth(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts and merchants of one brushing ring, and how many fake orders they place from one day until another."""

    merchants: tuple[str, ...]
    buyers: tuple[str, ...]
    orders: int
    from_day: date
    until_day: date


class SelfOrdersTruth(msgspec.Struct, frozen=True, kw_only=True):
    """A late merchant's one-yuan orders with himself, from accounts of his own."""

    merchant: str
    buyers: tuple[str, ...]
    orders: int


class StrikeTruth(msgspec.Struct, frozen=True, kw_only=True):
    """When a carrier collected parcels days late, and whether that was declared; `until` is the first good day."""

    carrier: str
    from_day: date
    until_day: date
    declared: bool


class FindingTruth(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of counterfeit goods, and when it was overturned if it was wrong."""

    finding: str
    merchant: str
    found_on: date
    overturned_on: date | None


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """All that was planted. `msgspec.json.encode` writes it as JSON."""

    seed: int
    starts: date
    days: int
    orders: int
    sale_day: date
    merchants: tuple[MerchantTruth, ...]
    rings: tuple[RingTruth, ...]
    self_orders: SelfOrdersTruth
    strike: StrikeTruth
    findings: tuple[FindingTruth, ...]

    def of_type(self, type_: str) -> list[MerchantTruth]:
        """The merchants that really are of a type, such as "late" or "goes_bad"."""
        return [merchant for merchant in self.merchants if merchant.type == type_]


COUNTERFEIT_FINDING = "finding-0002"
WRONG_FINDING = "finding-0001"


def truth(plan: Plan) -> Truth:
    """What the events of a plan hide, without making any of them."""
    cast = cast_of(plan)
    strike = cast.seasons.strike
    return Truth(
        seed=plan.seed, starts=plan.starts, days=plan.days, orders=plan.orders,
        sale_day=_date(plan, cast.seasons.sale_day),
        merchants=tuple(_merchant(plan, merchant) for merchant in cast.merchants),
        rings=tuple(_ring(cast, ring) for ring in cast.rings),
        self_orders=_self_orders(cast, cast.self_orders),
        strike=StrikeTruth(
            carrier=strike.carrier, from_day=_date(plan, strike.from_day), until_day=_date(plan, strike.until_day),
            declared=plan.strike_declared,
        ),
        findings=_findings(cast),
    )


def _date(plan: Plan, day: int) -> date:
    return plan.starts + timedelta(days=day)


def _merchant(plan: Plan, merchant: Merchant) -> MerchantTruth:
    turned = _date(plan, merchant.turns_on)
    return MerchantTruth(
        merchant=merchant.id, name=merchant.name, type=merchant.type, joined_on=_date(plan, merchant.joins_on),
        left_on=_date(plan, merchant.leaves_on) if merchant.leaves_on < plan.days else None,
        turned_bad_on=turned if merchant.type == "goes_bad" else None,
        recovered_on=turned if merchant.type == "recovers" else None,
        states_ready=merchant.states_ready,
        pace_permille=round(1000 * merchant.before.pace), pace_permille_after=round(1000 * merchant.after.pace),
    )


def _ring(cast: Cast, ring: Ring) -> RingTruth:
    return RingTruth(
        merchants=tuple(cast.merchants[number - 1].id for number in ring.merchants),
        buyers=tuple(map(buyer_id, ring.buyers)), orders=len(ring.fakes),
        from_day=_date(cast.plan, ring.from_day), until_day=_date(cast.plan, ring.until_day),
    )


def _self_orders(cast: Cast, scheme: SelfOrders) -> SelfOrdersTruth:
    return SelfOrdersTruth(
        merchant=cast.merchants[scheme.merchant - 1].id, buyers=tuple(map(buyer_id, scheme.buyers)),
        orders=len(scheme.fakes),
    )


def _findings(cast: Cast) -> tuple[FindingTruth, ...]:
    plan = cast.plan
    wrong = FindingTruth(
        finding=WRONG_FINDING, merchant=cast.only("wrongly_accused").id,
        found_on=_date(plan, cast.accused_day), overturned_on=_date(plan, cast.cleared_day),
    )
    right = FindingTruth(
        finding=COUNTERFEIT_FINDING, merchant=cast.only("counterfeiter").id,
        found_on=_date(plan, cast.finding_day), overturned_on=None,
    )
    return wrong, right

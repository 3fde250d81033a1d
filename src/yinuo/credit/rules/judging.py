"""Judge outcomes: what became of an order, whose fault it was, and how much it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from yinuo.credit.events import ComplaintJudged, DeliveryJudged, DispatchJudged
from yinuo.credit.rules.values import full_value_minor
from yinuo.delivery.rules import Disruption, Journey, cause_of_late_delivery, cause_of_late_hand_over
from yinuo.kit.moments import day_of
from yinuo.trade.rules import OrderRow

WEIGHT_ONE = 16                 # a whole outcome; the tools of an unreal one count for less, in sixteenths
RANK_WEIGHTS = (16, 16, 12, 10, 8, 6, 5, 4, 3, 3, 2, 2, 1, 1, 1, 1)
"""What an order counts by how many the same buyer, payer or address had with the merchant before it; later ones nothing."""
USED_PERMILLE_MAX = 4095        # keeps value x weight x age weight below 2^36
UNKNOWN_PLACE = "any"


class Judged(NamedTuple):
    """A judgement and the moment its outcome became known, in microseconds."""

    at: int
    fact: DispatchJudged | DeliveryJudged | ComplaintJudged


def rank_weight(rank: int) -> int:
    """How much an outcome counts, 0 to 16, by how many there were before it of the same buyer, payer or address."""
    return RANK_WEIGHTS[rank] if rank < len(RANK_WEIGHTS) else 0


def weight_of(*, rank: int, value_minor: int, currency: str | None) -> int:
    """How much an outcome counts, 0 to 16: less for a repeat of the same buyer, less for a trifle.

    One-yuan orders to oneself weigh nothing at all: a sixteenth of the full value is the least that counts.
    """
    by_value = min(WEIGHT_ONE, WEIGHT_ONE * value_minor // full_value_minor(currency))
    return rank_weight(rank) * by_value // WEIGHT_ONE


def lane_of(order: OrderRow, journey: Journey | None = None) -> str:
    """The lane: carrier/origin/destination. Its route is the carrier and origin; "any" stands for what is not known."""
    carrier = (journey.carrier if journey else None) or order.carrier
    return "/".join(part or UNKNOWN_PLACE for part in (carrier, order.origin, order.destination))


def route_of(lane: str) -> str:
    """The route of a lane: without its destination."""
    return lane.rpartition("/")[0]


def carrier_of(lane: str) -> str:
    """The carrier of a lane."""
    return lane.partition("/")[0]


def judge_dispatch(
    *, order: OrderRow, journey: Journey, disruptions: Sequence[Disruption], weight: int
) -> Judged | None:
    """Judge whether the order was handed over in time, or None while that is not known.

    What is not known is nobody's fault: without a promise or a scan there is no judgement.
    """
    if order.merchant is None or order.placed_at is None:
        return None
    shared = {
        "order": order.id, "merchant": order.merchant, "buyer": order.buyer, "listing": order.listing,
        "lane": lane_of(order, journey), "placed_day": day_of(order.placed_at),
        "value_minor": min(order.amount_minor or 0, 2**31 - 1),
        "weight": weight,
    }
    if order.cancelled_at is not None and not _came_too_late(order, journey):
        by = order.cancelled_by or "unknown"
        return Judged(order.cancelled_at, DispatchJudged(outcome="cancelled", cause=by, **shared))  # type: ignore[arg-type]
    if journey.handed_over_at is None or order.hand_over_by is None:
        return None
    cause = _hand_over_cause(order, journey, disruptions)
    return Judged(
        journey.handed_over_at,
        DispatchJudged(
            outcome="late" if cause else "on_time", cause=cause, used_permille=used_permille(order, journey), **shared  # type: ignore[arg-type]
        ),
    )


class Pending(NamedTuple):
    """An order that is still to be handed over or to arrive, with a promise to keep; moments in microseconds.

    `most` is what it counts if the same buyer had none before, `cause` who is at fault if it fails.
    """

    id: str
    merchant: str
    aspect: str
    due: int
    placed_at: int
    ready_at: int | None
    lane: str
    most: int
    cause: str | None


class Outcome(NamedTuple):
    """How it ended, through whom if it went wrong, and the share of the promised time that was used, where that counts."""

    outcome: str
    cause: str | None
    used_permille: int | None = None


def pending_of(order: OrderRow, journey: Journey, disruptions: Sequence[Disruption]) -> Pending | None:
    """What may still become of an order; None where nothing does, as far as is known, or nothing was promised."""
    ended = order.cancelled_at is not None or journey.delivered_at is not None or journey.harmed_at is not None
    if order.merchant is None or order.placed_at is None or ended:
        return None
    if journey.handed_over_at is None:
        aspect, due = "dispatch", order.hand_over_by
    else:
        aspect, due = "delivery", order.deliver_by
    if due is None:
        return None
    late = journey._replace(handed_over_at=due + 1) if aspect == "dispatch" else journey._replace(delivered_at=due + 1)
    find = _hand_over_cause if aspect == "dispatch" else _delivery_cause
    return Pending(
        order.id, order.merchant, aspect, due, order.placed_at, journey.ready_at, lane_of(order, journey),
        weight_of(rank=0, value_minor=order.amount_minor or 0, currency=order.currency), find(order, late, disruptions),
    )


def outcomes_of(pending: Pending, *, at: int) -> tuple[Outcome, Outcome]:
    """What becomes of it at best, and if it fails, seen from a moment.

    At best it is handed over, or arrives, now; once its time is past, it did so at its time, and only the report is missing.
    """
    if pending.aspect == "delivery":
        return Outcome("on_time", None), Outcome("late" if pending.cause else "on_time", pending.cause)
    best, late = min(at, pending.due), max(at, pending.due + 1)
    return (
        Outcome("on_time", None, share_used(pending.placed_at, pending.due, best, pending.ready_at)),
        Outcome("late", pending.cause, share_used(pending.placed_at, pending.due, late, pending.ready_at)),
    )


def with_cause(judged: Judged, cause: str | None) -> Judged:
    """The judgement with the cause that a contest gave it; one that found no fault has none to change.

    That nobody knows, because a contest was not settled in time, holds against the merchant's fault only.
    """
    if cause is None or judged.fact.cause is None or (cause == "unknown" and judged.fact.cause != "merchant"):
        return judged
    return Judged(judged.at, replace(judged.fact, cause=cause))


def _came_too_late(order: OrderRow, journey: Journey) -> bool:
    """Whether a cancellation that is not the merchant's own came after the hand-over, or was only stated after it.

    It cannot undo the hand-over then: or anybody could take a late one off the merchant, by a moment long past.
    """
    if order.cancelled_by == "merchant" or order.cancelled_at is None or journey.handed_over_at is None:
        return False
    stated_after = (order.cancelled_recorded or 0) > (journey.handed_over_recorded or 0)
    return stated_after or order.cancelled_at >= journey.handed_over_at


def used_permille(order: OrderRow, journey: Journey) -> int | None:
    """The share of the promised handling time that the merchant used, in permille, at most 4,095.

    Where the merchant said when the parcel was ready, the wait for the carrier after that is not theirs.
    """
    if order.placed_at is None or order.hand_over_by is None or journey.handed_over_at is None:
        return None
    return share_used(order.placed_at, order.hand_over_by, journey.handed_over_at, journey.ready_at)


def share_used(placed_at: int, due: int, handed_over_at: int, ready_at: int | None) -> int | None:
    """The same from the moments alone."""
    promised = due - placed_at
    if promised <= 0:
        return None
    done_at = handed_over_at if ready_at is None else min(ready_at, handed_over_at)
    return max(0, min(USED_PERMILLE_MAX, 1000 * (done_at - placed_at) // promised))


def judge_delivery(
    *, order: OrderRow, journey: Journey, disruptions: Sequence[Disruption], weight: int
) -> Judged | None:
    """Judge whether the order reached the buyer whole and in time, or None while that is not known.

    Harm by others, stated once it had come late through the merchant, does not undo that: or anybody could, by naming them.
    """
    if order.merchant is None or (journey.delivered_at is None and journey.harmed_at is None):
        return None
    shared = {
        "order": order.id, "merchant": order.merchant, "listing": order.listing, "lane": lane_of(order, journey),
        "weight": weight,
    }
    cause = _delivery_cause(order, journey, disruptions)
    told_after = (journey.harmed_recorded or 0) > (journey.delivered_recorded or 0)
    hidden = cause == "merchant" and journey.harm_cause != "merchant" and told_after
    if journey.harmed_at is not None and not hidden:
        return Judged(
            journey.harmed_at,
            DeliveryJudged(outcome=journey.harm, cause=journey.harm_cause or "unknown", **shared),  # type: ignore[arg-type]
        )
    assert journey.delivered_at is not None
    if order.deliver_by is None:
        return None
    return Judged(
        journey.delivered_at, DeliveryJudged(outcome="late" if cause else "on_time", cause=cause, **shared)  # type: ignore[arg-type]
    )


def _hand_over_cause(order: OrderRow, journey: Journey, disruptions: Sequence[Disruption]) -> str | None:
    """Who caused a late hand-over; None where it was in time, or that is not known."""
    if order.hand_over_by is None or journey.handed_over_at is None or journey.handed_over_at <= order.hand_over_by:
        return None
    return cause_of_late_hand_over(
        due=order.hand_over_by, journey=journey, carrier=journey.carrier or order.carrier, origin=order.origin,
        disruptions=disruptions,
    )


def _delivery_cause(order: OrderRow, journey: Journey, disruptions: Sequence[Disruption]) -> str | None:
    """Who caused a late delivery; None where it was in time, or that is not known."""
    if order.deliver_by is None or journey.delivered_at is None or journey.delivered_at <= order.deliver_by:
        return None
    return cause_of_late_delivery(
        hand_over_cause=_hand_over_cause(order, journey, disruptions), due=order.deliver_by,
        carrier=journey.carrier or order.carrier, origin=order.origin, disruptions=disruptions,
    )

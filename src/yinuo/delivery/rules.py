"""Whose fault a delay was, from what is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from yinuo.kit.moments import MICROS_PER_DAY

DISRUPTION_ECHO_DAYS = 7    # a carrier needs about a week to work off what piled up


class Disruption(NamedTuple):
    """A time in which a carrier could not work as promised, everywhere or from one origin; microseconds."""

    carrier: str
    origin: str | None
    starts: int
    ends: int


class Journey(NamedTuple):
    """What is known of an order's parcel; microseconds, None where no fact told it."""

    carrier: str | None = None
    ready_at: int | None = None
    handed_over_at: int | None = None
    delivered_at: int | None = None
    harm: str | None = None
    harm_cause: str | None = None
    harmed_at: int | None = None


def disrupted(moment: int, carrier: str | None, origin: str | None, disruptions: Sequence[Disruption]) -> bool:
    """Whether the carrier was disrupted at that moment, or still working off a disruption."""
    return any(
        d.carrier == carrier and d.origin in (None, origin)
        and d.starts <= moment <= d.ends + DISRUPTION_ECHO_DAYS * MICROS_PER_DAY
        for d in disruptions
    )


def cause_of_late_hand_over(
    *, due: int, journey: Journey, carrier: str | None, origin: str | None, disruptions: Sequence[Disruption]
) -> str:
    """Who caused a hand-over after `due`: the carrier where the parcel was ready in time, a disruption, else the merchant."""
    if journey.ready_at is not None and journey.ready_at <= due:
        return "carrier"
    if disrupted(due, carrier, origin, disruptions):
        return "force_majeure"
    return "merchant"


def cause_of_late_delivery(
    *, hand_over_cause: str | None, due: int, carrier: str | None, origin: str | None, disruptions: Sequence[Disruption]
) -> str:
    """Who caused a delivery after `due`: whoever caused a late hand-over before it, a disruption, else the carrier."""
    if hand_over_cause is not None:
        return hand_over_cause
    if disrupted(due, carrier, origin, disruptions):
        return "force_majeure"
    return "carrier"

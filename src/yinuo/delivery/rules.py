"""Whose fault a delay was, from what is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from yinuo.kit.moments import MICROS_PER_DAY

DISRUPTION_ECHO_DAYS = 7    # a carrier needs about a week to work off what piled up
READY_LATER_DAYS = 1        # how long after the hand-over was recorded "ready" may still be: systems report in batches


class Disruption(NamedTuple):
    """A time in which a carrier could not work as promised, everywhere or from one origin; microseconds."""

    carrier: str
    origin: str | None
    starts: int
    ends: int


class Parcel(NamedTuple):
    """What is known of one parcel, and when it was recorded; microseconds, None where no fact told it."""

    id: str
    source: str
    carrier: str | None = None
    ready_at: int | None = None
    ready_recorded: int | None = None
    handed_over_at: int | None = None
    handed_over_recorded: int | None = None
    explained_cause: str | None = None
    delivered_at: int | None = None
    delivered_recorded: int | None = None
    harm: str | None = None
    harm_cause: str | None = None
    harmed_at: int | None = None
    harmed_recorded: int | None = None

    def timely_ready_at(self) -> int | None:
        """When the merchant had it ready; None where that was only stated once the hand-over was long known."""
        if self.ready_recorded is None or self.handed_over_recorded is None:
            return self.ready_at
        latest = self.handed_over_recorded + READY_LATER_DAYS * MICROS_PER_DAY
        return self.ready_at if self.ready_recorded <= latest else None


class Journey(NamedTuple):
    """What is known of an order's way, as of one parcel; microseconds, None where no fact told it."""

    source: str = ""
    carrier: str | None = None
    ready_at: int | None = None
    handed_over_at: int | None = None
    handed_over_recorded: int | None = None
    explained_cause: str | None = None
    delivered_at: int | None = None
    delivered_recorded: int | None = None
    harm: str | None = None
    harm_cause: str | None = None
    harmed_at: int | None = None
    harmed_recorded: int | None = None


def journey_of(parcels: Sequence[Parcel]) -> Journey:
    """The journey of an order's parcels: that of the one whose way was recorded first, and the first harm recorded to any.

    Facts cannot say how many parcels there should be, so one must do. It must be the first on record, or a second parcel,
    stated once the outcome is known, would change it.
    """
    parcel = min(parcels, key=_first_recorded)
    harmed = min((other for other in parcels if other.harmed_at is not None), key=_harm_recorded, default=parcel)
    return Journey(
        parcel.source, parcel.carrier, parcel.timely_ready_at(), parcel.handed_over_at, parcel.handed_over_recorded,
        parcel.explained_cause, parcel.delivered_at, parcel.delivered_recorded, harmed.harm, harmed.harm_cause,
        harmed.harmed_at, harmed.harmed_recorded,
    )


def _first_recorded(parcel: Parcel) -> tuple[float, float, str]:
    recorded = [moment for moment in (parcel.handed_over_recorded, parcel.delivered_recorded) if moment is not None]
    happened = [moment for moment in (parcel.handed_over_at, parcel.delivered_at) if moment is not None]
    return min(recorded, default=math.inf), min(happened, default=math.inf), parcel.id


def _harm_recorded(parcel: Parcel) -> tuple[int, int, str]:
    return parcel.harmed_recorded or 0, parcel.harmed_at or 0, parcel.id


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
    """Who caused a hand-over after `due`: whoever it was proved of, the carrier where it was ready in time, a disruption, else
    the merchant.
    """
    if journey.explained_cause is not None:
        return journey.explained_cause
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

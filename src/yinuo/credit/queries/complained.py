"""What a contest of a complaint's cause is about: the complaint as it is told now, for whoever answers the contest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yinuo.care.queries import complaints
from yinuo.decisions import queries as decisions
from yinuo.kit.actors import Actor
from yinuo.kit.moments import from_micros


@dataclass(frozen=True, slots=True)
class Complained:
    """A complaint: about which order, on what, when it was opened, first answered and closed, how, and through whose fault.

    `topic` and what follows are as they stand now; `stands` tells whether the merchant is still blamed for what was contested.
    """

    complaint: str
    order: str | None
    topic: str
    opened: datetime | None
    answered: datetime | None
    closed: datetime | None
    outcome: str
    cause: str
    stands: bool


def complained(*, viewer: Actor, contest_id: str) -> Complained | None:
    """The complaint that a contest is about; None where it is about something else, or no fact tells of the complaint now."""
    contest = decisions.contest(viewer=viewer, contest_id=contest_id)
    if contest.complaint is None:
        return None
    for row in complaints([contest.complaint]):
        opened, answered, closed = (
            None if moment is None else from_micros(moment) for moment in (row.opened_at, row.answered_at, row.closed_at)
        )
        topic = row.topic or "other"
        blamed = row.cause == "merchant" and row.outcome in ("upheld", "settled") and row.merchant == contest.merchant
        stands = blamed and closed is not None and topic == contest.outcome
        return Complained(
            row.id, row.order, topic, opened, answered, closed, row.outcome or "", row.cause or "", stands
        )
    return None

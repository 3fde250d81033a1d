"""What decisions do about what shops decided themselves, and about time: a contest or an appeal whose clock ran out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from yinuo.decisions import actions
from yinuo.decisions.actions.appeals import APPEAL_DUE
from yinuo.decisions.actions.contests import CONTEST_DUE
from yinuo.decisions.events import DecisionStated, DecisionWithdrawn
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Fact, Recorded
from yinuo.kit.realm import Realm


def settle_stated(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """Shops stated decisions, or took some back."""
    told: Any = [recorded.fact for recorded in facts]
    actions.settle_stated(actor=SYSTEM, decisions={fact.decision for fact in told}, realm=realm, at=at)



def lapse(subject: str, at: datetime, *, realm: Realm) -> None:
    """A contest was not settled in time."""
    actions.lapse_contest(actor=SYSTEM, contest_id=subject, realm=realm, at=at)


def note_late(subject: str, at: datetime, *, realm: Realm) -> None:
    """An appeal was not answered in time."""
    actions.note_late_appeal(actor=SYSTEM, appeal_id=subject, at=at)


TIMERS: dict[str, Callable[..., None]] = {CONTEST_DUE: lapse, APPEAL_DUE: note_late}
REACTIONS: dict[type[Fact], Any] = dict.fromkeys((DecisionStated, DecisionWithdrawn), settle_stated)

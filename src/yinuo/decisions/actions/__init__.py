"""What is done about decisions: take one with its reasons, contest a fact or cause, appeal, settle, let a clock run out."""

from yinuo.decisions.actions.appeals import note_late_appeal, open_appeal, settle_appeal, withdraw_appeal
from yinuo.decisions.actions.contests import (
    Contested,
    lapse_contest,
    open_contests,
    settle_contests,
    withdraw_contest,
)
from yinuo.decisions.actions.decide import decide
from yinuo.decisions.actions.forget import forget_person
from yinuo.decisions.actions.stated import settle_stated

__all__ = [
    "Contested",
    "decide",
    "forget_person",
    "lapse_contest",
    "note_late_appeal",
    "open_appeal",
    "open_contests",
    "settle_appeal",
    "settle_contests",
    "settle_stated",
    "withdraw_appeal",
    "withdraw_contest",
]

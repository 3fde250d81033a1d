"""What is done about decisions: take one with its reasons, contest a fact or cause, appeal, settle, let a clock run out."""

from yinuo.decisions.actions.appeals import (
    note_late_appeal,
    open_appeal,
    settle_appeal,
    take_appeals,
    withdraw_appeal,
)
from yinuo.decisions.actions.contests import (
    Contested,
    NoLongerStands,
    Proof,
    Settled,
    Settling,
    TooManyOpen,
    lapse_contest,
    open_contests,
    preview_settling,
    settle_contests,
    settle_each,
    settle_proved,
    take_contests,
    withdraw_contest,
)
from yinuo.decisions.actions.decide import decide
from yinuo.decisions.actions.forget import forget_person
from yinuo.decisions.actions.stated import settle_stated

__all__ = [
    "Contested",
    "NoLongerStands",
    "Proof",
    "Settled",
    "Settling",
    "TooManyOpen",
    "decide",
    "forget_person",
    "lapse_contest",
    "note_late_appeal",
    "open_appeal",
    "open_contests",
    "preview_settling",
    "settle_appeal",
    "settle_contests",
    "settle_each",
    "settle_proved",
    "settle_stated",
    "take_appeals",
    "take_contests",
    "withdraw_appeal",
    "withdraw_contest",
]

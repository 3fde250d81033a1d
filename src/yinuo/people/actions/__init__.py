"""What is done with people's rights: consents, restrictions, corrections, looks that are noted, erasures that are told."""

from yinuo.people.actions.consents import give_consent, withdraw_consent
from yinuo.people.actions.correct import correct
from yinuo.people.actions.erasures import forget_person, tell_erasures
from yinuo.people.actions.looks import note_look
from yinuo.people.actions.restrict import lift_restriction, restrict

__all__ = [
    "correct",
    "forget_person",
    "give_consent",
    "lift_restriction",
    "note_look",
    "restrict",
    "tell_erasures",
    "withdraw_consent",
]

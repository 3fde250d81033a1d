"""What is done with people's rights (consents, restrictions, corrections, noted looks, erasures), with their accounts,
with what takes two people, and with case rooms for authorities.
"""

from yinuo.people.actions.accounts import close_account, disable_account, reset_second_factor, set_language
from yinuo.people.actions.consents import give_consent, withdraw_consent
from yinuo.people.actions.correct import correct
from yinuo.people.actions.erasures import forget_person, tell_erasures
from yinuo.people.actions.filters import forget_filter, save_filter
from yinuo.people.actions.four_eyes import FourEyes, approve, decline, propose, withdraw_proposal
from yinuo.people.actions.invitations import (
    Invited,
    NoLongerInvited,
    accept_invitation,
    invite_staff,
    invite_subject,
    invite_team,
    join,
    withdraw_invitation,
)
from yinuo.people.actions.looks import note_look, note_staff_look
from yinuo.people.actions.restrict import lift_restriction, restrict
from yinuo.people.actions.roles import LastOfKind, end_grant, end_membership
from yinuo.people.actions.rooms import (
    RoomOver,
    approve_room,
    ask_room,
    close_room,
    decline_room,
    end_room,
    enter_room,
    look_into_room,
    tell_room,
    withdraw_room,
)
from yinuo.people.actions.sessions import (
    end_every_session,
    end_other_sessions,
    end_session,
    forget_ended_sessions,
    note_session,
)
from yinuo.people.actions.tokens import MadeToken, check_token, make_token, revoke_token

__all__ = [
    "FourEyes",
    "Invited",
    "LastOfKind",
    "MadeToken",
    "NoLongerInvited",
    "RoomOver",
    "accept_invitation",
    "approve",
    "approve_room",
    "ask_room",
    "check_token",
    "close_account",
    "close_room",
    "correct",
    "decline",
    "decline_room",
    "disable_account",
    "end_every_session",
    "end_grant",
    "end_membership",
    "end_other_sessions",
    "end_room",
    "end_session",
    "enter_room",
    "forget_ended_sessions",
    "forget_filter",
    "forget_person",
    "give_consent",
    "invite_staff",
    "invite_subject",
    "invite_team",
    "join",
    "lift_restriction",
    "look_into_room",
    "make_token",
    "note_look",
    "note_session",
    "note_staff_look",
    "propose",
    "reset_second_factor",
    "restrict",
    "revoke_token",
    "save_filter",
    "set_language",
    "tell_erasures",
    "tell_room",
    "withdraw_consent",
    "withdraw_invitation",
    "withdraw_proposal",
    "withdraw_room",
]

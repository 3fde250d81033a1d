"""Case rooms: what an authority asked for in writing is shown to it, once a second person approved, and until a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.facts import SUBJECT_PREFIXES, Fact
from yinuo.kit.ids import new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, NotAllowed, NotFound, Refusal
from yinuo.people.actions import four_eyes
from yinuo.people.events import CaseRoomAsked, CaseRoomClosed, CaseRoomOpened
from yinuo.people.models import Access, CaseRoom, CaseRoomCase, CaseRoomGuest
from yinuo.people.queries import account_called, actor_named, digest_of_room, grants_of, tied_to
from yinuo.people.rules import (
    AUTHORITY,
    FOUR_EYES_LASTS,
    REQUEST_WORDS,
    ROOM_ENDS,
    ROOM_GUESTS_MAX,
    ROOM_TELLS,
    TIES_LAST,
    Case,
    RoomRequest,
    check_cases,
    check_request,
    normal_handle,
    request_digest,
)
from yinuo.record import actions as record
from yinuo.timers import actions as timers
from yinuo.vault import actions as vault

APPROVAL = "people.approve_room"
How = Literal["declined", "withdrawn", "lapsed", "expired", "early"]


class RoomOver(Refusal):
    """The case room is not open: not yet, or no more."""

    status = 410
    code = "room-over"


@transaction.atomic
def ask_room(
    *, actor: Actor, request: RoomRequest, cases: Sequence[Case], guests: Sequence[str], realm: Realm, at: datetime
) -> CaseRoom:
    """Enter an authority's written request and ask for its room; nobody sees anything in it until a second person approved.

    `guests` are the sign-in names of the authority's accounts. Which cases there are, and whom they concern, whoever calls this
    has looked up.
    """
    allow(actor, "people.ask_room")
    check_request(request, at=at)
    check_cases(cases)
    _check_stranger(actor, cases, at)
    accounts = _guests(guests, at)
    (room_id,) = new_surrogates(realm.entropy, SUBJECT_PREFIXES["room"], 1)
    proposal = four_eyes.propose(
        actor=actor, permission="people.ask_room", approval=APPROVAL, subject=room_id, at=at,
        digest=request_digest(room_id, request, cases, accounts), lasts=min(FOUR_EYES_LASTS, request.until - at),
    )
    room = CaseRoom.objects.create(
        id=room_id, proposal=proposal, with_persons=request.with_persons, until=request.until, tell_from=request.tell_from
    )
    CaseRoomCase.objects.bulk_create(
        CaseRoomCase(room=room, kind=case.kind, thing=case.thing, merchant=case.merchant, buyer=case.buyer) for case in cases
    )
    CaseRoomGuest.objects.bulk_create(CaseRoomGuest(room=room, account_id=account) for account in accounts)
    names = [*REQUEST_WORDS, *(["silence"] if request.silence else [])]
    texts = [vault.Words(room_id, name, room_id, "transaction", getattr(request, name)) for name in names]
    vault.keep_words(texts=texts, realm=realm, recorded=to_micros(at))
    told: Literal["at_once", "later"] = "later" if request.silence else "at_once"
    _state(room, CaseRoomAsked(room=room_id, cases=len(cases), until=to_micros(request.until), told=told), realm, at)
    timers.set_timer(kind=ROOM_ENDS, subject=room_id, due=proposal.expires)
    return room


@transaction.atomic
def approve_room(*, actor: Actor, room_id: str, digest: str, realm: Realm, at: datetime) -> CaseRoom:
    """Open a room as the second person, who was shown the request of this digest. Those concerned are told, now or later."""
    allow(actor, APPROVAL)
    room = _held(room_id)
    _check_stranger(actor, [Case("order", case.thing, case.merchant, case.buyer) for case in _cases(room)], at)
    if digest_of_room(room, realm=realm) != room.proposal.digest:
        raise Conflict(_("This is not what was proposed. Look at it again before you approve it."))
    four_eyes.approve(actor=actor, proposal=room.proposal_id, digest=digest, at=at)
    room.opened_at = at
    room.told_at = at if room.tell_from is None else None
    room.save(update_fields=["opened_at", "told_at"])
    _state(room, CaseRoomOpened(room=room.pk), realm, at)
    timers.set_timer(kind=ROOM_ENDS, subject=room.pk, due=room.until)
    if room.tell_from is not None:
        timers.set_timer(kind=ROOM_TELLS, subject=room.pk, due=max(room.tell_from, at))
    return room


@transaction.atomic
def decline_room(*, actor: Actor, room_id: str, realm: Realm, at: datetime) -> CaseRoom:
    """Say no to a room as the second person: nothing was shown."""
    allow(actor, APPROVAL)
    room = _held(room_id)
    four_eyes.decline(actor=actor, proposal=room.proposal_id, at=at)
    return _close(room, "declined", actor, realm, at)


@transaction.atomic
def withdraw_room(*, actor: Actor, room_id: str, realm: Realm, at: datetime) -> CaseRoom:
    """Take back a room that one asked for oneself, before anybody approved it."""
    allow(actor, "people.ask_room")
    room = _held(room_id)
    four_eyes.withdraw_proposal(actor=actor, proposal=room.proposal_id, at=at)
    return _close(room, "withdrawn", actor, realm, at)


@transaction.atomic
def close_room(*, actor: Actor, room_id: str, realm: Realm, at: datetime) -> CaseRoom:
    """Close an open room before its day. It takes one person: less is shown, not more."""
    allow(actor, "people.close_room")
    room = _held(room_id)
    if room.opened_at is None or room.closed_at is not None:
        raise Conflict(_("This room is not open."))
    return _close(room, "early", actor, realm, at)


@transaction.atomic
def end_room(*, actor: Actor, room_id: str, realm: Realm, at: datetime) -> bool:
    """End a room whose clock ran out: one that nobody approved lapses, an open one expires; returns whether it was due."""
    allow(actor, "people.keep_room_clock")
    room = _held(room_id)
    if room.closed_at is not None:
        return False
    if room.opened_at is None:
        if at < room.proposal.expires:
            return False
        four_eyes.lapse_proposal(proposal=room.proposal_id, at=at)
        _close(room, "lapsed", actor, realm, at)
        return True
    if at < room.until:
        return False
    _close(room, "expired", actor, realm, at)
    return True


@transaction.atomic
def tell_room(*, actor: Actor, room_id: str, at: datetime) -> bool:
    """Tell those concerned of a room that was kept from them until now; returns whether it was due."""
    allow(actor, "people.keep_room_clock")
    room = _held(room_id)
    if room.opened_at is None or room.told_at is not None or room.tell_from is None or at < room.tell_from:
        return False
    room.told_at = at
    room.save(update_fields=["told_at"])
    return True


@transaction.atomic
def enter_room(*, actor: Actor, room_id: str, at: datetime) -> list[CaseRoomCase]:
    """The cases of a room, for the authority that was let in, while it is open; that it entered is noted for each concerned."""
    room = _entered(actor, room_id, at)
    found = _cases(room)
    Access.objects.bulk_create(
        Access(person=who, at=at, actor=actor.name, what="seen", why="authority", page="room", room=room)
        for who in sorted({who for case in found for who in _concerned(case)})
    )
    return found


@transaction.atomic
def look_into_room(
    *, actor: Actor, room_id: str, thing: str, what: Literal["seen", "taken"], at: datetime
) -> tuple[CaseRoomCase, CaseRoom]:
    """Note that an authority sees or takes along one case of an open room that it was let into; refuses any other case."""
    room = _entered(actor, room_id, at)
    case = CaseRoomCase.objects.filter(room=room, thing=thing).first()
    if case is None:
        raise NotFound("This room shows no such case.")
    Access.objects.bulk_create(
        Access(person=who, at=at, actor=actor.name, what=what, why="authority", page="case", thing=thing, room=room)
        for who in _concerned(case)
    )
    return case, room


def _entered(actor: Actor, room_id: str, at: datetime) -> CaseRoom:
    """The room, for a guest of it and while it is open; nobody else learns that there is one."""
    allow(actor, "people.enter_room")
    room = CaseRoom.objects.filter(pk=room_id).first()
    names = {actor_named(guest.account) for guest in CaseRoomGuest.objects.filter(room=room_id).select_related("account")}
    if room is None or actor.name not in names:
        raise NotFound("There is nothing under this address for your account.")
    if room.opened_at is None or room.closed_at is not None or not room.opened_at <= at < room.until:
        raise RoomOver(_("This case room is not open: it was not approved yet, or its time is over."))
    return room


def _concerned(case: CaseRoomCase) -> list[str]:
    """Whom a look at a case is a look at; one entry is kept even where they were erased."""
    return [who for who in (case.merchant, case.buyer) if who] or [""]


def _cases(room: CaseRoom) -> list[CaseRoomCase]:
    return list(CaseRoomCase.objects.filter(room=room).order_by("pk"))


def _held(room_id: str) -> CaseRoom:
    """The room, which nobody else changes meanwhile."""
    found = CaseRoom.objects.select_for_update(of=("self",)).select_related("proposal").filter(pk=room_id).first()
    if found is None:
        raise NotFound("There is no such case room.")
    return found


def _guests(handles: Sequence[str], at: datetime) -> list[int]:
    """The accounts of these sign-in names; refuses who is no authority."""
    if not 1 <= len(set(map(normal_handle, handles))) <= ROOM_GUESTS_MAX:
        raise Conflict(_("Name the authority’s account: at least one, and at most ten."))
    accounts = []
    for handle in sorted(set(map(normal_handle, handles))):
        account = account_called(handle)
        if AUTHORITY not in {grant.role for grant in grants_of(account, at=at)}:
            raise Conflict(_("Only an account with the role of an authority is let into a case room."))
        accounts.append(account.pk)
    return accounts


def _check_stranger(actor: Actor, cases: Sequence[Case], at: datetime) -> None:
    """Refuse whoever acts, or acted in the last year, for somebody whom a case concerns."""
    ties = tied_to(actor, since=at - TIES_LAST)
    if any(who in ties for case in cases for who in (case.merchant, case.buyer)):
        raise NotAllowed("You act for whom this is about: another person must decide.")


def _close(room: CaseRoom, how: How, actor: Actor, realm: Realm, at: datetime) -> CaseRoom:
    room.closed_at, room.closed_how, room.closed_by = at, how, actor.name
    room.save(update_fields=["closed_at", "closed_how", "closed_by"])
    timers.cancel_timer(kind=ROOM_ENDS, subject=room.pk)
    _state(room, CaseRoomClosed(room=room.pk, how=how), realm, at)
    return room


def _state(room: CaseRoom, fact: Fact, realm: Realm, at: datetime) -> None:
    """State a fact about a room, once of each kind."""
    statement = record.Statement(f"room/{room.pk}/{type(fact).__name__}", to_micros(at), fact)
    record.append(actor=SYSTEM, statements=[statement], realm=realm, at=at)

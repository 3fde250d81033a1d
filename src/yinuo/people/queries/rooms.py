"""Case rooms: for those who keep them, for the authority inside, for those concerned, and in numbers for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Count, Q

from yinuo.kit.actors import HUMAN, Actor, allow
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
from yinuo.people.models import Account, CaseRoom, CaseRoomCase, CaseRoomGuest, Grant
from yinuo.people.rules import AUTHORITY, REQUEST_WORDS, Case, RoomRequest, request_digest
from yinuo.vault.queries import words_by_name

State = Literal["asked", "open", "declined", "withdrawn", "lapsed", "expired", "early"]
LISTED_MAX = 200


@dataclass(frozen=True, slots=True)
class RoomShown:
    """A room with its request in words, its cases, who is let in, and how it stands at a moment."""

    room: CaseRoom
    state: State
    request: RoomRequest
    cases: list[CaseRoomCase]
    guests: list[str]
    asked_by: str
    settled_by: str

    @property
    def is_open(self) -> bool:
        """Whether the authority can read it now."""
        return self.state == "open"


def state_of(room: CaseRoom, *, at: datetime) -> State:
    """How a room stands. Its clock counts by itself: nothing waits for a timer."""
    if room.closed_how:
        return room.closed_how  # type: ignore[return-value] # the database lists them
    if room.opened_at is None:
        return "asked" if at < room.proposal.expires else "lapsed"
    return "open" if at < room.until else "expired"


def rooms(*, viewer: Actor, realm: Realm, at: datetime) -> list[RoomShown]:
    """Every room, the newest first, for those who keep rooms and for auditors."""
    allow(viewer, "people.see_rooms")
    found = CaseRoom.objects.select_related("proposal").order_by("-proposal__proposed_at", "pk")[:LISTED_MAX]
    return _shown(list(found), realm, at)


def room(*, viewer: Actor, room_id: str, realm: Realm, at: datetime) -> RoomShown:
    """One room, for those who keep rooms and for auditors."""
    allow(viewer, "people.see_rooms")
    found = CaseRoom.objects.select_related("proposal").filter(pk=room_id).first()
    if found is None:
        raise NotFound("There is no such case room.")
    return _shown([found], realm, at)[0]


def own_rooms(*, viewer: Actor, realm: Realm, at: datetime) -> list[RoomShown]:
    """The rooms that were opened for an authority, also those that are over; not those that nobody approved."""
    allow(viewer, "people.enter_room")
    number = int(viewer.name.removeprefix(HUMAN)) if viewer.is_human else 0
    mine = CaseRoomGuest.objects.filter(account=number).values("room")
    found = CaseRoom.objects.select_related("proposal").filter(pk__in=mine, opened_at__isnull=False)
    return _shown(list(found.order_by("-opened_at", "pk")[:LISTED_MAX]), realm, at)


def rooms_about(*, viewer: Actor, subject: str, realm: Realm, at: datetime) -> list[tuple[RoomShown, int]]:
    """The rooms in which cases of a merchant or buyer were shown, once they may know; each with how many of theirs it shows."""
    allow(viewer, "people.see_rooms_about", about=subject)
    cases = CaseRoomCase.objects.filter(Q(merchant=subject) | Q(buyer=subject))
    counted = dict(cases.values_list("room").annotate(many=Count("pk")).order_by())
    found = CaseRoom.objects.select_related("proposal").filter(pk__in=counted, told_at__isnull=False)
    return [(one, counted[one.room.pk]) for one in _shown(list(found.order_by("-opened_at", "pk")[:LISTED_MAX]), realm, at)]


def authorities(*, viewer: Actor, at: datetime) -> list[tuple[str, datetime]]:
    """The sign-in names of authorities' accounts, each with the day on which the role ends; for whoever asks for a room."""
    allow(viewer, "people.ask_room")
    found = Grant.objects.filter(role=AUTHORITY, ended=None, until__gt=at, account__disabled=None)
    ends = found.order_by("account__handle").values_list("account__handle", "until")
    return [(handle, until) for handle, until in ends if until is not None]


def room_counts(*, at: datetime) -> Mapping[str, int]:
    """For everybody: how many requests of authorities were entered, granted and not, and how many rooms are open now."""
    all_ = CaseRoom.objects.select_related("proposal")
    states = [state_of(one, at=at) for one in all_]
    return {
        "asked": len(states), "granted": all_.filter(opened_at__isnull=False).count(),
        "refused": sum(state in ("declined", "withdrawn", "lapsed") for state in states), "open": states.count("open"),
        "waiting": states.count("asked"), "told_later": all_.filter(tell_from__isnull=False, opened_at__isnull=False).count(),
    }


def rooms_told(person: str) -> list[dict[str, Any]]:
    """The rooms that showed cases of a person, once they may know of them."""
    found = CaseRoom.objects.filter(pk__in=CaseRoomCase.objects.filter(buyer=person).values("room"), told_at__isnull=False)
    return [
        {"room": one.pk, "opened": one.opened_at and one.opened_at.isoformat(), "until": one.until.isoformat(),
         "closed": one.closed_at and one.closed_at.isoformat()}
        for one in found.order_by("opened_at", "pk")
    ]


def digest_of_room(room: CaseRoom, *, realm: Realm) -> str:
    """What an approval of the room would be bound to, computed anew from all that is kept of it."""
    request = _requests([room], realm)[room.pk]
    kept = CaseRoomCase.objects.filter(room=room)
    cases = [Case(case.kind, case.thing, case.merchant, case.buyer) for case in kept]  # type: ignore[arg-type]
    return request_digest(room.pk, request, cases, CaseRoomGuest.objects.filter(room=room).values_list("account", flat=True))


def _shown(found: Sequence[CaseRoom], realm: Realm, at: datetime) -> list[RoomShown]:
    """The rooms with everything about them, by a constant number of questions."""
    ids = [one.pk for one in found]
    requests = _requests(found, realm)
    cases: dict[str, list[CaseRoomCase]] = {pk: [] for pk in ids}
    for case in CaseRoomCase.objects.filter(room__in=ids).order_by("pk"):
        cases[case.room_id].append(case)
    guests: dict[str, list[str]] = {pk: [] for pk in ids}
    invited = CaseRoomGuest.objects.filter(room__in=ids).order_by("account__handle")
    for pk, handle in invited.values_list("room", "account__handle"):
        guests[pk].append(handle)
    called = _handles([name for one in found for name in (one.proposal.proposed_by, one.proposal.settled_by)])
    return [
        RoomShown(
            one, state_of(one, at=at), requests[one.pk], cases[one.pk], guests[one.pk],
            called.get(one.proposal.proposed_by, ""), called.get(one.proposal.settled_by, ""),
        )
        for one in found
    ]


def _requests(found: Sequence[CaseRoom], realm: Realm) -> dict[str, RoomRequest]:
    said = words_by_name(names=(*REQUEST_WORDS, "silence"), subjects=[one.pk for one in found], realm=realm)
    return {
        one.pk: RoomRequest(
            authority=said["authority"].get(one.pk) or "", basis=said["basis"].get(one.pk) or "",
            reference=said["reference"].get(one.pk) or "", asked=said["asked"].get(one.pk) or "", until=one.until,
            with_persons=one.with_persons, silence=said["silence"].get(one.pk) or "", tell_from=one.tell_from,
        )
        for one in found
    }


def _handles(names: Iterable[str]) -> dict[str, str]:
    numbers = {int(name.removeprefix(HUMAN)) for name in names if name.startswith(HUMAN)}
    return {f"{HUMAN}{pk}": handle for pk, handle in Account.objects.filter(pk__in=numbers).values_list("pk", "handle")}

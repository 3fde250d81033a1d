"""Case rooms: those who keep them ask, approve and close; an authority reads. And who looked, for the officer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from yinuo_client._reading import read
from yinuo_client._transport import Calls, in_path


@dataclass(frozen=True)
class Room:
    """A room: how it stands, who asks under which number, how many cases, and its clocks.

    `asked_by`, the sign-in name of who entered the request, is empty to the authority.
    """

    id: str
    state: str
    authority: str
    reference: str
    cases: int
    asked_by: str
    asked: datetime
    approve_by: datetime
    until: datetime
    closed: datetime | None


@dataclass(frozen=True)
class Case:
    """A case that a room shows, and the merchant whom it concerns."""

    kind: str
    thing: str
    merchant: str | None


@dataclass(frozen=True)
class WholeRoom:
    """A room with its request in words, its cases, who is let in, and what was done.

    `digest` is of all that was asked: an approval names it. It is empty to the authority, like `asked_by` and `approved_by`.
    """

    id: str
    state: str
    authority: str
    basis: str
    reference: str
    request: str
    with_persons: bool
    silence: str
    tell_from: datetime | None
    guests: tuple[str, ...]
    cases: tuple[Case, ...]
    asked_by: str
    asked: datetime
    approve_by: datetime
    approved_by: str
    opened: datetime | None
    until: datetime
    told: datetime | None
    closed: datetime | None
    digest: str


@dataclass(frozen=True)
class AskedRoom:
    """The room that waits for a second person, who must approve it by a day."""

    id: str
    approve_by: datetime


@dataclass(frozen=True)
class RoomLook:
    """What an authority looked at in a room: `page` is room where it was the list of cases, `thing` the case."""

    at: datetime
    who: str
    what: str
    page: str
    thing: str


@dataclass(frozen=True)
class RoomLooks:
    """The newest 100 looks, newest first, and whether there are older ones."""

    looks: tuple[RoomLook, ...]
    more: bool


@dataclass(frozen=True)
class DecisionShown:
    """A decision in a room with its statement of reasons; None where the reasons were erased."""

    act: str
    adverse: bool
    ground: str
    rule: str
    reasons: str | None
    facts: tuple[str, ...]
    automated: str
    decided: datetime
    since: datetime
    until: datetime | None
    reversed: datetime | None


@dataclass(frozen=True)
class ContestShown:
    """An objection in a room, in its words, which are None where they were erased."""

    aspect: str
    claimed: str
    state: str
    objection: str | None
    opened: datetime
    settled: datetime | None
    cause: str


@dataclass(frozen=True)
class AppealShown:
    """An appeal in a room, and its answer, in their words, which are None where there are none."""

    state: str
    objection: str | None
    opened: datetime
    reply: str | None
    settled: datetime | None


@dataclass(frozen=True)
class StandingShown:
    """How the merchant of a case stands; the file shows how that was reckoned."""

    band: str
    score: int | None
    outcomes: int
    as_of: date


@dataclass(frozen=True)
class FactShown:
    """A sealed fact about the order of a case, and who stated it. The file holds the rest, with proof."""

    number: int
    kind: str
    at: datetime
    source: str


@dataclass(frozen=True)
class CaseShown(Case):
    """A case whole. What does not belong to its kind is None; `order` is what its shop calls it."""

    merchant_name: str
    decision: DecisionShown | None
    contest: ContestShown | None
    appeal: AppealShown | None
    order: str
    facts: tuple[FactShown, ...] | None
    standing: StandingShown | None


@dataclass(frozen=True)
class Look:
    """A look: when, who (a sign-in name; system: the operator at the command line), seen or taken along, why, and at what."""

    at: datetime
    who: str
    what: str
    why: str
    person: str
    page: str
    thing: str
    room: str | None


class RoomCalls(Calls):
    """What an authority is shown, by whom it is let in, and every look at people's data. Each look in a room is noted."""

    def rooms(self) -> list[Room]:
        """Every room, newest first; to an authority those that were opened for it."""
        return [read(Room, told) for told in self._get("/rooms")]

    def ask_room(  # noqa: PLR0913 - as many as a request has parts
        self, *, authority: str, basis: str, reference: str, request: str, until: date, guests: Sequence[str],
        cases: Sequence[str], with_persons: bool = False, silence: str = "", silent_until: date | None = None,
    ) -> AskedRoom:
        """Enter an authority's written request; nobody sees anything until a second person approved.

        `guests` are sign-in names of the authority's accounts; `cases` ids of decisions, objections, orders or merchants, or
        "order SOURCE NUMBER". Those concerned are told when it opens, or after `silent_until` on the ground in `silence`.
        """
        wanted = {
            "authority": authority, "basis": basis, "reference": reference, "request": request, "until": until.isoformat(),
            "guests": list(guests), "cases": list(cases), "with_persons": with_persons, "silence": silence,
            "silent_until": None if silent_until is None else silent_until.isoformat(),
        }
        return read(AskedRoom, self._do("POST", "/rooms", wanted))

    def room(self, room: str) -> WholeRoom:
        """The request and its cases: to those who keep rooms at any time, to the authority while it is open."""
        return read(WholeRoom, self._get(f"/rooms/{in_path(room)}"))

    def room_looks(self, room: str) -> RoomLooks:
        """What an authority looked at in a room."""
        return read(RoomLooks, self._get(f"/rooms/{in_path(room)}/looks"))

    def approve_room(self, room: str, *, digest: str) -> None:
        """Open it, as the second person who read the request; `digest` is the one of what was read."""
        self._do("POST", f"/rooms/{in_path(room)}/approve", {"digest": digest})

    def decline_room(self, room: str) -> None:
        """Say no to it as the second person."""
        self._do("POST", f"/rooms/{in_path(room)}/decline")

    def withdraw_room(self, room: str) -> None:
        """Take back a request that one entered oneself, before anybody approved it."""
        self._do("POST", f"/rooms/{in_path(room)}/withdraw")

    def close_room(self, room: str) -> None:
        """Close an open one before its day."""
        self._do("POST", f"/rooms/{in_path(room)}/close")

    def room_case(self, room: str, thing: str) -> CaseShown:
        """A case whole, for the authority alone."""
        return read(CaseShown, self._get(f"/rooms/{in_path(room)}/cases/{in_path(thing)}"))

    def room_file(self, room: str, thing: str) -> dict[str, Any]:
        """An order's facts with their proofs, or a merchant's credit report: written to a file, `yinuo verify` checks it."""
        told: dict[str, Any] = self._get(f"/rooms/{in_path(room)}/cases/{in_path(thing)}/file")
        return told

    def looks(
        self, *, account: str = "", subject: str = "", day: date | None = None, room: str = ""
    ) -> Iterator[Look]:
        """Who among staff and authorities looked at whose data, newest first, for the data-protection officer.

        Of one account, at one person or thing (an id, or "SOURCE ID" as a shop calls them), on one day, in one room.
        """
        narrowed: dict[str, Any] = {"account": account, "subject": subject, "day": day, "room": room}
        narrowed = {name: value for name, value in narrowed.items() if value}
        page, more = 1, True
        while more:
            told = self._get(f"/looks?{urlencode(narrowed | {'page': page})}")
            yield from (read(Look, one) for one in told["looks"])
            page, more = page + 1, told["more"]

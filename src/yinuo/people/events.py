"""Facts about the people of the marketplace."""

from __future__ import annotations

from typing import Literal

from yinuo.kit.facts import BuyerId, Code, Count, Digest, Fact, Moment, RoomId, RunId, Text, fact


@fact(texts={"name": Text(owner="buyer", retention="profile")})
class BuyerJoined(Fact, frozen=True, kw_only=True, tag="people.buyer_joined"):
    """A buyer opened an account."""

    buyer: BuyerId
    region: Code | None = None


@fact(texts={"name": Text(owner="buyer", retention="profile")}, external=False)
class BuyerCorrected(Fact, frozen=True, kw_only=True, tag="people.buyer_corrected"):
    """What is said of a buyer was corrected: at their own wish, or by the operator who found it wrong."""

    buyer: BuyerId
    asked: Literal["person", "operator"]


@fact(external=False)
class PeopleErased(Fact, frozen=True, kw_only=True, tag="people.people_erased"):
    """The day's erasures: of how many people something was erased, and what binds the list of them without showing it."""

    run: RunId
    people: Count
    commitment: Digest


@fact(external=False)
class CaseRoomAsked(Fact, frozen=True, kw_only=True, tag="people.case_room_asked"):
    """A room was asked for, to show an authority the cases that its written request names; no authority and no case is named.

    `told` says when those concerned are told: at once, or later on a ground of law.
    """

    room: RoomId
    cases: Count
    until: Moment
    told: Literal["at_once", "later"]


@fact(external=False)
class CaseRoomOpened(Fact, frozen=True, kw_only=True, tag="people.case_room_opened"):
    """A second person approved a case room: from now on, and until its day, the authority can read the cases."""

    room: RoomId


@fact(external=False)
class CaseRoomClosed(Fact, frozen=True, kw_only=True, tag="people.case_room_closed"):
    """A case room is over: it was never approved (declined, withdrawn, lapsed), its day came, or somebody closed it early."""

    room: RoomId
    how: Literal["declined", "withdrawn", "lapsed", "expired", "early"]

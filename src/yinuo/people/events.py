"""Facts about the people of the marketplace."""

from __future__ import annotations

from typing import Literal

from yinuo.kit.facts import BuyerId, Code, Count, Digest, Fact, RunId, Text, fact


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

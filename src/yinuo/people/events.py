"""Facts about the people of the marketplace."""

from __future__ import annotations

from yinuo.kit.facts import BuyerId, Code, Fact, Text, fact


@fact(texts={"name": Text(owner="buyer", retention="profile")})
class BuyerJoined(Fact, frozen=True, kw_only=True, tag="people.buyer_joined"):
    """A buyer opened an account."""

    buyer: BuyerId
    region: Code | None = None

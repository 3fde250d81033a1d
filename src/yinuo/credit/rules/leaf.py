"""What a run commits to of each merchant: a leaf of the Merkle tree whose root stands in the run's fact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from yinuo.credit.rules.scorecard import Result
from yinuo.credit.rules.told import NO_REVIEWS, ReviewCounts
from yinuo.kit import merkle
from yinuo.kit.merkle import Node


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A merchant's standing, and how many facts about the merchant and which counts of reviews it rests on.

    The salt keeps others, whose proofs show this leaf's hash, from guessing the rest.
    """

    merchant: str
    score: int | None
    low: int | None
    high: int | None
    band: str
    before: str
    override: str
    odds_ppm: int | None
    outcomes: int
    facts: int
    reviews_received: int
    reviews_shown: int
    reviews_hidden: int
    salt: str

    @property
    def reviews(self) -> ReviewCounts:
        """The counts of reviews."""
        return ReviewCounts(self.reviews_received, self.reviews_shown, self.reviews_hidden)

    def encoded(self) -> bytes:
        """Its canonical JSON: what is hashed."""
        return msgspec.json.encode(self, order="sorted")


def leaf_of(merchant: str, result: Result, *, facts: int, reviews: ReviewCounts = NO_REVIEWS, salt: bytes) -> Leaf:
    """The leaf of a merchant's result."""
    return Leaf(
        merchant=merchant, score=result.score, low=result.low, high=result.high, band=result.band, before=result.before,
        override=result.override, odds_ppm=result.odds_ppm, outcomes=result.outcomes, facts=facts,
        reviews_received=reviews.received, reviews_shown=reviews.shown, reviews_hidden=reviews.hidden, salt=salt.hex(),
    )


def path_of(place: int, leaves: Sequence[bytes]) -> list[bytes]:
    """What shows that the leaf at a place is among all these."""

    def read(nodes: Iterable[Node]) -> list[bytes]:
        return [merkle.root(leaves[index << level : (index + 1) << level]) for level, index in nodes]

    return merkle.inclusion_proof(place, len(leaves), read)

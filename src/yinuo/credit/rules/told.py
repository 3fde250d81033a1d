"""What was told of merchants besides judged outcomes, as of a size of the record: findings, and counts of reviews.

A review is received once any fact published it, and stays received: nothing that is said later takes it out of the count.
It is shown or hidden while a publication of it stands; one that was taken back is neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import ibis

from yinuo.catalogue.rules import ToldFinding
from yinuo.credit.rules.daybook import standing_facts

PUBLISHED, HIDDEN, RESTORED = "reviews.review_published", "reviews.review_hidden", "reviews.review_restored"
UPHELD, OVERTURNED = "catalogue.finding_upheld", "catalogue.finding_overturned"


class ReviewCounts(NamedTuple):
    """How many reviews of a merchant were received, are shown and are hidden; the others were taken back by who told them."""

    received: int
    shown: int
    hidden: int


NO_REVIEWS = ReviewCounts(0, 0, 0)


class ToldReview(NamedTuple):
    """What one fact says of a review, and whether it still stands."""

    kind: str
    review: str
    merchant: str | None
    at: int
    stands: bool


def count_reviews(told: Iterable[ToldReview], *, merchant: str) -> ReviewCounts:
    """The counts in plain Python, from facts in the order of sealing: the oracle, and what a verifier runs."""
    received: set[str] = set()
    about: dict[str, str | None] = {}
    hidden: dict[str, int] = {}
    restored: dict[str, int] = {}
    for each in told:
        if each.kind == PUBLISHED and each.merchant == merchant:
            received.add(each.review)
        if each.stands and each.kind == PUBLISHED:
            about.setdefault(each.review, each.merchant)      # of several, the first tells it
        elif each.stands and each.kind in (HIDDEN, RESTORED):
            (hidden if each.kind == HIDDEN else restored)[each.review] = each.at
    own = [review for review, whose in about.items() if whose == merchant]
    unseen = sum(review in hidden and restored.get(review, hidden[review] - 1) < hidden[review] for review in own)
    return ReviewCounts(len(received), len(own) - unseen, unseen)


def reviews_at(engine: Any, store: Any, *, size: int) -> dict[str, ReviewCounts]:
    """The same of every merchant at once, from the archive."""
    columns = ("seq", "kind", "at", "review", "merchant")
    facts = store.facts(engine, columns=columns)
    told = facts.filter(facts.seq < size, facts.kind.isin([PUBLISHED, HIDDEN, RESTORED])).cache()    # read only once
    published = told.filter(told.kind == PUBLISHED)
    pairs = published.filter(published.merchant.notnull()).select("merchant", "review").distinct()
    received = _by_merchant(pairs.group_by("merchant").aggregate(count=ibis._.count()))
    standing = standing_facts(told, store.replaced(engine), start=0, stop=size)
    first = standing.filter(standing.kind == PUBLISHED)
    about = first.group_by("review").aggregate(merchant=first.merchant.coalesce("").argmin(first.seq))
    for kind, column in ((HIDDEN, "hidden_at"), (RESTORED, "restored_at")):
        last = standing.filter(standing.kind == kind)
        moments = last.group_by("review").aggregate(**{column: last["at"].argmax(last.seq)})
        about = about.left_join(moments, "review").drop("review_right")
    is_hidden = about.hidden_at.notnull() & (about.restored_at.isnull() | (about.restored_at < about.hidden_at))
    is_hidden = is_hidden.fill_null(False)
    own = _by_merchant(about.group_by("merchant").aggregate(count=ibis._.count()))
    unseen = _by_merchant(about.filter(is_hidden).group_by("merchant").aggregate(count=ibis._.count()))
    return {
        merchant: ReviewCounts(count, own.get(merchant, 0) - unseen.get(merchant, 0), unseen.get(merchant, 0))
        for merchant, count in received.items()
    }


def findings_at(engine: Any, store: Any, *, size: int) -> list[ToldFinding]:
    """What the facts that stand at a size say of findings, in the order of sealing."""
    columns = ("seq", "kind", "at", "finding", "merchant", "ground")
    facts = store.facts(engine, columns=columns)
    told = facts.filter(facts.kind.isin([UPHELD, OVERTURNED]), facts.merchant.notnull())
    found = standing_facts(told, store.replaced(engine), start=0, stop=size).order_by("seq").to_pyarrow().to_pylist()
    return [
        ToldFinding(row["finding"], row["merchant"], row["ground"] if row["kind"] == UPHELD else None, row["at"])
        for row in found
    ]


def _by_merchant(counts: Any) -> dict[str, int]:
    table = counts.to_pyarrow()
    return dict(zip(table["merchant"].to_pylist(), table["count"].to_pylist(), strict=True))

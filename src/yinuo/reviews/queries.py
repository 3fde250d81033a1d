"""Questions about reviews. A hidden review is counted and listed with its ground, without its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from yinuo.kit import rows as many_rows
from yinuo.kit.actors import Actor
from yinuo.kit.realm import Realm
from yinuo.people.queries import restricted_among
from yinuo.reviews.models import Review
from yinuo.reviews.rules import ReviewRow
from yinuo.vault.queries import words_by_name

_HIDDEN = Q(hidden_at__isnull=False) & (Q(restored_at__isnull=True) | Q(restored_at__lt=F("hidden_at")))


_OF_ORDERS = 'SELECT id FROM reviews_review WHERE "order" {keys}'
_EARLIER = """
SELECT r.id, (
    SELECT COUNT(*) FROM (
        SELECT 1 FROM reviews_review p WHERE p."{same}" = r."{same}" AND p.merchant = r.merchant
        AND p.published_seq < r.published_seq LIMIT {most}
    ) earlier
) FROM reviews_review r WHERE r.id {keys}
"""


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """How many reviews of a merchant came in and are hidden, and how the stars of those shown are spread."""

    received: int
    hidden: int
    shown_by_stars: dict[int, int]

    @property
    def shown(self) -> int:
        """How many anybody can read."""
        return self.received - self.hidden


@dataclass(frozen=True, slots=True)
class ReadableReview:
    """A review as its viewer may read it; hidden ones have a ground and no words."""

    review: str
    stars: int
    published_at: int
    hidden_ground: str
    title: str
    words: str
    reply: str
    erased: bool
    withheld: bool      # their writer has them kept and not used


def review_counts(*, viewer: Actor, merchant: str | None = None, listing: str | None = None) -> ReviewCounts:
    """The counts of the reviews of a merchant, or of a listing."""
    received = _received(merchant, listing)
    by_stars = received.values_list("stars").annotate(all=Count("pk"), hidden=Count("pk", filter=_HIDDEN))
    rows = list(by_stars.order_by("-stars"))
    return ReviewCounts(
        received=sum(count for _, count, _ in rows),
        hidden=sum(hidden for _, _, hidden in rows),
        shown_by_stars={5: 0, 4: 0, 3: 0, 2: 0, 1: 0} | {int(stars): count - hidden for stars, count, hidden in rows},
    )


def newest_reviews(
    *, viewer: Actor, merchant: str | None = None, listing: str | None = None, realm: Realm, before: int | None, limit: int
) -> list[ReadableReview]:
    """A merchant's or a listing's reviews, newest first, of those published before the moment `before` (all, if None)."""
    found = _received(merchant, listing).filter(published_at__isnull=False)
    if before is not None:
        found = found.filter(published_at__lt=before)
    reviews = list(found.annotate(is_hidden=_HIDDEN).order_by("-published_at")[:limit])
    restricted = restricted_among({review.buyer for review in reviews if review.buyer})
    withheld = {review.pk for review in reviews if review.buyer in restricted}
    readable = [review.pk for review in reviews if not review.is_hidden]
    found_words = words_by_name(names=("title", "words", "reply"), subjects=readable, realm=realm)
    titles, words, replies = found_words.values()
    return [
        ReadableReview(
            review=review.pk,
            stars=review.stars or 0,
            published_at=review.published_at or 0,
            hidden_ground=(review.hidden_ground or "unknown") if review.is_hidden else "",
            title="" if review.pk in withheld else titles.get(review.pk) or "",
            words="" if review.pk in withheld else words.get(review.pk) or "",
            reply=replies.get(review.pk) or "",
            erased=words.get(review.pk, "") is None,
            withheld=review.pk in withheld,
        )
        for review in reviews
    ]


def hidden_by_ground(*, viewer: Actor, listing: str) -> dict[str, int]:
    """How many of a listing's reviews are hidden on each ground, most first."""
    hidden = _received(None, listing).filter(_HIDDEN).values_list("hidden_ground").annotate(count=Count("pk"))
    return {str(ground or "unknown"): count for ground, count in hidden.order_by("-count", "hidden_ground")}


def _received(merchant: str | None, listing: str | None) -> QuerySet[Review]:
    """The reviews that came in of exactly one of the two."""
    assert (merchant is None) != (listing is None), "reviews are asked for of a merchant or of a listing"
    about = {"merchant": merchant} if listing is None else {"listing": listing}
    return Review.objects.filter(**about, stars__isnull=False)


def reviews(ids: Sequence[str]) -> list[ReviewRow]:
    """The reviews of these ids that any fact told of, as credit judges them."""
    columns = ", ".join(f'"{column}"' for column in ReviewRow._fields)
    found = many_rows.select_in(connection, f"SELECT {columns} FROM reviews_review WHERE id {{keys}}", ids)
    return [ReviewRow(*row) for row in found]


def reviews_of_orders(orders: Sequence[str]) -> list[str]:
    """The ids of the reviews that name one of the orders."""
    return [review for (review,) in many_rows.select_in(connection, _OF_ORDERS, orders)]


def earlier_reviews(ids: Sequence[str], *, most: int) -> Counter[str]:
    """For each review, how many about the same merchant, of the same buyer or order, were stated before it.

    The larger of the two counts, and `most` where it is more.
    """
    counts: Counter[str] = Counter()
    for same in ("buyer", "order"):
        found = many_rows.select_in(connection, _EARLIER.format(same=same, most=most, keys="{keys}"), ids)
        counts |= Counter(dict(found))
    return counts

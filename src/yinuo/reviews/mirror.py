"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, SEQ, Writes
from yinuo.kit.realm import Realm
from yinuo.reviews import events

MIRROR: mirrors.Mirror = {
    events.ReviewPublished: Writes(
        "reviews_review",
        {
            "id": "review",
            "buyer": "buyer",
            "order": "order",
            "merchant": "merchant",
            "listing": "listing",
            "stars": "stars",
            "published_at": AT,
            "published_seq": SEQ,
        },
        once="published_at",
    ),
    events.ReviewReplied: Writes(
        "reviews_review",
        {"id": "review", "replied_at": AT},
    ),
    events.ReviewHidden: Writes(
        "reviews_review",
        {"id": "review", "hidden_ground": "ground", "hidden_at": AT},
    ),
    events.ReviewRestored: Writes(
        "reviews_review",
        {"id": "review", "restored_at": AT},
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

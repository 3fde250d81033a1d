"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.catalogue import events
from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, Writes
from yinuo.kit.realm import Realm

MIRROR: mirrors.Mirror = {
    events.ListingPublished: Writes(
        "catalogue_listing",
        {
            "id": "listing",
            "merchant": "merchant",
            "category": "category",
            "price_minor": "price_minor",
            "currency": "currency",
            "published_at": AT,
        },
    ),
    events.ListingWithdrawn: Writes(
        "catalogue_listing",
        {"id": "listing", "withdrawn_ground": "ground", "withdrawn_at": AT},
    ),
    events.ListingRestored: Writes("catalogue_listing", {"id": "listing", "restored_at": AT}),
    events.FindingUpheld: Writes(
        "catalogue_finding",
        {"id": "finding", "merchant": "merchant", "listing": "listing", "ground": "ground", "upheld_at": AT},
        once="upheld_at",
    ),
    events.FindingOverturned: Writes(
        "catalogue_finding",
        {"id": "finding", "overturned_at": AT},
        once="overturned_at",
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.kit import mirrors, rows
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, Writes
from yinuo.kit.realm import Realm
from yinuo.merchants import events
from yinuo.vault.queries import words_of

MIRROR: mirrors.Mirror = {
    events.MerchantRegistered: Writes(
        "merchants_merchant",
        {"id": "merchant", "form": "form", "region": "region", "registered_at": AT},
    ),
    events.MerchantClosed: Writes(
        "merchants_merchant",
        {"id": "merchant", "closed_ground": "ground", "closed_at": AT},
    ),
    events.ShopOpened: Writes(
        "merchants_shop",
        {"id": "shop", "merchant": "merchant", "category": "category", "opened_at": AT},
    ),
    events.ExternalRatingObserved: Writes(
        "merchants_externalrating",
        {
            "id": "rating",
            "merchant": "merchant",
            "publisher": "publisher",
            "value_hundredths": "value_hundredths",
            "scale_hundredths": "scale_hundredths",
            "observed_at": AT,
        },
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts; a merchant's name comes from the vault."""
    facts = list(facts)
    mirrors.apply(connection, MIRROR, facts)
    registered = [r.fact.merchant for r in facts if isinstance(r.fact, events.MerchantRegistered)]
    if registered:
        names = words_of(name="name", subjects=registered, realm=realm)
        rows.upsert(
            connection, "merchants_merchant", "id", ("id", "name"), [(m, name and name[:200]) for m, name in names.items()]
        )

"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, Writes
from yinuo.kit.realm import Realm
from yinuo.people import events

MIRROR: mirrors.Mirror = {
    events.BuyerJoined: Writes(
        "people_buyer",
        {"id": "buyer", "region": "region", "joined_at": AT},
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

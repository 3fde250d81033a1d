"""How facts write the mirror tables of this domain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from yinuo.care import events
from yinuo.kit import mirrors
from yinuo.kit.facts import Recorded
from yinuo.kit.mirrors import AT, Writes
from yinuo.kit.realm import Realm

MIRROR: mirrors.Mirror = {
    events.ComplaintOpened: Writes(
        "care_complaint",
        {
            "id": "complaint",
            "order": "order",
            "merchant": "merchant",
            "listing": "listing",
            "buyer": "buyer",
            "topic": "topic",
            "opened_at": AT,
        },
        once="opened_at",
    ),
    events.ComplaintAnswered: Writes(
        "care_complaint",
        {"id": "complaint", "answered_at": AT},
        once="answered_at",
    ),
    events.ComplaintClosed: Writes(
        "care_complaint",
        {"id": "complaint", "outcome": "outcome", "cause": "cause", "closed_at": AT},
        once="closed_at",
    ),
}


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

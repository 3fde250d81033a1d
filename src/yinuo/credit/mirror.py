"""How credit's own judged outcomes write their mirror tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection

from yinuo.credit import events
from yinuo.kit import mirrors
from yinuo.kit.facts import Fact, Recorded
from yinuo.kit.mirrors import AT, Writes
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import OWN_SOURCE, Realm
from yinuo.record.actions import Statement
from yinuo.record.events import FactWithdrawn

_DELIVERY = {
    "id": "order",
    "revision": "revision",
    "merchant": "merchant",
    "listing": "listing",
    "lane": "lane",
    "outcome": "outcome",
    "cause": "cause",
    "weight": "weight",
    "judged_at": AT,
}
MIRROR: mirrors.Mirror = {
    events.DispatchJudged: Writes(
        "credit_dispatch",
        _DELIVERY
        | {
            "buyer": "buyer",
            "used_permille": "used_permille",
            "placed_day": "placed_day",
            "value_minor": "value_minor",
        },
    ),
    events.DeliveryJudged: Writes("credit_delivery", _DELIVERY),
    events.ComplaintJudged: Writes(
        "credit_complaint",
        {
            "id": "complaint",
            "revision": "revision",
            "merchant": "merchant",
            "listing": "listing",
            "lane": "lane",
            "topic": "topic",
            "cause": "cause",
            "answer_hours": "answer_hours",
            "weight": "weight",
            "judged_at": AT,
        },
    ),
}


def apply_own(statements: Iterable[Statement], *, gone: Mapping[type[Fact], Iterable[str]], at: datetime) -> None:
    """Bring the tables up to what credit just stated, in the transaction that states it; `gone` are judgements withdrawn."""
    for kind, subjects in gone.items():
        mirrors.forget(connection, {kind: MIRROR[kind]}, sorted(subjects))
    recorded = [
        Recorded(-1, statement.at, to_micros(at), OWN_SOURCE, statement.fact)
        for statement in statements
        if not isinstance(statement.fact, FactWithdrawn)
    ]
    mirrors.apply(connection, MIRROR, recorded)


def apply(facts: Iterable[Recorded], *, realm: Realm) -> None:
    """Bring the mirror tables up to these facts."""
    mirrors.apply(connection, MIRROR, facts)

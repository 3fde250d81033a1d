"""Contest what credit holds against a merchant: the cause of an outcome, or a fact that it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from yinuo.credit.models import Delivery, Dispatch
from yinuo.decisions import actions as decisions
from yinuo.decisions import queries
from yinuo.decisions.actions import Contested, Proof
from yinuo.decisions.rules import CAUSES, Objection
from yinuo.delivery.events import ShipmentDamaged, ShipmentDelivered, ShipmentHandedOver, ShipmentReady
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import Fact
from yinuo.kit.realm import OWN_SOURCE, Realm
from yinuo.kit.refusals import Conflict, Malformed, NotFound
from yinuo.record import actions as record
from yinuo.record import queries as facts
from yinuo.trade.events import OrderCancelled
from yinuo.trade.queries import orders as orders_known

if TYPE_CHECKING:
    from yinuo.decisions.models import Contest

ASPECTS: dict[str, type[Dispatch] | type[Delivery]] = {"dispatch": Dispatch, "delivery": Delivery}
"""The judgements whose cause can be contested, with their mirror."""
CLAIMS = CAUSES
_CONTESTABLE = (ShipmentReady, ShipmentHandedOver, ShipmentDelivered, ShipmentDamaged, OrderCancelled)


_PROVEN = frozenset(CAUSES) - {"unknown"}


@transaction.atomic
def settle_proved(*, actor: Actor, aspect: str, orders: Collection[str], realm: Realm, at: datetime) -> list[Contest]:
    """Settle the open contests of these orders' causes where judging has found another's fault since, by what came to light."""
    allow(actor, "credit.judge")
    judged = ASPECTS[aspect].objects.filter(pk__in=sorted(orders), cause__in=_PROVEN, judged_at__isnull=False)
    by_matter = {f"{aspect}/{row.pk}/{row.outcome}": row for row in judged}
    proofs = {}
    for contest, matter, merchant in queries.open_contests_about(matters=list(by_matter)):
        row = by_matter[matter]
        if row.merchant == merchant:
            event = record.entry_key(realm, OWN_SOURCE, f"{aspect}/{row.pk}/{row.revision}").hex()
            proofs[contest] = Proof(row.cause, event)  # type: ignore[arg-type]
    return decisions.settle_proved(actor=actor, proofs=proofs, realm=realm, at=at) if proofs else []


@transaction.atomic
def contest_causes(
    *, actor: Actor, merchant: str, orders: Sequence[str], aspect: str, claimed: str, objection: Objection, realm: Realm,
    at: datetime,
) -> list[Contest]:
    """Contest that these orders went wrong through the merchant, all for the same reason; all or none."""
    allow(actor, "decisions.contest", about=merchant)
    if aspect not in ASPECTS:
        raise Malformed(f"{aspect!r} is not judged by cause; there are {', '.join(ASPECTS)}.", path="aspect")
    if claimed not in CLAIMS:
        raise Malformed(f"{claimed!r} is no cause to claim; there are {', '.join(CLAIMS)}.", path="claimed")
    found = {row.pk: row for row in ASPECTS[aspect].objects.filter(pk__in=list(orders), merchant=merchant)}
    for order in orders:
        judged = found.get(order)
        if judged is None or judged.judged_at is None:
            raise NotFound(f"Nothing is held against this merchant for an order {order!r}.")
        if judged.cause != "merchant":
            raise Conflict(f"Order {order} costs no points: its cause is {judged.cause or 'none'}.")
    contested = [
        Contested(
            record.entry_key(realm, OWN_SOURCE, f"{aspect}/{order}/{found[order].revision}").hex(), aspect, order, claimed,  # type: ignore[arg-type]
            found[order].outcome or "",
        )
        for order in dict.fromkeys(orders)
    ]
    return decisions.open_contests(
        actor=actor, merchant=merchant, contested=contested, objection=objection, realm=realm, at=at
    )


@transaction.atomic
def contest_each(
    *, actor: Actor, merchant: str, orders: Mapping[str, Sequence[str]], claimed: str, objection: Objection, realm: Realm,
    at: datetime,
) -> list[Contest]:
    """Contest causes of several kinds of judgement at once, by aspect; all or none."""
    return [
        contest
        for aspect, ids in orders.items()
        for contest in contest_causes(
            actor=actor, merchant=merchant, orders=ids, aspect=aspect, claimed=claimed, objection=objection, realm=realm, at=at
        )
    ]


@transaction.atomic
def contest_fact(
    *, actor: Actor, merchant: str, number: int, objection: Objection, realm: Realm, at: datetime
) -> Contest:
    """Contest that a sealed fact, which a shop stated about the way of an order of the merchant's, is true.

    What others said in words (reviews, complaints) is not withdrawn by this: it has its own way, with reasons to its author.
    """
    allow(actor, "decisions.contest", about=merchant)
    told = facts.contents_of(numbers=[number])
    if not told or not _concerns(told[0].fact, merchant):
        raise NotFound(f"Fact {number:,} is not about this merchant or an order of theirs.")
    if told[0].source != OWN_SOURCE and not isinstance(told[0].fact, _CONTESTABLE):
        raise Conflict("Facts of this kind are not contested here.")
    if told[0].source == OWN_SOURCE:
        raise Conflict("This is a judgement of our own: contest the cause it found, or the fact it rests on.")
    order = getattr(told[0].fact, "order", None)
    (contest,) = decisions.open_contests(
        actor=actor, merchant=merchant, contested=[Contested(told[0].key, "fact", order)], objection=objection,
        realm=realm, at=at,
    )
    return contest


def _concerns(fact: Fact, merchant: str) -> bool:
    if getattr(fact, "merchant", None) == merchant:
        return True
    order = getattr(fact, "order", None)
    return order is not None and any(row.merchant == merchant for row in orders_known([order]))

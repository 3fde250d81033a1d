"""Contest what credit holds against a merchant: the cause of an outcome, or a fact that it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from yinuo.credit.models import Complaint, Delivery, Dispatch
from yinuo.decisions import actions as decisions
from yinuo.decisions import queries
from yinuo.decisions.actions import Contested, Proof
from yinuo.decisions.rules import CAUSES, Objection, matter_of
from yinuo.delivery.events import ShipmentDamaged, ShipmentDelivered, ShipmentHandedOver, ShipmentReady
from yinuo.delivery.queries import provers
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

ORDER_ASPECTS: dict[str, type[Dispatch] | type[Delivery]] = {"dispatch": Dispatch, "delivery": Delivery}
"""The judgements of orders whose cause can be contested, with their mirror."""
_TABLES: dict[str, type[Dispatch] | type[Delivery] | type[Complaint]] = {**ORDER_ASPECTS, "complaint": Complaint}
CLAIMS = CAUSES
_CONTESTABLE = (ShipmentReady, ShipmentHandedOver, ShipmentDelivered, ShipmentDamaged, OrderCancelled)
_PROVEN = frozenset(CAUSES) - {"unknown"}


@transaction.atomic
def settle_proved(*, actor: Actor, aspect: str, subjects: Collection[str], realm: Realm, at: datetime) -> list[Contest]:
    """Settle open contests of what befell these orders, or of complaints, where judging has found another's fault since."""
    allow(actor, "credit.judge")
    judged = _TABLES[aspect].objects.filter(pk__in=sorted(subjects), cause__in=_PROVEN, judged_at__isnull=False)
    by_matter = {matter_of(aspect, row.pk, row.outcome): row for row in judged}
    opened = queries.open_contests_about(matters=list(by_matter))
    found = {contest: by_matter[matter] for contest, matter, merchant in opened if by_matter[matter].merchant == merchant}
    if not found:
        return []
    proved = provers(orders=[row.pk for row in found.values()]) if aspect in ORDER_ASPECTS else {}
    proofs = {
        contest: Proof(row.cause, _key_of(aspect, row, realm), proved.get((row.pk, row.cause or ""), ""))  # type: ignore[arg-type]
        for contest, row in found.items()
    }
    return decisions.settle_proved(actor=actor, proofs=proofs, realm=realm, at=at)


def _key_of(aspect: str, judged: Dispatch | Delivery | Complaint, realm: Realm) -> str:
    """The key, in hex, of the fact by which this judgement stands in the record."""
    return record.entry_key(realm, OWN_SOURCE, f"{aspect}/{judged.pk}/{judged.revision}").hex()


@transaction.atomic
def contest_causes(
    *, actor: Actor, merchant: str, orders: Sequence[str], aspect: str, claimed: str, objection: Objection, realm: Realm,
    at: datetime,
) -> list[Contest]:
    """Contest that these orders went wrong through the merchant, all for the same reason; all or none."""
    allow(actor, "decisions.contest", about=merchant)
    if aspect not in ORDER_ASPECTS:
        raise Malformed(f"{aspect!r} is not judged by cause; there are {', '.join(ORDER_ASPECTS)}.", path="aspect")
    contested = _judged_against(aspect, merchant, orders, claimed, realm)
    return decisions.open_contests(
        actor=actor, merchant=merchant, contested=contested, objection=objection, realm=realm, at=at
    )


@transaction.atomic
def contest_complaints(
    *, actor: Actor, merchant: str, complaints: Sequence[str], claimed: str, objection: Objection, realm: Realm, at: datetime
) -> list[Contest]:
    """Contest that what these complaints are about came through the merchant, all for the same reason; all or none.

    What their buyers wrote stays as it is: whose fault it was is found anew.
    """
    allow(actor, "decisions.contest", about=merchant)
    contested = _judged_against("complaint", merchant, complaints, claimed, realm)
    return decisions.open_contests(
        actor=actor, merchant=merchant, contested=contested, objection=objection, realm=realm, at=at
    )


def _judged_against(aspect: str, merchant: str, subjects: Sequence[str], claimed: str, realm: Realm) -> list[Contested]:
    """The judgements of these orders or complaints; refuses one that does not hold the merchant to be the cause."""
    if claimed not in CLAIMS:
        raise Malformed(f"{claimed!r} is no cause to claim; there are {', '.join(CLAIMS)}.", path="claimed")
    is_complaint = aspect == "complaint"
    found = {row.pk: row for row in _TABLES[aspect].objects.filter(pk__in=list(subjects), merchant=merchant)}
    contested = []
    for subject in dict.fromkeys(subjects):
        judged = found.get(subject)
        if judged is None or judged.judged_at is None:
            if is_complaint:
                raise NotFound(f"Nothing is held against this merchant for a complaint {subject!r}.")
            raise NotFound(f"Nothing is held against this merchant for an order {subject!r}.")
        if judged.cause != "merchant":
            if is_complaint:
                raise Conflict(f"Complaint {subject} costs no points: its cause is {judged.cause or 'none'}.")
            raise Conflict(f"Order {subject} costs no points: its cause is {judged.cause or 'none'}.")
        about = {"complaint": subject} if is_complaint else {"order": subject}
        key = _key_of(aspect, judged, realm)
        contested.append(Contested(key, aspect, claimed=claimed, outcome=judged.outcome or "", **about))  # type: ignore[arg-type]
    return contested


@transaction.atomic
def contest_each(
    *, actor: Actor, merchant: str, outcomes: Mapping[str, Sequence[str]], claimed: str, objection: Objection, realm: Realm,
    at: datetime,
) -> list[Contest]:
    """Contest causes of several kinds of judgement at once: by aspect the orders, or the complaints; all or none."""
    alike: dict[str, Any] = {
        "actor": actor, "merchant": merchant, "claimed": claimed, "objection": objection, "realm": realm, "at": at,
    }
    made: list[Contest] = []
    for aspect, ids in outcomes.items():
        if aspect == "complaint":
            made += contest_complaints(complaints=ids, **alike)
        else:
            made += contest_causes(orders=ids, aspect=aspect, **alike)
    return made


@transaction.atomic
def contest_fact(
    *, actor: Actor, merchant: str, number: int, objection: Objection, realm: Realm, at: datetime
) -> Contest:
    """Contest that a sealed fact, which a shop stated about the way of an order of the merchant's, is true.

    What others said in words (reviews, complaints) is not withdrawn by this: it has its own way, with reasons to its author.
    The cause found for a complaint is contested by itself.
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

"""Judge what became known, and state it as facts of our own.

Judging is convergent: it compares what should be judged now with what was judged before, and states only the difference. So
late, repeated, corrected and withdrawn facts all come through the same few lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from msgspec.structs import replace

from yinuo.care.queries import ComplaintRow, complaints
from yinuo.credit import mirror
from yinuo.credit.events import ComplaintJudged, DeliveryJudged, DispatchJudged, ReviewJudged
from yinuo.credit.rules.judging import (
    RANK_WEIGHTS,
    UNKNOWN_PLACE,
    WEIGHT_ONE,
    Judged,
    Pending,
    judge_delivery,
    judge_dispatch,
    lane_of,
    pending_of,
    rank_weight,
    weight_of,
    with_cause,
)
from yinuo.decisions.queries import settled_causes
from yinuo.decisions.rules import matter_of
from yinuo.delivery.queries import disruptions, journeys
from yinuo.delivery.rules import Disruption, Journey
from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.facts import Fact
from yinuo.kit.moments import MICROS_PER_MINUTE
from yinuo.kit.realm import OWN_SOURCE, Realm
from yinuo.record import actions as record
from yinuo.record.events import FactWithdrawn
from yinuo.record.queries import facts_about
from yinuo.reviews.queries import earlier_reviews, reviews
from yinuo.reviews.rules import ReviewRow
from yinuo.trade.queries import earlier_orders, orders
from yinuo.trade.rules import OrderRow

NO_LANE = "/".join([UNKNOWN_PLACE] * 3)
UNPROVED_WEIGHT = 4         # what a review counts at most that names no order of that merchant's, in sixteenths
MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE
_DISPATCH_COLUMNS = (
    "id", "revision", "merchant", "buyer", "listing", "lane", "outcome", "cause", "used_permille", "placed_day",
    "value_minor", "weight", "judged_at",
)
_DELIVERY_COLUMNS = ("id", "revision", "merchant", "listing", "lane", "outcome", "cause", "weight", "judged_at")
_COMPLAINT_COLUMNS = (
    "id", "revision", "merchant", "listing", "lane", "topic", "cause", "answer_hours", "weight", "judged_at",
)


@transaction.atomic(savepoint=False)
def judge_orders(*, actor: Actor, ids: Iterable[str], realm: Realm, at: datetime) -> int:
    """Judge the dispatch and delivery of these orders as far as known; returns how many facts were stated."""
    allow(actor, "credit.judge")
    wanted = sorted(set(ids))
    known = {order.id: order for order in orders(wanted)}
    travelled = journeys(wanted)
    settled = [
        order for order in known.values()
        if order.id in travelled or order.cancelled_at is not None
    ]
    dispatched = _judged_before("credit_dispatch", _DISPATCH_COLUMNS, DispatchJudged, wanted)
    delivered = _judged_before("credit_delivery", _DELIVERY_COLUMNS, DeliveryJudged, wanted)
    weights = _weights(settled)
    declared = disruptions()
    dispatches: dict[str, Judged] = {}
    deliveries: dict[str, Judged] = {}
    for order in settled:
        journey, weight = travelled.get(order.id, Journey()), weights[order.id]
        disrupted = declared.get(journey.source, ())
        if judged := judge_dispatch(order=order, journey=journey, disruptions=disrupted, weight=weight):
            dispatches[order.id] = judged
        if judged := judge_delivery(order=order, journey=journey, disruptions=disrupted, weight=weight):
            deliveries[order.id] = judged
    dispatches, deliveries = _as_settled("dispatch", dispatches), _as_settled("delivery", deliveries)
    statements = _differences("dispatch", dispatches, dispatched, realm)
    statements += _differences("delivery", deliveries, delivered, realm)
    appended = record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)
    # The next judgement may come before the follower gets to these: it must find what was judged already.
    gone: dict[type[Fact], set[str]] = {
        DispatchJudged: dispatched.keys() - dispatches.keys(), DeliveryJudged: delivered.keys() - deliveries.keys()
    }
    mirror.apply_own(statements, gone=gone, at=at)
    _keep_pending(wanted, known, travelled, declared)
    return appended


def _keep_pending(
    wanted: Sequence[str], known: Mapping[str, OrderRow], travelled: Mapping[str, Journey],
    declared: Mapping[str, Sequence[Disruption]],
) -> None:
    """Keep those of the orders that are still to be handed over or to arrive, and no others."""
    nowhere = Journey()
    found = []
    for order in known.values():
        journey = travelled.get(order.id, nowhere)
        if pending := pending_of(order, journey, declared.get(journey.source, ())):
            found.append(pending)
    rows.delete_in(connection, "credit_pending", "id", sorted(set(wanted) - {pending.id for pending in found}))
    rows.upsert(connection, "credit_pending", "id", Pending._fields, found)


def _as_settled(aspect: str, judged: dict[str, Judged]) -> dict[str, Judged]:
    """The judgements with the causes that contests gave to these very outcomes of these very merchants."""
    matters = {
        subject: matter_of(aspect, subject, each.fact.topic if isinstance(each.fact, ComplaintJudged) else each.fact.outcome)
        for subject, each in judged.items() if each.fact.cause is not None
    }
    settled = settled_causes(matters=list(matters.values()))
    if not settled:
        return judged
    return {
        subject: with_cause(each, settled.get((matters.get(subject, ""), each.fact.merchant)))
        for subject, each in judged.items()
    }


@transaction.atomic(savepoint=False)
def judge_reviews(*, actor: Actor, ids: Iterable[str], realm: Realm, at: datetime) -> int:
    """Judge how much these reviews count; one hidden because it was bought counts nothing."""
    allow(actor, "credit.judge")
    wanted = sorted(set(ids))
    found = [review for review in reviews(wanted) if review.merchant and review.published_at is not None and review.stars]
    ranks = earlier_reviews([review.id for review in found], most=len(RANK_WEIGHTS))
    placed = {order.id: order for order in orders([review.order for review in found if review.order])}
    judged = {review.id: _judge_review(review, ranks[review.id], _own_order(review, placed)) for review in found}
    statements = _differences("review", judged, _reviews_judged_before(wanted, judged, realm), realm)
    return record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


@transaction.atomic(savepoint=False)
def judge_complaints(*, actor: Actor, ids: Iterable[str], realm: Realm, at: datetime) -> int:
    """Judge closed complaints: their topic, cause, and how long the first answer took.

    The cause is the one that was stated at the end, or what a contest found about this complaint on this topic.
    """
    allow(actor, "credit.judge")
    wanted = sorted(set(ids))
    found = [row for row in complaints(wanted) if row.closed_at is not None and row.merchant and row.opened_at is not None]
    placed = {order.id: order for order in orders([row.order for row in found if row.order])}
    judged = {row.id: _judge_complaint(row, _own_order(row, placed)) for row in found if row.outcome != "withdrawn"}
    judged = _as_settled("complaint", judged)
    before = _judged_before("credit_complaint", _COMPLAINT_COLUMNS, ComplaintJudged, wanted)
    statements = _differences("complaint", judged, before, realm)
    appended = record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)
    mirror.apply_own(statements, gone={ComplaintJudged: before.keys() - judged.keys()}, at=at)
    return appended


def _own_order(row: ReviewRow | ComplaintRow, placed: Mapping[str, OrderRow]) -> OrderRow | None:
    """The order that a review or complaint names, if that is the same merchant's and no other buyer's."""
    order = placed.get(row.order or "")
    if order is None or order.merchant != row.merchant:
        return None
    return None if None not in (order.buyer, row.buyer) and order.buyer != row.buyer else order


def _judge_review(review: ReviewRow, rank: int, order: OrderRow | None) -> Judged:
    weight = 0 if review.hidden_as == "bought" else _weight_of_review(rank, order)
    fact = ReviewJudged(
        review=review.id, merchant=review.merchant or "", listing=review.listing, stars=review.stars or 1,
        lane=lane_of(order) if order else NO_LANE, weight=weight,
    )
    return Judged(review.published_at or 0, fact)  # type: ignore[arg-type]


def _judge_complaint(row: ComplaintRow, order: OrderRow | None) -> Judged:
    assert row.opened_at is not None
    assert row.closed_at is not None
    hours = None if row.answered_at is None else max(0, row.answered_at - row.opened_at) // MICROS_PER_HOUR
    cause = "buyer" if row.outcome == "rejected" else row.cause or "unknown"
    fact = ComplaintJudged(
        complaint=row.id, merchant=row.merchant or "", listing=row.listing, topic=row.topic or "other",  # type: ignore[arg-type]
        cause=cause, answer_hours=hours, lane=lane_of(order) if order else NO_LANE, weight=WEIGHT_ONE,  # type: ignore[arg-type]
    )
    return Judged(row.closed_at, fact)


def _weight_of_review(rank: int, order: OrderRow | None) -> int:
    """What a review counts: like its order; a quarter at most where it names none of that merchant and buyer."""
    if order is None or order.amount_minor is None:
        return min(UNPROVED_WEIGHT, rank_weight(rank))
    return weight_of(rank=rank, value_minor=order.amount_minor, currency=order.currency)


def _weights(settled: Sequence[OrderRow]) -> dict[str, int]:
    """How much each order counts: by its value, and by the most orders stated before it of the same buyer, address or payer."""
    ranks = earlier_orders([order.id for order in settled], most=len(RANK_WEIGHTS))
    return {
        order.id: weight_of(rank=ranks[order.id], value_minor=order.amount_minor or 0, currency=order.currency)
        for order in settled
    }


def _judged_before(table: str, columns: Sequence[str], cls: type[Fact], ids: Sequence[str]) -> dict[str, Judged]:
    """What was judged before, read from the mirror of our own facts."""
    names, about = ", ".join(columns), "complaint" if cls is ComplaintJudged else "order"
    found = rows.select_in(connection, f"SELECT {names} FROM {table} WHERE id {{keys}}", ids)
    before = {}
    for row in found:
        values: dict[str, Any] = dict(zip(columns, row, strict=True))
        subject, at = values.pop("id"), values.pop("judged_at")
        if at is not None:
            before[subject] = Judged(at, cls(**{about: subject}, **values))  # type: ignore[arg-type]
    return before


def _differences(
    kind: str, now: dict[str, Judged], before: dict[str, Judged], realm: Realm
) -> list[record.Statement]:
    """Statements that bring what was judged before to what should be judged now."""
    statements = []
    fresh = _fresh_revisions(kind, [subject for subject in now if subject not in before], realm)
    for subject, judged in now.items():
        earlier = before.get(subject)
        if earlier is None:
            revision = fresh[subject]
            fact = replace(judged.fact, revision=revision) if revision else judged.fact
            statements.append(record.Statement(f"{kind}/{subject}/{revision}", judged.at, fact))
        elif (earlier.at, replace(earlier.fact, revision=0)) != judged:
            revision = earlier.fact.revision + 1
            statements.append(
                record.Statement(
                    f"{kind}/{subject}/{revision}", judged.at, replace(judged.fact, revision=revision),
                    supersedes=f"{kind}/{subject}/{earlier.fact.revision}",
                )
            )
    for subject in before.keys() - now.keys():
        event_id = f"{kind}/{subject}/{before[subject].fact.revision}"
        withdrawal = FactWithdrawn(event=record.entry_key(realm, OWN_SOURCE, event_id).hex(), reason="source_fault")
        statements.append(record.Statement(f"{event_id}/withdrawn", before[subject].at, withdrawal))
    return statements


def _fresh_revisions(kind: str, subjects: Sequence[str], realm: Realm) -> dict[str, int]:
    """For each subject the first revision never stated: not 0 where an earlier judgement was withdrawn."""
    fresh = dict.fromkeys(subjects, 0)
    used = set(subjects)
    while used:
        known = record.known_ids(realm=realm, ids=[f"{kind}/{subject}/{fresh[subject]}" for subject in used])
        used = {event_id.split("/")[1] for event_id in known}
        for subject in used:
            fresh[subject] += 1
    return fresh


def _reviews_judged_before(wanted: Sequence[str], judged: Mapping[str, Judged], realm: Realm) -> dict[str, Judged]:
    """The same for reviews, whose judgements have no mirror: what stands is read from the record."""
    before = {}
    touched = [review for review in wanted if review not in judged]
    known = record.known_ids(realm=realm, ids=[f"review/{review}/0" for review in judged])
    touched += [event_id.split("/")[1] for event_id in known]
    if touched:
        for recorded in facts_about(subjects=touched, at_size=2**62):
            if isinstance(recorded.fact, ReviewJudged):
                before[recorded.fact.review] = Judged(recorded.at, recorded.fact)  # type: ignore[arg-type]
    return before

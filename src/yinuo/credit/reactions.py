"""What credit does about lower domains' facts: whatever touches an order, review or complaint has it judged again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinuo.care.events import ComplaintAnswered, ComplaintClosed, ComplaintOpened
from yinuo.credit import actions
from yinuo.delivery.events import (
    DisruptionDeclared,
    ShipmentDamaged,
    ShipmentDelivered,
    ShipmentHandedOver,
    ShipmentReady,
)
from yinuo.delivery.queries import orders_within
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.reviews.events import ReviewHidden, ReviewPublished, ReviewRestored
from yinuo.trade.events import OrderCancelled, OrderPlaced


def judge_touched_orders(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """Judge the orders that these facts are about."""
    ids = [recorded.fact.order for recorded in facts]  # type: ignore[attr-defined]
    actions.judge_orders(actor=SYSTEM, ids=ids, realm=realm, at=at)


def judge_disrupted_orders(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """Judge again the orders whose delay a disruption, declared later, explains."""
    ids: list[str] = []
    for recorded in facts:
        fact = recorded.fact
        assert isinstance(fact, DisruptionDeclared)
        ids += orders_within(source=recorded.source, carrier=fact.carrier, starts=fact.starts, ends=fact.ends)
    actions.judge_orders(actor=SYSTEM, ids=ids, realm=realm, at=at)


def judge_touched_reviews(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """Judge the reviews that these facts are about."""
    ids = [recorded.fact.review for recorded in facts]  # type: ignore[attr-defined]
    actions.judge_reviews(actor=SYSTEM, ids=ids, realm=realm, at=at)


def judge_touched_complaints(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """Judge the complaints that these facts are about."""
    ids = [recorded.fact.complaint for recorded in facts]  # type: ignore[attr-defined]
    actions.judge_complaints(actor=SYSTEM, ids=ids, realm=realm, at=at)


REACTIONS: dict[type[Fact], Any] = {
    OrderPlaced: judge_touched_orders,
    OrderCancelled: judge_touched_orders,
    ShipmentReady: judge_touched_orders,
    ShipmentHandedOver: judge_touched_orders,
    ShipmentDelivered: judge_touched_orders,
    ShipmentDamaged: judge_touched_orders,
    DisruptionDeclared: judge_disrupted_orders,
    ReviewPublished: judge_touched_reviews,
    ReviewHidden: judge_touched_reviews,
    ReviewRestored: judge_touched_reviews,
    ComplaintOpened: judge_touched_complaints,
    ComplaintAnswered: judge_touched_complaints,
    ComplaintClosed: judge_touched_complaints,
}

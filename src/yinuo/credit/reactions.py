"""What credit does about lower domains' facts: whatever touches an order, review or complaint has it judged again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinuo.care.events import ComplaintAnswered, ComplaintClosed, ComplaintOpened
from yinuo.care.queries import complaints_of_orders
from yinuo.credit import actions
from yinuo.credit.events import ComplaintJudged, DeliveryJudged, DispatchJudged
from yinuo.decisions.events import ContestLapsed, ContestSettled
from yinuo.delivery.events import (
    DisruptionDeclared,
    HandOverExplained,
    ShipmentDamaged,
    ShipmentDelivered,
    ShipmentHandedOver,
    ShipmentReady,
)
from yinuo.delivery.queries import orders_due_within
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.reviews.events import ReviewHidden, ReviewPublished, ReviewRestored
from yinuo.reviews.queries import reviews_of_orders
from yinuo.trade.events import OrderCancelled, OrderPlaced

_ABOUT_ORDERS = (
    OrderPlaced, OrderCancelled, ShipmentReady, ShipmentHandedOver, HandOverExplained, ShipmentDelivered, ShipmentDamaged,
)
_ABOUT_CONTESTS = (ContestSettled, ContestLapsed)
_ABOUT_REVIEWS = (ReviewPublished, ReviewHidden, ReviewRestored)
_ABOUT_COMPLAINTS = (ComplaintOpened, ComplaintAnswered, ComplaintClosed)


def judge_touched(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """Judge the orders, reviews and complaints that these facts are about, or bear on.

    All in one reaction: what two facts of a batch bear on is judged once.
    """
    told: list[Any] = [recorded.fact for recorded in facts]
    placed = [fact.order for fact in told if isinstance(fact, OrderPlaced)]
    orders = [fact.order for fact in told if isinstance(fact, _ABOUT_ORDERS)] + _disrupted(facts)
    contests = [fact for fact in told if isinstance(fact, _ABOUT_CONTESTS)]
    orders += [contest.order for contest in contests if contest.order is not None]
    reviews = [fact.review for fact in told if isinstance(fact, _ABOUT_REVIEWS)] + reviews_of_orders(placed)
    complaints = [fact.complaint for fact in told if isinstance(fact, _ABOUT_COMPLAINTS)] + complaints_of_orders(placed)
    complaints += [contest.complaint for contest in contests if contest.complaint is not None]
    if orders:
        actions.judge_orders(actor=SYSTEM, ids=orders, realm=realm, at=at)
    if reviews:
        actions.judge_reviews(actor=SYSTEM, ids=reviews, realm=realm, at=at)
    if complaints:
        actions.judge_complaints(actor=SYSTEM, ids=complaints, realm=realm, at=at)


def _disrupted(facts: Sequence[Recorded]) -> list[str]:
    """The orders whose delay a disruption explains that was declared later, or explains no longer."""
    declared: dict[str, list[DisruptionDeclared]] = {}
    for recorded in facts:
        if isinstance(recorded.fact, DisruptionDeclared):
            declared.setdefault(recorded.source, []).append(recorded.fact)
    ids: list[str] = []
    for source, several in declared.items():     # one look for all of a source's: nobody makes us look ten thousand times
        starts, ends = min(fact.starts for fact in several), max(fact.ends for fact in several)
        ids += orders_due_within(source=source, starts=starts, ends=ends)
    return ids


def settle_proved(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """Outcomes were judged again: an open objection to what is no longer the merchant's is settled."""
    told: list[Any] = [recorded.fact for recorded in facts]
    for aspect, (kind, subject) in _JUDGED.items():
        # Nobody can have objected before the first judgement.
        again = {getattr(fact, subject) for fact in told if isinstance(fact, kind) and fact.revision}
        if again:
            actions.settle_proved(actor=SYSTEM, aspect=aspect, subjects=again, realm=realm, at=at)


_JUDGED: dict[str, tuple[Any, str]] = {
    "dispatch": (DispatchJudged, "order"), "delivery": (DeliveryJudged, "order"), "complaint": (ComplaintJudged, "complaint"),
}
REACTIONS: dict[type[Fact], Any] = dict.fromkeys((kind for kind, _ in _JUDGED.values()), settle_proved) | dict.fromkeys(
    (*_ABOUT_ORDERS, *_ABOUT_CONTESTS, DisruptionDeclared, *_ABOUT_REVIEWS, *_ABOUT_COMPLAINTS), judge_touched
)

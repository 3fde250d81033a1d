"""What reviews do about decisions: one hides a review, its reversal shows it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinuo.decisions.events import DecisionReversed, DecisionTaken
from yinuo.decisions.queries import another_stands
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.record import actions as record
from yinuo.reviews.events import ReviewHidden, ReviewRestored
from yinuo.reviews.queries import reviews

_ACT = "review_hidden"


def hide_and_show(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """State what these decisions and reversals mean for how visible reviews are.

    A review that somebody else wrote stays as it is: nobody gave them any reasons.
    """
    statements = []
    told_of: list[Any] = [recorded.fact for recorded in facts]
    writers = {row.id: row.buyer for row in reviews([told.review for told in told_of if told.act == _ACT and told.review])}
    hidden = set(record.known_ids(realm=realm, ids=[_hidden(told) for told in told_of]))
    for told, recorded in zip(told_of, facts, strict=True):
        if told.act != _ACT or told.review is None:
            continue
        if isinstance(told, DecisionTaken) and (told.buyer is None or writers.get(told.review) in (None, told.buyer)):
            hiding = ReviewHidden(review=told.review, ground=told.ground)  # type: ignore[arg-type] # grounds of this act only
            statements.append(record.Statement(_hidden(told), told.since, hiding))
            hidden.add(_hidden(told))
        elif isinstance(told, DecisionReversed) and _hidden(told) in hidden:
            if another_stands(act=_ACT, merchant=told.merchant, buyer=told.buyer, review=told.review):
                continue
            statements.append(
                record.Statement(f"{_hidden(told)}/restored", recorded.at, ReviewRestored(review=told.review))
            )
    record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


def _hidden(told: DecisionTaken | DecisionReversed) -> str:
    """The id of the fact that a decision hides its review by."""
    return f"hidden/{told.decision}"


REACTIONS: dict[type[Fact], Any] = dict.fromkeys((DecisionTaken, DecisionReversed), hide_and_show)

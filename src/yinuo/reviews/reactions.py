"""What reviews do about decisions: one hides a review, its reversal shows it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinuo.decisions.events import DecisionReversed, DecisionTaken
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.record import actions as record
from yinuo.reviews.events import ReviewHidden, ReviewRestored

_ACT = "review_hidden"


def hide_and_show(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """State what these decisions and reversals mean for how visible reviews are."""
    statements = []
    for recorded in facts:
        told = recorded.fact
        if not isinstance(told, DecisionTaken | DecisionReversed) or told.act != _ACT or told.review is None:
            continue
        if isinstance(told, DecisionTaken):
            hidden = ReviewHidden(review=told.review, ground=told.ground)  # type: ignore[arg-type] # grounds of this act only
            statements.append(record.Statement(f"hidden/{told.decision}", told.since, hidden))
        else:
            shown = ReviewRestored(review=told.review)
            statements.append(record.Statement(f"hidden/{told.decision}/restored", recorded.at, shown))
    record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


REACTIONS: dict[type[Fact], Any] = dict.fromkeys((DecisionTaken, DecisionReversed), hide_and_show)

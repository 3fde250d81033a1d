"""What the catalogue does about decisions: findings and listings taken off sale, and the end of both where one is reversed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinuo.catalogue.events import FindingOverturned, FindingUpheld, ListingRestored, ListingWithdrawn
from yinuo.decisions.events import DecisionReversed, DecisionTaken
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import SUBJECT_PREFIXES, Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.record import actions as record


def state_consequences(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """State what these decisions mean for goods, and the end of it for those that were reversed."""
    statements = []
    for recorded in facts:
        told = recorded.fact
        assert isinstance(told, DecisionTaken | DecisionReversed)
        if told.act == "goods_unlawful" and told.merchant is not None:
            statements.append(_finding(told, told.merchant, recorded.at))
        elif told.act == "listing_removed" and told.listing is not None:
            statements.append(_removal(told, told.listing, recorded.at))
    record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


def _finding(told: DecisionTaken | DecisionReversed, merchant: str, at: int) -> record.Statement:
    finding = SUBJECT_PREFIXES["finding"] + told.decision[1:]       # one of each decision, whoever reads its fact again
    if isinstance(told, DecisionTaken):
        upheld = FindingUpheld(
            finding=finding, merchant=merchant, ground=told.ground, listing=told.listing,  # type: ignore[arg-type]
        )
        return record.Statement(f"finding/{finding}", told.since, upheld)
    return record.Statement(f"finding/{finding}/overturned", at, FindingOverturned(finding=finding, merchant=merchant))


def _removal(told: DecisionTaken | DecisionReversed, listing: str, at: int) -> record.Statement:
    if isinstance(told, DecisionTaken):
        removed = ListingWithdrawn(listing=listing, ground="terms" if told.ground == "terms" else "unlawful")
        return record.Statement(f"removed/{told.decision}", told.since, removed)
    return record.Statement(f"removed/{told.decision}/restored", at, ListingRestored(listing=listing))


REACTIONS: dict[type[Fact], Any] = dict.fromkeys((DecisionTaken, DecisionReversed), state_consequences)

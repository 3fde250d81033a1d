"""What the catalogue does about decisions: findings and listings taken off sale, and the end of both where one is reversed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinuo.catalogue.events import FindingOverturned, FindingUpheld, ListingRestored, ListingWithdrawn
from yinuo.catalogue.queries import owners_of
from yinuo.decisions.events import DecisionReversed, DecisionTaken
from yinuo.decisions.queries import another_stands
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import SUBJECT_PREFIXES, Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.record import actions as record


def state_consequences(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """State what these decisions mean for goods, and the end of it for those that were reversed.

    A listing that is another merchant's stays as it is: nobody gave that one any reasons.
    """
    statements = []
    every: list[Any] = [recorded.fact for recorded in facts]
    owners = owners_of([told.listing for told in every if told.listing is not None])
    removed = set(record.known_ids(realm=realm, ids=[_removed(told) for told in every]))
    for told, recorded in zip(every, facts, strict=True):
        listing: str | None = told.listing if owners.get(told.listing, told.merchant) == told.merchant else None
        if told.act == "goods_unlawful" and told.merchant is not None:
            statements.append(_finding(told, told.merchant, listing, recorded.at))
        elif told.act == "listing_removed" and isinstance(told, DecisionTaken) and listing is not None:
            withdrawn = ListingWithdrawn(listing=listing, ground="terms" if told.ground == "terms" else "unlawful")
            statements.append(record.Statement(_removed(told), told.since, withdrawn))
            removed.add(_removed(told))
        elif isinstance(told, DecisionReversed) and told.listing is not None and _removed(told) in removed:
            if another_stands(act=told.act, merchant=told.merchant, buyer=None, listing=told.listing):
                continue
            statements.append(
                record.Statement(f"{_removed(told)}/restored", recorded.at, ListingRestored(listing=told.listing))
            )
    record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


def _removed(told: DecisionTaken | DecisionReversed) -> str:
    """The id of the fact that a decision takes its listing off sale by."""
    return f"removed/{told.decision}"


def _finding(
    told: DecisionTaken | DecisionReversed, merchant: str, listing: str | None, at: int
) -> record.Statement:
    finding = SUBJECT_PREFIXES["finding"] + told.decision[1:]       # one of each decision, whoever reads its fact again
    if isinstance(told, DecisionTaken):
        upheld = FindingUpheld(
            finding=finding, merchant=merchant, ground=told.ground, listing=listing,  # type: ignore[arg-type]
        )
        return record.Statement(f"finding/{finding}", told.since, upheld)
    return record.Statement(f"finding/{finding}/overturned", at, FindingOverturned(finding=finding, merchant=merchant))


REACTIONS: dict[type[Fact], Any] = dict.fromkeys((DecisionTaken, DecisionReversed), state_consequences)

"""What the catalogue does about decisions: goods found unlawful become a finding, and a reversal overturns it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinuo.catalogue.events import FindingOverturned, FindingUpheld
from yinuo.decisions.events import DecisionReversed, DecisionTaken
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import SUBJECT_PREFIXES, Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.record import actions as record

_ACT = "goods_unlawful"


def state_findings(facts: Sequence[Recorded], *, realm: Realm, at: datetime) -> None:
    """State the findings that these decisions make, and the end of those that were reversed."""
    statements = []
    for recorded in facts:
        told = recorded.fact
        if not isinstance(told, DecisionTaken | DecisionReversed) or told.act != _ACT or told.merchant is None:
            continue
        finding = SUBJECT_PREFIXES["finding"] + told.decision[1:]       # one of each decision, whoever reads its fact again
        if isinstance(told, DecisionTaken):
            upheld = FindingUpheld(finding=finding, merchant=told.merchant, ground=told.ground)  # type: ignore[arg-type]
            statements.append(record.Statement(f"finding/{finding}", told.since, upheld))
        else:
            overturned = FindingOverturned(finding=finding, merchant=told.merchant)
            statements.append(record.Statement(f"finding/{finding}/overturned", recorded.at, overturned))
    record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


REACTIONS: dict[type[Fact], Any] = dict.fromkeys((DecisionTaken, DecisionReversed), state_findings)

"""The facts of a report as values: what each says, and which of them stand at a size of the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from yinuo.catalogue.events import FindingOverturned, FindingUpheld
from yinuo.catalogue.rules import ToldFinding
from yinuo.credit.events import ComplaintJudged, DeliveryJudged, DispatchJudged, ReviewJudged, RunCompleted
from yinuo.credit.proofs.faults import Differs
from yinuo.credit.rules.told import HIDDEN, PUBLISHED, RESTORED, ToldReview
from yinuo.kit.facts import Fact
from yinuo.kit.moments import day_of
from yinuo.kit.opening import RevealedFact
from yinuo.record.events import FactWithdrawn
from yinuo.record.rules import Content
from yinuo.reviews.events import ReviewHidden, ReviewPublished, ReviewRestored

JUDGED = (DispatchJudged, DeliveryJudged, ReviewJudged, ComplaintJudged)
REVIEWS = (ReviewPublished, ReviewHidden, ReviewRestored)
FINDINGS = (FindingUpheld, FindingOverturned)
_CLASSES = (*JUDGED, *REVIEWS, *FINDINGS, FactWithdrawn, RunCompleted)
_KINDS: dict[str, type[Fact]] = {str(cls.__struct_config__.tag): cls for cls in _CLASSES}


class _Content(msgspec.Struct, frozen=True):
    at: int
    recorded: int
    source: str
    key: str
    fact: dict[str, Any]
    supersedes: str | None = None


class Stated(msgspec.Struct, frozen=True):
    """A fact that was shown: where it stands, what it says, its numbers; and its class where a reckoning reads the kind."""

    index: int
    at: int
    source: str
    key: str
    kind: str
    said: dict[str, Any]
    numbers: dict[str, int]
    target: str | None          # the key of the fact that it replaces
    fact: Fact | None

    @property
    def day(self) -> int:
        """The day on which it happened."""
        return day_of(self.at)

    def names(self, field: str, subject: str) -> bool:
        """Whether its main part names the subject in this field."""
        return self.said.get(field) == subject


def stated(facts: Iterable[RevealedFact]) -> list[Stated]:
    """What facts with their main part opened say, in the order of the record; refuses one that has not its kind's form."""
    return [_stated(fact) for fact in facts]


def stated_by_record(index: int, content: Content) -> Stated:
    """A fact as the record itself has it, without its numbers."""
    target = content.fact.event if isinstance(content.fact, FactWithdrawn) else content.supersedes
    said = msgspec.to_builtins(content.fact)
    return Stated(
        index, content.at, content.source, content.key, said["kind"], said, {}, target, content.fact
    )


def standing(facts: Sequence[Stated], *, size: int) -> list[Stated]:
    """Those below a size that no other one below it superseded or withdrew."""
    gone = {fact.target for fact in facts if fact.index < size}
    return [fact for fact in facts if fact.index < size and fact.key not in gone]


def told_reviews(facts: Sequence[Stated], *, size: int) -> list[ToldReview]:
    """What they say of reviews below a size."""
    stands = {fact.index for fact in standing(facts, size=size)}
    return [
        ToldReview(fact.kind, fact.said["review"], fact.said.get("merchant"), fact.at, fact.index in stands)
        for fact in facts if fact.index < size and fact.kind in (PUBLISHED, HIDDEN, RESTORED)
    ]


def told_findings(facts: Iterable[Stated]) -> list[ToldFinding]:
    """What these, which stand, say of findings."""
    return [
        ToldFinding(fact.fact.finding, fact.fact.merchant, getattr(fact.fact, "ground", None), fact.at)
        for fact in facts if isinstance(fact.fact, FINDINGS)
    ]


def _stated(fact: RevealedFact) -> Stated:
    if fact.main is None:
        raise Differs("fact-form", index=fact.index, detail="-")
    try:
        content = msgspec.convert(fact.main.content, _Content)
        kind = content.fact.get("kind")
        cls = _KINDS.get(kind) if isinstance(kind, str) else None
        typed = None if cls is None else msgspec.convert(content.fact, cls)
    except msgspec.ValidationError as error:
        raise Differs("fact-form", index=fact.index, detail=error) from None
    target = typed.event if isinstance(typed, FactWithdrawn) else content.supersedes
    return Stated(
        fact.index, content.at, content.source, content.key, str(kind), content.fact, dict(fact.main.numbers), target, typed
    )

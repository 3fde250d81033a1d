"""Facts about the record itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from yinuo.kit.facts import Fact, fact

WithdrawalReason = Literal["mistake", "duplicate", "dispute_upheld", "source_fault", "legal"]


@fact()
class FactWithdrawn(Fact, frozen=True, kw_only=True, tag="record.fact_withdrawn"):
    """An earlier fact of the same source is taken back: it should never have been stated."""

    event: Annotated[str, Meta(min_length=1, max_length=200, extra={"subject": "event"})]
    reason: WithdrawalReason = "mistake"

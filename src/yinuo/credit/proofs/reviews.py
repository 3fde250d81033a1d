"""Review counts: how many reviews of a merchant were received, shown and hidden at two runs, with every fact about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yinuo.credit.proofs.facts import stated
from yinuo.credit.proofs.faults import Differs
from yinuo.credit.proofs.runs import (
    Run,
    check_no_strangers,
    check_report_form,
    check_review_counts,
    check_reviews_whole,
    check_run,
)
from yinuo.kit.evidence import Proven
from yinuo.kit.policies import Policy

REVIEWS_NOTE = (
    "Counts of a merchant's reviews between two runs; not for credit granting. / "
    "商家在两次评分之间的评价数量，不得用于授信。"
)


@dataclass(frozen=True)
class CheckedReviews:
    """What was shown: who vouches, both runs with their counts, and how many facts about reviews lie between them."""

    proven: Proven
    first: Run
    second: Run
    between: int


def check_reviews(pack: Any, policy: Policy | None = None) -> CheckedReviews:
    """Count a merchant's reviews again at both runs; refuses, and names, what differs or is left out."""
    proven = check_report_form(pack, policy, kind="reviews", note=REVIEWS_NOTE, names={"runs"})
    merchant, shown = pack["about"]["merchant"], pack["runs"]
    if not isinstance(shown, list) or len(shown) != 2:
        raise Differs("form", part="runs")
    facts = stated(proven.facts)
    by_index = {fact.index: fact for fact in facts}
    first, second = (check_run(each, by_index, merchant=merchant) for each in shown)
    if not first.fact.size <= second.fact.size or first.index >= second.index:
        raise Differs("runs", first=first.fact.size, second=second.fact.size)
    runs = {first.index, second.index}
    check_no_strangers(facts, merchant=merchant, size=second.fact.size, runs=runs, own=set())
    for run in (first, second):
        check_reviews_whole(facts, merchant=merchant, size=run.fact.size)
        check_review_counts(facts, run)
    between = sum(first.fact.size <= fact.index < second.fact.size for fact in facts if fact.index not in runs)
    return CheckedReviews(proven, first, second, between)

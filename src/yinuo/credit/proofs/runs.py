"""A run in a report: its fact, and the leaf that its root over all standings commits to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from yinuo.credit.events import RunCompleted
from yinuo.credit.proofs.facts import Stated, told_reviews
from yinuo.credit.proofs.faults import Differs
from yinuo.credit.rules.bands import RANKS
from yinuo.credit.rules.leaf import Leaf
from yinuo.credit.rules.told import count_reviews
from yinuo.kit.canonical import canonical_json
from yinuo.kit.checkpoints import parse_hash
from yinuo.kit.evidence import Proven, check_strictly
from yinuo.kit.merkle import check_inclusion, leaf_hash
from yinuo.kit.policies import Policy
from yinuo.kit.realm import OWN_SOURCE
from yinuo.kit.refusals import Refusal


@dataclass(frozen=True)
class Run:
    """A run that the record holds at `index`, and the standing that it committed to."""

    index: int
    fact: RunCompleted
    leaf: Leaf


def check_report_form(pack: Any, policy: Policy | None, *, kind: str, note: str, names: set[str]) -> Proven:
    """The facts of a report of this kind about a merchant, proven."""
    proven = check_strictly(pack, policy, kind=kind, note=note, names=names)
    if pack["about"].keys() != {"merchant"} or not isinstance(pack["about"]["merchant"], str):
        raise Differs("form", part="about")
    return proven


def check_run(shown: Any, facts: Mapping[int, Stated], *, merchant: str) -> Run:
    """The run that a part of the report shows, if its fact is there and commits to the standing shown."""
    if not isinstance(shown, dict) or shown.keys() != {"fact", "standing", "place", "path"}:
        raise Differs("form", part="run")
    index, place = shown["fact"], shown["place"]
    if type(index) is not int or type(place) is not int or not isinstance(shown["path"], list):
        raise Differs("form", part="run")
    if index not in facts:
        raise Differs("run-missing", index=index)
    fact = facts[index].fact
    if not isinstance(fact, RunCompleted) or facts[index].source != OWN_SOURCE:
        raise Differs("run-fact", index=index)
    try:
        leaf = msgspec.convert(shown["standing"], Leaf)
        path = [parse_hash(each, "path of the standing") for each in shown["path"]]
        check_inclusion(
            leaf=leaf_hash(canonical_json(shown["standing"])), index=place, size=fact.merchants, proof=path,
            root=bytes.fromhex(fact.standings),
        )
    except (Refusal, msgspec.ValidationError, ValueError, TypeError, AttributeError):
        raise Differs("standing", run=fact.run) from None
    if leaf.merchant != merchant:
        raise Differs("merchant", found=leaf.merchant[:80], wanted=merchant[:80])
    if leaf.before and leaf.before not in RANKS:
        raise Differs("band-unknown", found=leaf.before[:80])
    return Run(index, fact, leaf)


def check_reviews_whole(facts: Sequence[Stated], *, merchant: str, size: int) -> None:
    """Refuse where a fact below a size about a review of the merchant's is missing between the others."""
    own = {fact.said["review"] for fact in facts if is_review_of(fact, merchant)}
    numbers: dict[str, list[int]] = {review: [] for review in own}
    for fact in facts:
        review = fact.said.get("review")
        if isinstance(review, str) and review in own and "review" in fact.numbers and fact.index < size:
            numbers[review].append(fact.numbers["review"])
    for review in sorted(own):
        if (missing := first_missing(numbers[review])) is not None:
            raise Differs("review-left-out", number=missing, review=review)


def check_review_counts(facts: Sequence[Stated], run: Run) -> None:
    """Refuse unless the facts give the counts of reviews that the run committed to."""
    found = count_reviews(told_reviews(facts, size=run.fact.size), merchant=run.leaf.merchant)
    if found != run.leaf.reviews:
        raise Differs(
            "reviews", run=run.fact.run, wanted=", ".join(map(str, run.leaf.reviews)), found=", ".join(map(str, found))
        )


def check_no_strangers(facts: Sequence[Stated], *, merchant: str, size: int, runs: Iterable[int], own: set[int]) -> None:
    """Refuse facts that are none of the merchant's `own`, no run, about no review of theirs, and replace none of these."""
    reviews = {fact.said["review"] for fact in facts if is_review_of(fact, merchant)}
    wanted = own | {fact.index for fact in facts if str(fact.said.get("review")) in reviews}
    keys = {fact.key for fact in facts if fact.index in wanted}
    allowed = wanted | {fact.index for fact in facts if fact.target in keys}
    for fact in facts:
        if fact.index in runs:
            continue
        if fact.index not in allowed:
            raise Differs("fact-strange", index=fact.index, merchant=merchant)
        if fact.index >= size:
            raise Differs("fact-late", index=fact.index, size=size)


def is_review_of(fact: Stated, merchant: str) -> bool:
    """Whether it published a review of the merchant."""
    return fact.names("kind", "reviews.review_published") and fact.names("merchant", merchant)


def first_missing(numbers: Iterable[int]) -> int | None:
    """The first number from 0 that is missing or comes twice; None where they are dense."""
    for expected, number in enumerate(sorted(numbers)):
        if number != expected:
            return min(expected, number)
    return None

"""The credit report: a merchant's facts, proven and complete, and the score computed from them again, to the point."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from yinuo.catalogue.rules import open_grounds
from yinuo.credit.features import MEASURES
from yinuo.credit.proofs.facts import JUDGED, Stated, standing, stated, told_findings
from yinuo.credit.proofs.faults import Differs
from yinuo.credit.proofs.runs import (
    Run,
    check_no_strangers,
    check_report_form,
    check_review_counts,
    check_reviews_whole,
    check_run,
    first_missing,
)
from yinuo.credit.rules.climate import Climate, shares_of
from yinuo.credit.rules.daybook import columns_needed, plain_daybook, row_of
from yinuo.credit.rules.evidence import Wanted, plain_evidence
from yinuo.credit.rules.scorecard import Card, Result, standing_of, wanted_by
from yinuo.credit.rules.tables import WEIGHTS
from yinuo.kit.canonical import canonical_json
from yinuo.kit.evidence import Proven
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.kit.policies import Policy

CREDIT_NOTE = (
    "For its subject; not for credit granting. A report of the trust that a merchant has earned on one marketplace, given to "
    "that merchant (a legal person or sole trader) on their own request. / "
    "仅供报告所述商家本人使用，不得用于授信。本报告反映商家（企业或个体经营者）在一个平台上积累的信用，应其本人请求提供。"
)
_STEPS = ("outcomes", "score", "low", "high", "override", "band", "odds_ppm")
_EXPLAINED = ("reasons", "facets", "way_back")


@dataclass(frozen=True)
class CheckedReport:
    """What a report has shown: who vouches, the run, the facts, and the result as computed again."""

    proven: Proven
    run: Run
    facts: int
    replaced: int
    result: Result
    card: Card


def check_report(pack: Any, policy: Policy | None = None) -> CheckedReport:
    """Recompute a merchant's standing from a report; refuses, and names, the first part or step that differs."""
    names = {"run", "scorecard", "climate", *_EXPLAINED}
    proven = check_report_form(pack, policy, kind="credit", note=CREDIT_NOTE, names=names)
    merchant = pack["about"]["merchant"]
    facts = stated(proven.facts)
    run = check_run(pack["run"], {fact.index: fact for fact in facts}, merchant=merchant)
    card, climate = _card_of(pack["scorecard"], run), _climate_of(pack["climate"], run)
    own = _check_complete(facts, run, merchant)
    check_no_strangers(facts, merchant=merchant, size=run.fact.size, runs={run.index}, own={fact.index for fact in own})
    check_reviews_whole(facts, merchant=merchant, size=run.fact.size)
    check_review_counts(facts, run)
    found = [fact for fact in standing(facts, size=run.fact.size) if fact.names("merchant", merchant)]
    result = recomputed(
        found, merchant=merchant, as_of=run.fact.as_of, odds_at_middle=run.fact.odds_at_middle, before=run.leaf.before,
        card=card, climate=climate,
    )
    _compare(run, result, pack)
    return CheckedReport(proven, run, len(own), len(own) - len(found), result, card)


def _card_of(shown: Any, run: Run) -> Card:
    """The scorecard shown, if it is the one whose digest the run states; every letter of it counts."""
    try:
        if hashlib.sha256(canonical_json(shown)).hexdigest() != run.fact.scorecard_digest:
            raise Differs("scorecard", run=run.fact.run)
        card = msgspec.convert(shown, Card)
    except (msgspec.ValidationError, ValueError):
        raise Differs("form", part="scorecard") from None
    if card.name != run.fact.scorecard:
        raise Differs("scorecard", run=run.fact.run)
    known = {measure.name for measure in MEASURES}
    if any(feature.measure not in known or feature.half_life_days not in WEIGHTS for feature in card.features):
        raise Differs("version", part="scorecard")
    return card


def _climate_of(shown: Any, run: Run) -> Climate:
    """The climate shown, if it is the one that the run commits to."""
    try:
        if hashlib.sha256(canonical_json(shown)).hexdigest() != run.fact.climate:
            raise Differs("climate", run=run.fact.run)
        climate = Climate.decoded(canonical_json(shown))
    except (msgspec.ValidationError, ValueError, TypeError):
        raise Differs("form", part="climate") from None
    if climate.measures != tuple(measure.name for measure in shares_of(MEASURES)):
        raise Differs("version", part="climate")
    return climate


def _check_complete(facts: Sequence[Stated], run: Run, merchant: str) -> list[Stated]:
    """The facts about the merchant below the run's size: as many as the run says, numbered from 0 without a gap."""
    own = [fact for fact in facts if fact.names("merchant", merchant) and "merchant" in fact.numbers]
    late = next((fact for fact in own if fact.index >= run.fact.size), None)
    if late is not None:
        raise Differs("fact-late", index=late.index, size=run.fact.size)
    if (missing := first_missing(fact.numbers["merchant"] for fact in own)) is not None:
        raise Differs("fact-left-out", number=missing, merchant=merchant)
    if len(own) != run.leaf.facts:
        raise Differs("fact-count", wanted=run.leaf.facts, merchant=merchant, found=len(own))
    return own


def recomputed(
    facts: Sequence[Stated], *, merchant: str, as_of: int, odds_at_middle: int, before: str, card: Card, climate: Climate
) -> Result:
    """The standing from the merchant's standing facts: daybook, evidence against the climate, points, band."""
    columns = columns_needed(MEASURES)
    judged = [
        row_of(fact.fact, kind=fact.kind, day=fact.day, columns=columns)
        for fact in facts if isinstance(fact.fact, JUDGED) and fact.day < as_of
    ]
    daybook = plain_daybook(judged, MEASURES)
    rows = [(*key, sums) for key, sums in daybook.items()]
    evidence = plain_evidence(rows, climate, as_of, wanted_by(card, MEASURES), MEASURES)
    nothing: tuple[dict[Wanted, int], dict[Wanted, int]] = ({}, {})
    observed, expected = evidence.get(merchant, nothing)
    grounds = open_grounds(told_findings(facts), before=as_of * MICROS_PER_DAY)
    return standing_of(
        card, observed, expected, odds_at_middle=odds_at_middle, as_of=as_of, grounds=grounds.get(merchant, ()),
        before=before,
    )


def _compare(run: Run, result: Result, pack: Mapping[str, Any]) -> None:
    """Refuse at the first step at which the standing, or what the report tells of it, is not the result."""
    for step in _STEPS:
        if (wanted := getattr(run.leaf, step)) != (found := getattr(result, step)):
            raise Differs("recomputed", step=step, wanted=wanted, found=found)
    for step in _EXPLAINED:
        if canonical_json(pack[step]) != canonical_json(getattr(result, step)):
            raise Differs("explained", step=step)

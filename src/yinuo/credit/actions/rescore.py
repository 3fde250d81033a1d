"""Rescore everybody: from the daybook to standings with their pins, before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from yinuo.catalogue.rules import open_grounds
from yinuo.credit.actions.told import Told
from yinuo.credit.features import MEASURES
from yinuo.credit.models import Run, StandingPoint
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.engine import Recent, Store, evidence_ahead, evidence_at, evidence_over, recent_over
from yinuo.credit.rules.evidence import Evidence
from yinuo.credit.rules.leaf import Leaf, leaf_of
from yinuo.credit.rules.outlook import AHEAD_DAYS, packed_sums, scored_by
from yinuo.credit.rules.scorecard import (
    RECENT_DAYS,
    Card,
    Result,
    odds_at_middle,
    standing_of,
    wanted_by,
)
from yinuo.credit.rules.told import NO_REVIEWS
from yinuo.kit import merkle
from yinuo.kit.ids import keyed_digester
from yinuo.kit.moments import MICROS_PER_DAY


def open_store(folder: Path, *, size: int | None = None) -> Store:
    """The archive and daybook in a folder, with the measures of this version of Yinuo."""
    return Store(folder, MEASURES, size=size)


@dataclass(frozen=True)
class Pins:
    """What a run's results depend on: the record's size, the as-of day, the scorecard, the mode."""

    size: int
    as_of: int
    scorecard: str
    mode: str


@dataclass(frozen=True)
class Scoring:
    """All standings of one run, before anything is written."""

    pins: Pins
    climate: Climate
    evidence: Evidence
    results: Mapping[str, Result]
    measured_on: int | None
    before: Mapping[str, str]       # the bands by the same scorecard on the day scored before
    card_digest: str
    odds_at_middle: int             # the odds of failure at 500, in 2^-20; 0 where nothing was calibrated
    told: Told
    ahead: Mapping[str, bytes] = field(default_factory=dict)    # of each merchant's evidence, to look ahead (rules.outlook)

    def leaves(self, key: bytes) -> dict[str, Leaf]:
        """What the run commits to of each merchant, in the order of merchants; the same whenever it is made again."""
        pins = self.pins
        salt = keyed_digester(key, "standing", f"{pins.scorecard}/{pins.as_of}/{pins.size}")
        facts = self.told.facts_about(self.results)
        return {
            merchant: leaf_of(
                merchant, result, facts=facts[merchant], reviews=self.told.reviews.get(merchant, NO_REVIEWS),
                salt=salt(merchant),
            )
            for merchant, result in sorted(self.results.items())
        }


def root_of(leaves: Mapping[str, Leaf]) -> str:
    """The Merkle root over all standings."""
    return merkle.root(leaf.encoded() for leaf in leaves.values()).hex()


def score_all(
    *, engine: Any, store: Store, climate: Climate, card: Card, pins: Pins, told: Told, merchants: Collection[str] = ()
) -> Scoring:
    """Score every merchant who has evidence, and every other that is registered as not having enough."""
    evidence = evidence_at(engine, store, climate, as_of=pins.as_of, wanted=wanted_by(card, MEASURES))
    days = [pins.as_of + ahead for ahead in AHEAD_DAYS[1:]]
    later = evidence_ahead(engine, store, climate, as_of=pins.as_of, days=days, wanted=scored_by(card))
    ahead = packed_sums(card, [evidence, *later], MEASURES)
    recent = next(recent_over(engine, store, days=(pins.as_of,), span=RECENT_DAYS))
    before = bands_before(scorecard=pins.scorecard, as_of=pins.as_of)
    return replace(_scored(card, pins, climate, (evidence, recent), before, told, frozenset(merchants)), ahead=ahead)


def score_past(
    *, engine: Any, store: Store, climate: Climate, card: Card, pins: Sequence[Pins], told: Told,
    merchants: Collection[str] = (),
) -> Iterator[Scoring]:
    """The same as of each of several Mondays, one after the other, without facets, reasons and ways back.

    A course over years needs only its points. The scorings must be published in this order, some at a time or all at once.
    """
    days, merchants = [each.as_of for each in pins], frozenset(merchants)
    known = evidence_over(engine, store, climate, days=days, wanted=wanted_by(card, MEASURES))
    lately = recent_over(engine, store, days=days, span=RECENT_DAYS)
    scoring = None
    for each, evidence, recent in zip(pins, known, lately, strict=True):
        before = bands_before(scorecard=each.scorecard, as_of=each.as_of, last=scoring)
        climate_then = climate.before(each.as_of)
        scoring = _scored(card, each, climate_then, (evidence, recent), before, told, merchants, explain=False)
        yield scoring


def _scored(
    card: Card, pins: Pins, climate: Climate, known: tuple[Evidence, Recent], before: Mapping[str, str], told: Told,
    merchants: frozenset[str], *, explain: bool = True,
) -> Scoring:
    evidence, recent = known
    scores = card.scores(evidence.observed, evidence.expected)
    odds = odds_at_middle(scores, recent.of(evidence.merchants), recent.failures) if card.calibrated_on else 0
    findings = open_grounds(told.findings, before=pins.as_of * MICROS_PER_DAY)

    @cache      # most of those of whom nothing is known are alike
    def result_without(grounds: tuple[str, ...], band: str) -> Result:
        return standing_of(
            card, {}, {}, odds_at_middle=0, as_of=pins.as_of, grounds=grounds, before=band, explain=explain
        )

    results = {}
    for merchant, observed, expected in evidence.each():
        if merchant not in merchants and not any(observed.values()):
            continue        # everything ever told of them was withdrawn
        results[merchant] = standing_of(
            card, observed, expected, odds_at_middle=odds, as_of=pins.as_of, grounds=findings.get(merchant, ()),
            before=before.get(merchant, ""), explain=explain,
        )
    for merchant in merchants - results.keys():
        results[merchant] = result_without(tuple(findings.get(merchant, ())), before.get(merchant, ""))
    return Scoring(pins, climate, evidence, results, card.calibrated_on or None, before, card.digest(), odds, told)


def bands_before(*, scorecard: str, as_of: int, last: Scoring | None = None) -> dict[str, str]:
    """Everybody's band by a scorecard on the last day before `as_of` that it scored and the gate did not hold.

    Where the scoring made `last` is later than any published, it is that day.
    """
    runs = Run.objects.filter(scorecard=scorecard, as_of__lt=as_of).exclude(state="waiting")
    day = runs.order_by("-as_of").values_list("as_of", flat=True).first()
    if last is not None and last.pins.as_of >= (day or 0):
        return {merchant: result.band for merchant, result in last.results.items()}
    if day is None:
        return {}
    return dict(StandingPoint.objects.filter(scorecard=scorecard, as_of=day).values_list("merchant", "band"))

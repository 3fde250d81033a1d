"""Scorecards: a versioned file of features, points and calibration, and how it turns evidence into a standing.

Everything is integer arithmetic on plain values, so that the one scored gets the same result offline, to the point.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isqrt
from typing import Any

import msgspec
import numpy as np

from yinuo.credit.rules.bands import LOWEST, RANKS, band_of
from yinuo.credit.rules.evidence import UNIT, WHOLE, Wanted
from yinuo.credit.rules.measures import Measure
from yinuo.credit.rules.tables import (
    BINS_EACH_SIDE,
    ONE,
    WEIGHTS,
    odds_of_score,
    points_of_ratio,
    quarter_bin,
    quarter_bins,
)

SCORE_MIDDLE = 500
SCORE_MAX = 1000
PPM = 1_000_000
FACET_PRIOR = UNIT              # one outcome added to both sides of a facet's ratio
OUTCOMES = ("dispatches", WHOLE)
EFFECTIVE = ("dispatches", 365)
FAILED = ("failures", WHOLE)
RECENT_DAYS = 28
WIDTH_STEP = 5
POINTS_MAX = 1_000_000          # of anything in points on a scorecard
PRIOR_MAX = 2**40
COUNT_MAX = 2**31 - 1
FEATURES_MAX = 100


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """Observed against expected of one measure over one half-life, and the points of each of 33 quarter octaves.

    Priors are in 1/1,024 of an outcome's unit, added to observed and expected: where a merchant without history starts.
    """

    name: str
    measure: str
    half_life_days: int
    facet: str
    observed_prior: int
    expected_prior: int
    points: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse a table of the wrong length, one in which worse conduct earns more, and numbers that nothing can be with."""
        if len(self.points) != 2 * BINS_EACH_SIDE + 1:
            raise ValueError(f"{self.name}: {len(self.points)} bins instead of {2 * BINS_EACH_SIDE + 1}")
        if any(later > earlier for earlier, later in pairwise(self.points)):
            raise ValueError(f"{self.name}: points rise where conduct gets worse")
        if max(map(abs, self.points)) > POINTS_MAX:
            raise ValueError(f"{self.name}: more than {POINTS_MAX} points")
        if not (0 <= self.observed_prior <= PRIOR_MAX and 0 < self.expected_prior <= PRIOR_MAX):
            raise ValueError(f"{self.name}: the priors must lie between 0 and {PRIOR_MAX}, the expected one above 0")

    @property
    def wanted(self) -> Wanted:
        """The evidence it reads."""
        return self.measure, self.half_life_days

    def points_of(self, observed: int, expected: int) -> int:
        """The points for observed and expected, in 1/1,024."""
        return self.points[self.bin_of(observed, expected) + BINS_EACH_SIDE]

    def bin_of(self, observed: int, expected: int) -> int:
        """The quarter octave of observed against expected, with the priors, -16 to 16."""
        return quarter_bin(max(0, observed) + self.observed_prior, max(0, expected) + self.expected_prior)

    def points_of_all(self, observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """The same for arrays."""
        bins = quarter_bins(np.maximum(observed, 0) + self.observed_prior, np.maximum(expected, 0) + self.expected_prior)
        points: np.ndarray = np.array(self.points)[bins + BINS_EACH_SIDE]
        return points


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A scorecard: where everyone starts, features, how wide the interval is, and how much history a standing needs.

    The interval spans `spread_points` / sqrt(1 + effective outcomes / `spread_outcomes`) to either side.
    """

    name: str
    start: int
    features: tuple[Feature, ...]
    outcomes_min: int = 10
    spread_points: int = 150
    spread_outcomes: int = 5
    calibrated_on: int = 0

    def __post_init__(self) -> None:
        """Refuse a scorecard by which nothing can be scored."""
        if not 1 <= len(self.features) <= FEATURES_MAX:
            raise ValueError(f"{self.name}: {len(self.features)} features instead of 1 to {FEATURES_MAX}")
        if not (abs(self.start) <= POINTS_MAX and 0 <= self.spread_points <= POINTS_MAX):
            raise ValueError(f"{self.name}: start or spread are beyond {POINTS_MAX} points")
        counts = (self.outcomes_min, self.spread_outcomes - 1, self.calibrated_on)
        if not all(0 <= count <= COUNT_MAX for count in counts):
            raise ValueError(f"{self.name}: outcomes are counted from 0, those of the spread from 1")

    def digest(self) -> str:
        """SHA-256 over its canonical JSON."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def score(self, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int]) -> int:
        """The score of one merchant, 0 to 1,000."""
        points = sum(
            feature.points_of(observed.get(feature.wanted, 0), expected.get(feature.wanted, 0)) for feature in self.features
        )
        return max(0, min(SCORE_MAX, self.start + points))

    def scores(self, observed: Mapping[Wanted, np.ndarray], expected: Mapping[Wanted, np.ndarray]) -> np.ndarray:
        """The scores of all merchants at once: the same integers."""
        points = [feature.points_of_all(observed[feature.wanted], expected[feature.wanted]) for feature in self.features]
        scores: np.ndarray = np.clip(self.start + np.sum(points, axis=0), 0, SCORE_MAX).astype(np.int64)
        return scores

    def half_width(self, effective: int) -> int:
        """Half the interval's width in points, for effective outcomes in 1/1,024: narrower the more is known.

        Rounded up to fives, so that nobody reads a merchant's exact number of orders off it.
        """
        spread = self.spread_points * self.spread_points * self.spread_outcomes * UNIT
        width = isqrt(spread // (self.spread_outcomes * UNIT + max(0, effective)))
        return -(-width // WIDTH_STEP) * WIDTH_STEP


FACETS: Mapping[str, tuple[Wanted, ...]] = {
    "dispatch": (("handling_time", 90),),
    "described": (("low_stars", 90), ("undescribed", 365)),
    "service": (("slow_answers", 365),),
}
FACET_OUTCOMES: Mapping[str, Wanted] = {
    "dispatch": ("dispatches", WHOLE), "described": ("reviews", WHOLE), "service": ("complaints", WHOLE),
}
FACET_OUTCOMES_MIN = 5


def wanted_by(card: Card, measures: Sequence[Measure]) -> list[Wanted]:
    """All evidence that a scorecard, the facets and the page need."""
    every = [feature.wanted for feature in card.features]
    every += [wanted for facet in FACETS.values() for wanted in facet]
    every += [*FACET_OUTCOMES.values(), EFFECTIVE, OUTCOMES, FAILED]
    names = {measure.name for measure in measures}
    return [wanted for wanted in dict.fromkeys(every) if wanted[0] in names]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's result by one scorecard, as published."""

    score: int | None
    low: int | None
    high: int | None
    band: str
    outcomes: int
    odds_ppm: int | None
    override: str
    before: str
    facets: dict[str, Any]
    reasons: list[dict[str, Any]]
    way_back: dict[str, Any]


def standing_of(
    card: Card, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], *, odds_at_middle: int,
    as_of: int, grounds: Sequence[str] = (), before: str = "", explain: bool = True,
) -> Result:
    """The standing of one merchant: score, interval, band, probability, facets, reasons that add up, and the way back.

    `odds_at_middle` are the odds of failure at 500, in 2^-20; 0 where nothing was calibrated, and then no probability is told.
    `grounds` are those of upheld findings, the first of which overrides the band. `before` is the band of the standing before
    this one, "" in a first one: near an edge it stays. Without `explain` facets, reasons and way back are left empty: a course
    over years needs only its points.
    """
    outcomes = max(0, observed.get(OUTCOMES, 0)) // UNIT
    enough = outcomes >= card.outcomes_min
    override = grounds[0] if grounds else ""
    score = card.score(observed, expected) if enough else None
    half = card.half_width(observed.get(EFFECTIVE, 0))
    band = band_of(score, override=override, before=before, half=half)
    calibrated = score is not None and card.calibrated_on > 0 and odds_at_middle > 0
    return Result(
        score=score,
        low=None if score is None else max(0, score - half),
        high=None if score is None else min(SCORE_MAX, score + half),
        band=band,
        outcomes=outcomes,
        odds_ppm=probability_ppm(score or 0, odds_at_middle) if calibrated else None,
        override=override,
        before=before,
        facets=_facets(observed, expected, len(grounds)) if explain else {},
        reasons=_reasons(card, observed, expected, score) if explain and enough else [],
        way_back=way_back(card, observed, expected, band=band, as_of=as_of) if explain and band in ("caution", "poor") else {},
    )


def probability_ppm(score: int, odds_at_middle: int) -> int:
    """The probability of failure at a score, in millionths; beyond 350 and 650 points it was not measured and is held."""
    odds = odds_at_middle * odds_of_score(max(350, min(650, score))) // ONE
    return PPM * odds // (ONE + odds)


def odds_at_middle(scores: np.ndarray, outcomes: np.ndarray, failures: int) -> int:
    """The odds at 500, in 2^-20, by which the scores foretell as many failures as there were, found by bisection.

    `outcomes` is how many recent outcomes each merchant had. 0 where there was no failure or nothing else.
    """
    total = int(outcomes.sum())
    if not 0 < failures < total:
        return 0
    alike: Counter[int] = Counter()     # outcomes by their merchants' score: there are few scores, and many merchants
    for score, count in zip(scores.tolist(), outcomes.tolist(), strict=True):
        alike[odds_of_score(max(350, min(650, score)))] += count
    low, high = 1, ONE * 1000
    while low < high:
        middle = (low + high) // 2
        foretold = sum(
            count * (PPM * (middle * multiple // ONE) // (ONE + middle * multiple // ONE))
            for multiple, count in alike.items()
        )
        if foretold < failures * PPM:
            low = middle + 1
        else:
            high = middle
    return low


def _facets(observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], findings: int) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    for name, parts in FACETS.items():
        outcomes = max(0, observed.get(FACET_OUTCOMES[name], 0)) // UNIT
        enough = outcomes >= FACET_OUTCOMES_MIN
        seen = sum(max(0, observed.get(part, 0)) for part in parts) + FACET_PRIOR
        due = sum(max(0, expected.get(part, 0)) for part in parts) + FACET_PRIOR
        score = SCORE_MIDDLE + points_of_ratio(seen, due) if enough else None
        facets[name] = {"band": band_of(score), "score": score, "outcomes": outcomes}
    facets["lawfulness"] = {"band": "finding" if findings else "clear", "score": None, "outcomes": findings}
    return facets


def _reasons(
    card: Card, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], score: int | None
) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = [{"feature": "start", "points": card.start - SCORE_MIDDLE}]
    for feature in card.features:
        seen, due = max(0, observed.get(feature.wanted, 0)), max(0, expected.get(feature.wanted, 0))
        reasons.append(
            {
                "feature": feature.measure, "half_life_days": feature.half_life_days, "facet": feature.facet,
                "points": feature.points_of(seen, due),
                "observed": f"{seen // UNIT}.{seen % UNIT * 10 // UNIT}",
                "expected": f"{due // UNIT}.{due % UNIT * 10 // UNIT}",
                "detail": {"observed": seen, "expected": due, "unit": UNIT},
            }
        )
    rest = (score or 0) - SCORE_MIDDLE - sum(reason["points"] for reason in reasons)
    if rest:
        reasons.append({"feature": "bounds", "points": rest})
    return reasons


def way_back(
    card: Card, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], *, band: str, as_of: int
) -> dict[str, Any]:
    """The nearest way from a band to a better one: so many good orders from now, or so many days, whichever is first.

    A good order leaves what was observed and adds to what was to be expected, at the merchant's own mean; with days, old
    outcomes weigh less. Both are found by stepping forward, not promised: the climate may change. A step has led to a better
    band once it is past the edge by the margin that the interval has by then.
    """
    better = [key for key in LOWEST if RANKS[key] < RANKS[band]]
    if not better:
        return {}
    orders = _orders_until(card, observed, expected, band)
    days = _days_until(card, observed, expected, band)
    found: dict[str, Any] = {"band": max(better, key=RANKS.__getitem__)}
    if orders is not None:
        found["orders"] = orders
    if days is not None:
        found["day"] = as_of + days
    worst = min(card.features, key=lambda f: f.points_of(observed.get(f.wanted, 0), expected.get(f.wanted, 0)))
    return found | {"feature": worst.measure} if len(found) > 1 else {}


def _is_better(card: Card, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], band: str) -> bool:
    """Whether whoever stands in a band would leave it for a better one."""
    half = card.half_width(observed.get(EFFECTIVE, 0))
    return RANKS[band_of(card.score(observed, expected), before=band, half=half)] < RANKS[band]


def _orders_until(
    card: Card, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], band: str
) -> int | None:
    base = max(1, observed.get(EFFECTIVE, 0))
    mean = _mean(expected.get(("handling_time", 365), 0), base)
    counts: tuple[int, ...] = (*range(1, 50), *range(50, 500, 10), *range(500, 5001, 100))
    for orders in counts:
        later = {
            feature.wanted: expected.get(feature.wanted, 0) + (orders * mean if feature.measure == "handling_time" else 0)
            for feature in card.features
        }
        seen = {**observed, EFFECTIVE: max(0, observed.get(EFFECTIVE, 0)) + orders * UNIT}
        if _is_better(card, seen, later, band):
            return orders
    return None


def _mean(total: int, base: int) -> int:
    return UNIT * total // base


def _days_until(card: Card, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], band: str) -> int | None:
    """The first day on which ageing alone leads to a better band, looked for week by week and then day by day."""

    def reached(days: int) -> bool:
        return _is_better(card, *_aged(card, observed, expected, days), band)

    week = next((days for days in range(7, 358, 7) if reached(days)), None)
    return None if week is None else next(days for days in range(week - 6, week + 1) if reached(days))


def _aged(
    card: Card, observed: Mapping[Wanted, int], expected: Mapping[Wanted, int], days: int
) -> tuple[dict[Wanted, int], dict[Wanted, int]]:
    """What was observed and expected after so many days in which nothing new becomes known."""
    seen, due = {}, {}
    for wanted in (*(feature.wanted for feature in card.features), EFFECTIVE):
        weight = WEIGHTS[wanted[1]][days]
        seen[wanted] = observed.get(wanted, 0) * weight // ONE
        due[wanted] = expected.get(wanted, 0) * weight // ONE
    return seen, due

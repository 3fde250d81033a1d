"""Judge every Monday of the past by what was known then, with a scorecard fitted on the months before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yinuo.catalogue.queries import open_findings
from yinuo.credit import actions as credit
from yinuo.credit.actions.fit import Month, month_number, walk_forward
from yinuo.credit.rules.bands import NO_SCORE, RANKS, ranks_of
from yinuo.credit.rules.climate import CLIMATE_DAYS, Climate
from yinuo.credit.rules.engine import Store, climate_at, evidence_over, outcomes_by_carrier
from yinuo.credit.rules.evidence import UNIT, Evidence
from yinuo.credit.rules.gate import LOOK_BACK_DAYS, silent_days
from yinuo.credit.rules.scorecard import EFFECTIVE, OUTCOMES, Card
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.kit.refusals import Malformed

NEW = RANKS["new"]
ADVERSE = (RANKS["caution"], RANKS["poor"], RANKS["unlawful"])
Progress = Callable[[int, int], None]
Told = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Replay:
    """Every judgement of the past: one row a day, one column a merchant. The last day is the end of the history."""

    days: tuple[int, ...]
    merchants: tuple[str, ...]
    scores: np.ndarray          # NO_SCORE where the history was not enough
    half: np.ndarray            # half the interval's width, in points
    outcomes: np.ndarray        # judged orders behind the score
    bands: np.ndarray           # ranks, best first; near an edge that of the day before holds, also after a new fit
    known: np.ndarray           # whether the merchant had been met by that day
    refitted: tuple[bool, ...]  # whether the day's scorecard was another than the day's before
    silent: tuple[bool, ...]    # whether a carrier's outcomes of a day in the week before were missing
    card: Card                  # the one fitted on everything
    told: Told                  # month by month: probabilities told beforehand, and what happened
    report: Mapping[str, Any]   # how the fit on everything came out

    def first_days(self) -> list[int]:
        """The places of each month's first Monday."""
        numbers = [month_number(day) for day in self.days[:-1]]
        return [place for place, number in enumerate(numbers) if place == 0 or number != numbers[place - 1]]


@dataclass(frozen=True)
class Cards:
    """Which scorecard was in force when: each is fitted on this shop's own months before, so judging begins in the fourth."""

    by_month: Mapping[int, Card]
    final: Card
    told: Told
    report: Mapping[str, Any]

    def at(self, day: int) -> Card:
        """The card fitted on what was known when the day's month began."""
        return self.by_month[max(number for number in self.by_month if number <= month_number(day))]

    def judged(self, days: Sequence[int]) -> list[int]:
        """The days on which there was a card."""
        return [day for day in days if month_number(day) >= min(self.by_month)]


def fit_cards(months: Sequence[Month], *, last_months: int | None) -> Cards:
    """The scorecard of each month, fitted on the past alone, what each told beforehand, and the fit on everything.

    Refuses a history that is too short to fit on and to measure.
    """
    told = walk_forward(months)
    final, report = credit.fit(months=months, name="preview", told=told)
    if not told:
        raise Malformed("There was never enough known before a month began to learn from.")
    told = told[-last_months:] if last_months else told
    return Cards({row["month"]: row["card"] for row in told}, final, told, report)


def past_climate(engine: Any, store: Store, days: Sequence[int], until: int) -> Climate:
    """One climate for all days: each sees only the weeks that were over by then."""
    return climate_at(engine, store, as_of=until, days=until - min([*days, until]) + CLIMATE_DAYS)


@dataclass(frozen=True)
class Judge:
    """Scores everybody as of the days of the past."""

    engine: Any
    store: Store
    merchants: tuple[str, ...]

    def evidence(self, climate: Climate, cards: Iterable[Card], days: Sequence[int]) -> Iterator[Evidence]:
        """The evidence that the cards want as of each of the days."""
        features = [feature.wanted for card in cards for feature in card.features]
        wanted = list(dict.fromkeys([*features, EFFECTIVE, OUTCOMES]))
        return evidence_over(self.engine, self.store, climate, days=days, wanted=wanted)

    def rows(self, evidence: Evidence, card: Card) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores, half widths and outcomes of all merchants; those without evidence have no score."""
        place = {merchant: i for i, merchant in enumerate(self.merchants)}
        into = np.array([place[merchant] for merchant in evidence.merchants], np.int64)
        outcomes = np.zeros(len(self.merchants), np.int64)
        scores, half = np.full_like(outcomes, NO_SCORE), np.zeros_like(outcomes)
        outcomes[into] = np.maximum(evidence.observed[OUTCOMES], 0) // UNIT
        enough = outcomes[into] >= card.outcomes_min
        scores[into] = np.where(enough, card.scores(evidence.observed, evidence.expected), NO_SCORE)
        half[into] = [card.half_width(int(effective)) for effective in evidence.observed[EFFECTIVE]]
        return scores, half, outcomes

    def bands(self, scores: np.ndarray, half: np.ndarray, before: np.ndarray, day: int) -> np.ndarray:
        """The bands of all merchants as of a day, as ranks, after those before."""
        bands = ranks_of(scores, before=before, half=half)
        unlawful = np.isin(np.array(self.merchants, dtype=object), list(open_findings(before=day * MICROS_PER_DAY)))
        return np.where(unlawful, RANKS["unlawful"], bands)


def replay(
    *, judge: Judge, climate: Climate, cards: Cards, days: Sequence[int], until: int, born: np.ndarray, progress: Progress
) -> Replay:
    """Judge everybody on each of the days, Mondays, and at the end of the history."""
    used = [cards.at(day) for day in days]
    rows = []
    for place, (evidence, card) in enumerate(zip(judge.evidence(climate, used, days), used, strict=True)):
        rows.append(judge.rows(evidence, card))
        progress(place + 1, len(days) + 1)
    rows.append(judge.rows(next(judge.evidence(climate, [cards.final], [until])), cards.final))
    every = (*days, until)
    scores, half, outcomes = (np.stack(parts) for parts in zip(*rows, strict=True))
    bands = [np.full(len(judge.merchants), NEW)]
    for place, day in enumerate(every):
        bands.append(judge.bands(scores[place], half[place], bands[-1], day))
    told = outcomes_by_carrier(judge.engine, judge.store, as_of=until, days=until - min(every) + LOOK_BACK_DAYS)
    return Replay(
        days=every, merchants=judge.merchants, scores=scores, half=half, outcomes=outcomes,
        bands=np.stack(bands[1:]), silent=tuple(bool(silent_days(told, as_of=day)) for day in days),
        known=born[None, :] < np.array(every)[:, None],
        refitted=tuple(place > 0 and card is not used[place - 1] for place, card in enumerate(used)),
        card=cards.final, told=cards.told, report=cards.report,
    )

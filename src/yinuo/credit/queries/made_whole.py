"""What a merchant lost through what did not stand: each published standing since, computed again without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yinuo.credit.models import Run, RunProof, Scorecard
from yinuo.credit.proofs.facts import Stated, standing, stated_by_record
from yinuo.credit.proofs.report import recomputed
from yinuo.credit.rules.bands import RANKS
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.kept import card_in, climate_in, leaf_in, leaves_in
from yinuo.credit.rules.leaf import Leaf
from yinuo.credit.rules.scorecard import Card
from yinuo.decisions import queries as decisions
from yinuo.kit.actors import Actor
from yinuo.kit.realm import OWN_SOURCE
from yinuo.record import queries as record

if TYPE_CHECKING:
    from yinuo.decisions.models import Contest

RUNS_MAX = 60       # the newest published ones; each takes as long as computing one report again


@dataclass(frozen=True, slots=True)
class Lost:
    """One published standing: as of which day, what it was, and what it would have been without what did not stand."""

    as_of: int
    run: str
    score: int | None
    band: str
    score_without: int | None
    band_without: str

    @property
    def points(self) -> int:
        """The points lost: 0 or more."""
        return 0 if self.score is None or self.score_without is None else max(0, self.score_without - self.score)


@dataclass(frozen=True, slots=True)
class MadeWhole:
    """What an upheld contest gives back: each standing that it would have changed, oldest first, and what it comes to."""

    contest: Contest
    lost: tuple[Lost, ...]
    points_max: int
    days_in_lower_band: int


def made_whole(*, viewer: Actor, contest_id: str) -> MadeWhole:
    """Every published standing of the merchant that rested on what an upheld contest corrected, computed again without it.

    What was sealed about a cause or fact later, by the contest, is taken for the run as if it had been known then; everything
    else stays as the run had it: facts, climate, scorecard.
    """
    contest = decisions.contest(viewer=viewer, contest_id=contest_id)
    newest = Run.objects.filter(state="published").order_by("-completed", "-as_of")[:RUNS_MAX]
    shown = {run.as_of: run for run in reversed(newest)}        # of several as of one day the last was what people saw
    runs = [shown[day] for day in sorted(shown)]
    every = _facts(contest.merchant) if contest.state == "upheld" else []
    lost = [each for run in runs if every and (each := _lost(run, contest, every)) is not None]
    lower = [RANKS[each.band_without] < RANKS[each.band] for each in lost]
    following = [each.as_of for each in lost[1:]] + [lost[-1].as_of + 1 if lost else 0]
    days = sum(until - each.as_of for each, until, is_lower in zip(lost, following, lower, strict=False) if is_lower)
    return MadeWhole(contest, tuple(lost), max((each.points for each in lost), default=0), days)


def _lost(run: Run, contest: Contest, every: Sequence[Stated]) -> Lost | None:
    """The merchant's standing by a run with and without; None where the run did not rest on what was corrected."""
    then = _of_merchant(standing(every, size=run.size), contest.merchant)
    without = _corrected(every, then, contest)
    if [fact.key for fact in without] == [fact.key for fact in then]:
        return None
    leaf, climate, card = _kept(run, contest.merchant)
    if leaf is None:
        return None
    result = recomputed(
        without, merchant=contest.merchant, as_of=run.as_of, odds_at_middle=0, before=leaf.before, card=card, climate=climate
    )
    return Lost(run.as_of, run.pk, leaf.score, leaf.band, result.score, result.band)


def _kept(run: Run, merchant: str) -> tuple[Leaf | None, Climate, Card]:
    """What a published run keeps, held against what it committed to: the merchant's leaf, the climate, the scorecard."""
    proof = RunProof.objects.get(pk=run.pk)
    leaves = leaves_in(bytes(proof.leaves), run=run.pk, root=run.standings)
    named = (leaf_in(leaf) for leaf in leaves if merchant.encode() in leaf)
    kept = Scorecard.objects.get(pk=run.scorecard)
    climate = Climate.decoded(climate_in(bytes(proof.climate), run=run.pk, digest=run.climate))
    card = card_in(name=kept.name, digest=kept.digest, body=kept.body)
    return next((leaf for leaf in named if leaf.merchant == merchant), None), climate, card


def _facts(merchant: str) -> list[Stated]:
    """Everything sealed about a merchant until now, and what replaced any of it, in the order of the record."""
    size = record.size()
    numbers = record.mentions_of(subject=merchant, size=size)
    numbers += [by for _, by in record.replacing(numbers=numbers, size=size)]
    told = record.contents_by_number(numbers=sorted(set(numbers)))
    return [stated_by_record(index, content) for index, content in told.items()]


def _of_merchant(facts: Sequence[Stated], merchant: str) -> list[Stated]:
    return [fact for fact in facts if fact.names("merchant", merchant)]


def _corrected(every: Sequence[Stated], then: Sequence[Stated], contest: Contest) -> list[Stated]:
    """The facts that stood then without the one that was withdrawn, and with today's judgements of the contested order."""
    now = {(fact.kind, fact.said.get("order")): fact for fact in standing(every, size=record.size())}

    def as_it_stands(fact: Stated) -> Stated | None:
        if fact.key == contest.event and contest.aspect == "fact":
            return None
        judged = fact.source == OWN_SOURCE and contest.order is not None and fact.said.get("order") == contest.order
        return now.get((fact.kind, contest.order)) if judged else fact

    return [stands for fact in then if (stands := as_it_stands(fact)) is not None]

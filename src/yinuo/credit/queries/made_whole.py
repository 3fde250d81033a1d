"""What a merchant lost through what did not stand: each published standing since, computed again without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from yinuo.credit.events import ComplaintJudged, DeliveryJudged, DispatchJudged
from yinuo.credit.models import Run, RunProof, Scorecard
from yinuo.credit.proofs.facts import Stated, standing, stated_by_record
from yinuo.credit.proofs.report import recomputed
from yinuo.credit.rules.bands import RANKS
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.kept import card_in, climate_in, leaf_in, leaves_in
from yinuo.credit.rules.leaf import Leaf
from yinuo.credit.rules.scorecard import Card, Result
from yinuo.decisions import queries as decisions
from yinuo.kit.actors import Actor
from yinuo.kit.realm import OWN_SOURCE
from yinuo.record import queries as record

if TYPE_CHECKING:
    from yinuo.decisions.models import Contest

_JUDGED: dict[str, type] = {"dispatch": DispatchJudged, "delivery": DeliveryJudged, "complaint": ComplaintJudged}
RUNS_MAX = 60       # the newest published ones; each takes as long as computing one report again


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a standing (`Result.facets`): its score before, and without, what a contest corrected."""

    facet: str
    score_before: int | None
    score_without: int | None


@dataclass(frozen=True, slots=True)
class Lost:
    """One published standing that rested on what did not stand: as of which day, what it was, and what it would have been.

    `score_before` is without what contests settled earlier corrected, which their statements tell of; `score_without` is
    without this one's too. So each point is told of once: over all contests they add up to what the standing changed.

    `sides` are those that a complaint changed: it counts there, also where the scorecard makes no points of it.
    """

    as_of: int
    run: str
    score: int | None
    band: str
    score_before: int | None
    band_before: str
    score_without: int | None
    band_without: str
    sides: tuple[Side, ...] = ()

    @property
    def points(self) -> int:
        """The points that this one cost; fewer than 0 where the standing would have been lower without it."""
        return 0 if self.score_before is None or self.score_without is None else self.score_without - self.score_before

    @property
    def is_lower(self) -> bool:
        """Whether the day was spent in a lower band through this one, and not already through an earlier one."""
        return RANKS[self.band_without] < RANKS[self.band] and RANKS[self.band_before] >= RANKS[self.band]


@dataclass(frozen=True, slots=True)
class MadeWhole:
    """What an upheld contest gives back: each standing that it would have changed, oldest first, and what it comes to."""

    contest: Contest
    lost: tuple[Lost, ...]
    points_max: int
    days_in_lower_band: int

    @property
    def after_others(self) -> bool:
        """Whether contests that were settled earlier corrected some of these standings too."""
        return any((each.score_before, each.band_before) != (each.score, each.band) for each in self.lost)

    @property
    def has_sides(self) -> bool:
        """Whether a side of some standing would have been another."""
        return any(each.sides for each in self.lost)


def made_whole(*, viewer: Actor, contest_id: str) -> MadeWhole:
    """Every published standing of the merchant that rested on what an upheld contest corrected, computed again without it.

    What was found about a cause or fact later, by the contest, is taken for the run as if it had been known then; everything
    else stays as the run had it: facts, climate, scorecard. Contests are taken in the order in which they were settled.
    """
    contest = decisions.contest(viewer=viewer, contest_id=contest_id)
    newest = Run.objects.filter(state="published").order_by("-completed", "-as_of")[:RUNS_MAX]
    runs = sorted(newest, key=attrgetter("as_of", "completed"))
    lost: list[Lost] = []
    if contest.state == "upheld":
        upheld = decisions.upheld_contests(viewer=viewer, merchant=contest.merchant)
        place = [each.pk for each in upheld].index(contest.pk)
        found = _Found(contest.merchant, upheld)
        # Of several runs as of one day the last that rested on it: one after the contest was settled rests on it no more.
        by_day = {run.as_of: each for run in runs if (each := found.lost(run, place)) is not None}
        lost = list(by_day.values())
    following = [each.as_of for each in lost[1:]] + [lost[-1].as_of + 1 if lost else 0]
    days = sum(until - each.as_of for each, until in zip(lost, following, strict=False) if each.is_lower)
    return MadeWhole(contest, tuple(lost), max((each.points for each in lost), default=0), days)


class _Found:
    """What is known today about a merchant: every fact, what replaced it, and the contests upheld, the first settled first."""

    def __init__(self, merchant: str, upheld: Sequence[Contest]) -> None:
        self._merchant, self._upheld = merchant, upheld
        self._every = _facts(merchant)
        today = standing(self._every, size=record.size())
        self._today = {(fact.kind, _subject(fact)): fact for fact in today if fact.source == OWN_SOURCE}
        self._causes = {
            (_JUDGED[contest.aspect], contest.subject, contest.outcome): (place, contest.cause)
            for place, contest in enumerate(upheld) if contest.aspect in _JUDGED
        }
        facts = [(place, contest) for place, contest in enumerate(upheld) if contest.aspect == "fact"]
        self._withdrawn = {contest.event: place for place, contest in facts}
        self._anew = {contest.order: place for place, contest in reversed(facts) if contest.order}      # first ones

    def lost(self, run: Run, place: int) -> Lost | None:
        """The standing by a run without the contests before a place, and without that one; None where that is the same."""
        then = [fact for fact in standing(self._every, size=run.size) if fact.names("merchant", self._merchant)]
        before, without = self._corrected(then, place), self._corrected(then, place + 1)
        if without == before:
            return None
        leaf, climate, card = _kept(run, self._merchant)
        if leaf is None:
            return None

        def again(facts: Sequence[Stated]) -> Result:
            return recomputed(
                facts, merchant=self._merchant, as_of=run.as_of, odds_at_middle=0, before=leaf.before, card=card,
                climate=climate,
            )

        is_sided = self._upheld[place].aspect == "complaint"
        first, second = again(before) if is_sided or before != then else None, again(without)
        published = (leaf.score, leaf.band)
        preceding = published if first is None or before == then else (first.score, first.band)
        sides = _sides(first, second) if first is not None and is_sided else ()
        return Lost(run.as_of, run.pk, *published, *preceding, second.score, second.band, sides)

    def _corrected(self, then: Sequence[Stated], count: int) -> list[Stated]:
        """The facts that stood then as they would have been, had what the first so many contests found been known."""
        return [stands for fact in then if (stands := self._as_found(fact, count)) is not None]

    def _as_found(self, fact: Stated, count: int) -> Stated | None:
        """One fact, or what it would have been: gone, or judged anew without what was withdrawn, or with the cause found."""
        if self._withdrawn.get(fact.key, count) < count:
            return None
        if not isinstance(fact.fact, DispatchJudged | DeliveryJudged | ComplaintJudged):
            return fact
        if self._anew.get(_subject(fact), count) >= count:
            found = self._cause_of(fact)
            return _caused(fact, found[1]) if found and found[0] < count and fact.said["cause"] == "merchant" else fact
        judged = self._today.get((fact.kind, _subject(fact)))
        found = None if judged is None else self._cause_of(judged)
        if judged is not None and found and found[0] >= count and judged.said["cause"] == found[1]:
            return _caused(judged, "merchant")      # told of by that later contest, and not here as well
        return judged

    def _cause_of(self, fact: Stated) -> tuple[int, str] | None:
        """The place and the cause of the contest about a judgement, if there is one."""
        judged: Any = fact.fact
        outcome = judged.topic if isinstance(judged, ComplaintJudged) else judged.outcome
        return self._causes.get((type(judged), _subject(fact), outcome))


def _sides(before: Result, without: Result) -> tuple[Side, ...]:
    """The sides that differ between two standings."""
    both = ((name, side["score"], without.facets[name]["score"]) for name, side in before.facets.items())
    return tuple(Side(name, first, second) for name, first, second in both if first != second)


def _subject(fact: Stated) -> str:
    """What a judgement is about: the complaint, or else the order, if either."""
    return fact.said.get("complaint") or fact.said.get("order") or ""


def _caused(fact: Stated, cause: str) -> Stated:
    judged: Any = fact.fact
    return replace(fact, said=fact.said | {"cause": cause}, fact=replace(judged, cause=cause))


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

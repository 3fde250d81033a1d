"""What may become of a merchant's standing: orders by the points at stake, falls that are foreseen, and what would be if."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from yinuo.credit.features import MEASURES
from yinuo.credit.models import Delivery, Dispatch, Outlook, Pending, Run, RunProof, Scorecard, Standing
from yinuo.credit.queries.held_against import own_standing
from yinuo.credit.queries.standings import shown_scorecard
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.evidence import Sums
from yinuo.credit.rules.judging import (
    RANK_WEIGHTS,
    UNKNOWN_PLACE,
    WEIGHT_ONE,
    Outcome,
    outcomes_of,
    rank_weight,
)
from yinuo.credit.rules.judging import Pending as PendingRow
from yinuo.credit.rules.kept import card_in, climate_in
from yinuo.credit.rules.outlook import (
    RATES_WEEKS,
    Aspect,
    Case,
    Expected,
    Judgement,
    Warned,
    forecast,
    scored_by,
    scores_with,
    sums_in,
    sums_of,
    supposed,
    warned,
)
from yinuo.credit.rules.scorecard import Card, Result, standing_of
from yinuo.decisions import queries as decisions
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import MICROS_PER_DAY, MICROS_PER_MINUTE, day_of, from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.record import queries as record
from yinuo.trade.queries import earlier_orders, last_placed, orders

if TYPE_CHECKING:
    from yinuo.decisions.models import Contest

OPEN_DAYS = 60          # an order placed earlier, of which nothing was told since, is no news today
SOON_HOURS = 24         # what is due within so long comes next
NEAR_HOURS = 6          # and what within so long, and not handed over, is reckoned to fail: who hands over daily had the chance
IDLE_DAYS = 7           # a merchant of whom nothing came in for so long before a standing's day is seen as of that day
FAILING_MAX = 1_000     # of the orders late or nearly so, the most urgent are reckoned with
ORDERS_MAX = 1_000      # that one may suppose
LANES_OF = 100          # supposed orders go where the newest so many went
LATE_MAX = 200          # late orders are tried until points fall, but not more
AT_ONCE = 500           # orders whose weight is looked up at a time
MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE
NO_LANE = "/".join([UNKNOWN_PLACE] * 3)
STAGES = ("late", "soon", "open", "way")


class Basis(NamedTuple):
    """What a standing was scored by and from, with what is needed to add to it."""

    standing: Standing
    card: Card
    kept: Mapping[int, Sums]
    expected: Expected

    @property
    def half(self) -> int:
        """Half the interval's width."""
        return self.card.half_width(self.kept[0].rounded()[0][("dispatches", 365)])


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that may still cost points: until when what must happen, and what is at stake.

    `stage` is "late" (its time to be handed over is past), "soon" (within a day), "open", or "way" (handed over, not arrived).
    `points` is the score if it goes well less that if it fails; None where there is no score to lose from yet.
    """

    order: str
    aspect: Aspect
    stage: str
    due: datetime
    left: timedelta
    value_minor: int | None
    currency: str | None
    weight: int
    points: int | None


@dataclass(frozen=True, slots=True)
class Today:
    """A merchant's open orders, by the points at stake and then by their time, from one place to another; how many in all.

    `clock` is the moment at which all was looked at; `first_fall` how many late orders cost the first points, and how many.
    """

    clock: datetime
    rows: list[OpenOrder]
    counts: Mapping[str, int]
    measured: bool
    first_fall: tuple[int, int] | None

    @property
    def total(self) -> int:
        """How many orders there are in all stages."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A warning: the fall, the standing it begins from, and the orders by which it comes, by stage."""

    warned: Warned
    score: int
    band: str
    half: int
    orders: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Supposed:
    """What was supposed: orders handed over, how many of them late, how early the others, and contests upheld."""

    orders: int = 0
    late: int = 0
    used_percent: int = 60
    contests: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A standing as it is and as it would be, by the same scorecard, and the reasons of both side by side."""

    now: Result
    then: Result
    reasons: list[dict[str, Any]]
    left_out: list[str] = field(default_factory=list)


class _Candidate(NamedTuple):
    """An order that may still cost points."""

    order: str
    stage: str
    due: int
    case: Case
    most: int       # what the order counts if the same buyer had none before


@dataclass(frozen=True, slots=True)
class Seen:
    """A merchant's open orders at a moment, and what the standing was scored from; None where nothing was kept of it."""

    basis: Basis | None
    clock: int
    candidates: list[_Candidate]

    @property
    def is_scored(self) -> bool:
        """Whether there is a score to lose from."""
        return self.basis is not None and self.basis.standing.score is not None


def look_ahead(*, viewer: Actor, merchant: str, at: datetime) -> Seen:
    """What a merchant's coming days are told from: the standing, its evidence, and the orders that are open."""
    basis = basis_of(viewer=viewer, merchant=merchant)
    clock = _clock(basis.standing if basis else own_standing(viewer=viewer, merchant=merchant), merchant, at)
    return Seen(basis, clock, _candidates(merchant, clock))


def today(seen: Seen, *, stage: str = "", start: int = 0, stop: int = 50) -> Today:
    """The merchant's open orders from one place to another, those with most points at stake first, then the most urgent.

    Of one stage, or of all. Reckoned by the scorecard shown, with the merchant's present evidence and one more outcome.
    """
    if stage and stage not in STAGES:
        raise Malformed("There is no such part of the list.", path="stage")
    counts = Counter(each.stage for each in seen.candidates)
    chosen = [each for each in seen.candidates if not stage or each.stage == stage]
    ranked = _ranked(chosen, seen.basis)
    rows = _shown(list(islice(ranked, start, stop)), seen.clock)
    by_stage = {name: counts[name] for name in STAGES}
    fall = first_fall(seen.basis) if seen.basis is not None and seen.is_scored else None
    return Today(from_micros(seen.clock), rows, by_stage, seen.is_scored, fall)


def first_fall(basis: Basis) -> tuple[int, int] | None:
    """How many whole orders late through the merchant, on the lanes of the newest, cost the first points, and how many points.

    None where so many as are tried cost none: a score at its lowest does not fall.
    """
    late = supposed(
        orders=LATE_MAX, late=LATE_MAX, used_permille=0, day=basis.standing.as_of - 1,
        lanes=_usual_lanes(basis.standing.merchant),
    )
    climate = basis.expected.climate({each.cell for each in late})
    alike = {judged: _sums([judged], basis, climate) for judged in set(late)}
    sums = basis.kept[0]
    before = basis.card.score(*sums.rounded())
    for count, judged in enumerate(late, 1):
        sums = sums + alike[judged]
        if (points := before - basis.card.score(*sums.rounded())) > 0:
            return count, points
    return None


def foreseen(seen: Seen) -> Foreseen | None:
    """A fall of the merchant's standing in the coming weeks that is worth a warning, or None.

    It is what a scoring on a coming day gives if no new outcome becomes known until then, and every order that is past its
    time, or due within six hours, is handed over late. Where a decision overrides the band, or there is no score, none is told.
    """
    basis, clock = seen.basis, seen.clock
    if basis is None or not seen.is_scored or basis.standing.override:
        return None
    near = clock + NEAR_HOURS * MICROS_PER_HOUR
    urgent = sorted((each for each in seen.candidates if each.stage in ("late", "soon") and each.due <= near), key=_urgency)
    standing = basis.standing
    aged, fallen = forecast(
        basis.card, basis.kept, basis.expected, _failing(urgent[:FAILING_MAX], day_of(clock)), as_of=standing.as_of,
        today=day_of(clock), band=standing.band, measures=MEASURES,
    )
    found = warned(aged, fallen, score=standing.score or 0, band=standing.band, half=basis.half)
    if found is None:
        return None
    counts = Counter(each.stage for each in urgent if found.by_orders > 0 and each.case.worst.cause == "merchant")
    return Foreseen(found, standing.score or 0, standing.band, basis.half, {name: counts[name] for name in ("late", "soon")})


def what_if(*, viewer: Actor, merchant: str, suppose: Supposed, realm: Realm) -> WhatIf:
    """The merchant's standing with so many orders more, and with contests upheld, scored by the scorecard shown.

    The orders are whole ones, go where the merchant's newest went, and are known on the day before the standing's. An upheld
    contest of a cause takes its outcome off the merchant, as far as the standing rests on it.
    """
    allow(viewer, "credit.see_own", about=merchant)
    if not 0 <= suppose.orders <= ORDERS_MAX:
        raise Malformed("Suppose 0 to 1,000 orders.", path="orders")
    if not 0 <= suppose.late <= suppose.orders:
        raise Malformed("Not more orders can be late than there are.", path="late")
    if suppose.used_percent not in (60, 80, 100):
        raise Malformed("Choose how early the orders are handed over.", path="used")
    basis = basis_of(viewer=viewer, merchant=merchant)
    if basis is None:
        raise NotFound("There is no standing to begin from yet: it comes with the next scoring.")
    standing, sums = basis.standing, basis.kept[0]
    gone, left_out = _upheld(viewer, basis, suppose.contests, realm)
    more = supposed(
        orders=suppose.orders, late=suppose.late, used_permille=10 * suppose.used_percent, day=standing.as_of - 1,
        lanes=_usual_lanes(merchant),
    )
    added = _sums(more, basis, basis.expected.climate({each.cell for each in more}))
    now = _scored(basis, sums, before=standing.band_before)
    then = _scored(basis, sums + added - gone, before=standing.band)
    return WhatIf(now, then, reasons_beside(now.reasons, then.reasons), left_out)


def contests_to_suppose(*, viewer: Actor, merchant: str) -> list[Contest]:
    """The merchant's open contests of a cause: those whose end one may suppose."""
    found = decisions.contests_of(viewer=viewer, merchant=merchant)
    return [contest for contest in found if contest.state == "open" and contest.aspect in ("dispatch", "delivery")]


def announced(*, viewer: Actor, merchant: str) -> list[tuple[Scorecard, Standing | None]]:
    """The scorecards that are to take over, each with the merchant's standing by it where there is one already."""
    allow(viewer, "credit.see_own", about=merchant)
    shown = shown_scorecard()
    cards = list(Scorecard.objects.filter(state__in=("announced", "in_force")).exclude(name=shown).order_by("-added"))
    standings = Standing.objects.filter(pk__in=[f"{card.name}/{merchant}" for card in cards])
    by_card = {standing.scorecard: standing for standing in standings}
    return [(card, by_card.get(card.name)) for card in cards]


def basis_of(*, viewer: Actor, merchant: str) -> Basis | None:
    """What the merchant's standing was scored from; None before the first run that kept it."""
    standing = own_standing(viewer=viewer, merchant=merchant)
    kept = None if standing is None else Outlook.objects.filter(pk=standing.pk, run=standing.run).first()
    if standing is None or kept is None:
        return None
    card = _card(standing.scorecard)
    return Basis(standing, card, sums_in(bytes(kept.sums), card, MEASURES), _expected_last(standing.run))


def _card(name: str) -> Card:
    row = Scorecard.objects.get(pk=name)
    return card_in(name=row.name, digest=row.digest, body=row.body)


@lru_cache(maxsize=4)
def _expected_last(run: str) -> Expected:
    """What was to be expected last by a run, which never changes: read once."""
    as_of = Run.objects.values_list("as_of", flat=True).get(pk=run)
    week = (as_of + 2) // 7
    return Expected.last_in(_climate(run, range(week - RATES_WEEKS + 1, week + 1)))


def _climate(run: str, weeks: range) -> Climate:
    """The climate of some weeks that a run committed to."""
    digest = Run.objects.values_list("climate", flat=True).get(pk=run)
    return Climate.decoded_weeks(climate_in(bytes(RunProof.objects.get(pk=run).climate), run=run, digest=digest), weeks)


def _clock(standing: Standing | None, merchant: str, at: datetime) -> int:
    """Now; for a history that ended long before, the end of the standing's last day."""
    now = to_micros(at)
    if standing is None:
        return now
    end = standing.as_of * MICROS_PER_DAY
    idle = (last_placed(merchant=merchant) or 0) < end
    return end if idle and now > end + IDLE_DAYS * MICROS_PER_DAY else now


def _candidates(merchant: str, clock: int) -> list[_Candidate]:
    """The orders that are open at a moment, with what may become of each."""
    since = clock - OPEN_DAYS * MICROS_PER_DAY
    rows = Pending.objects.filter(merchant=merchant, due__gte=since, placed_at__range=(since, clock))
    cases: dict[tuple[object, ...], Case] = {}      # most orders are alike, and comparing cases takes longer than finding them
    found = []
    for row in rows.values_list(*PendingRow._fields):
        pending = PendingRow(*row)
        best, worst = outcomes_of(pending, at=clock)
        key = (pending.aspect, pending.lane, pending.cause, _step(best), _step(worst))
        if key not in cases:
            cases[key] = Case(cast(Aspect, pending.aspect), pending.lane, _alike(best), _alike(worst))
        found.append(_Candidate(pending.id, _stage(pending, clock), pending.due, cases[key], pending.most))
    return found


def _stage(pending: PendingRow, clock: int) -> str:
    if pending.aspect == "delivery":
        return "way"
    left = pending.due - clock
    return "late" if left < 0 else "soon" if left <= SOON_HOURS * MICROS_PER_HOUR else "open"


_STEPS = sorted({
    case.above for measure in MEASURES for case in measure.cases if case.column == "used_permille" and case.above is not None
})


def _alike(outcome: Outcome) -> Outcome:
    """The outcome that stands for all that every measure counts alike: so that each is reckoned with once."""
    place = _step(outcome)
    return outcome if place < 0 else outcome._replace(used_permille=_STEPS[place - 1] + 1 if place else 0)


def _step(outcome: Outcome) -> int:
    """Between which of the steps that any measure looks at it lies; -1 where there is no share of time."""
    return -1 if outcome.used_permille is None else bisect_left(_STEPS, outcome.used_permille)


def _urgency(candidate: _Candidate) -> tuple[int, str]:
    return candidate.due, candidate.order


def _ranked(candidates: Sequence[_Candidate], basis: Basis | None) -> Iterator[tuple[_Candidate, int, int | None]]:
    """The candidates with what they count and the points at stake, those with most points first, then the most urgent.

    What an order counts depends on the same buyer's earlier ones, which takes a look into the orders. It is taken for as many
    as are asked for: an order can have no more at stake than if it were the buyer's first.
    """
    if basis is None or basis.standing.score is None:
        for each in sorted(candidates, key=_urgency):
            yield each, each.most, None
        return
    points = _points(candidates, basis)
    bounds = [(-points[each.case][1][each.most], each.due, each.order, place) for place, each in enumerate(candidates)]
    heapq.heapify(bounds)
    known: list[tuple[int, int, str, int, int]] = []
    while bounds or known:
        if known and (not bounds or known[0][:3] <= bounds[0][:3]):
            negative, _, _, place, weight = heapq.heappop(known)
            yield candidates[place], weight, -negative
            continue
        some = [heapq.heappop(bounds)[3] for _ in range(min(AT_ONCE, len(bounds)))]
        for place, weight in zip(some, _weights([candidates[place] for place in some]), strict=True):
            each = candidates[place]
            heapq.heappush(known, (-points[each.case][0][weight], each.due, each.order, place, weight))


def _points(candidates: Sequence[_Candidate], basis: Basis) -> dict[Case, tuple[list[int], list[int]]]:
    """The points at stake in each case by weight, and the most up to that weight."""
    cases = list(dict.fromkeys(each.case for each in candidates))
    if not cases:
        return {}
    best, worst = scores_with(
        basis.card, basis.kept[0], basis.expected, cases, as_of=basis.standing.as_of, measures=MEASURES
    )
    points = best - worst
    most = np.maximum.accumulate(points, axis=1)
    return dict(zip(cases, zip(points.tolist(), most.tolist(), strict=True), strict=True))


def _weights(candidates: Sequence[_Candidate]) -> list[int]:
    """What each order counts, with the same buyer's earlier orders."""
    ranks = earlier_orders([each.order for each in candidates], most=len(RANK_WEIGHTS))
    return [rank_weight(ranks[each.order]) * each.most // WEIGHT_ONE for each in candidates]


def _shown(ranked: Sequence[tuple[_Candidate, int, int | None]], clock: int) -> list[OpenOrder]:
    """The orders as a page shows them, with what they are worth."""
    known = {order.id: order for order in orders([candidate.order for candidate, _, _ in ranked])}
    return [
        OpenOrder(
            each.order, each.case.aspect, each.stage, from_micros(each.due), timedelta(microseconds=each.due - clock),
            known[each.order].amount_minor, known[each.order].currency, weight, points,
        )
        for each, weight, points in ranked if each.order in known
    ]


def _failing(candidates: Sequence[_Candidate], day: int) -> list[Judgement]:
    """These orders as failed, each known on the later of the day and the one after its time."""
    return [
        Judgement(each.case.aspect, max(day, day_of(each.due)), each.case.lane, weight, each.case.worst)
        for each, weight in zip(candidates, _weights(candidates), strict=True)
    ]


def _usual_lanes(merchant: str) -> list[str]:
    """The lanes of the merchant's newest orders."""
    newest = Dispatch.objects.filter(merchant=merchant, lane__isnull=False).order_by("-judged_at")
    return [lane or NO_LANE for lane in newest.values_list("lane", flat=True)[:LANES_OF]] or [NO_LANE]


def _upheld(viewer: Actor, basis: Basis, ids: Sequence[str], realm: Realm) -> tuple[Sums, list[str]]:
    """What upheld contests would take off the evidence, and those of them that the standing does not rest on."""
    open_ones = {contest.pk: contest for contest in contests_to_suppose(viewer=viewer, merchant=basis.standing.merchant)}
    if any(each not in open_ones for each in ids):
        raise Malformed("One of these objections is not open any more: look at the list again.", path="contest")
    gone, left_out = Sums({}, {}), []
    for contest in dict.fromkeys(ids):
        judged = _judged(open_ones[contest], basis.standing, realm)
        if judged is None:
            left_out.append(contest)
            continue
        week = judged.cell[0]
        climate = _climate(basis.standing.run, range(week - 1, week + 2))
        upheld = judged._replace(outcome=judged.outcome._replace(cause=open_ones[contest].claimed))
        gone = gone + (_sums([judged], basis, climate) - _sums([upheld], basis, climate))
    return gone, left_out


def _judged(contest: Contest, standing: Standing, realm: Realm) -> Judgement | None:
    """The outcome that a contest is about, as the standing has it; None where that does not rest on it."""
    tables: dict[str, type[Dispatch] | type[Delivery]] = {"dispatch": Dispatch, "delivery": Delivery}
    row = tables[contest.aspect].objects.filter(pk=contest.order, cause="merchant").first()
    if row is None or row.judged_at is None:
        return None
    number = record.number_of(event_id=f"{contest.aspect}/{row.pk}/{row.revision}", key=realm.key)
    if number is None or number >= standing.size or day_of(row.judged_at) >= standing.as_of:
        return None
    outcome = Outcome(row.outcome or "", row.cause, getattr(row, "used_permille", None))
    return Judgement(cast(Aspect, contest.aspect), day_of(row.judged_at), row.lane or "", row.weight or 0, outcome)


def _sums(judged: Iterable[Judgement], basis: Basis, climate: Climate) -> Sums:
    return sums_of(judged, climate, as_of=basis.standing.as_of, wanted=scored_by(basis.card), measures=MEASURES)


def _scored(basis: Basis, sums: Sums, *, before: str) -> Result:
    """The standing from these sums; facets and probability are not asked for."""
    grounds = [basis.standing.override] if basis.standing.override else []
    return standing_of(
        basis.card, *sums.rounded(), odds_at_middle=0, as_of=basis.standing.as_of, grounds=grounds, before=before
    )


def reasons_beside(now: Iterable[dict[str, Any]], then: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every reason of two standings with its points `now` and `then`, None where one of them has it not."""

    def keyed(reasons: Iterable[dict[str, Any]]) -> dict[tuple[Any, Any], dict[str, Any]]:
        return {(reason["feature"], reason.get("half_life_days")): reason for reason in reasons}

    first, second = keyed(now), keyed(then)
    return [
        {**reason, "now": first.get(key, {}).get("points"), "then": second.get(key, {}).get("points")}
        for key, reason in {**first, **second}.items()
    ]

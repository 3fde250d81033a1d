"""What contests would give back: how many points of the present standing rest on each contested outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yinuo.credit.features import MEASURES
from yinuo.credit.models import Complaint, Delivery, Dispatch, Scorecard, Standing
from yinuo.credit.queries.held_against import JUDGED
from yinuo.credit.queries.standings import shown_scorecard
from yinuo.credit.rules.evidence import OBSERVED_SHIFT
from yinuo.credit.rules.kept import Altered, card_in
from yinuo.credit.rules.scorecard import Card
from yinuo.credit.rules.tables import AGE_DAYS_MAX, WEIGHTS
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import MICROS_PER_DAY

if TYPE_CHECKING:
    from yinuo.decisions.models import Contest


def points_at_stake(*, viewer: Actor, contests: Sequence[Contest]) -> dict[str, int]:
    """By contest of a cause how many points at most the standing shown would gain without the outcome; six queries.

    Each outcome by itself: points come in steps, so that several together may give more. What was to be expected falls along
    with what is taken out, which only the next run reckons: so it is the most that can follow. One that is not known is left
    out: a stated fact, or a merchant without a score.
    """
    allow(viewer, "credit.see_runs")
    name = shown_scorecard()
    row = Scorecard.objects.filter(name=name).first()
    if row is None:
        return {}
    try:
        card = card_in(name=row.name, digest=row.digest, body=row.body)
    except Altered:
        return {}       # the audit tells; nobody waits for an answer because of it
    merchants = {contest.merchant for contest in contests}
    found = Standing.objects.filter(pk__in=[f"{name}/{merchant}" for merchant in merchants], score__isnull=False)
    standings = {each.merchant: each for each in found.only("merchant", "as_of", "reasons")}
    judged: dict[tuple[str, str], Dispatch | Delivery | Complaint] = {}
    for aspect, (table, _) in JUDGED.items():
        subjects = [contest.subject for contest in contests if contest.aspect == aspect]
        judged |= {(aspect, each.pk): each for each in table.objects.filter(pk__in=subjects)}
    points = {}
    for contest in contests:
        standing, outcome = standings.get(contest.merchant), judged.get((contest.aspect, contest.subject))
        if standing is not None and outcome is not None and outcome.judged_at is not None:
            points[contest.pk] = _points(card, standing, outcome, JUDGED[contest.aspect][1])
    return points


def _points(card: Card, standing: Standing, outcome: Any, kind: str) -> int:
    age = standing.as_of - outcome.judged_at // MICROS_PER_DAY
    if not 1 <= age <= AGE_DAYS_MAX:
        return 0        # it came after the standing's day, or counts no more
    measures = {measure.name: measure for measure in MEASURES if measure.causes is not None}     # others count all the same
    details = {
        (reason["feature"], reason.get("half_life_days")): reason["detail"]
        for reason in standing.reasons if reason.get("detail")
    }
    points = 0
    for feature in card.features:
        detail = details.get((feature.measure, feature.half_life_days))
        counted = measures[feature.measure].of(kind, outcome) * (outcome.weight or 0) if feature.measure in measures else 0
        if detail is None or not counted:
            continue
        less = counted * WEIGHTS[feature.half_life_days][age] >> OBSERVED_SHIFT
        seen, due = int(detail["observed"]), int(detail["expected"])
        points += feature.points_of(seen - less, due) - feature.points_of(seen, due)
    return max(0, points)

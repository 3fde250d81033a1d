"""Questions about standings, always on behalf of a viewer and within the installation's mode.

What the public may know of a merchant's numbers is decided here: counts come in steps, rates from 30 outcomes on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat

from yinuo.credit.features import MEASURES
from yinuo.credit.models import BuyerLevel, Delivery, Dispatch, ListingRate, Run, Scorecard, Standing, StandingPoint
from yinuo.credit.rules.bands import RANKS, band_of, margin_of
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.kit.refusals import Malformed, NotAllowed, NotFound
from yinuo.merchants import queries as merchants

if TYPE_CHECKING:
    from yinuo.merchants.models import Merchant

Sort = Literal["standing", "name", "evidence"]

BANDS = tuple(RANKS)
RATE_OUTCOMES_MIN = 30
STEPS = (0, 1, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
CAUSES_DAYS = 365
FEW_MAX = 2_000
NOT_JUDGED = (
    "No run has judged a merchant of this id yet. Standings go by Yinuo's own ids: GET /api/ids tells that of one of yours."
)
FACETS = ("dispatch", "described", "service", "lawfulness")
_IN_ROW = ("merchant", "band", "band_rank", "score", "low", "high", "outcomes", "override")


class NotPublic(NotAllowed):
    """Standings exist, but this installation does not show them to everybody."""

    code = "standings-not-public"


@dataclass(frozen=True, slots=True)
class Step:
    """A count as the public sees it: at least `low`, and below `end` unless that is None."""

    low: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A merchant in the directory; without a standing where none was computed yet or none is public."""

    merchant: Merchant
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the directory, and the merchant behind which the next one starts ("" at the end)."""

    rows: list[Listed]
    after: str


@dataclass(frozen=True, slots=True)
class HeldBand:
    """The band that a score alone would give, and how many points beyond the edge it takes until it does."""

    alone: str
    margin: int


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How many of a merchant's orders went wrong in one way through one cause, and per thousand where enough are known."""

    cause: str
    outcome: str
    count: Step
    permille: int | None


@dataclass(frozen=True, slots=True)
class RateShown:
    """How many of a listing's orders ended in a complaint through the merchant's fault, as far as the public may know."""

    orders: Step
    complaints: Step
    permille: int | None
    as_of: int


def step_of(count: int) -> Step:
    """The step a count falls in: what the public learns of it."""
    place = bisect_right(STEPS, count)
    return Step(STEPS[place - 1], STEPS[place] if place < len(STEPS) else None)


def is_public(*, viewer: Actor, mode: str) -> bool:
    """Whether this viewer may see everybody's standings."""
    return mode == "public" or viewer.holds("system") or viewer.holds("steward")


def standing_of(*, viewer: Actor, mode: str, merchant: str) -> Standing | None:
    """The merchant's standing by the scorecard shown, or None where no run has judged it yet. One query."""
    _let_see(viewer, mode)
    return Standing.objects.filter(merchant=merchant.replace("\0", ""), scorecard=_shown()).first()


def held_band_of(*, viewer: Actor, standing: Standing) -> HeldBand | None:
    """The band that the score alone would give where another one, from before, still holds; None where there is none."""
    if standing.override or standing.score is None:
        return None
    alone = band_of(standing.score)
    if alone == standing.band:
        return None
    half = max(standing.score - (standing.low or 0), (standing.high or 0) - standing.score)
    return HeldBand(alone, margin_of(half))


def facets_of(*, viewer: Actor, standing: Standing) -> list[dict[str, Any]]:
    """The four sides of a standing in their order, with counts in steps."""
    facets = standing.facets or {}
    return [
        {
            "name": name,
            "band": facets[name].get("band", "new"),
            "score": facets[name].get("score"),
            "outcomes": step_of(facets[name].get("outcomes") or 0),
        }
        for name in FACETS
        if isinstance(facets.get(name), dict)
    ]


def reasons_of(*, viewer: Actor, standing: Standing) -> list[dict[str, Any]]:
    """What adds up to the score; none under an override.

    What was observed is told as a share of what was to be expected, and only on as many outcomes as the public may know
    rates from: the sums themselves would count a merchant's orders.
    """
    if standing.override or standing.score is None:
        return []
    has_rates = standing.outcomes >= RATE_OUTCOMES_MIN
    return [
        {
            "feature": reason["feature"],
            "half_life_days": reason.get("half_life_days"),
            "points": reason.get("points", 0),
            "permille_of_expected": _permille(reason.get("detail") or {}) if has_rates else None,
        }
        for reason in standing.reasons or []
        if isinstance(reason, dict) and "feature" in reason
    ]


def run_of(*, viewer: Actor, standing: Standing) -> Run | None:
    """The run that gave the standing, with everything that pins it."""
    return Run.objects.filter(pk=standing.run).first()


def course_of(*, viewer: Actor, standing: Standing, limit: int = 400) -> list[StandingPoint]:
    """How the merchant stood as of earlier days, oldest first: the newest `limit` points."""
    points = StandingPoint.objects.filter(merchant=standing.merchant, scorecard=standing.scorecard)
    return list(points.order_by("-as_of")[:limit])[::-1]


def causes_of(*, viewer: Actor, standing: Standing) -> list[CauseCount]:
    """Why the merchant's orders went wrong in the year before the standing's day, most frequent first."""
    end = standing.as_of * MICROS_PER_DAY
    year = Q(merchant=standing.merchant, judged_at__gte=end - CAUSES_DAYS * MICROS_PER_DAY, judged_at__lt=end)
    failures: list[tuple[int, str, str, int]] = []
    for table, late in ((Dispatch, "sent_late"), (Delivery, "arrived_late")):
        counted: QuerySet[Any, Any] = table.objects.filter(year).values_list("outcome", "cause")
        rows = list(counted.annotate(orders=Count("pk")).order_by())
        judged = sum(orders for _, _, orders in rows)
        failures += [
            (orders, late if outcome == "late" else outcome, cause or "unknown", judged)
            for outcome, cause, orders in rows
            if outcome != "on_time"
        ]
    failures.sort(key=lambda failure: (-failure[0], *failure[1:3]))
    return [
        CauseCount(cause, outcome, step_of(orders), orders * 1000 // judged if judged >= RATE_OUTCOMES_MIN else None)
        for orders, outcome, cause, judged in failures
    ]


def listing_rate(*, viewer: Actor, mode: str, listing: str) -> RateShown | None:
    """A listing's rate of complaints in the year before its day; None where no order for it was judged yet."""
    _let_see(viewer, mode)
    found = ListingRate.objects.filter(pk=listing).first()
    if found is None:
        return None
    has_rate = found.orders >= RATE_OUTCOMES_MIN
    permille = min(found.complaints, found.orders) * 1000 // found.orders if has_rate else None
    return RateShown(step_of(found.orders), step_of(found.complaints), permille, found.as_of)


def directory(
    *, viewer: Actor, mode: str, search: str = "", band: str = "", sort: Sort = "standing", after: str = "", limit: int
) -> Page:
    """A stretch of the directory of merchants, by standing, name or amount of evidence, from behind the merchant `after`.

    Where standings are not public it lists names alone, in their order.
    """
    search, after = search.replace("\0", ""), after.replace("\0", "")      # PostgreSQL takes none, and no name has one
    if band and band not in BANDS:
        raise Malformed(f"{band!r} is not a band; there are {', '.join(BANDS)}.", path="band")
    if not is_public(viewer=viewer, mode=mode):
        found = merchants.by_name(viewer=viewer, search=search, after=after, limit=limit + 1)
        return _page([Listed(merchant, None) for merchant in found], limit)
    scorecard = shown_scorecard()
    standings = Standing.objects.filter(scorecard=scorecard)
    if band:
        standings = standings.filter(band_rank=RANKS[band])
    if sort == "name":
        among = _among(standings, scorecard) if band else None
        found = merchants.by_name(viewer=viewer, search=search, after=after, limit=limit + 1, among=among)
        keys = [f"{scorecard}/{merchant.pk}" for merchant in found]
        by_merchant = {row.merchant: row for row in Standing.objects.only(*_IN_ROW).filter(pk__in=keys)}
        return _page([Listed(merchant, by_merchant.get(merchant.pk)) for merchant in found], limit)
    if search:
        standings = standings.filter(merchant__in=merchants.named(viewer=viewer, search=search))
    ordered = _behind(standings, sort, f"{scorecard}/{after}" if after else "")
    rows = list(ordered.only(*_IN_ROW)[: limit + 1])
    known = merchants.merchants(viewer=viewer, ids=[row.merchant for row in rows])
    return _page([Listed(known[row.merchant], row) for row in rows], limit)


def newest_run() -> Run | None:
    """The run whose standings are shown now."""
    return Run.objects.filter(state="published", scorecard=_shown()).order_by("-as_of", "-completed").first()


def scorecard_shown() -> Scorecard | None:
    """The scorecard whose standings are shown: one put in force takes over with the first run by it that is published."""
    return Scorecard.objects.filter(name=_shown()).first()


def shown_scorecard() -> str:
    """Its name; "" where there is none yet."""
    return Scorecard.objects.filter(name=_shown()).values_list("name", flat=True).first() or ""


def scorecards() -> list[Scorecard]:
    """All versions of the scorecard, newest first."""
    return list(Scorecard.objects.defer("body", "report").order_by("-added"))


def features_of(scorecard: Scorecard) -> list[dict[str, Any]]:
    """The features of a scorecard with their public explanations."""
    explanations = feature_explanations()
    return [
        {
            "name": feature["name"],
            "measure": feature.get("measure", feature["name"]),
            "meaning": feature.get("explanation") or explanations.get(str(feature.get("measure", feature["name"])), ""),
            "facet": feature.get("facet", ""),
            "half_life_days": feature.get("half_life_days"),
            "bins": feature.get("bins", []),
        }
        for feature in scorecard.body.get("features", [])
        if isinstance(feature, dict) and "name" in feature
    ]


def feature_explanations() -> dict[str, str]:
    """What each measure means, in its public explanation."""
    return {measure.name: measure.meaning for measure in MEASURES}


def _shown() -> Coalesce:
    """The name of the scorecard whose standings are shown, within a query: that of the run published last."""
    newest = Run.objects.filter(state="published").order_by("-completed", "-as_of").values("scorecard")[:1]
    in_force = Scorecard.objects.filter(state="in_force").values("name")[:1]
    return Coalesce(Subquery(newest), Subquery(in_force))


def _let_see(viewer: Actor, mode: str) -> None:
    if not is_public(viewer=viewer, mode=mode):
        raise NotPublic("Standings are not shown to everybody here yet.")


def _permille(detail: dict[str, Any]) -> int | None:
    expected = detail.get("expected") or 0
    return int(detail.get("observed", 0)) * 1000 // int(expected) if expected else None


def _page(rows: Sequence[Listed], limit: int) -> Page:
    shown = list(rows[:limit])
    return Page(shown, shown[-1].merchant.pk if len(rows) > limit else "")


def _among(standings: QuerySet[Standing], scorecard: str) -> Q | Exists:
    """Picks the merchants with these standings: by a list where they are few, else by a look at each merchant's own.

    Neither way alone is quick: walking all names to find a handful, or sorting half of everybody by name.
    """
    few = list(standings.values_list("merchant", flat=True)[: FEW_MAX + 1])
    if len(few) <= FEW_MAX:
        return Q(pk__in=few)
    return Exists(standings.filter(pk=Concat(Value(f"{scorecard}/"), OuterRef("pk"))))


def _behind(standings: QuerySet[Standing], sort: Sort, key: str) -> QuerySet[Standing]:
    """The standings in order, those up to and including the one of that key left out."""
    order = ("-outcomes", "merchant") if sort == "evidence" else ("band_rank", "-score", "merchant")
    if not key:
        return standings.order_by(*order)
    anchor = Standing.objects.only(*_IN_ROW).filter(pk=key).first()
    if anchor is None:
        raise NotFound("The directory has changed since; start again from its first page.", path="after")
    if sort == "evidence":
        behind = Q(outcomes__lt=anchor.outcomes) | Q(merchant__gt=anchor.merchant)
        return standings.filter(behind, outcomes__lte=anchor.outcomes).order_by(*order)
    later = Q(band_rank__gt=anchor.band_rank) | _behind_in_band(anchor)
    return standings.filter(later, band_rank__gte=anchor.band_rank).order_by(*order)


def _behind_in_band(anchor: Standing) -> Q:
    """Behind the anchor within its band, by falling score. The database decides whether no score comes first or last."""
    nulls_first = connection.features.nulls_order_largest
    behind_equals = Q(score=anchor.score, merchant__gt=anchor.merchant)
    if anchor.score is None:
        behind_equals = Q(score__isnull=True, merchant__gt=anchor.merchant)
        return behind_equals | Q(score__isnull=False) if nulls_first else behind_equals
    behind = Q(score__lt=anchor.score) | behind_equals
    return behind if nulls_first else behind | Q(score__isnull=True)


def waiting_runs(*, viewer: Actor) -> list[Run]:
    """The runs held at the gate until a steward has looked, newest first."""
    allow(viewer, "credit.see_runs")
    return list(Run.objects.filter(state="waiting").order_by("-completed")[:20])


def run_named(run_id: str) -> Run:
    """The run of that id."""
    found = Run.objects.filter(pk=run_id).first()
    if found is None:
        raise NotFound(f"There is no run {run_id!r}.")
    return found


def band_counts(*, scorecard: str) -> dict[str, int]:
    """How many merchants stand in each band, by one scorecard."""
    counts = Standing.objects.filter(scorecard=scorecard).values_list("band").annotate(Count("pk"))
    return {str(band): int(count) for band, count in counts}


def band_days(*, merchant: str) -> list[tuple[int, str]]:
    """A merchant's band by day, earliest first, by the scorecard shown."""
    points = StandingPoint.objects.filter(merchant=merchant, scorecard=_shown()).order_by("as_of")
    return list(points.values_list("as_of", "band"))


def own_level(*, viewer: Actor, buyer: str) -> BuyerLevel | None:
    """A buyer's level, to the buyer alone; None where none was reckoned yet."""
    allow(viewer, "credit.see_own_level", about=buyer)
    return BuyerLevel.objects.filter(buyer=buyer).first()


def kept_about(*, person: str) -> dict[str, Any]:
    """What this domain keeps about a person, for themselves to see: a buyer's level, and what it was reckoned from."""
    columns = ("level", "orders", "cancelled", "complaints_rejected", "as_of")
    return {"level": BuyerLevel.objects.filter(buyer=person).values(*columns).first()}


def dispatches(
    *, days: range, among: Collection[str] = (), buyers: Collection[str] = (), carrier: str = ""
) -> list[Dispatch]:
    """The dispatches judged on the days: of the merchants, buyers and carrier named, where any are."""
    found = Dispatch.objects.filter(judged_at__gte=days.start * MICROS_PER_DAY, judged_at__lt=days.stop * MICROS_PER_DAY)
    if among:
        found = found.filter(merchant__in=among)
    if buyers:
        found = found.filter(buyer__in=buyers)
    return list(found.filter(lane__startswith=f"{carrier}/") if carrier else found)

"""Whose fault things were, what could not be known, and what running Yinuo would cost: counts and stated assumptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from yinuo.credit.rules.scorecard import Card
from yinuo.kit.moments import from_day
from yinuo.pipelines.preview.history import History
from yinuo.pipelines.preview.movement import Movement, Run

CAUSES = ("merchant", "carrier", "platform", "buyer", "force_majeure", "unknown")
FAULTS = (
    ("sent_late", "credit.dispatch_judged", ("late",)), ("cancelled", "credit.dispatch_judged", ("cancelled",)),
    ("arrived_late", "credit.delivery_judged", ("late",)), ("damaged", "credit.delivery_judged", ("damaged", "lost")),
    ("complaints", "credit.complaint_judged", ()),
)
HALVING_BINS = 4                    # quarter octaves in a halving
MIDDLE_BIN = 16
REFUSED_SHOWN = 8
# What staff would have to do, as far as nobody has measured it here: written out in the report, to be replaced by one's own.
CONTESTS_PERCENT = 10               # of merchants who fall into an adverse band, how many contest it
CONTEST_MINUTES = 30
GATE_MINUTES = 30                   # to look at a run that the gate held
REFUSED_MINUTES = 15                # to find why a kind of row was refused and correct it at its source


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, and how often through whose fault."""

    what: str
    judged: int
    causes: dict[str, int]


class Storm(msgspec.Struct, frozen=True, kw_only=True):
    """A week in which so much failed on some lanes that their outcomes count for nobody."""

    monday: str
    orders: int
    failures: int
    left_out: int


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """A feature of the scorecard: what half and twice the expected do to the score, and how well it tells orders apart."""

    measure: str
    half_life_days: int
    facet: str
    meaning: str
    halved_points: int
    doubled_points: int
    information_milli: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A line of staff's work a month: how often, how many minutes each."""

    what: str
    times_tenths: int
    minutes: int


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes: staff by assumption, the machine as measured."""

    work: tuple[Work, ...]
    hours_tenths: int
    facts: int
    bytes_per_million: int
    seconds: dict[str, float]           # by step
    facts_per_second: int
    seconds_per_run: float


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why rows were refused: one sentence, how many rows, and one of them."""

    sentence: str
    rows: int
    example: str


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a judgement could use, and for how many of how many it was told."""

    what: str
    there: int
    of: int


def faults_of(history: History) -> tuple[Fault, ...]:
    """Every kind of mishap with its causes."""
    found = []
    for what, kind, outcomes in FAULTS:
        judged = sum(n for (name, _, _), n in history.causes.items() if name == kind)
        causes: Counter[str] = Counter()
        for (name, outcome, cause), n in history.causes.items():
            if name == kind and (not outcomes or outcome in outcomes):
                causes[cause or "unknown"] += n
        if causes:
            found.append(Fault(what=what, judged=judged, causes={cause: causes[cause] for cause in CAUSES}))
    return tuple(found)


def storms_of(history: History) -> tuple[Storm, ...]:
    """The weeks that the climate explains."""
    return tuple(
        Storm(
            monday=from_day(week.week * 7 - 3).isoformat(), orders=week.orders, failures=week.failures,
            left_out=week.storm_orders,
        )
        for week in history.weeks if week.storm_orders
    )


def weighed_of(card: Card, report: Mapping[str, Any], meanings: Mapping[str, str]) -> tuple[Weighed, ...]:
    """Each feature of the scorecard with its public explanation."""
    information = {feature["name"]: feature["information_value_milli"] for feature in report["features"]}
    return tuple(
        Weighed(
            measure=feature.measure, half_life_days=feature.half_life_days, facet=feature.facet,
            meaning=meanings[feature.measure],
            halved_points=feature.points[MIDDLE_BIN - HALVING_BINS] - feature.points[MIDDLE_BIN],
            doubled_points=feature.points[MIDDLE_BIN + HALVING_BINS] - feature.points[MIDDLE_BIN],
            information_milli=information.get(feature.name, 0),
        )
        for feature in card.features
    )


def gaps_of(history: History) -> tuple[Gap, ...]:
    """What the shop told of its orders, and what it did not."""
    told = history.told
    orders = told.get("trade.order_placed", 0)
    judged = sum(n for (kind, _, _), n in history.causes.items() if kind == "credit.dispatch_judged")
    handed, delivered = told.get("delivery.shipment_handed_over", 0), told.get("delivery.shipment_delivered", 0)
    found = [Gap(what=name, there=told.get(f"order.{name}", 0), of=orders)
             for name in ("hand_over_by", "deliver_by", "buyer", "origin", "destination")]
    found.append(Gap(what="carrier", there=max(told.get("order.carrier", 0), told["shipment.carrier"]), of=orders))
    found += [
        Gap(what="hand_over", there=min(handed, orders), of=orders),
        Gap(what="delivery", there=min(delivered, orders), of=orders),
        Gap(what="ready", there=told.get("delivery.shipment_ready", 0), of=handed),
        Gap(what="judged", there=judged, of=orders),
        Gap(what="review_merchant", there=told["review.merchant"], of=told.get("reviews.review_published", 0)),
        Gap(what="complaint", there=told.get("care.complaint_opened", 0), of=orders),
    ]
    return tuple(gap for gap in found if gap.of)


def refused_of(waiting: Iterable[tuple[str, str]]) -> tuple[Reason, ...]:
    """Why rows were refused, most frequent first, from the place and sentence of each."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for place, sentence in waiting:
        counts[sentence] += 1
        examples.setdefault(sentence, place)
    return tuple(
        Reason(sentence=sentence, rows=rows, example=examples[sentence]) for sentence, rows in counts.most_common()
    )


def work_of(movement: Movement | None, refused: int, months: int) -> tuple[Work, ...]:
    """Staff's work a month, by the assumptions above."""
    runs = movement.runs if movement else ()
    fallen = movement.fallen_monthly_tenths if movement else 0
    return (
        Work(what="contests", times_tenths=round(fallen * CONTESTS_PERCENT / 100), minutes=CONTEST_MINUTES),
        Work(what="gate", times_tenths=_held_monthly_tenths(runs), minutes=GATE_MINUTES),
        Work(what="refused", times_tenths=round(10 * refused / max(1, months)), minutes=REFUSED_MINUTES),
    )


def costs_of(
    *, work: tuple[Work, ...], facts: int, size: int, seconds: Mapping[str, float], runs: int
) -> Costs:
    """What it takes, from the work, the bytes on disk and the seconds that each step took."""
    intake = seconds.get("take_in", 0.0) + seconds.get("follow", 0.0)
    return Costs(
        work=work, hours_tenths=round(sum(line.times_tenths * line.minutes for line in work) / 60), facts=facts,
        bytes_per_million=round(size * 1_000_000 / max(1, facts)),
        seconds={name: round(value, 1) for name, value in seconds.items()},
        facts_per_second=round(facts / intake) if intake else 0,
        seconds_per_run=round(seconds.get("judge", 0.0) / max(1, runs), 2),
    )


def bytes_in(folder: Path) -> int:
    """The size of everything in a data folder that grows with the facts."""
    return sum(file.stat().st_size for file in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    for name in ("yinuo.sqlite3", "yinuo.sqlite3-wal"):
        if (file := folder / name).is_file():
            yield file
    for inside in ("archive", "daybook"):
        yield from (file for file in (folder / inside).glob("*") if file.is_file())


def _held_monthly_tenths(runs: tuple[Run, ...]) -> int:
    """Held runs a month, of those whose scorecard stayed: a change of scorecard is announced and looked at anyhow."""
    steady = [run for run in runs if not run.refitted]
    return round(10 * sum(run.held for run in steady) * 52 / 12 / len(steady)) if steady else 0

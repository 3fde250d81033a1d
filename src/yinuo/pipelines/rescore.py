"""Batch scoring: archive what is sealed, bring the daybook up to it, score, publish; and the same over a past."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from yinuo.credit import actions as credit
from yinuo.credit import queries as standings
from yinuo.credit.rules.climate import CLIMATE_DAYS, Climate
from yinuo.credit.rules.engine import Store, climate_at, open_engine
from yinuo.credit.rules.scorecard import Card
from yinuo.kit import beside, rows
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.moments import day_of, from_day, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed
from yinuo.kit.turns import turn
from yinuo.merchants.queries import every_merchant
from yinuo.pipelines.react import seal_all
from yinuo.record import actions as record

Progress = Callable[[int, int], None]
DAYS_BETWEEN_POINTS = 7
POINTS_AT_ONCE = 30_000     # of merchants' courses in one transaction: a merchant's points lie side by side


def _quiet(done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Orders:
    """What a run is asked to do: as of which day (default: the day after the last fact, or tomorrow's start), in which mode."""

    mode: str = "public"
    as_of: int | None = None
    size: int | None = None
    scorecard: str | None = None
    gate: bool = True


RECOMPUTE_STEPS = 5
DIFFERENCES_SHOWN = 200

TURN = "scoring"
"""In the folder: one scoring at a time brings archive and daybook up to date, and reads them."""


def prepare(*, engine: Any, folder: Path, size: int | None = None, progress: Progress = _quiet) -> Store:
    """Bring archive and daybook up to what is sealed, or the daybook to what was at a smaller size."""
    store = credit.open_store(folder, size=size)
    record.archive(actor=SYSTEM, folder=store.archive, progress=progress)
    store.update(engine, progress=progress)
    return store


@contextmanager
def archived_meanwhile(folder: Path) -> Iterator[None]:
    """While the body follows the record, a second process, where one may be forked, archives what was sealed before.

    The body must not score: archive and daybook are one scoring's at a time.
    """
    if not (rows.seen_beside(connection) and beside.can_help()):
        yield
        return
    connection.close()
    archive = credit.open_store(folder).archive

    def write(_: beside.Link) -> None:
        record.archive(actor=SYSTEM, folder=archive)

    helper = beside.Helper(write)
    try:
        yield
        helper.receive()        # waits for its end, and raises what failed there
    finally:
        helper.close()


def default_day(engine: Any, store: Store, at: datetime) -> int:
    """The day as of which to score: the day after the last outcome; for a running shop that is the present day's end."""
    last = store.last_day(engine)
    if last is None:
        raise Malformed(
            f"There are {store.archived()['size']:,} facts and no judged outcome among them. An order is judged once it is "
            "handed over or called off; for that it must say `hand_over_by` when placed. See docs/guide/import.md."
        )
    return min(last, day_of(to_micros(at))) + 1


def chosen_day(engine: Any, store: Store, orders: Orders, at: datetime) -> int:
    """The day asked for, or the default; refuses one that lies ahead, when all that is known would have aged away."""
    if orders.as_of is None:
        return default_day(engine, store, at)
    tomorrow = day_of(to_micros(at)) + 1
    if orders.as_of > tomorrow:
        raise Malformed(f"{from_day(orders.as_of)} lies ahead; the last day to score as of is {from_day(tomorrow)}.")
    return orders.as_of


def rescore(*, engine_name: str, folder: Path, realm: Realm, orders: Orders, at: datetime, progress: Progress = _quiet) -> Any:
    """Score everybody now and publish, or hold at the gate; returns the run."""
    with turn(folder / TURN), open_engine(engine_name) as engine:
        store = prepare(engine=engine, folder=folder, size=orders.size, progress=progress)
        card = chosen_card(orders, at)
        as_of = chosen_day(engine, store, orders, at)
        climate = climate_at(engine, store, as_of=as_of)
        scoring = _score(engine, store, climate, card, as_of, orders, told=credit.told_at(engine=engine, store=store))
        outage = credit.outage_in(engine, store, as_of=as_of)
        run = credit.publish(actor=SYSTEM, scoring=scoring, realm=realm, at=at, gate=orders.gate, outage=outage)
        if run.state == "published":
            credit.rate_listings(actor=SYSTEM, engine=engine, store=store, as_of=as_of)
            credit.level_buyers(actor=SYSTEM, engine=engine, store=store, as_of=as_of)
        seal_all(realm=realm, at=at)        # so that whoever was scored can be given their report at once
        return run


def rescore_past(
    *, engine_name: str, folder: Path, realm: Realm, orders: Orders, at: datetime, progress: Progress = _quiet
) -> Any:
    """Score everybody week by week over the past, so that courses can be seen, and publish the last; returns the last run.

    One climate serves all weeks: days are Mondays, so each sees only whole weeks that had become known by then. Past weeks
    are kept beside: what is shown changes once, at the end.
    """
    with turn(folder / TURN), open_engine(engine_name) as engine:
        store = prepare(engine=engine, folder=folder)
        card = chosen_card(orders, at)
        until = chosen_day(engine, store, orders, at)
        days = mondays(engine, store, until)
        climate = climate_at(engine, store, as_of=until, days=until - days[0] + CLIMATE_DAYS if days else CLIMATE_DAYS)
        told = credit.told_at(engine=engine, store=store)
        past = credit.score_past(
            engine=engine, store=store, climate=climate, card=card, pins=[_pins(store, card, day, orders) for day in days],
            told=told, merchants=_known(told),
        )
        for done, scorings in _batches(past):
            credit.keep_past(actor=SYSTEM, scorings=scorings, realm=realm, at=at)
            progress(done, len(days) + 1)
        scoring = _score(engine, store, climate, card, until, orders, told=told)
        run = credit.publish(actor=SYSTEM, scoring=scoring, realm=realm, at=at, gate=False)
        if run.state == "published":
            credit.rate_listings(actor=SYSTEM, engine=engine, store=store, as_of=until)
            credit.level_buyers(actor=SYSTEM, engine=engine, store=store, as_of=until)
        seal_all(realm=realm, at=at)
        progress(len(days) + 1, len(days) + 1)
        return run


def release(
    *, engine_name: str, folder: Path, realm: Realm, run: Any, at: datetime, actor: Actor = SYSTEM
) -> Any:
    """Publish a run that waited at the gate: it is made again from its pins and must come out the same."""
    allow(actor, "credit.release_run")      # before the work, not after it
    orders = Orders(mode=run.mode, as_of=run.as_of, size=run.size, scorecard=run.scorecard)
    with turn(folder / TURN), open_engine(engine_name) as engine:
        store = prepare(engine=engine, folder=folder, size=run.size)
        climate = climate_at(engine, store, as_of=run.as_of)
        told = credit.told_at(engine=engine, store=store)
        scoring = _score(engine, store, climate, credit.card_named(run.scorecard), run.as_of, orders, told=told)
        released = credit.release(actor=actor, run_id=run.id, scoring=scoring, realm=realm, at=at)
        seal_all(realm=realm, at=at)
        return released


@dataclass(frozen=True)
class Recomputed:
    """A run made anew from the facts, beside what it committed to: each thing that was compared, and what differs."""

    climate_agrees: bool
    standings: int
    differing: int
    shown: list[dict[str, Any]]
    faults: list[str]

    @property
    def agrees(self) -> bool:
        """Whether everything came out as it was."""
        return self.climate_agrees and not self.differing and not self.faults


def recompute(*, engine_name: str, folder: Path, realm: Realm, run: Any, progress: Progress = _quiet) -> Recomputed:
    """Make a run anew from its pins: its climate and every standing from the facts, held against what it committed to.

    Nothing of it is changed. What is kept and shown of the run is held against the record too.
    """
    faults = standings.audit_run(run=run, key=realm.key)
    climate_then, kept = standings.committed(run=run)
    progress(1, RECOMPUTE_STEPS)
    orders = Orders(mode=run.mode, as_of=run.as_of, size=run.size, scorecard=run.scorecard)
    with turn(folder / TURN), open_engine(engine_name) as engine:
        store = prepare(engine=engine, folder=folder, size=run.size)
        progress(2, RECOMPUTE_STEPS)
        spans = dict.fromkeys([CLIMATE_DAYS, *_spans(climate_then, run.as_of)])
        climates = (climate_at(engine, store, as_of=run.as_of, days=span) for span in spans)
        made = [next(climates)]
        while made[-1].digest() != run.climate and (another := next(climates, None)) is not None:
            made.append(another)
        agrees = made[-1].digest() == run.climate
        progress(3, RECOMPUTE_STEPS)
        told = credit.told_at(engine=engine, store=store)
        progress(4, RECOMPUTE_STEPS)
        climate = made[-1] if agrees else made[0]
        scoring = _score(engine, store, climate, credit.card_named(run.scorecard), run.as_of, orders, told=told)
    differing, shown = standings.differences(kept, scoring.leaves(realm.key), limit=DIFFERENCES_SHOWN)
    progress(RECOMPUTE_STEPS, RECOMPUTE_STEPS)
    return Recomputed(agrees, len(kept), differing, shown, faults)


def _spans(climate: Climate, as_of: int) -> list[int]:
    """The days before which a climate may have been told from, by its first week: a run over the past sees further back."""
    weeks = [week for week, _ in climate.rates]
    return [as_of - (7 * min(weeks) + shift) for shift in (3, -3)] if weeks else []


def fit(
    *, engine_name: str, folder: Path, name: str, until: int | None, at: datetime, progress: Progress = _quiet
) -> tuple[Card, dict[str, Any]]:
    """Fit a scorecard on the whole history up to a day, and measure it month by month."""
    with turn(folder / TURN), open_engine(engine_name) as engine:
        store = prepare(engine=engine, folder=folder)
        months = credit.gather(engine=engine, store=store, until=until or default_day(engine, store, at), progress=progress)
        return credit.fit(months=months, name=name)


def chosen_card(orders: Orders, at: datetime) -> Card:
    """The scorecard asked for, or the one in force."""
    if orders.scorecard:
        return credit.card_named(orders.scorecard)
    return credit.card_in_force(actor=SYSTEM, at=at)


def mondays(engine: Any, store: Store, until: int) -> Sequence[int]:
    """The Mondays on which the history could be scored, from its fourth week to before `until`."""
    daybook = store.rows(engine, as_of=until, days=3650)
    first = daybook.day.min().to_pyarrow().as_py()
    if first is None:
        return []
    start = first + 28
    start += (4 - start) % 7        # day 4 after 1970-01-01, a Thursday, was a Monday
    return range(start, until, DAYS_BETWEEN_POINTS)


def _pins(store: Store, card: Card, as_of: int, orders: Orders) -> credit.Pins:
    return credit.Pins(size=store.written()["size"], as_of=as_of, scorecard=card.name, mode=orders.mode)


def _score(
    engine: Any, store: Store, climate: Climate, card: Card, as_of: int, orders: Orders, *, told: credit.Told
) -> credit.Scoring:
    return credit.score_all(
        engine=engine, store=store, climate=climate, card=card, pins=_pins(store, card, as_of, orders), told=told,
        merchants=_known(told),
    )


def _known(told: credit.Told) -> list[str]:
    """The merchants of whom any fact below the run's size tells: whoever is registered later was not there yet."""
    every = every_merchant()
    facts = told.facts_about(every)
    return [merchant for merchant in every if facts.get(merchant)]


def _batches(scorings: Iterator[credit.Scoring]) -> Iterator[tuple[int, list[credit.Scoring]]]:
    """The scorings in lists to be written at once, and how many there were by then."""
    batch: list[credit.Scoring] = []
    for place, scoring in enumerate(scorings):
        batch.append(scoring)
        if sum(len(each.results) for each in batch) >= POINTS_AT_ONCE:
            yield place + 1, batch
            batch = []
    if batch:
        yield place + 1, batch

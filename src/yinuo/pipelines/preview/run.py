"""Run a preview: take the past in, judge it again, look up what came of it, and hand over the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from yinuo.credit import actions as credit
from yinuo.credit.queries import feature_explanations
from yinuo.credit.rules.engine import Store, open_engine
from yinuo.kit.actors import SYSTEM
from yinuo.kit.moments import from_day
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed
from yinuo.merchants.queries import merchants as merchants_of
from yinuo.pipelines.importing.run import Import
from yinuo.pipelines.preview.accuracy import Accuracy, accuracy_of
from yinuo.pipelines.preview.folder import Past
from yinuo.pipelines.preview.hindsight import Hindsight, hindsight_of
from yinuo.pipelines.preview.history import History, read_history
from yinuo.pipelines.preview.movement import Movement, Unjudged, movement_of, unjudged_of
from yinuo.pipelines.preview.reckoning import (
    Costs,
    Fault,
    Gap,
    Reason,
    Storm,
    Weighed,
    bytes_in,
    costs_of,
    faults_of,
    gaps_of,
    refused_of,
    storms_of,
    weighed_of,
    work_of,
)
from yinuo.pipelines.preview.replay import Judge, Replay, fit_cards, past_climate, replay
from yinuo.pipelines.preview.work import Note, keep, note_for
from yinuo.pipelines.react import react
from yinuo.pipelines.rescore import default_day, mondays, prepare
from yinuo.record import queries as record
from yinuo.vault.queries import source_ids_of

FORM = 1                # of the findings' JSON
MONTHS_KNOWN_MIN = 10   # a merchant is judged from ten judged orders on
Progress = Callable[[int, int], None]
Show = Callable[[str, str], AbstractContextManager[Progress]]
"""Shows how far a step got: called with its words and its unit."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and when."""

    made: str
    form: str
    source: str
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    events: int
    orders: int
    merchants: int
    first_order: str
    last_order: str
    as_of: str
    last_months: int | None


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """All that the report says, as numbers; `too_short` is the sentence for a history that could not be judged again."""

    version: int
    header: Header
    names: dict[str, str]
    too_short: str
    accuracy: Accuracy | None
    hindsight: Hindsight | None
    movement: Movement | None
    unjudged: tuple[Unjudged, ...]
    weighed: tuple[Weighed, ...]
    fitted_on: str
    faults: tuple[Fault, ...]
    storms: tuple[Storm, ...]
    gaps: tuple[Gap, ...]
    refused: tuple[Reason, ...]
    derived: int
    costs: Costs


@dataclass(frozen=True)
class Bench:
    """Where a preview works: its own data folder, what it may use, and how it tells of its progress."""

    data: Path
    domains: Sequence[str]
    realm: Realm
    at: datetime
    clock: Callable[[], float]
    show: Show
    engine: str = "duckdb"


def preview(*, past: Past, bench: Bench, last_months: int | None = None) -> Findings:
    """Everything there is to say of this past. What an earlier preview in the same folder had taken in is not read again."""
    note = note_for(bench.data, past.name)
    _take_in(past, bench, note)
    with open_engine(bench.engine) as engine:
        with _timed(bench, note, "archive", "Archiving", "facts") as tell:
            store = prepare(engine=engine, folder=bench.data, progress=tell)
        if not store.archived()["size"]:
            raise Malformed("Nothing in these files could be taken in; the rows refused say why.", path=", ".join(past.files))
        return _looked_up(past, bench, note, engine, store, last_months)


def _take_in(past: Past, bench: Bench, note: Note) -> None:
    if not note.taken:
        with bench.show("Reading", "bytes") as tell:
            counted = _Counter(tell, past.size)
            importing = Import(actor=SYSTEM, source=past.source, name=past.name, realm=bench.realm, at=bench.at)
            with _timed(bench, note, "take_in", "Taking in", "events") as advance:
                report = importing.run(past.items(counted), scratch=bench.data, progress=advance)
        note.taken = report.read
        keep(bench.data, note)
    with _timed(bench, note, "follow", "Judging outcomes", "facts") as tell:
        react(domains=bench.domains, realm=bench.realm, at=bench.at, progress=tell)


class _Counter:
    """Adds up the bytes read for the progress bar."""

    def __init__(self, tell: Progress, total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0

    def __call__(self, count: int) -> None:
        self._done += count
        self._tell(min(self._done, self._total), self._total)


class _timed:  # noqa: N801 - used like a function
    """A step that shows its progress, and notes its seconds when it ends or is stopped."""

    def __init__(self, bench: Bench, note: Note, name: str, words: str, unit: str) -> None:
        self._bench, self._note, self._name = bench, note, name
        self._shown = bench.show(words, unit)
        self._start = 0.0

    def __enter__(self) -> Progress:
        self._start = self._bench.clock()
        return self._shown.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._shown.__exit__(*error)
        seconds = self._bench.clock() - self._start
        if self._name in ("take_in", "follow"):     # the rest is done again each time
            seconds += self._note.seconds.get(self._name, 0.0)
        self._note.seconds[self._name] = seconds
        keep(self._bench.data, self._note)


def _looked_up(past: Past, bench: Bench, note: Note, engine: Any, store: Store, last_months: int | None) -> Findings:
    until = _end(engine, store, bench)
    too_short, found, report = "", None, None
    with _timed(bench, note, "learn", "Learning month by month", "months") as tell:
        months = credit.gather(engine=engine, store=store, until=until, progress=tell)
        try:
            cards, told, report = fit_cards(months, last_months=last_months)
        except Malformed as refusal:
            cards, too_short = None, refusal.sentence
    days = cards.judged(mondays(engine, store, until)) if cards else []
    climate = past_climate(engine, store, days, until)
    history = read_history(engine=engine, store=store, climate=climate, until=until)
    if cards and report:
        judge = Judge(engine, store, history.outcomes.merchants)
        with _timed(bench, note, "judge", "Judging every Monday", "runs") as tell:
            found = replay(
                judge=judge, climate=climate, cards=cards, days=days, until=until, born=history.born, months=months, told=told,
                report=report, progress=tell,
            )
    with bench.show("Looking up what happened", "parts"):
        shown = months[-last_months:] if last_months else months
        return _findings(past, bench, note, history, found, until, too_short, last_months, unjudged_of(shown, outcomes_min=MONTHS_KNOWN_MIN))


def _end(engine: Any, store: Store, bench: Bench) -> int:
    try:
        return default_day(engine, store, bench.at)
    except Malformed:
        raise Malformed(
            "No order here can be judged: a judgement needs orders with a merchant, the time by which each was to be handed to "
            "the carrier, and the time when it was (or a cancellation). See docs/guide/preview.md."
        ) from None


def _findings(  # noqa: PLR0913 - all that was found
    past: Past, bench: Bench, note: Note, history: History, found: Replay | None, until: int, too_short: str,
    last_months: int | None, unjudged: tuple[Unjudged, ...],
) -> Findings:
    movement = movement_of(found, history) if found else None
    hindsight = hindsight_of(found, history) if found else None
    refused = refused_of((kept.event_id, kept.path, kept.sentence) for kept in record.refused_waiting(viewer=SYSTEM))
    facts = record.size()
    runs = len(found.days) if found else 0
    costs = costs_of(
        work=work_of(movement, len(refused), len(unjudged)), facts=facts, size=bytes_in(bench.data), seconds=note.seconds, runs=runs
    )
    header = Header(
        made=bench.at.isoformat(timespec="seconds"), form=past.form, source=past.source, files=past.files, left_out=past.left_out,
        events=note.taken, orders=history.told.get("trade.order_placed", 0), merchants=len(history.outcomes.merchants),
        first_order=from_day(history.placed[0]).isoformat(), last_order=from_day(history.placed[1]).isoformat(),
        as_of=from_day(until).isoformat(), last_months=last_months,
    )
    return Findings(
        version=FORM, header=header, names=_names(movement, hindsight), too_short=too_short,
        accuracy=accuracy_of(found, history) if found else None, hindsight=hindsight, movement=movement, unjudged=unjudged,
        weighed=weighed_of(found.card, found.report, feature_explanations()) if found else (),
        fitted_on=str(found.report["fitted_on"]) if found else "", faults=faults_of(history), storms=storms_of(history),
        gaps=gaps_of(history), refused=refused, derived=history.told.get("derived", 0), costs=costs,
    )


def _names(movement: Movement | None, hindsight: Hindsight | None) -> dict[str, str]:
    """The name, or the shop's own id, of every merchant that the report lists."""
    listed: list[str] = []
    if movement and hindsight:
        for rows in (movement.worst, movement.best, movement.moves, hindsight.wrongly, hindsight.missed, hindsight.turns):
            listed += [row.merchant for row in rows]
    ids = sorted(set(listed))
    known: Mapping[str, Any] = merchants_of(viewer=SYSTEM, ids=ids)
    own = source_ids_of(surrogates=ids)
    return {pk: known[pk].name or own.get(pk, ("", pk))[1] for pk in ids}

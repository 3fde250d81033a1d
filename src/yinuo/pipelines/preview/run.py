"""Run a preview: take the past in, judge it again, look up what came of it, and hand over the findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from yinuo.credit import actions as credit
from yinuo.credit.actions.fit import Month
from yinuo.credit.rules.engine import Store, open_engine
from yinuo.kit.actors import SYSTEM
from yinuo.kit.moments import week_of_day
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed
from yinuo.pipelines.importing.run import Import
from yinuo.pipelines.preview.findings import Findings, Seen, findings_of
from yinuo.pipelines.preview.folder import Past
from yinuo.pipelines.preview.history import read_history
from yinuo.pipelines.preview.reckoning import bytes_in
from yinuo.pipelines.preview.replay import Cards, Judge, Replay, fit_cards, past_climate, replay
from yinuo.pipelines.preview.work import Note, keep, note_for
from yinuo.pipelines.react import react
from yinuo.pipelines.rescore import default_day, mondays, prepare

THIN = 10               # a week with less than a tenth of the usual outcomes is no trade
ONCE = ("take_in", "follow")    # steps that a later preview in the same folder finds done: their seconds add up
Progress = Callable[[int, int], None]
Show = Callable[[str, str], AbstractContextManager[Progress]]
"""Shows how far a step got: called with its words and its unit."""


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

    @contextmanager
    def step(self, note: Note, name: str, words: str, unit: str) -> Iterator[Progress]:
        """Show a step's progress, and note its seconds when it ends or is stopped."""
        start = self.clock()
        try:
            with self.show(words, unit) as tell:
                yield tell
        finally:
            before = note.seconds.get(name, 0.0) if name in ONCE else 0.0
            note.seconds[name] = before + self.clock() - start
            keep(self.data, note)


def preview(*, past: Past, bench: Bench, last_months: int | None = None) -> Findings:
    """Everything there is to say of this past. What an earlier preview in the same folder had taken in is not read again."""
    note = note_for(bench.data, past.name)
    _take_in(past, bench, note)
    with open_engine(bench.engine) as engine:
        with bench.step(note, "archive", "Archiving", "facts") as tell:
            store = prepare(engine=engine, folder=bench.data, progress=tell)
        if not store.archived()["size"]:
            raise Malformed("Nothing in these files could be taken in; the rows refused say why.", path=", ".join(past.files))
        seen = _look(bench, note, engine, store, last_months)
    return findings_of(past=past, seen=seen, note=note, size=bytes_in(bench.data), realm=bench.realm, at=bench.at)


def _take_in(past: Past, bench: Bench, note: Note) -> None:
    if not note.taken:
        importing = Import(actor=SYSTEM, source=past.source, name=past.name, realm=bench.realm, at=bench.at)
        with bench.show("Reading", "bytes") as tell, bench.step(note, "take_in", "Taking in", "events") as advance:
            report = importing.run(past.items(_Counter(tell, past.size)), scratch=bench.data, progress=advance)
        note.taken = report.read
        keep(bench.data, note)
    with bench.step(note, "follow", "Judging outcomes", "facts") as tell:
        react(domains=bench.domains, realm=bench.realm, at=bench.at, progress=tell)


class _Counter:
    """Adds up the bytes read for the progress bar."""

    def __init__(self, tell: Progress, total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0

    def __call__(self, count: int) -> None:
        self._done += count
        self._tell(min(self._done, self._total), self._total)


def _look(bench: Bench, note: Note, engine: Any, store: Store, last_months: int | None) -> Seen:
    """Learn from the past month by month, judge it again, and read what came of it."""
    until = _end(engine, store, bench.at)
    with bench.step(note, "learn", "Learning month by month", "months") as tell:
        months = credit.gather(engine=engine, store=store, until=until, progress=tell)
        cards, too_short = _cards(months, last_months)
    days = cards.judged(mondays(engine, store, until)) if cards else []
    climate = past_climate(engine, store, days, until)
    history = read_history(engine=engine, store=store, climate=climate, until=until)
    found: Replay | None = None
    if cards:
        judge = Judge(engine, store, history.outcomes.merchants)
        with bench.step(note, "judge", "Judging every Monday", "runs") as tell:
            found = replay(judge=judge, climate=climate, cards=cards, days=days, until=until, born=history.born, progress=tell)
    shown = months[-last_months:] if last_months else months
    return Seen(history, found, too_short, tuple(shown), until, last_months)


def _cards(months: Sequence[Month], last_months: int | None) -> tuple[Cards | None, str]:
    """The scorecards, or the sentence that says why there can be none."""
    try:
        return fit_cards(months, last_months=last_months), ""
    except Malformed as refusal:
        return None, refusal.sentence


def _end(engine: Any, store: Store, at: datetime) -> int:
    """The day up to which the past is judged: where trade has all but stopped, the end of its last usual week.

    A data set's last weeks are often a trickle of late cancellations; judged by them, nobody would look like himself.
    """
    try:
        last = default_day(engine, store, at)
    except Malformed:
        raise Malformed(
            "No order here can be judged: a judgement needs orders with a merchant, the time by which each was to be handed to "
            "the carrier, and the time when it was (or a cancellation). See docs/guide/preview.md."
        ) from None
    daybook = store.rows(engine, as_of=last, days=last)
    daily = daybook.group_by("day").aggregate(outcomes=daybook.dispatches.sum()).to_pyarrow().to_pylist()
    weeks: Counter[int] = Counter()
    for row in daily:
        weeks[week_of_day(row["day"])] += int(row["outcomes"] or 0)
    usual = median(weeks.values()) if weeks else 0
    busy = [week for week, outcomes in weeks.items() if outcomes * THIN >= usual]
    return min(last, 7 * max(busy) + 4) if busy else last

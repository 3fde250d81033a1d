"""Run an import: sort, take in batches, note how far it got, report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from yinuo.kit.actors import SYSTEM, Actor
from yinuo.kit.realm import Realm
from yinuo.pipelines.importing.items import Item
from yinuo.pipelines.importing.ordering import Ordered
from yinuo.record import actions as record
from yinuo.record import queries, rules
from yinuo.record.rules import Incoming, Refused

SHOWN_MAX = 5
FORM = "1"   # grows when the same files would be read into other events: notes of earlier readings are then worthless
Progress = Callable[[int, int], None]


def _quiet(done: int, total: int) -> None:
    pass


@dataclass
class Report:
    """What became of an import.

    `earlier` counts what an import of the same files had dealt with before it was stopped, `conflicts` those of the refused
    whose id was taken in before with other content, `waiting` all refused events of the source that wait for correction.
    """

    read: int = 0
    earlier: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0
    conflicts: int = 0
    waiting: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


def fingerprint(*, source: str, digests: Iterable[str], mapping: bytes = b"") -> str:
    """What names an import: the same source, files and mapping give the same events in the same order."""
    parts = [FORM.encode(), source.encode(), hashlib.blake2b(mapping, digest_size=16).digest(), *map(str.encode, digests)]
    return hashlib.blake2b(b"\0".join(parts), digest_size=14).hexdigest()


@dataclass(frozen=True)
class Import:
    """One import under way: who does it, on behalf of which source, into which realm, when."""

    actor: Actor
    source: str
    name: str
    realm: Realm
    at: datetime

    def run(self, items: Iterable[Item], *, scratch: Path, again: bool = False, progress: Progress = _quiet) -> Report:
        """Read all items, put them in the order of business time, and take them in."""
        return self.take(Ordered(items, scratch=scratch), again=again, progress=progress)

    def take(self, ordered: Ordered, *, again: bool = False, progress: Progress = _quiet) -> Report:
        """Take the items in; what an earlier run of the same import took is passed over, unless `again`.

        All were read by now, so no fault of a file's structure can stop it half way.
        """
        rules.check_source(self.source)
        start = 0 if again else queries.cursor_position(self._note)
        report = Report(read=ordered.count, earlier=min(start, ordered.count))
        seen = _Waiting(self.actor, self.source, self.realm)
        done = report.earlier
        rest = islice(ordered, start, None)
        with record.Stream(self.actor, self.source, rest, Item, self._read, self.realm, self.at).parts() as parts:
            progress(done, ordered.count)     # only now: a bar is a thread, and a process with threads is not forked
            for part in parts:
                done = min(done + rules.BATCH_MAX, ordered.count)
                self._take(part, done, report, seen)
                progress(done, ordered.count)
        ordered.close()
        report.waiting = queries.refused_count(viewer=self.actor, source=self.source)
        return report

    @property
    def _note(self) -> str:
        return f"import {self.name}"

    def _read(self, batch: Sequence[Item]) -> tuple[list[Incoming], list[Refused]]:
        """The events understood, and those refused here or when their file was read, each with its place in the file."""
        sound = [item for item in batch if not item.sentence]
        good, unread = rules.read_events([item.raw for item in sound], source=self.source, now=self.at)
        refused = [_refused(item, item.id, item.path, item.sentence) for item in batch if item.sentence]
        refused += [_refused(sound[fault.index], fault.id, fault.path, fault.sentence) for fault in unread]
        return good, refused

    def _take(self, part: record.Part[Item], done: int, report: Report, seen: _Waiting) -> None:
        """Take one part, note that it was taken, and seal it.

        Not in one transaction: a savepoint around the take makes SQLite five times slower. A crash between the two repeats the
        part, which does nothing: its events are known, and its refused ones wait already.
        """
        taken = part.take(seen.without(part.refused))
        record.move_cursor(name=self._note, position=done)
        record.seal(actor=SYSTEM, realm=self.realm)     # while the second process makes the next part ready
        conflicts = [fault for fault in taken.refused if fault.index < 0]
        report.new += taken.accepted
        report.known += taken.known
        report.refused += len(part.refused) + len(conflicts)
        report.conflicts += len(conflicts)
        _show(report, part, conflicts)


def _refused(item: Item, event_id: str, path: str, sentence: str) -> Refused:
    return Refused(0, event_id, f"{item.where} {path}".strip(), sentence, item.raw)


def _show(report: Report, part: record.Part[Item], conflicts: Sequence[Refused]) -> None:
    room = SHOWN_MAX - len(report.examples)
    if room <= 0 or not (part.refused or conflicts):
        return
    where = {item.raw: item.where for item in part.items if not item.sentence} if conflicts else {}
    every = [(fault.path, fault.sentence) for fault in part.refused]
    every += [(f"{where.get(fault.raw, '')} {fault.path}".strip(), fault.sentence) for fault in conflicts]
    report.examples += every[:room]


class _Waiting:
    """The refused events that wait already: a file imported again, partly corrected, does not double them."""

    def __init__(self, actor: Actor, source: str, realm: Realm) -> None:
        self._actor, self._source, self._realm = actor, source, realm
        self._known: set[bytes] | None = None

    def without(self, refused: Sequence[Refused]) -> list[Refused]:
        """Those of the refused that are not kept yet."""
        if not refused:
            return []
        if self._known is None:
            waiting = queries.refused_waiting(viewer=self._actor, source=self._source, realm=self._realm)
            self._known = {_mark(kept.sentence, kept.raw) for kept in waiting}
        fresh = [fault for fault in refused if _mark(fault.sentence, fault.raw) not in self._known]
        self._known.update(_mark(fault.sentence, fault.raw) for fault in fresh)
        return fresh


def _mark(sentence: str, raw: bytes) -> bytes:
    return hashlib.blake2b(raw, key=sentence.encode()[:64], digest_size=16).digest()

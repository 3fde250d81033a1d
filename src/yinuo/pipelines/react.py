"""Follow the record: seal what has committed, bring mirrors up to it, and let every domain react, bottom first.

The one place below `config` that finds modules by name; it stands above every domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.db import connection, transaction

from yinuo.kit import mirrors, rows
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Fact, Recorded
from yinuo.kit.realm import Realm
from yinuo.record import actions as record
from yinuo.record import queries
from yinuo.record.rules import BATCH_MAX

CURSOR = "react"
REBUILD = "rebuild"
HURRIED_MAX = 1000
ByKind = Mapping[type[Fact], Sequence[Recorded]]
Progress = Callable[[int, int], None]
"""Told after each batch: how many facts are done, of how many."""


def _quiet(done: int, total: int) -> None:
    pass


def seal_all(*, realm: Realm, at: datetime) -> int:
    """Seal everything that was pending and sign the head; returns how many facts that were."""
    total = 0
    sealed = BATCH_MAX
    while sealed == BATCH_MAX:      # a pass that was not full took all there was
        sealed = _seal(realm)
        total += sealed
    if realm.log is not None:
        record.publish(actor=SYSTEM, log=realm.log, at=at)
    return total


def _seal(realm: Realm) -> int:
    """Seal in turn with those who take facts in, who would otherwise leave SQLite's one writer's place to each other only."""
    with rows.writing_turn(connection):
        return record.seal(actor=SYSTEM, realm=realm)


def react(*, domains: Sequence[str], realm: Realm, at: datetime, progress: Progress = _quiet) -> int:
    """Seal and follow until nothing is left to do; returns how many facts were followed.

    Each batch, with all it causes, is one transaction together with the cursor: a crash repeats or skips nothing. While facts
    keep coming in, batches are small, so that sealing and taking in wait for none of them long.
    """
    followed = 0
    seal_all(realm=realm, at=at)
    while batch := _follow_next(domains, realm, at, _batch_now()):
        followed += batch
        seal_all(realm=realm, at=at)
        progress(queries.cursor_position(CURSOR), queries.size())
    return followed


def rebuild(*, domains: Sequence[str], realm: Realm, progress: Progress = _quiet) -> int:
    """Make the mirror tables anew from the record; goes on where an earlier rebuild was stopped."""
    position = queries.cursor_position(REBUILD)
    if position == 0:
        with transaction.atomic():
            for name in domains:
                if mirror := _module(name, "mirror"):
                    mirrors.clear(connection, mirror.MIRROR)
    while (batch := _rebuild_batch(domains, realm)) is not None:
        progress(*batch)
    return queries.cursor_position(CURSOR)


@transaction.atomic
def _rebuild_batch(domains: Sequence[str], realm: Realm) -> tuple[int, int] | None:
    """Apply the next batch again, while the follower waits: what lies beyond where it got, it will bring itself."""
    limit = record.hold_cursor(name=CURSOR)
    start = queries.cursor_position(REBUILD)
    stop = min(start + BATCH_MAX, limit)
    if start >= stop:
        record.move_cursor(name=REBUILD, position=0)
        return None
    _apply(domains, queries.facts(start=start, stop=stop), realm)
    record.move_cursor(name=REBUILD, position=stop)
    return stop, limit


def _batch_now() -> int:
    """How many to follow: few while others bring facts; what following itself states was sealed just before."""
    return HURRIED_MAX if queries.pending_count() else BATCH_MAX


def _follow_next(domains: Sequence[str], realm: Realm, at: datetime, most: int) -> int:
    """Follow at most so many facts, in turn with those who take facts in."""
    with rows.writing_turn(connection):
        return _follow(CURSOR, domains, realm, at, most)


@transaction.atomic
def _follow(cursor: str, domains: Sequence[str], realm: Realm, at: datetime, most: int = BATCH_MAX) -> int:
    start = record.hold_cursor(name=cursor)
    stop = min(start + most, queries.size())
    if start >= stop:
        return 0
    batch = queries.facts(start=start, stop=stop)
    undone = queries.replaced_by(start=start, stop=stop)
    subjects = sorted({about(recorded) for recorded in undone})
    standing = queries.facts_about(subjects=subjects) if subjects else []    # also what is numbered, but not followed yet
    standing_or_new, new_or_undone = mirrors.by_kind([*standing, *batch]), mirrors.by_kind([*batch, *undone])
    for name in domains:
        if (mirror := _module(name, "mirror")) is not None:
            if subjects:
                mirrors.forget(connection, mirror.MIRROR, subjects)
            mirror.apply(_of_kinds(mirror.MIRROR, standing_or_new), realm=realm)
        if (reactions := _module(name, "reactions")) is not None:
            _run_reactions(reactions.REACTIONS, new_or_undone, realm, at)
    record.move_cursor(name=cursor, position=stop)
    return stop - start


def about(recorded: Recorded) -> str:
    """The subject that a fact is about."""
    subject: str = getattr(recorded.fact, recorded.fact.__struct_fields__[0])
    return subject


def _apply(domains: Sequence[str], facts: Sequence[Recorded], realm: Realm) -> None:
    told = mirrors.by_kind(facts)
    for name in domains:
        if (mirror := _module(name, "mirror")) is not None:
            mirror.apply(_of_kinds(mirror.MIRROR, told), realm=realm)


def _of_kinds(wanted: Iterable[type[Fact]], told: ByKind) -> list[Recorded]:
    """The facts of the kinds wanted; one column is written by one kind only, so their order among kinds does not matter."""
    return [recorded for kind in wanted for recorded in told.get(kind, ())]


def _run_reactions(reactions: Mapping[type[Fact], Any], told: ByKind, realm: Realm, at: datetime) -> None:
    """Call each reaction once, with all facts of the kinds it asked for."""
    for function in dict.fromkeys(reactions.values()):
        asked_for = [kind for kind, asking in reactions.items() if asking is function]
        if found := _of_kinds(asked_for, told):
            function(found, realm=realm, at=at)


def modules(domains: Sequence[str], name: str) -> list[Any]:
    """Each domain's module of that name, bottom first, where it has one."""
    return [module for domain in domains if (module := _module(domain, name)) is not None]


@cache
def _module(domain: str, name: str) -> Any:
    full = f"yinuo.{domain}.{name}"
    return import_module(full) if find_spec(full) else None

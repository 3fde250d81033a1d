"""Follow the record: seal what has committed, bring mirrors up to it, and let every domain react, bottom first.

The one place below `config` that finds modules by name; it stands above every domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.db import connection, transaction

from yinuo.kit import mirrors
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Recorded
from yinuo.kit.realm import Realm
from yinuo.record import actions as record
from yinuo.record import queries
from yinuo.record.rules import BATCH_MAX

CURSOR = "react"
REBUILD = "rebuild"
Progress = Callable[[int, int], None]
"""Told after each batch: how many facts are done, of how many."""


def _quiet(done: int, total: int) -> None:
    pass


def seal_all() -> int:
    """Seal everything that is pending; returns how many facts that were."""
    total = 0
    while sealed := record.seal(actor=SYSTEM):
        total += sealed
    return total


def react(*, domains: Sequence[str], realm: Realm, at: datetime, progress: Progress = _quiet) -> int:
    """Seal and follow until nothing is left to do; returns how many facts were followed.

    Each batch, with all it causes, is one transaction together with the cursor: a crash repeats or skips nothing.
    """
    followed = 0
    seal_all()
    while batch := _follow(CURSOR, domains, realm, at):
        followed += batch
        seal_all()
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


@transaction.atomic
def _follow(cursor: str, domains: Sequence[str], realm: Realm, at: datetime) -> int:
    start = record.hold_cursor(name=cursor)
    stop = min(start + BATCH_MAX, queries.size())
    if start >= stop:
        return 0
    batch = queries.facts(start=start, stop=stop)
    undone = queries.replaced_by(start=start, stop=stop)
    subjects = sorted({about(recorded) for recorded in undone})
    standing = queries.facts_about(subjects=subjects, at_size=stop) if subjects else []
    for name in domains:
        if (mirror := _module(name, "mirror")) is not None:
            if subjects:
                mirrors.forget(connection, mirror.MIRROR, subjects)
            mirror.apply([*standing, *batch], realm=realm)
        if (reactions := _module(name, "reactions")) is not None:
            _run_reactions(reactions.REACTIONS, [*batch, *undone], realm, at)
    record.move_cursor(name=cursor, position=stop)
    return stop - start


def about(recorded: Recorded) -> str:
    """The subject that a fact is about."""
    subject: str = getattr(recorded.fact, recorded.fact.__struct_fields__[0])
    return subject


def _apply(domains: Sequence[str], facts: Sequence[Recorded], realm: Realm) -> None:
    for name in domains:
        if (mirror := _module(name, "mirror")) is not None:
            mirror.apply(facts, realm=realm)


def _run_reactions(reactions: dict[Any, Any], facts: Sequence[Recorded], realm: Realm, at: datetime) -> None:
    """Call each reaction once, with all facts of the kinds it asked for."""
    wanted: dict[Any, list[Recorded]] = {}
    for recorded in facts:
        function = reactions.get(type(recorded.fact))
        if function is not None:
            wanted.setdefault(function, []).append(recorded)
    for function, found in wanted.items():
        function(found, realm=realm, at=at)


def _module(domain: str, name: str) -> Any:
    full = f"yinuo.{domain}.{name}"
    return import_module(full) if find_spec(full) else None

"""Take a source's events in: each bad one refused alone, the good ones appended, the same again left alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec
from django.db import IntegrityError, OperationalError, connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.record import rules
from yinuo.record.actions.append import Statement, entry_key, write_rows
from yinuo.record.actions.prepare import Keyed, Prepared, keyed, prepared, sort_out, statements_of, words_of
from yinuo.record.actions.refuse import keep_refused
from yinuo.record.events import FactWithdrawn
from yinuo.record.rules import Incoming, Refused
from yinuo.vault import actions as vault

_CONFLICT = "This id was used before with other content. To correct a fact, send a new id with 'supersedes': {!r}."
RACES_MAX = 12   # two batches with the same new event: the later one starts over and finds it known


class Taken(msgspec.Struct):
    """What became of a batch: how many were new, how many known already, and those refused."""

    accepted: int = 0
    known: int = 0
    refused: list[Refused] = msgspec.field(default_factory=list)


def take_events(
    *, actor: Actor, source: str, raws: Iterable[bytes], realm: Realm, at: datetime
) -> Taken:
    """Take in raw CloudEvents (JSON bytes) of one source, in transactions of at most 10,000."""
    total = Taken()
    for number, chunk in enumerate(rows.chunks(raws, rules.BATCH_MAX)):
        good, refused = rules.read_events(chunk, source=source, now=at)
        part = take(actor=actor, source=source, events=good, realm=realm, at=at, refused=refused)
        total.accepted += part.accepted
        total.known += part.known
        total.refused += placed(part.refused, chunk, number * rules.BATCH_MAX)
    return total


def take(
    *, actor: Actor, source: str, events: Sequence[Incoming], realm: Realm, at: datetime, refused: Sequence[Refused] = ()
) -> Taken:
    """Append the events of one source, at most 10,000, in one transaction; keep the refused beside them.

    The same event again does nothing. The same id with other content is refused as a conflict (its index is -1), and kept to
    be looked at.
    """
    allow(actor, "record.state_facts")
    assert len(events) <= rules.BATCH_MAX, "a batch is one transaction, and at most 10,000 events"
    every = keyed(source, events, realm)
    for _ in range(RACES_MAX - 1):
        try:
            with rows.writing_turn(connection):
                return _take(source, every, realm, at, refused)
        except (IntegrityError, OperationalError):
            continue
    return _take(source, every, realm, at, refused)


def take_prepared(
    *, source: str, made: Prepared, foreseen: vault.Foreseen, again: Sequence[Incoming], realm: Realm, at: datetime,
    refused: Sequence[Refused],
) -> Taken | None:
    """What `take` does, with rows made ready before; None, and nothing written, where they do not fit what others wrote since.

    `again` are those of the batch's events that were known, or repeated within it.
    """
    try:
        with rows.writing_turn(connection):
            return _take_prepared(source, made, foreseen, keyed(source, again, realm), realm, at, refused)
    except (IntegrityError, OperationalError, _Outdated):
        return None


class _Outdated(Exception):
    """Surrogates were deleted since these rows were made."""


@transaction.atomic
def _take_prepared(
    source: str, made: Prepared, foreseen: vault.Foreseen, again: Sequence[Keyed], realm: Realm, at: datetime,
    refused: Sequence[Refused],
) -> Taken:
    if not vault.keep_foreseen(foreseen):
        raise _Outdated
    return _write(source, made, again, realm, at, refused)


@transaction.atomic
def _take(source: str, every: Sequence[Keyed], realm: Realm, at: datetime, refused: Sequence[Refused]) -> Taken:
    distinct, again = sort_out(every)
    hand = vault.AtOnce(source=source, realm=realm, at=at)
    return _write(source, prepared(source, distinct, realm, to_micros(at), hand), again, realm, at, refused)


def _write(
    source: str, made: Prepared, again: Sequence[Keyed], realm: Realm, at: datetime, refused: Sequence[Refused]
) -> Taken:
    write_rows(made.rows)
    vault.keep_text_rows(made.texts)
    vault.keep_fingerprint_rows(made.prints)
    conflicts = _conflicts(source, again, realm) if again else []
    every = [*refused, *conflicts]
    keep_refused(source=source, refused=every, at=at)
    return Taken(accepted=len(made.rows.keys), known=len(again) - len(conflicts), refused=every)


def placed(refused: Sequence[Refused], chunk: Sequence[bytes], first: int) -> list[Refused]:
    """The refused by their place among all events, also the conflicts, which were found without it."""
    if not refused:
        return []
    places = {id(raw): place for place, raw in enumerate(chunk)}
    every = [
        msgspec.structs.replace(event, index=first + (places[id(event.raw)] if event.index < 0 else event.index))
        for event in refused
    ]
    return sorted(every, key=attrgetter("index"))


def _conflicts(source: str, again: Sequence[Keyed], realm: Realm) -> list[Refused]:
    """Those of the known events that say something else than the first time. What was forgotten cannot be compared."""
    found = rows.select_in(
        connection,
        "SELECT e.key, o.content, r.target FROM record_entry e JOIN record_opening o ON o.entry_id = e.id "
        "LEFT JOIN record_replacement r ON r.entry_id = e.id WHERE e.key {keys}",
        list({key for key, _ in again}),
    )
    first = {bytes(key): (rules.decode_content(bytes(content)), target) for key, content, target in found}
    give = partial(vault.known_surrogates, source=source, key=realm.key, entropy=realm.entropy)
    statements = statements_of(source, again, realm, give)
    texts = [text for (key, event), said in zip(again, statements, strict=True) for text in words_of(key, event, said)]
    otherwise = {text.entry_key for text in vault.other_words(texts=texts, realm=realm)}
    return [
        Refused(-1, event.id, "id", _CONFLICT.format(event.id), event.raw)
        for (key, event), said in zip(again, statements, strict=True)
        if key in first and (key in otherwise or not _same(first[key], said, source, realm))
    ]


def _same(first: tuple[Any, bytes | None], said: Statement, source: str, realm: Realm) -> bool:
    content, target = first
    if (content.at, content.fact) != (said.at, said.fact):
        return False
    if isinstance(said.fact, FactWithdrawn):
        return True
    aim = None if said.supersedes is None else entry_key(realm, source, said.supersedes)
    return aim == (None if target is None else bytes(target))

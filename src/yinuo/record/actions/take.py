"""Take a source's events in: each bad one refused alone, the good ones appended, the same again left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
from django.db import IntegrityError, OperationalError, connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import to_fact
from yinuo.kit.ids import keyed_digester
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.record import rules
from yinuo.record.actions.append import Statement, entry_key, known_keys, write
from yinuo.record.actions.refuse import keep_refused
from yinuo.record.events import FactWithdrawn
from yinuo.record.rules import Incoming, Refused
from yinuo.vault import actions as vault

Keyed = tuple[bytes, Incoming]
"""An event and the key under which it stands, or will stand, in the record."""

_CONFLICT = "This id was used before with other content. To correct a fact, send a new id with 'supersedes': {!r}."
RACES_MAX = 5   # two batches with the same new event: the later one starts over and finds it known


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
        total.refused += _placed(part.refused, chunk, number * rules.BATCH_MAX)
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
    key_of = keyed_digester(realm.key, "entry", source)
    keyed = [(key_of(event.id), event) for event in events]
    for _ in range(RACES_MAX - 1):
        try:
            with rows.writing_turn(connection):
                return _take(source, keyed, realm, at, refused)
        except (IntegrityError, OperationalError):
            continue
    return _take(source, keyed, realm, at, refused)


@transaction.atomic
def _take(source: str, keyed: Sequence[Keyed], realm: Realm, at: datetime, refused: Sequence[Refused]) -> Taken:
    distinct: dict[bytes, Incoming] = {}
    again = [(key, event) for key, event in keyed if distinct.setdefault(key, event) is not event]
    again += [(key, distinct.pop(key)) for key in known_keys(list(distinct))]
    facts = _statements(source, list(distinct.items()), realm)
    new = dict(zip(distinct, facts, strict=True))
    write(source=source, statements=new, realm=realm, recorded=to_micros(at))
    _keep_texts(distinct, new, realm, to_micros(at))
    conflicts = _conflicts(source, again, realm) if again else []
    every = [*refused, *conflicts]
    keep_refused(source=source, refused=every, at=at)
    return Taken(accepted=len(distinct), known=len(again) - len(conflicts), refused=every)


def _placed(refused: Sequence[Refused], chunk: Sequence[bytes], first: int) -> list[Refused]:
    """The refused by their place among all events, also the conflicts, which were found without it."""
    if not refused:
        return []
    places = {id(raw): place for place, raw in enumerate(chunk)}
    placed = [msgspec.structs.replace(event, index=first + places[id(event.raw)]) for event in refused]
    return sorted(placed, key=attrgetter("index"))


def _statements(source: str, keyed: Sequence[Keyed], realm: Realm, *, known_only: bool = False) -> list[Statement]:
    """The statements of events; subjects get surrogates, or with `known_only` an empty one where they have none."""
    names: list[vault.Name] = []
    for _, event in keyed:
        names += event.kind.names_in(event.wire)
    withdrawn = [name for name in names if name[0] == "event"]
    give = vault.known_surrogates if known_only else vault.surrogates_for
    surrogates = give(
        source=source,
        names=[name for name in names if name[0] != "event"] if withdrawn else names,
        key=realm.key,
        entropy=realm.entropy,
    )
    for name in withdrawn:
        surrogates[name] = entry_key(realm, source, name[1]).hex()
    return [
        Statement(event.id, event.at, to_fact(event.kind, event.wire, surrogates), event.supersedes)
        for _, event in keyed
    ]


def _keep_texts(
    events: Mapping[bytes, Incoming], facts: Mapping[bytes, Statement], realm: Realm, recorded: int
) -> None:
    texts: list[vault.Words] = []
    prints: dict[tuple[str, str], str] = {}
    for key, event in events.items():
        kind = event.kind
        if kind.texts:
            texts += _words(key, event, facts[key])
        for name in kind.fingerprints:
            if value := getattr(event.wire, name):
                prints[getattr(facts[key].fact, kind.about), name] = value
    if texts:
        vault.keep_words(texts=texts, recorded=recorded)
    if prints:
        vault.keep_fingerprints(prints=prints, key=realm.key)


def _words(key: bytes, event: Incoming, statement: Statement) -> list[vault.Words]:
    about = getattr(statement.fact, event.kind.about)
    return [
        vault.Words(about, name, getattr(statement.fact, text.owner) or about, text.retention, words, key)
        for name, text in event.kind.texts.items()
        if (words := getattr(event.wire, name))
    ]


def _conflicts(source: str, again: Sequence[Keyed], realm: Realm) -> list[Refused]:
    """Those of the known events that say something else than the first time. What was forgotten cannot be compared."""
    found = rows.select_in(
        connection,
        "SELECT e.key, o.content, r.target FROM record_entry e JOIN record_opening o ON o.entry_id = e.id "
        "LEFT JOIN record_replacement r ON r.entry_id = e.id WHERE e.key {keys}",
        list({key for key, _ in again}),
    )
    first = {bytes(key): (rules.decode_content(bytes(content)), target) for key, content, target in found}
    statements = _statements(source, again, realm, known_only=True)
    texts = [text for (key, event), said in zip(again, statements, strict=True) for text in _words(key, event, said)]
    otherwise = {text.entry_key for text in vault.other_words(texts=texts)}
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

"""Take a source's events in: each bad one refused alone, the good ones appended, the same again left alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import IntegrityError, OperationalError, connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import to_fact
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.record import rules
from yinuo.record.actions.append import Statement, entry_key, known_keys, write
from yinuo.record.actions.refuse import keep_refused
from yinuo.record.rules import Incoming, Refused
from yinuo.vault import actions as vault

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
    for chunk in rows.chunks(raws, rules.BATCH_MAX):
        good, refused = rules.read_events(chunk, source=source, now=at)
        part = take(actor=actor, source=source, events=good, realm=realm, at=at, refused=refused)
        total.accepted += part.accepted
        total.known += part.known
        total.refused += part.refused
    return total


def take(
    *, actor: Actor, source: str, events: Sequence[Incoming], realm: Realm, at: datetime, refused: Sequence[Refused] = ()
) -> Taken:
    """Append the events of one source, at most 10,000, in one transaction; keep the refused beside them.

    The same event again does nothing. The same id with other content is refused as a conflict, and kept to be looked at.
    """
    allow(actor, "record.state_facts")
    for attempt in range(RACES_MAX):
        try:
            return _take(source, events, realm, at, refused)
        except (IntegrityError, OperationalError):
            if attempt == RACES_MAX - 1:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _take(source: str, events: Sequence[Incoming], realm: Realm, at: datetime, refused: Sequence[Refused]) -> Taken:
    distinct: dict[bytes, Incoming] = {}
    again: list[tuple[bytes, Incoming]] = []
    for event in events:
        key = entry_key(realm, source, event.id)
        if key in distinct:
            again.append((key, event))
        else:
            distinct[key] = event
    known = known_keys(list(distinct))
    again += [(key, distinct.pop(key)) for key in known]
    facts = _statements(source, {**distinct}, realm)
    write(source=source, statements=facts, realm=realm, recorded=to_micros(at))
    _keep_texts(source, distinct, facts, realm, to_micros(at))
    conflicts = _conflicts(source, again, realm) if again else []
    every = [*refused, *conflicts]
    keep_refused(source=source, refused=every, at=at)
    return Taken(accepted=len(distinct), known=len(again) - len(conflicts), refused=every)


def _statements(source: str, events: dict[bytes, Incoming], realm: Realm) -> dict[bytes, Statement]:
    names = [
        (kind, value)
        for event in events.values()
        for field, kind in event.kind.subjects.items()
        if (value := getattr(event.wire, field)) is not None and kind != "event"
    ]
    surrogates = vault.surrogates_for(source=source, names=names, key=realm.key, entropy=realm.entropy)
    for event in events.values():
        if event.kind.subjects.get(event.kind.about) == "event":
            target = getattr(event.wire, event.kind.about)
            surrogates["event", target] = entry_key(realm, source, target).hex()
    return {
        key: Statement(event.id, event.at, to_fact(event.kind, event.wire, surrogates), event.supersedes)
        for key, event in events.items()
    }


def _keep_texts(
    source: str, events: dict[bytes, Incoming], facts: dict[bytes, Statement], realm: Realm, recorded: int
) -> None:
    texts: list[vault.Words] = []
    prints: dict[tuple[str, str], str] = {}
    for key, event in events.items():
        kind = event.kind
        if not kind.texts and not kind.fingerprints:
            continue
        fact = facts[key].fact
        about = getattr(fact, kind.about)
        texts += [
            vault.Words(about, name, getattr(fact, text.owner) or about, text.retention, words)
            for name, text in kind.texts.items()
            if (words := getattr(event.wire, name))
        ]
        prints |= {(about, name): value for name in kind.fingerprints if (value := getattr(event.wire, name))}
    if texts:
        vault.keep_words(texts=texts, recorded=recorded)
    if prints:
        vault.keep_fingerprints(prints=prints, key=realm.key)


def _conflicts(source: str, again: Sequence[tuple[bytes, Incoming]], realm: Realm) -> list[Refused]:
    """Those of the known events that say something else than the first time."""
    openings = rows.select_in(
        connection,
        "SELECT e.key, o.content FROM record_entry e JOIN record_opening o ON o.entry_id = e.id WHERE e.key {keys}",
        list({key for key, _ in again}),
    )
    first = {bytes(key): rules.decode_content(bytes(content)) for key, content in openings}
    conflicts = []
    for key, event in again:
        statement = _statements(source, {key: event}, realm)[key]
        before = first.get(key)
        if before is not None and (before.at, before.fact) != (statement.at, statement.fact):
            sentence = (
                "This id was used before with other content. To correct a fact, send a new id with "
                f"'supersedes': {event.id!r}."
            )
            conflicts.append(Refused(-1, event.id, "id", sentence, event.raw))
    return conflicts



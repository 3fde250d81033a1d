"""Append facts to the record, inside the transaction of the business that they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import Fact
from yinuo.kit.ids import keyed_digest, keyed_digester
from yinuo.kit.moments import to_micros
from yinuo.kit.opening import inner_of, no_person
from yinuo.kit.realm import OWN_SOURCE, Realm
from yinuo.kit.refusals import NotAllowed
from yinuo.record import rules
from yinuo.record.events import FactWithdrawn
from yinuo.record.rules import Counted


class Statement(msgspec.Struct, frozen=True):
    """A fact to append: its id at its source, when it happened (microseconds), the id of the one it supersedes, its texts."""

    id: str
    at: int
    fact: Fact
    supersedes: str | None = None
    texts: Mapping[str, str] = {}       # name -> SHA-256 of each text that came with it


@transaction.atomic(savepoint=False)    # savepoints make SQLite keep a journal of every page: twenty times slower
def append(*, actor: Actor, statements: Sequence[Statement], realm: Realm, at: datetime) -> int:
    """Append Yinuo's own facts; those whose id was used before are left alone. Returns how many were new."""
    allow(actor, "record.state_own_facts")
    appended = 0
    key_of = keyed_digester(realm.key, "entry", OWN_SOURCE)
    for chunk in rows.chunks(statements, rules.BATCH_MAX):
        distinct = {key_of(statement.id): statement for statement in chunk}
        for key in known_keys(list(distinct)):
            del distinct[key]
        write(source=OWN_SOURCE, statements=distinct, realm=realm, recorded=to_micros(at))
        appended += len(distinct)
    return appended


def allow_stating(actor: Actor, source: str) -> None:
    """Return if the actor may state facts as this source: the source itself, or the operator; refuse otherwise."""
    allow(actor, "record.state_facts")
    if not actor.holds("system") and actor.name != source:
        raise NotAllowed(f"{actor.name} may not state facts of {source}.")


def entry_key(realm: Realm, source: str, event_id: str) -> bytes:
    """The key under which a source's event stands in the record."""
    return keyed_digest(realm.key, "entry", source, event_id)


def known_ids(*, realm: Realm, ids: Sequence[str]) -> list[str]:
    """Those of Yinuo's own event ids that the record has already."""
    key_of = keyed_digester(realm.key, "entry", OWN_SOURCE)
    keys = {key_of(event_id): event_id for event_id in ids}
    return [keys[key] for key in known_keys(list(keys))]


def known_keys(keys: Sequence[bytes]) -> dict[bytes, int]:
    """Those of the keys that the record has, each with its entry's id."""
    found = rows.select_in(connection, "SELECT key, id FROM record_entry WHERE key {keys}", keys)
    return {bytes(key): entry for key, entry in found}


class Rows(msgspec.Struct, array_like=True):
    """New entries and their openings, column by column, all but their ids; with their place where only some have it."""

    keys: list[bytes]
    inners: list[bytes]
    abouts: list[str]
    salts: list[bytes]
    contents: list[bytes]
    persons: list[tuple[int, str, bytes, bytes]]       # person, salt, content
    replacements: list[tuple[int, bytes]]              # key of what it replaces
    counted: list[Counted]
    recorded: int


def rows_of(*, source: str, statements: Mapping[bytes, Statement], realm: Realm, recorded: int) -> Rows:
    """What `write_rows` will write of these statements. Asks nothing of the database."""
    made = Rows([], [], [], [], [], [], [], [], recorded)
    drawn = realm.entropy(2 * rules.SALT_BYTES * len(statements))
    for place, (key, statement) in enumerate(statements.items()):
        target = _target(source, statement, realm)
        parts = rules.parts_of(
            at=statement.at, recorded=recorded, source=source, key=key, fact=statement.fact, supersedes=target,
            texts=statement.texts,
        )
        start = 2 * rules.SALT_BYTES * place
        salt, other = drawn[start : start + 32], drawn[start + 32 : start + 64]
        person = no_person(salt)
        if parts.person is not None and parts.who is not None:
            made.persons.append((place, parts.who, other, parts.person))
            person = inner_of(other, parts.person)
        if target is not None:
            made.replacements.append((place, target))
        made.keys.append(key)
        made.inners.append(inner_of(salt, parts.main) + person)
        made.abouts.append(rules.about_of(statement.fact))
        made.salts.append(salt)
        made.contents.append(parts.main)
        made.counted.append(rules.counted(statement.fact))
    return made


def write(*, source: str, statements: Mapping[bytes, Statement], realm: Realm, recorded: int) -> None:
    """Write new entries, at most 10,000, their openings and what they replace; they are pending until sealed."""
    write_rows(rows_of(source=source, statements=statements, realm=realm, recorded=recorded))


def write_rows(made: Rows) -> None:
    """Write entries that were made ready, at most 10,000; a key that is there already is an IntegrityError."""
    if not made.keys:
        return
    first = _reserve_ids()
    ids = range(first, first + len(made.keys))
    entries = list(zip(ids, made.keys, made.inners, strict=True))
    openings = list(zip(ids, made.abouts, made.salts, made.contents, strict=True))
    persons = [(first + place, *rest) for place, *rest in made.persons]
    replacements = [(first + place, target) for place, target in made.replacements]
    pending = (ids[0], ids[-1], made.recorded, rules.encode_counted(made.counted))
    rows.insert(connection, "record_entry", ("id", "key", "inners"), entries, unique="key")
    rows.insert(connection, "record_opening", ("entry_id", "about", "salt", "content"), openings)
    rows.insert(connection, "record_personopening", ("entry_id", "person", "salt", "content"), persons)
    rows.insert(connection, "record_pending", ("first", "last", "at", "subjects"), [pending])
    rows.insert(connection, "record_replacement", ("entry_id", "target"), replacements)


def _target(source: str, statement: Statement, realm: Realm) -> bytes | None:
    """The key of the entry that a statement supersedes or withdraws."""
    if statement.supersedes is not None:
        return entry_key(realm, source, statement.supersedes)
    return bytes.fromhex(statement.fact.event) if isinstance(statement.fact, FactWithdrawn) else None


def _reserve_ids() -> int:
    """The first of 10,000 entry ids in a row that nobody else gets."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval('record_entry_block')")
        else:
            cursor.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM record_entry")   # one writer at a time: nobody comes between
        return int(cursor.fetchone()[0])

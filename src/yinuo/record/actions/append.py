"""Append facts to the record, inside the transaction of the business that they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import Fact
from yinuo.kit.ids import keyed_digest
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import OWN_SOURCE, Realm
from yinuo.record import rules
from yinuo.record.events import FactWithdrawn


class Statement(msgspec.Struct, frozen=True):
    """A fact to append: its id at its source, when it happened (microseconds), and the id of the one it supersedes."""

    id: str
    at: int
    fact: Fact
    supersedes: str | None = None


@transaction.atomic(savepoint=False)    # savepoints make SQLite keep a journal of every page: twenty times slower
def append(*, actor: Actor, statements: Sequence[Statement], realm: Realm, at: datetime) -> int:
    """Append Yinuo's own facts; those whose id was used before are left alone. Returns how many were new."""
    allow(actor, "record.state_facts")
    appended = 0
    for chunk in rows.chunks(statements, rules.BATCH_MAX):
        distinct = {entry_key(realm, OWN_SOURCE, statement.id): statement for statement in chunk}
        for key in known_keys(list(distinct)):
            del distinct[key]
        write(source=OWN_SOURCE, statements=distinct, realm=realm, recorded=to_micros(at))
        appended += len(distinct)
    return appended


def entry_key(realm: Realm, source: str, event_id: str) -> bytes:
    """The key under which a source's event stands in the record."""
    return keyed_digest(realm.key, "entry", source, event_id)


def known_ids(*, realm: Realm, ids: Sequence[str]) -> list[str]:
    """Those of Yinuo's own event ids that the record has already."""
    keys = {entry_key(realm, OWN_SOURCE, event_id): event_id for event_id in ids}
    return [keys[key] for key in known_keys(list(keys))]


def known_keys(keys: Sequence[bytes]) -> dict[bytes, int]:
    """Those of the keys that the record has, each with its entry's id."""
    found = rows.select_in(connection, "SELECT key, id FROM record_entry WHERE key {keys}", keys)
    return {bytes(key): entry for key, entry in found}


def write(*, source: str, statements: Mapping[bytes, Statement], realm: Realm, recorded: int) -> None:
    """Write new entries, at most 10,000, their openings and what they replace; they are pending until sealed."""
    if not statements:
        return
    first = _reserve_ids()
    salts = realm.entropy(rules.SALT_BYTES * len(statements))
    entries, openings = [], []
    for place, (key, statement) in enumerate(statements.items()):
        fact = statement.fact
        salt = salts[place * rules.SALT_BYTES : (place + 1) * rules.SALT_BYTES]
        content = rules.encode_content(at=statement.at, recorded=recorded, source=source, fact=fact)
        entries.append((first + place, key, rules.commitment_of(salt, content)))
        openings.append((first + place, getattr(fact, fact.__struct_fields__[0])[:20], salt, content))
    rows.insert(connection, "record_entry", ("id", "key", "commitment"), entries, unique="key")
    rows.insert(connection, "record_opening", ("entry_id", "about", "salt", "content"), openings)
    rows.insert(connection, "record_pending", ("first", "last"), [(first, first + len(entries) - 1)])
    rows.insert(connection, "record_replacement", ("entry_id", "target"), _replacements(source, statements, realm, first))


def _replacements(
    source: str, statements: Mapping[bytes, Statement], realm: Realm, first: int
) -> list[tuple[int, bytes]]:
    """(entry, key of the entry it replaces) of those that supersede or withdraw another."""
    found = []
    for entry, statement in enumerate(statements.values(), start=first):
        if statement.supersedes is not None:
            found.append((entry, entry_key(realm, source, statement.supersedes)))
        elif isinstance(statement.fact, FactWithdrawn):
            found.append((entry, bytes.fromhex(statement.fact.event)))
    return found


def _reserve_ids() -> int:
    """The first of 10,000 entry ids in a row that nobody else gets."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval('record_entry_block')")
        else:
            cursor.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM record_entry")   # one writer at a time: nobody comes between
        return int(cursor.fetchone()[0])

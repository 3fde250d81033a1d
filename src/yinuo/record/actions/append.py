"""Append facts to the record, inside the transaction of the business that they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import Fact
from yinuo.kit.ids import keyed_digest
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import OWN_SOURCE, Realm
from yinuo.record import rules
from yinuo.record.events import FactWithdrawn


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact to append: its id at its source, when it happened (microseconds), and the id of the one it supersedes."""

    id: str
    at: int
    fact: Fact
    supersedes: str | None = None


@transaction.atomic
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


def known_keys(keys: Sequence[bytes]) -> dict[bytes, int]:
    """Those of the keys that the record has, each with its entry's id."""
    found = rows.select_in(connection, "SELECT key, id FROM record_entry WHERE key {keys}", keys)
    return {bytes(key): entry for key, entry in found}


def write(*, source: str, statements: dict[bytes, Statement], realm: Realm, recorded: int) -> None:
    """Write new entries, their openings and what they replace; they are pending until sealed."""
    salts = realm.entropy(rules.SALT_BYTES * len(statements))
    entries, openings, replacements = [], [], []
    ids = _reserve_ids(len(statements))
    for place, (entry, (key, statement)) in enumerate(zip(ids, statements.items(), strict=True)):
        salt = salts[place * rules.SALT_BYTES : (place + 1) * rules.SALT_BYTES]
        content = rules.encode_content(at=statement.at, recorded=recorded, source=source, fact=statement.fact)
        entries.append((entry, key, rules.commitment_of(salt, content)))
        openings.append((entry, _about(statement.fact), salt, content))
        if statement.supersedes is not None:
            replacements.append((entry, entry_key(realm, source, statement.supersedes)))
        elif isinstance(statement.fact, FactWithdrawn):
            replacements.append((entry, bytes.fromhex(statement.fact.event)))
    rows.insert(connection, "record_entry", ("id", "key", "commitment"), entries)
    rows.insert(connection, "record_opening", ("entry_id", "about", "salt", "content"), openings)
    rows.insert(connection, "record_pending", ("entry_id",), [(entry,) for entry, _, _ in entries])
    rows.insert(connection, "record_replacement", ("entry_id", "target"), replacements)


def _about(fact: Fact) -> str:
    about: str = getattr(fact, fact.__struct_fields__[0])
    return about[:20]


def _reserve_ids(count: int) -> list[int]:
    """`count` entry ids that nobody else gets."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval('record_entry_id_seq') FROM generate_series(1, %s)", [count])
            return sorted(entry for (entry,) in cursor.fetchall())
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM record_entry")   # one writer at a time: nobody comes between
        (last,) = cursor.fetchone()
    return list(range(last + 1, last + 1 + count))

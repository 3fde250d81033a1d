"""The data keys in the database: found, unwrapped, made."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.ids import keyed_digest
from yinuo.kit.keys import KeyMissing
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import KEY_BYTES, NONCE_BYTES, DataKey, KeyName, index_key

Holding = tuple[str, str]
"""A holder and a retention class."""
KeyRow = tuple[str, str, int, bytes, str, int]
KEY_COLUMNS = ("holder", "retention", "version", "wrapped", "wrapping", "made")


class State(NamedTuple):
    """The vault's present state: a nonce, and the moment before which data keys are used for nothing new."""

    epoch: str
    keys_since: int


class Newest(NamedTuple):
    """A holding's newest key: its version, and the key itself unless it was destroyed or is to be used for nothing new."""

    version: int
    key: bytes | None


def present_state(*, hold: bool = False) -> State:
    """The present state; without a nonce while there is none, and then nothing may be remembered.

    Held, it stays so until the transaction ends: an erasure waits for whoever writes by the surrogates of before.
    """
    share = " FOR SHARE" if hold and connection.vendor == "postgresql" else ""     # SQLite has one writer at a time
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nonce, keys_since FROM vault_epoch WHERE id = 1{share}")
        found = cursor.fetchone()
    return State(str(found[0]), int(found[1])) if found else State("", 0)


def newest_keys(wanted: Collection[Holding], *, since: int, realm: Realm) -> dict[Holding, Newest]:
    """The newest key of each of the holdings that ever had one."""
    newest: dict[Holding, Newest] = {}
    for holder, retention, version, wrapped, wrapping, made in sorted(_rows_of({holder for holder, _ in wanted})):
        if (holder, retention) in wanted:
            name = (holder, retention, version)
            stale = wrapped is None or made < since
            key = None if stale else realm.keys.find(wrapping).unwrap(bytes(wrapped or b""), name)
            newest[holder, retention] = Newest(version, key)
    return newest


def keys_to_open(names: Collection[KeyName], *, realm: Realm) -> dict[KeyName, DataKey | None]:
    """The data keys of these names; None for one that was destroyed. One that never was is refused: rows are missing."""
    found: dict[KeyName, DataKey | None] = {}
    for holder, retention, version, wrapped, wrapping, _ in _rows_of({holder for holder, _, _ in names}):
        name = (holder, retention, version)
        if name in names:
            key = None if wrapped is None else realm.keys.find(wrapping).unwrap(bytes(wrapped), name)
            found[name] = None if key is None else DataKey(name, key)
    if missing := set(names) - found.keys():
        raise KeyMissing(f"The database has no data key {'/'.join(map(str, min(missing)))}; restore it whole, with vault_key.")
    return found


def destroyed_holdings(holders: Iterable[str], *, realm: Realm) -> set[Holding]:
    """The holders and classes of which a key was destroyed."""
    named = {name: holder for holder in holders for name in (holder, tombstone_of(holder, realm))}
    return {(named[name], retention) for name, retention, _, wrapped, *_ in _rows_of(named) if wrapped is None}


def tombstone_of(holder: str, realm: Realm) -> str:
    """The name on the key rows of a person of whom nothing is kept: only who knows the surrogate finds it.

    It is as long as the surrogate, so that no row moves.
    """
    digest = keyed_digest(index_key(realm.key, "tombstone"), holder)
    return ("x" + base64.b32encode(digest).decode().lower())[: len(holder)]


def make_keys(versions: Mapping[Holding, int], *, realm: Realm, made: int) -> tuple[dict[Holding, bytes], list[KeyRow]]:
    """New keys in these versions, and the rows to keep them by."""
    if not versions:
        return {}, []
    wrapping = realm.keys.current()
    drawn = realm.entropy(len(versions) * (KEY_BYTES + NONCE_BYTES))
    keys: dict[Holding, bytes] = {}
    made_rows: list[KeyRow] = []
    place = 0
    for holding, version in versions.items():
        holder, retention = holding
        middle = place + KEY_BYTES
        key = keys[holding] = drawn[place:middle]
        place = middle + NONCE_BYTES
        wrapped = wrapping.wrap(key, (holder, retention, version), drawn[middle:place])
        made_rows.append((holder, retention, version, wrapped, wrapping.id, made))
    return keys, made_rows


def _rows_of(holders: Collection[str]) -> list[tuple[str, str, int, bytes | None, str, int]]:
    return rows.select_in(
        connection,
        f"SELECT {', '.join(KEY_COLUMNS)} FROM vault_key WHERE holder {{keys}}",
        sorted(holders),
    )

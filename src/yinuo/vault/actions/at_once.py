"""Give surrogates and seal texts within the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.moments import from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import DataKey
from yinuo.vault.actions.surrogates import (
    BY_NAME,
    REALM_HOLDING,
    SURROGATE_COLUMNS,
    Name,
    draw_surrogates,
    holders_among,
    look_up,
    sealed_surrogates,
)
from yinuo.vault.actions.texts import TextRow, Words, keep_text_rows, latest_of, sealed_rows
from yinuo.vault.keyring import KEY_COLUMNS, Holding, KeyRow, make_keys, newest_keys, present_state
from yinuo.vault.memory import Memory
from yinuo.vault.rules import REALM, RETENTIONS

_memory = Memory()


class Hand(Protocol):
    """Makes a batch's surrogates and texts ready, at once or ahead."""

    def surrogates_for(self, *, names: Iterable[Name]) -> dict[Name, str]:
        """The surrogate of every name, made where there is none yet. The same name always gets the same one."""

    def text_rows(self, *, texts: Sequence[Words], recorded: int) -> list[TextRow]:
        """What `keep_text_rows` will keep of these texts: the last one under each subject and name, sealed."""


class AtOnce:
    """Makes surrogates, keys and texts of one source in the caller's transaction."""

    def __init__(self, *, source: str, realm: Realm, at: datetime) -> None:
        self._source, self._realm, self._at = source, realm, to_micros(at)
        self._state = present_state(hold=True)
        self._remembered = _memory.of(realm.key, source, self._state.epoch)
        self._ours = _memory.keys_of(realm.key, self._state.epoch)

    def surrogates_for(self, *, names: Iterable[Name]) -> dict[Name, str]:
        """The surrogate of every name, made where there is none yet. The same name always gets the same one."""
        known, unknown = self._remembered.sort_out(names)
        if unknown:
            learned, missing = look_up(self._source, unknown, self._realm.key)
            if missing:
                learned |= self._make_surrogates(missing)
            transaction.on_commit(lambda: self._remembered.learn(learned))
            known |= learned
        return known

    def text_rows(self, *, texts: Sequence[Words], recorded: int) -> list[TextRow]:
        """What `keep_text_rows` will keep of these texts: the last one under each subject and name, sealed."""
        latest = latest_of(texts)
        keys = self.keys_for({text.holding for text in latest})
        return sealed_rows(latest, recorded=recorded, keys=keys, entropy=self._realm.entropy)

    def _make_surrogates(self, missing: Mapping[bytes, Name]) -> dict[Name, str]:
        ours = self.keys_for({REALM_HOLDING})[REALM_HOLDING]
        made = draw_surrogates(missing, self._realm.entropy)
        persons, key_rows = make_keys(holders_among(made), realm=self._realm, made=self._at)
        sealed = sealed_surrogates(self._source, missing, made, ours, persons, self._realm)
        if rows.insert_missing(connection, "vault_surrogate", "digest", SURROGATE_COLUMNS, sealed) < len(made):
            # another transaction made some at the same time, and has committed
            made, _ = look_up(self._source, list(made), self._realm.key)
            kept = set(made.values())
            key_rows = [row for row in key_rows if row[0] in kept]
        rows.insert(connection, "vault_key", KEY_COLUMNS, key_rows)
        return made

    def keys_for(self, wanted: Collection[Holding]) -> dict[Holding, DataKey]:
        """The keys to write with, made where there are none; the realm's own are remembered once they are committed."""
        known = {(REALM, retention): key for retention, key in self._ours.items()}
        keys = {holding: known[holding] for holding in wanted if holding in known}
        if rest := set(wanted) - keys.keys():
            found = self._find_or_make(rest)
            ours = {retention: key for (holder, retention), key in found.items() if holder == REALM}
            transaction.on_commit(lambda: self._ours.update(ours))
            keys |= found
        return keys

    def _find_or_make(self, wanted: Collection[Holding]) -> dict[Holding, DataKey]:
        newest = newest_keys(wanted, since=self._state.keys_since, realm=self._realm)
        keys = {holding: found.key for holding, found in newest.items() if found.key is not None}
        versions = {holding: newest[holding].version if holding in newest else 0 for holding in wanted}
        lacking = {holding: versions[holding] + 1 for holding in wanted if holding not in keys}
        made, key_rows = make_keys(lacking, realm=self._realm, made=self._at)
        if self._insert(key_rows) < len(made):      # another transaction made some at the same time, and has committed
            return self._find_or_make(wanted)
        versions |= lacking
        return {holding: DataKey((*holding, versions[holding]), key) for holding, key in (keys | made).items()}

    def _insert(self, key_rows: Sequence[KeyRow]) -> int:
        name = "holder, retention, version"
        return rows.insert_missing(connection, "vault_key", name, KEY_COLUMNS, sorted(key_rows, key=BY_NAME))


@transaction.atomic
def make_own_keys(*, realm: Realm, at: datetime) -> None:
    """Make the realm's own data keys where there are none, so that no two transactions wait for each other over the first."""
    AtOnce(source="", realm=realm, at=at).keys_for({(REALM, retention) for retention in RETENTIONS})


@transaction.atomic
def keep_words(*, texts: Sequence[Words], realm: Realm, recorded: int) -> None:
    """Keep each text under its subject and name, in place of an earlier one."""
    hand = AtOnce(source="", realm=realm, at=from_micros(recorded))
    keep_text_rows(hand.text_rows(texts=texts, recorded=recorded))

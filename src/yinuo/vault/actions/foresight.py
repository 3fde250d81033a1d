"""Surrogates, keys and sealed texts made ahead of the transactions that will keep them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import connection

from yinuo.kit import rows
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import DataKey
from yinuo.vault.actions.surrogates import (
    BY_NAME,
    REALM_HOLDING,
    SURROGATE_COLUMNS,
    Name,
    SurrogateRow,
    digests,
    draw_surrogates,
    holders_among,
    look_up,
    sealed_surrogates,
)
from yinuo.vault.actions.texts import TextRow, Words, latest_of, sealed_rows
from yinuo.vault.keyring import KEY_COLUMNS, Holding, KeyRow, Newest, State, make_keys, newest_keys, present_state
from yinuo.vault.memory import Remembered, shrink
from yinuo.vault.rules import REALM, TRANSACTION


class Foreseen(msgspec.Struct, array_like=True):
    """Surrogates and keys made before the transaction that needs them, and the epoch they hold in."""

    epoch: str
    surrogates: list[SurrogateRow]
    keys: list[KeyRow]


class Foresight:
    """Gives the surrogates and seals the texts of one source ahead of the transactions that will keep them, in one order.

    It reads what is committed, and remembers what it gave. Whether that still holds when a transaction comes to keep it,
    `keep_foreseen` says; if not, forget everything, and begin again once all earlier transactions are over.
    """

    def __init__(self, *, source: str, realm: Realm, at: datetime) -> None:
        self._source, self._realm, self._at = source, realm, to_micros(at)
        self._failed, self._look = False, True
        self._begin_anew(present_state())

    def forget(self) -> None:
        """Begin again from what is committed, because what was foreseen did not hold."""
        self._failed = True
        self._begin_anew(present_state())

    def begin(self) -> None:
        """Begin the next transaction's share, in the vault's present epoch."""
        state = present_state()
        if state != self._state:
            self._begin_anew(state)
        self.foreseen = Foreseen(state.epoch, [], [])

    def surrogates_for(self, *, names: Iterable[Name]) -> dict[Name, str]:
        """The surrogate of every name; those made here are noted in `foreseen`."""
        known, unknown = self._remembered.sort_out(names)
        if unknown:
            found, missing = self._found(unknown)
            made = draw_surrogates(missing, self._realm.entropy)
            if made:
                self.foreseen.surrogates += self._sealed(missing, made)
            self._remembered.learn(found | made)
            known |= found
            known |= made
        return known

    def text_rows(self, *, texts: Sequence[Words], recorded: int) -> list[TextRow]:
        """What `keep_text_rows` will keep of these texts; keys made for them are noted in `foreseen`."""
        latest = latest_of(texts)
        keys = self._keys_for({text.holding for text in latest})
        return sealed_rows(latest, recorded=recorded, keys=keys, entropy=self._realm.entropy)

    def _found(self, unknown: Sequence[Name]) -> tuple[dict[Name, str], dict[bytes, Name]]:
        """What the table has. Where it had none of a whole share, it is taken to have none: looking is a fifth of the work."""
        if not self._look:
            return {}, digests(self._source, unknown, self._realm.key)
        found, missing = look_up(self._source, unknown, self._realm.key)
        self._look = bool(found) or self._failed or not self._remembered.whole
        return found, missing

    def _sealed(self, missing: dict[bytes, Name], made: dict[Name, str]) -> list[SurrogateRow]:
        ours = self._keys_for({REALM_HOLDING})[REALM_HOLDING]
        persons = self._make(holders_among(made))
        return sealed_surrogates(self._source, missing, made, ours, persons, self._realm)

    def _keys_for(self, wanted: Collection[Holding]) -> dict[Holding, DataKey]:
        keys = {holding: self._ours[holding] for holding in wanted if holding in self._ours}
        rest = [holding for holding in wanted if holding not in keys]
        newest = self._newest(rest)
        lacking = {
            holding: newest[holding].version + 1 if holding in newest else 1
            for holding in sorted(rest) if holding not in newest or newest[holding].key is None
        }
        made = self._make(lacking)
        for holding in rest:
            found = newest.get(holding)
            raw = made.get(holding, found and found.key)
            assert raw
            keys[holding] = DataKey((*holding, lacking.get(holding) or (found.version if found else 1)), raw)
            if holding[0] == REALM:
                self._ours[holding] = keys[holding]
        return keys

    def _newest(self, wanted: Sequence[Holding]) -> dict[Holding, Newest]:
        """What was made here, and what the table has. Of a person met first here it has nothing that was not made here."""
        made = self._made
        newest = {holding: Newest(*made[holding]) for holding in wanted if holding in made}
        elsewhere = [holding for holding in wanted if holding not in newest and (holding[0], TRANSACTION) not in made]
        return newest | newest_keys(elsewhere, since=self._state.keys_since, realm=self._realm)

    def _make(self, versions: dict[Holding, int]) -> dict[Holding, bytes]:
        keys, key_rows = make_keys(versions, realm=self._realm, made=self._at)
        self.foreseen.keys += key_rows
        self._made |= {holding: (versions[holding], key) for holding, key in keys.items()}
        shrink(self._made)
        return keys

    def _begin_anew(self, state: State) -> None:
        self._state = state
        self._remembered = Remembered()
        self._made: dict[Holding, tuple[int, bytes]] = {}
        self._ours: dict[Holding, DataKey] = {}
        self._look = True
        self.foreseen = Foreseen(state.epoch, [], [])


def keep_foreseen(foreseen: Foreseen) -> bool:
    """Keep what was made ahead; False where something was erased since. What another made since is an IntegrityError."""
    if foreseen.epoch != present_state(hold=True).epoch:
        return False
    rows.insert(connection, "vault_surrogate", SURROGATE_COLUMNS, foreseen.surrogates, unique="digest")
    rows.insert(connection, "vault_key", KEY_COLUMNS, sorted(foreseen.keys, key=BY_NAME))
    return True

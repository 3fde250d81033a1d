"""What a realm keeps outside its database: wrapping keys, and the list of erasures that no restored backup may undo."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from yinuo.kit.ids import Entropy
from yinuo.kit.refusals import Refusal
from yinuo.kit.sealing import KEY_BYTES, WrappingKey


class KeyMissing(Refusal):
    """A wrapping key that the database needs is not there. Making a new one would not open anything."""

    status = 500
    code = "key-missing"


class ListDamaged(Refusal):
    """A line of the erasure list is not as it was written: whom it told of can no longer be said."""

    status = 500
    code = "list-damaged"


CHECK_LENGTH = 16
"""Of the check value at the end of each line of the erasure list, in hex."""


def check_of(line: str, before: str) -> str:
    """The check value of a line of the erasure list that follows one with the check value `before` ("" at the first)."""
    return hashlib.sha256(f"yinuo/erased-line/v1\n{before}\n{line}".encode()).hexdigest()[:CHECK_LENGTH]


class Keys(Protocol):
    """Wrapping keys by id, the newest being current; and the erasure list."""

    def ids(self) -> list[str]:
        """The ids of all wrapping keys, oldest first."""

    def current(self) -> WrappingKey:
        """The newest wrapping key; refuses where there is none."""

    def find(self, key_id: str) -> WrappingKey:
        """The wrapping key of that id; refuses an unknown one."""

    def begin(self, entropy: Entropy) -> WrappingKey:
        """The current wrapping key, made if there is none at all. Processes that begin at once agree on one."""

    def add(self, entropy: Entropy) -> WrappingKey:
        """A new wrapping key, current from now on."""

    def erased(self) -> list[str]:
        """The lines of the erasure list; refuses one that is not as it was written."""

    def note_erased(self, lines: Sequence[str]) -> None:
        """Append lines to the erasure list; they are on the disk when this returns."""


class KeysInMemory:
    """Keys that end with the process: for tests, and for data that nobody is to open again."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = {key.id: key for key in map(WrappingKey, keys)}
        self._erased: list[str] = []

    def ids(self) -> list[str]:
        """The ids of all wrapping keys, oldest first."""
        return list(self._keys)

    def current(self) -> WrappingKey:
        """The newest wrapping key."""
        if not self._keys:
            raise KeyMissing("There is no wrapping key.")
        return self._keys[self.ids()[-1]]

    def find(self, key_id: str) -> WrappingKey:
        """The wrapping key of that id."""
        if key_id not in self._keys:
            raise KeyMissing(f"The wrapping key {key_id} is unknown here.")
        return self._keys[key_id]

    def begin(self, entropy: Entropy) -> WrappingKey:
        """The current wrapping key, made if there is none."""
        return self.current() if self._keys else self.add(entropy)

    def add(self, entropy: Entropy) -> WrappingKey:
        """A new wrapping key, current from now on."""
        key = WrappingKey(entropy(KEY_BYTES))
        self._keys[key.id] = key
        return key

    def erased(self) -> list[str]:
        """The lines of the erasure list."""
        return list(self._erased)

    def note_erased(self, lines: Sequence[str]) -> None:
        """Append lines to the erasure list."""
        self._erased += lines

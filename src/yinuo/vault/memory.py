"""What this process remembers, so that a merchant met in every batch is not looked up in every batch: surrogates, and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from yinuo.kit.sealing import DataKey

Name = tuple[str, str]     # type and id at the source

NAMES_MAX = 200_000     # about 50 MB


class Remembered:
    """The surrogates of one source's names, all of them committed."""

    def __init__(self) -> None:
        self._surrogates: dict[Name, str] = {}
        self.whole = True       # until the first is let go

    def sort_out(self, names: Iterable[Name]) -> tuple[dict[Name, str], list[Name]]:
        """The surrogates of the names remembered, and the other names, each once."""
        surrogates = self._surrogates
        known: dict[Name, str] = {}
        unknown: dict[Name, None] = {}
        for name in names:
            surrogate = surrogates.get(name)
            if surrogate is None:
                unknown[name] = None
            else:
                known[name] = surrogate
        return known, list(unknown)

    def learn(self, surrogates: Mapping[Name, str]) -> None:
        """Remember these too; where they become too many, the oldest are let go."""
        self._surrogates.update(surrogates)
        if shrink(self._surrogates):
            self.whole = False


class Memory:
    """What is remembered of each source, and the realm's own data keys by class, as long as the vault's epoch lasts."""

    def __init__(self) -> None:
        self._epoch = ""
        self._sources: dict[tuple[bytes, str], Remembered] = {}
        self._keys: dict[bytes, dict[str, DataKey]] = {}

    def of(self, key: bytes, source: str, epoch: str) -> Remembered:
        """What is remembered of a source; nothing if surrogates were deleted since, or if no epoch was ever begun."""
        return self._sources.setdefault((key, source), Remembered()) if self._lasts(epoch) else Remembered()

    def keys_of(self, key: bytes, epoch: str) -> dict[str, DataKey]:
        """The realm's own data keys, to be looked up and added to."""
        return self._keys.setdefault(key, {}) if self._lasts(epoch) else {}

    def _lasts(self, epoch: str) -> bool:
        if epoch and epoch != self._epoch:
            self._sources, self._keys = {}, {}
            self._epoch = epoch
        return bool(epoch)


def shrink(known: dict[Name, str] | dict[Name, tuple[int, bytes]]) -> bool:
    """Let the oldest quarter go where there are too many; returns whether there were."""
    if len(known) <= NAMES_MAX:
        return False
    for name in list(islice(known, len(known) - NAMES_MAX * 3 // 4)):
        known.pop(name, None)      # another thread may have been here
    return True

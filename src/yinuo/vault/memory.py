"""Surrogates that this process remembers, so that a merchant met in every batch is not looked up in every batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

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
        known = self._surrogates
        known.update(surrogates)
        if len(known) > NAMES_MAX:
            self.whole = False
            for name in list(islice(known, len(known) - NAMES_MAX * 3 // 4)):
                known.pop(name, None)      # another thread may have been here


class Memory:
    """What is remembered of each source, as long as the vault's epoch lasts."""

    def __init__(self) -> None:
        self._epoch = ""
        self._sources: dict[tuple[bytes, str], Remembered] = {}

    def of(self, key: bytes, source: str, epoch: str) -> Remembered:
        """What is remembered of a source; nothing if surrogates were deleted since, or if no epoch was ever begun."""
        if not epoch:
            return Remembered()
        if epoch != self._epoch:
            self._sources = {}
            self._epoch = epoch
        return self._sources.setdefault((key, source), Remembered())

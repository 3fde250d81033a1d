"""Sort more items than fit in memory by business time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec

from yinuo.kit.rows import chunks
from yinuo.pipelines.importing.items import Item

RUN_ITEMS = 100_000      # sorted in memory at once: about 70 MB
BLOCK_ITEMS = 500
_LENGTH_BYTES = 4

_order = attrgetter("at", "place")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Item])


class Ordered:
    """Items in the order of business time, to be gone through once. Spilled runs vanish with the process, even a killed one."""

    def __init__(self, items: Iterable[Item], *, scratch: Path, run_items: int = RUN_ITEMS) -> None:
        self.count = 0
        self._spilled: list[IO[bytes]] = []
        self._last: list[Item] = []
        for run in chunks(items, run_items):
            run.sort(key=_order)
            self.count += len(run)
            if len(run) == run_items:
                self._spilled.append(_spill(run, scratch))
            else:
                self._last = run

    def __iter__(self) -> Iterator[Item]:
        return merge(*map(_unspill, self._spilled), self._last, key=_order)

    def close(self) -> None:
        """Give the spilled runs' disk back."""
        for file in self._spilled:
            file.close()


def _spill(run: list[Item], scratch: Path) -> IO[bytes]:
    file = TemporaryFile(dir=scratch)  # noqa: SIM115 - read later; it has no name, so nothing can be left behind
    for block in chunks(run, BLOCK_ITEMS):
        packed = _encoder.encode(block)
        file.write(len(packed).to_bytes(_LENGTH_BYTES, "big") + packed)
    return file


def _unspill(file: IO[bytes]) -> Iterator[Item]:
    file.seek(0)
    while length := file.read(_LENGTH_BYTES):
        yield from _decoder.decode(file.read(int.from_bytes(length, "big")))

"""A Merkle tree (RFC 6962) that grows in tiles of 256 hashes (C2SP tlog-tiles): only its right edge is ever in memory.

The tile of level L and number N holds the hashes of subtrees of 256^L leaves each, from the N x 256th on. Unfinished tiles
are kept as far as they go; they only ever grow, so every earlier width of one is a prefix of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

from yinuo.kit.merkle import node_hash

HASH_BYTES = 32
TILE_HASHES = 256
TILE_BYTES = TILE_HASHES * HASH_BYTES
TILE_HEIGHT = 8
Place = tuple[int, int]
"""A tile's level and number."""


def width_of(level: int, number: int, size: int) -> int:
    """How many hashes the tile has in a tree of that size."""
    return max(0, min(TILE_HASHES, (size >> (TILE_HEIGHT * level)) - number * TILE_HASHES))


def edge_of(size: int) -> list[Place]:
    """The unfinished tiles of a tree, bottom first; those that have no hash yet included."""
    places = []
    level = 0
    while size >> (TILE_HEIGHT * level):
        places.append((level, size >> (TILE_HEIGHT * (level + 1))))
        level += 1
    return places


class Edge:
    """The right edge of a tree: its size and, level by level, the hashes of the unfinished tile."""

    def __init__(self, size: int, tiles: Mapping[Place, bytes]) -> None:
        self.size = size
        self._hashes = [
            tiles.get((level, number), b"")[: width_of(level, number, size) * HASH_BYTES] for level, number in edge_of(size)
        ]
        for (level, number), hashes in zip(edge_of(size), self._hashes, strict=True):
            if len(hashes) != width_of(level, number, size) * HASH_BYTES:
                raise ValueError(f"tile {level}/{number} is shorter than a tree of {size} needs it")

    def append(self, hashes: Sequence[bytes]) -> dict[Place, bytes]:
        """Append leaf hashes; returns every tile that changed, whole, as far as it goes."""
        changed: dict[Place, bytes] = {}
        incoming, level = b"".join(hashes), 0
        while incoming:
            if level == len(self._hashes):
                self._hashes.append(b"")
            number = self.size >> (TILE_HEIGHT * (level + 1))
            data = self._hashes[level] + incoming
            full = len(data) // TILE_BYTES
            tiles = [data[place * TILE_BYTES : (place + 1) * TILE_BYTES] for place in range(full)]
            rest = data[full * TILE_BYTES :]
            changed |= {(level, number + place): tile for place, tile in enumerate(tiles)}
            if rest:
                changed[level, number + full] = rest
            self._hashes[level] = rest
            incoming = b"".join(map(subtree, tiles))
            level += 1
        self.size += len(hashes)
        return changed

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        found: bytes | None = None
        for hashes in self._hashes:
            for peak in _peaks(hashes):
                found = peak if found is None else node_hash(peak, found)
        return sha256(b"").digest() if found is None else found


def _peaks(hashes: bytes) -> list[bytes]:
    """The roots of the perfect subtrees that an unfinished tile is made of, the smallest (rightmost) first."""
    peaks, end = [], len(hashes)
    count, bit = len(hashes) // HASH_BYTES, 1
    while count:
        if count & 1:
            peaks.append(subtree(hashes[end - bit * HASH_BYTES : end]))
            end -= bit * HASH_BYTES
        count >>= 1
        bit <<= 1
    return peaks


def subtree(hashes: bytes) -> bytes:
    """The root over 1, 2, 4, ... or 256 hashes in a row."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join([sha256(b"\x01" + hashes[i : i + 64]).digest() for i in range(0, len(hashes), 64)])
    return hashes


def reader(
    read_tiles: Callable[[Iterable[Place]], Mapping[Place, bytes]]
) -> Callable[[Sequence[tuple[int, int]]], list[bytes]]:
    """A reader of subtree hashes, by (height, index), out of tiles that are read at once, each once."""

    def read(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        spans = [_span(height, index) for height, index in wanted]
        tiles = read_tiles(sorted({place for place, _, _ in spans}))
        return [subtree(_cut(tiles, place, first, last)) for place, first, last in spans]

    return read


def _span(height: int, index: int) -> tuple[Place, int, int]:
    """In which tile a subtree's hashes lie, from which byte to which."""
    level, within = divmod(height, TILE_HEIGHT)
    first = index << within
    start = first % TILE_HASHES * HASH_BYTES
    return (level, first // TILE_HASHES), start, start + (HASH_BYTES << within)


def _cut(tiles: Mapping[Place, bytes], place: Place, first: int, last: int) -> bytes:
    hashes = tiles.get(place, b"")[first:last]
    if len(hashes) != last - first:
        raise ValueError(f"tile {place[0]}/{place[1]} is missing or too short")
    return hashes

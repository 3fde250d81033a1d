"""A Merkle tree (RFC 6962) that grows in tiles of 256 hashes (C2SP tlog-tiles): only its right edge is ever in memory.

The tile of level L and number N holds the hashes of subtrees of 256^L leaves each, from the N x 256th on. Unfinished tiles
are kept as far as they go; they only ever grow, so every earlier width of one is a prefix of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

from yinuo.kit.merkle import EMPTY_ROOT, HASH_BYTES, Node, Reader, Unproven, node_hash
from yinuo.kit.tile_paths import TILE_HEIGHT, TILE_WIDTH, hash_in, tile_with, width_in

TILE_BYTES = TILE_WIDTH * HASH_BYTES
Place = tuple[int, int]
"""A tile's level and index."""


def edge_of(size: int) -> list[Place]:
    """The unfinished tiles of a tree, bottom first; those that have no hash yet included."""
    places: list[Place] = []
    while size >> (TILE_HEIGHT * len(places)):
        places.append((len(places), size >> (TILE_HEIGHT * (len(places) + 1))))
    return places


class Edge:
    """The right edge of a tree: its size and, level by level, the hashes of the unfinished tile."""

    def __init__(self, size: int, tiles: Mapping[Place, bytes]) -> None:
        self.size = size
        self._hashes = [
            tiles.get(place, b"")[: width_in(*place, size) * HASH_BYTES] for place in edge_of(size)
        ]
        for place, hashes in zip(edge_of(size), self._hashes, strict=True):
            if len(hashes) != width_in(*place, size) * HASH_BYTES:
                raise Unproven(f"The tile {place[0]}/{place[1]} is shorter than a tree of {size:,} entries needs it.")

    def copy(self) -> Edge:
        """Another edge of the same tree, to grow apart."""
        return Edge(self.size, dict(zip(edge_of(self.size), self._hashes, strict=True)))

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
        return EMPTY_ROOT if found is None else found


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


def reader(read_tiles: Callable[[Iterable[Place]], Mapping[Place, bytes]], size: int) -> Reader:
    """A reader of a tree's subtree hashes out of its tiles, each of which is read once at each call."""

    def read(wanted: Sequence[Node]) -> list[bytes]:
        places = [(tile.level, tile.index) for tile in (tile_with(node, size) for node in wanted)]
        tiles = read_tiles(sorted(set(places)))
        return [hash_in(tiles.get(place, b""), node) for place, node in zip(places, wanted, strict=True)]

    return read

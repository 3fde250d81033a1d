"""Tiles (C2SP tlog-tiles): where the hashes and entries of a log lie as files, up to 256 in each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from yinuo.kit.merkle import HASH_BYTES, SIZE_MAX, Node, node_hash
from yinuo.kit.refusals import Malformed

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
LEVEL_MAX = 63
ENTRIES = -1
"""The level under which bundles of entries are named."""
ENTRY_BYTES_MAX = 65_535
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The `index`-th tile of a level with its first `width` hashes (or entries); 256 make it full."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Its path below the log's address, such as tile/0/x001/x234/067 or tile/1/000.p/17."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level == ENTRIES else self.level}/{number}{partial}"


def parse_tile_path(path: str) -> Tile:
    """The tile at a path; refuses every other way of writing it."""
    match = _PATH.match(path)
    if not match:
        raise Malformed("This is not the path of a tile.")
    level, number, width = match.groups()
    tile = Tile(
        level=ENTRIES if level == "entries" else int(level),
        index=int(re.sub("[x/]", "", number)),
        width=int(width) if width else TILE_WIDTH,
    )
    if tile.level > LEVEL_MAX or tile.index > SIZE_MAX or tile.path != path or (width and tile.width >= TILE_WIDTH):
        raise Malformed("This is not the path of a tile.")
    return tile


def width_in(level: int, index: int, size: int) -> int:
    """How wide the tile is in a log of `size` entries: 0 where it has not begun, 256 where it is full."""
    hashes = size >> (TILE_HEIGHT * max(level, 0))
    return min(max(hashes - index * TILE_WIDTH, 0), TILE_WIDTH)


def tiles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Every tile of hashes that a log of `size` entries serves; with `since`, those that a log of that size did not."""
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        for index in range((since >> (TILE_HEIGHT * level)) // TILE_WIDTH, -(-hashes // TILE_WIDTH)):
            width = width_in(level, index, size)
            if width != width_in(level, index, since):
                yield Tile(level, index, width)
        level += 1


def tile_with(node: Node, size: int) -> Tile:
    """The tile from whose hashes that of a perfect subtree follows, as wide as it is at `size`."""
    level, index = node[0] // TILE_HEIGHT, node[1] >> (TILE_HEIGHT - node[0] % TILE_HEIGHT)
    return Tile(level, index, width_in(level, index, size))


def hash_in(content: bytes, node: Node) -> bytes:
    """The hash of a perfect subtree from the bytes of the tile that holds it."""
    within = node[0] % TILE_HEIGHT
    first = (node[1] << within) % TILE_WIDTH
    wanted = content[first * HASH_BYTES : (first + (1 << within)) * HASH_BYTES]
    if len(wanted) != HASH_BYTES << within:
        raise Malformed("The tile is too short for the hash that it should hold.")
    hashes = [wanted[place : place + HASH_BYTES] for place in range(0, len(wanted), HASH_BYTES)]
    while len(hashes) > 1:
        hashes = [node_hash(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """A bundle of entries: each with its length in two bytes before it."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > ENTRY_BYTES_MAX:
            raise Malformed(f"An entry has at most {ENTRY_BYTES_MAX} bytes.")
        parts += (len(entry).to_bytes(2), entry)
    return b"".join(parts)


def decode_entries(bundle: bytes, width: int = TILE_WIDTH) -> Sequence[bytes]:
    """The entries of a bundle; refuses one with more or fewer than `width`."""
    entries: list[bytes] = []
    place = 0
    while place < len(bundle) and len(entries) < width:
        start = place + 2
        place = start + int.from_bytes(bundle[place:start])
        entries.append(bundle[start:place])
    if place != len(bundle) or len(entries) != width:
        raise Malformed(f"This is not a bundle of {width} entries: it is cut off or has bytes left over.")
    return entries

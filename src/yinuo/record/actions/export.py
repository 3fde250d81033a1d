"""Export: the log as files, the same bytes as the API serves, for mirrors and caches."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from yinuo.kit.actors import Actor, allow
from yinuo.kit.checkpoints import parse_checkpoint
from yinuo.kit.merkle import HASH_BYTES
from yinuo.kit.notes import parse_note
from yinuo.kit.refusals import Conflict, NotFound
from yinuo.kit.tile_paths import ENTRIES, TILE_WIDTH, Tile, encode_entries, tiles_of
from yinuo.record import queries

Progress = Callable[[int, int], None]


def export(
    *, actor: Actor, folder: Path, progress: Progress = lambda done, total: None
) -> tuple[int, int]:
    """Bring a folder up to the newest checkpoint; returns its size and how many files were written.

    Each file is written beside and renamed, the checkpoint last. A folder with another log's checkpoint is refused.
    """
    allow(actor, "record.seal")
    found = queries.checkpoint()
    if found is None:
        raise NotFound("Nothing was signed yet, so there is nothing to export.")
    size, note = found
    since = _exported(folder, note)
    wanted = list(tiles_of(size, since=since))
    for done, tile in enumerate(wanted, 1):
        _write(folder / tile.path, _hashes(tile))
        if tile.level == 0:
            bundle = Tile(ENTRIES, tile.index, tile.width)
            start = tile.index * TILE_WIDTH
            _write(folder / bundle.path, encode_entries(queries.leaves(start=start, stop=start + tile.width)))
        progress(done, len(wanted))
    _write(folder / "checkpoint", note.encode())
    return size, len(wanted) + sum(tile.level == 0 for tile in wanted) + 1


def _exported(folder: Path, note: str) -> int:
    """The size up to which the folder holds this log already; only full tiles count, the others are written anew.

    A folder without a checkpoint is empty, or an export that was broken off: whatever else lies there is not ours to mix with.
    """
    try:
        before = parse_checkpoint(parse_note((folder / "checkpoint").read_bytes()).text)
    except FileNotFoundError:
        if others := sorted({each.name for each in folder.iterdir()} - {"tile"} if folder.is_dir() else ()):
            raise Conflict(
                f"The folder {folder} is not empty and holds no export of a log, but {others[0]!r}; choose a folder of its own."
            ) from None
        return 0
    now = parse_checkpoint(parse_note(note).text)
    if before.origin != now.origin or before.size > now.size or queries.root_of(before.size) != before.root:
        raise Conflict(f"The folder {folder} holds another log, or another history of this one; choose another folder.")
    return before.size


def _hashes(tile: Tile) -> bytes:
    place = (tile.level, tile.index)
    hashes = queries.tiles([place]).get(place, b"")[: tile.width * HASH_BYTES]
    if len(hashes) < tile.width * HASH_BYTES:
        raise NotFound(f"The tile {tile.path} is missing; run an audit.")
    return hashes


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(file)

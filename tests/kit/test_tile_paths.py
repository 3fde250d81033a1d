"""Where tiles lie and what is in them: the examples of tlog-tiles, and trees of many sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit import merkle, tile_paths
from yinuo.kit.refusals import Malformed
from yinuo.kit.tile_paths import ENTRIES, Tile, parse_tile_path


@pytest.mark.parametrize(("tile", "path"), [
    (Tile(0, 1234067), "tile/0/x001/x234/067"),
    (Tile(0, 0), "tile/0/000"),
    (Tile(1, 1000), "tile/1/x001/000"),
    (Tile(2, 0, 1), "tile/2/000.p/1"),
    (Tile(0, 273, 112), "tile/0/273.p/112"),
    (Tile(ENTRIES, 12, 255), "tile/entries/012.p/255"),
    (Tile(63, 999_999), "tile/63/x999/999"),
])
def test_the_path_of_a_tile(tile, path):
    assert tile.path == path
    assert parse_tile_path(path) == tile


@given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_every_tile_has_one_path(level, index, width):
    tile = Tile(level, index, width)
    assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize("path", [
    "", "tile", "tile/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/data/000",
    "tile/0/x000/001", "tile/0/001/002", "tile/0/x001",
    "tile/0/x001/x002", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
    "tile/0/000.p/", "tile/0/000.p/999",
    "tile/8/0/000", "/tile/0/000", "tile/0/000/", "tile/0/000\n", "tile/0/٠٠٠", "tile/0/../000",
    "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/entries/x1/000",
])
def test_another_way_of_writing_a_path_is_refused(path):
    with pytest.raises(Malformed):
        parse_tile_path(path)


def test_the_tiles_of_seventy_thousand_entries():
    tiles = list(tile_paths.tiles_of(70_000))
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [sum(tile.level == level and tile.width == 256 for tile in tiles) for level in range(3)] == [273, 1, 0]


def test_a_full_tile_makes_a_narrow_one_above_it():
    assert list(tile_paths.tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tile_paths.tiles_of(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 2000))
def test_what_is_new_since_a_size_are_the_tiles_it_did_not_have(since, more):
    size = since + more
    assert set(tile_paths.tiles_of(size, since=since)) == set(tile_paths.tiles_of(size)) - set(tile_paths.tiles_of(since))


@given(st.integers(1, 700), st.data())
def test_a_perfect_subtree_follows_from_its_tile(size, data):
    leaves = [merkle.leaf_hash(b"%d" % index) for index in range(size)]
    level = data.draw(st.integers(0, size.bit_length() - 1))
    node = level, data.draw(st.integers(0, (size >> level) - 1))

    def hash_of(level, index):
        if level == 0:
            return leaves[index]
        return merkle.node_hash(hash_of(level - 1, 2 * index), hash_of(level - 1, 2 * index + 1))

    tile = tile_paths.tile_with(node, size)
    assert tile in set(tile_paths.tiles_of(size))
    content = b"".join(hash_of(8 * tile.level, 256 * tile.index + place) for place in range(tile.width))
    assert tile_paths.hash_in(content, node) == hash_of(*node)
    if node[0] % 8 == 0 and node[1] % 256 == tile.width - 1:
        with pytest.raises(Malformed):
            tile_paths.hash_in(content[:-1], node)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_come_back_as_they_were(entries):
    assert tile_paths.decode_entries(tile_paths.encode_entries(entries), len(entries)) == entries


@pytest.mark.parametrize(("bundle", "width"), [
    (b"\0", 1), (b"\0\5abc", 1), (b"\0\1a\0\1b", 1), (b"\0\1a", 2), (b"\0\1a\0", 1), (b"", 1), (b"\0\1a\0\1b", 3),
])
def test_a_bundle_cut_off_or_with_more_is_refused(bundle, width):
    with pytest.raises(Malformed):
        tile_paths.decode_entries(bundle, width)


def test_an_entry_too_long_for_its_length_is_refused():
    assert len(tile_paths.encode_entries([b"x" * 65_535])) == 65_537
    with pytest.raises(Malformed):
        tile_paths.encode_entries([b"x" * 65_536])

"""A verifier not of our making: Go's packages for its own checksum database read our log and believe it, or do not."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from yinuo.kit import merkle, tile_paths
from yinuo.kit.checkpoints import Checkpoint
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.notes import sign_note

ORIGIN = "shop.example/record"
SIZE, EARLIER = 70_000, 66_113
LOG = Signer(ORIGIN, Method.ED25519, b"l" * 32)
OTHERS = (Signer(ORIGIN, Method.ML_DSA_44, b"m" * 32), Signer("witness.example", Method.ED25519_COSIGNATURE, b"w" * 32))
PACKAGES = Path("/usr/share/gocode")     # where Debian's golang-golang-x-mod-dev puts them

pytestmark = pytest.mark.skipif(
    not shutil.which("go") or not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir(),
    reason="needs Go and its module packages: apt-get install golang-go golang-golang-x-mod-dev",
)


@pytest.fixture(scope="session")
def checker(tmp_path_factory):
    """The Go program, built."""
    folder = tmp_path_factory.mktemp("go")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    program = folder / "check_log"
    source = Path(__file__).with_name("check_log.go")
    subprocess.run(["go", "build", "-o", program, source], env=environment, check=True, timeout=110)
    return program


@pytest.fixture(scope="session")
def levels():
    """The hashes of all perfect subtrees by level, over entries of the form that the record has."""
    hashes = [[merkle.leaf_hash(entry(index)) for index in range(SIZE)]]
    while len(hashes[-1]) > 1:
        below = hashes[-1]
        hashes.append([merkle.node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return hashes


def entry(index):
    return b"\1" + index.to_bytes(32) + index.to_bytes(32)[::-1]


def reader(levels):
    return lambda nodes: [levels[level][index] for level, index in nodes]


def text_of(each):
    return base64.b64encode(each).decode()


def export(levels, size, folder):
    """Write the log as it was at a size: checkpoint, tiles, bundles, and proofs by our own code."""
    read = reader(levels)
    root = merkle.root_at(size, read)
    for tile in tile_paths.tiles_of(size):
        first = tile.index * 256
        write(folder / tile.path, b"".join(levels[8 * tile.level][first : first + tile.width]))
        if tile.level == 0:
            bundle = tile_paths.encode_entries(entry(index) for index in range(first, first + tile.width))
            write(folder / tile_paths.Tile(tile_paths.ENTRIES, tile.index, tile.width).path, bundle)
    (folder / "checkpoint").write_text(str(sign_note(Checkpoint(ORIGIN, size, root).text, [*OTHERS, LOG], at=1_790_000_000)))
    inclusion = [
        {"Index": index, "Proof": list(map(text_of, merkle.inclusion_proof(index, size, read)))}
        for index in (0, 1, 255, 256, size // 2, 65_535, size - 2, size - 1)
    ]
    consistency = [
        {
            "Old": old,
            "Root": text_of(merkle.root_at(old, read)),
            "Proof": list(map(text_of, merkle.consistency_proof(old, size, read))),
        }
        for old in (1, 2, 255, 256, 65_535, size // 2, size - 1, size)
    ]
    (folder / "proofs.json").write_text(json.dumps({"Inclusion": inclusion, "Consistency": consistency}))


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="session")
def exported(levels, tmp_path_factory):
    """The log in files."""
    folder = tmp_path_factory.mktemp("log")
    export(levels, SIZE, folder)
    return folder


def judged(checker, folder, vkey=LOG.verifier.vkey):
    done = subprocess.run([checker, folder, vkey], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == (done.stdout != "accepted\n"), done.stderr
    return done.stdout


def test_go_accepts_checkpoint_tiles_entries_and_proofs(checker, exported):
    assert judged(checker, exported) == "accepted\n"


@pytest.mark.parametrize("size", [EARLIER, 65_536])
def test_go_accepts_the_log_as_it_was(checker, levels, tmp_path, size):
    export(levels, size, tmp_path)
    assert judged(checker, tmp_path) == "accepted\n"


@pytest.mark.parametrize("file", [
    "checkpoint", "tile/0/000", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/100",
    "tile/entries/273.p/112",
])
def test_go_finds_one_flipped_bit(checker, exported, file):
    path = exported / file
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        assert judged(checker, exported).startswith("refused")
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("kind", ["Inclusion", "Consistency"])
def test_go_refuses_a_changed_proof(checker, exported, kind):
    path = exported / "proofs.json"
    whole = path.read_text()
    proofs = json.loads(whole)
    proofs[kind][1]["Proof"][0] = text_of(b"\7" * 32)
    try:
        path.write_text(json.dumps(proofs))
        assert kind.lower() in judged(checker, exported)
    finally:
        path.write_text(whole)


def test_go_refuses_another_key(checker, exported):
    other = Signer(ORIGIN, Method.ED25519, b"o" * 32).verifier.vkey
    assert judged(checker, exported, other).startswith("refused")

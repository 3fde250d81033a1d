"""How fast does the tree grow, how fast are proofs, and how long does a fact wait to be sealed? Beside pymerkle."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from statistics import median, quantiles
from typing import Any

from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM
from yinuo.kit.log import log_of
from yinuo.kit.merkle import check_inclusion, inclusion_proof, leaf_hash
from yinuo.kit.tree import Edge, reader
from yinuo.pipelines.bench import Options
from yinuo.pipelines.bench.orders import SOURCE, events
from yinuo.record import actions, queries

LEAVES = 10_000_000
BATCH = 16_384
FACTS = 200_000            # of the whole pass: numbers, leaves, tiles, head
PEER_LEAVES = 1_000_000
PROOFS = 2_000
LAG_SECONDS = 20
LAG_BATCH = 100
PAUSE_SECONDS = .2
_AT = datetime(2050, 1, 1, tzinfo=UTC)


def run(options: Options) -> dict[str, Any]:
    """Measure the whole sealing pass, the tree alone up to ten million leaves, proofs from it, the peer, and the lag."""
    leaves = options.facts or LEAVES
    options.say(f"Sealing {FACTS:,} facts")
    sealed = _sealing(options)
    options.say("Sealing while facts come in")
    lags = _lags(options)
    options.say(f"Growing the tree alone to {leaves:,} leaves")
    root, tree_speed = _tree(leaves, options)
    options.say("Proving from it")
    proofs, verifications = _proofs(leaves, root, options.seed)
    metrics: dict[str, Any] = {
        "seal_per_s": round(sealed), "tree_per_s": round(tree_speed), "leaves": leaves,
        "proof_p50_ms": _milliseconds(median(proofs)), "proof_p99_ms": _milliseconds(quantiles(proofs, n=100)[98]),
        "verify_us": round(1e6 * median(verifications), 1),
        "seal_lag_p50_s": round(median(lags), 3), "seal_lag_p99_s": round(quantiles(lags, n=100)[98], 3),
        "database": connection.vendor,
    }
    return metrics | _peer(min(leaves, PEER_LEAVES), tree_speed, metrics["proof_p50_ms"], options)


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 3)


def _sealing(options: Options) -> float:
    """Facts a second through the whole pass: numbers of subjects, leaves, tiles, head, signed at the end."""
    made = events(FACTS, seed=options.seed)
    for _ in actions.take_stream(actor=SYSTEM, source=SOURCE, raws=made, realm=options.realm, at=_AT):
        pass
    started = time.perf_counter()
    while actions.seal(actor=SYSTEM, realm=options.realm):
        pass
    assert options.realm.log is not None
    actions.publish(actor=SYSTEM, log=options.realm.log, at=_AT)
    return FACTS / (time.perf_counter() - started)


def _lags(options: Options) -> list[float]:
    """How long facts waited, from their commit to a signed head over them, while batches of a hundred kept coming in.

    Taking in and sealing take turns in this process, as they would on one core; a pause comes where nothing waits.
    """
    assert options.realm.log is not None
    made = rows.chunks(events(10_000_000, seed=options.seed + 1), LAG_BATCH)
    lags: list[float] = []
    committed: list[float] = []
    until = time.perf_counter() + LAG_SECONDS
    next_seal = time.perf_counter()
    while time.perf_counter() < until:
        actions.take_events(actor=SYSTEM, source=SOURCE, raws=next(made), realm=options.realm, at=_AT)
        committed.append(time.perf_counter())
        if time.perf_counter() >= next_seal:
            while actions.seal(actor=SYSTEM, realm=options.realm):
                pass
            actions.publish(actor=SYSTEM, log=options.realm.log, at=_AT + timedelta(seconds=len(lags)))
            lags += [time.perf_counter() - moment for moment in committed]
            committed = []
            next_seal = time.perf_counter() + PAUSE_SECONDS
    return lags


def _leaves(count: int) -> Iterator[list[bytes]]:
    """Hashes of made-up entries of 65 bytes, as the record's are."""
    entry = b"\x01" + bytes(56)
    for start in range(0, count, BATCH):
        yield [leaf_hash(entry + number.to_bytes(8)) for number in range(start, min(start + BATCH, count))]


def _tree(count: int, options: Options) -> tuple[bytes, float]:
    """The root of a tree of that many leaves in its own tables, and leaves a second: hashing, tiles, head, signature."""
    log = log_of(origin="bench.invalid", ed25519=bytes(32), ml_dsa=bytes(32), last=options.scratch / "last")
    with connection.cursor() as cursor:
        blob = "bytea" if connection.vendor == "postgresql" else "blob"
        cursor.execute(f"CREATE TABLE bench_tile (id bigint PRIMARY KEY, hashes {blob})")
    edge, root = Edge(0, {}), b""
    started = time.perf_counter()
    for batch in _leaves(count):
        with transaction.atomic():
            grown = [(queries.tile_id(*place), hashes) for place, hashes in edge.append(batch).items()]
            rows.upsert(connection, "bench_tile", "id", ("id", "hashes"), grown)
            root = edge.root()
        log.remember(log.sign(size=edge.size, root=root))
    return root, count / (time.perf_counter() - started)


def _read_tiles(wanted: Any) -> dict[tuple[int, int], bytes]:
    places = {queries.tile_id(*place): place for place in wanted}
    found = rows.select_in(connection, "SELECT id, hashes FROM bench_tile WHERE id {keys}", list(places))
    return {places[key]: bytes(hashes) for key, hashes in found}


def _proofs(count: int, root: bytes, seed: int) -> tuple[list[float], list[float]]:
    """Seconds that each of many random proofs took to make from the database, and to check."""


    chance = random.Random(seed)    # noqa: S311 - which proofs are timed is no secret
    entry = b"\x01" + bytes(56)
    made, checked = [], []
    for _ in range(PROOFS):
        index = chance.randrange(count)
        started = time.perf_counter()
        proof = inclusion_proof(index, count, reader(_read_tiles, count))
        made.append(time.perf_counter() - started)
        leaf = leaf_hash(entry + index.to_bytes(8))
        started = time.perf_counter()
        check_inclusion(leaf=leaf, index=index, size=count, proof=proof, root=root)
        checked.append(time.perf_counter() - started)
    return made, checked


def _peer(count: int, tree_speed: float, proof_ms: float, options: Options) -> dict[str, Any]:
    """The same leaves in pymerkle's SQLite tree, in bulk, and its proofs; ratios above 1 say that ours is faster."""
    if find_spec("pymerkle") is None:
        reason = "pymerkle is not installed; it is GPL, so only `make peers` adds it"
        return {
            "pymerkle_seal_ratio": None, "pymerkle_proof_ratio": None,
            "null_because": {"pymerkle_seal_ratio": reason, "pymerkle_proof_ratio": reason},
        }
    options.say(f"The same {count:,} leaves in pymerkle")
    peer = import_module("pymerkle")
    entry = b"\x01" + bytes(56)
    tree = peer.SqliteTree(str(options.scratch / "peer.db"), algorithm="sha256")
    started = time.perf_counter()
    tree.append_entries([entry + number.to_bytes(8) for number in range(count)])
    tree.get_state()
    speed = count / (time.perf_counter() - started)
    times = _timed(lambda index: tree.prove_inclusion(index + 1, count), count, options.seed)
    return {
        "pymerkle_leaves": count, "pymerkle_seal_per_s": round(speed), "pymerkle_seal_ratio": round(tree_speed / speed, 2),
        "pymerkle_proof_p50_ms": _milliseconds(median(times)),
        "pymerkle_proof_ratio": round(1000 * median(times) / proof_ms, 1),
    }


def _timed(prove: Callable[[int], Any], count: int, seed: int) -> list[float]:
    chance = random.Random(seed)    # noqa: S311 - which proofs are timed is no secret
    times = []
    for _ in range(100):
        started = time.perf_counter()
        prove(chance.randrange(count))
        times.append(time.perf_counter() - started)
    return times



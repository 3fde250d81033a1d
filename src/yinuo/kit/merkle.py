"""Merkle trees as RFC 6962 draws them: one hash commits to every item and its place, and short proofs show so.

A hash of the tree is named by (level, index): the `index`-th perfect subtree over 2^level leaves. Who holds a tree gives a
`Reader` of such hashes; every prover here asks it once, for all that it needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from yinuo.kit.refusals import Refusal

Node = tuple[int, int]
Reader = Callable[[Sequence[Node]], Sequence[bytes]]

HASH_BYTES = 32
SIZE_MAX = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Unproven(Refusal):
    """The hashes given do not show what they are said to show."""

    status = 422
    code = "unproven"


def leaf_hash(item: bytes) -> bytes:
    """SHA-256 over 0x00 and the item."""
    return hashlib.sha256(b"\x00" + item).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 over 0x01 and two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(items: Iterable[bytes]) -> bytes:
    """The root over the items in their order; SHA-256 of nothing where there are none."""
    level = [leaf_hash(item) for item in items]
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]     # an odd one out moves up as it is
    return level[0]


def root_at(size: int, read: Reader) -> bytes:
    """The root over the first `size` leaves."""
    return _hashes_of([(0, size)], read)[0] if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: Reader) -> list[bytes]:
    """What shows that leaf `index` is in the tree of `size`: the hashes beside its path, from the leaf's sibling upwards."""
    if not 0 <= index < size:
        raise Unproven(f"A record of {size} entries has no entry {index}.")
    low, high, beside = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            beside.append((middle, high))
            high = middle
        else:
            beside.append((low, middle))
            low = middle
    return _hashes_of(beside[::-1], read)


def consistency_proof(old: int, new: int, read: Reader) -> list[bytes]:
    """What shows that the tree of `new` only adds to the tree of `old`; nothing where `old` is 0 or the same."""
    if not 0 <= old <= new:
        raise Unproven(f"A record of {new} entries was never one of {old}.")
    if old == 0:
        return []
    low, high, ranges = 0, new, []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:     # else it is the old root, which the verifier has
        ranges.append((low, high))
    return _hashes_of(ranges[::-1], read)


def check_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Refuse unless the proof leads from the leaf's hash, as entry `index` of `size`, to exactly this root."""
    if not 0 <= index < size <= SIZE_MAX:
        raise Unproven(f"A record of {size} entries has no entry {index}.")
    paired = (index ^ (size - 1)).bit_length()      # below this level the path has a neighbour on either side
    expected = paired + (index >> paired).bit_count()       # above it, on the left only
    _check_form([leaf], 1)
    _check_form(proof, expected)
    reached, place, sha256 = leaf, index, hashlib.sha256
    for level, beside in enumerate(proof):
        if level < paired and not place & 1:
            reached = sha256(b"\x01" + reached + beside).digest()
        else:
            reached = sha256(b"\x01" + beside + reached).digest()
        place >>= 1
    if reached != root:
        raise Unproven(f"The proof does not lead from entry {index} to the root over {size} entries.")


def check_consistency(*, old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Refuse unless the proof shows that the tree of `new` with its root only adds to that of `old` with its root.

    An empty old tree is refused: it agrees with every tree, so that there is nothing to check.
    """
    if not 0 < old <= new <= SIZE_MAX:
        raise Unproven(f"Nothing shows how a record of {old} entries became one of {new}.")
    low, high, turns = 0, new, []
    while high != old:
        middle = low + _split(high - low)
        turns.append(old <= middle)
        low, high = (low, middle) if old <= middle else (middle, high)
    _check_form(proof, len(turns) + bool(low))
    hashes = iter(proof)
    before = after = next(hashes) if low else old_root
    for grown, beside in zip(reversed(turns), hashes, strict=True):
        if grown:       # what stands on the right came later
            after = node_hash(after, beside)
        else:
            before, after = node_hash(beside, before), node_hash(beside, after)
    if (before, after) != (old_root, new_root):
        raise Unproven(f"The record of {new} entries does not continue the one of {old}: the roots do not fit together.")


def nodes_for(indices: Iterable[int], size: int) -> list[Node]:
    """The hashes that a prover of these leaves adds, so that the root over `size` can be recomputed; each once."""
    known = sorted(set(indices))
    if known and not 0 <= known[0] <= known[-1] < size:
        raise Unproven(f"A record of {size} entries has no entry {known[0] if known[0] < 0 else known[-1]}.")
    if not known:
        return _cover(0, size)
    nodes: list[Node] = []
    for level in range((size - 1).bit_length()):
        here = set(known)
        for index in known:
            beside = index ^ 1
            if beside not in here:
                nodes += _cover(min(beside << level, size), min((beside + 1) << level, size))
        known = sorted({index >> 1 for index in known})
    return nodes


def root_from(size: int, leaves: Mapping[int, bytes], nodes: Mapping[Node, bytes]) -> bytes:
    """The root over `size` from some leaves' hashes and exactly the hashes that `nodes_for` names."""
    _check_complete(nodes_for(leaves, size), nodes)
    _check_form(list(leaves.values()), len(leaves))
    _check_form(list(nodes.values()), len(nodes))
    if not leaves:
        return root_at(size, lambda asked: [nodes[node] for node in asked])
    known = dict(leaves)
    for level in range((size - 1).bit_length()):
        known = _parents(known, level, size, nodes)
    return known[0]


def _parents(known: Mapping[int, bytes], level: int, size: int, nodes: Mapping[Node, bytes]) -> dict[int, bytes]:
    """The hashes one level up, of those with a known child; the other child is known, given, or put together."""
    parents: dict[int, bytes] = {}
    sha256 = hashlib.sha256
    for index, mine in known.items():
        if index >> 1 in parents:
            continue
        other = index ^ 1
        beside = known.get(other) or nodes.get((level, other))
        if beside is None and other << level >= size:       # an odd one out moves up as it is
            parents[index >> 1] = mine
            continue
        if beside is None:      # the last one, not yet full
            beside = _fold([nodes[node] for node in _cover(other << level, size)])
        pair = beside + mine if index & 1 else mine + beside
        parents[index >> 1] = sha256(b"\x01" + pair).digest()
    return parents


def _check_complete(needed: Sequence[Node], given: Mapping[Node, bytes]) -> None:
    """Refuse a hash too few or too many, by name."""
    if missing := [node for node in needed if node not in given]:
        raise Unproven("The hash {}/{} is missing.".format(*missing[0]))
    if len(needed) != len(given):
        surplus = min(given.keys() - set(needed))
        raise Unproven("The hash {}/{} is not needed here.".format(*surplus))


def _check_form(hashes: Sequence[bytes], expected: int) -> None:
    """Refuse another number of hashes, and what is not 32 bytes."""
    if len(hashes) != expected:
        raise Unproven(f"The proof has {len(hashes)} hashes where {expected} belong.")
    for each in hashes:
        if len(each) != HASH_BYTES:
            raise Unproven(f"A hash of the proof has {len(each)} bytes, not {HASH_BYTES}.")


def _split(width: int) -> int:
    """The largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)


def _cover(low: int, high: int) -> list[Node]:
    """The perfect subtrees that a node over [low, high) is made of, from left to right."""
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over perfect subtrees of falling size."""
    folded = hashes[-1]
    for beside in hashes[-2::-1]:
        folded = node_hash(beside, folded)
    return folded


def _hashes_of(ranges: Sequence[tuple[int, int]], read: Reader) -> list[bytes]:
    """The hashes of these ranges of leaves, with one call of the reader."""
    covers = [_cover(low, high) for low, high in ranges]
    asked = [node for cover in covers for node in cover]
    given = iter(read(asked) if asked else ())
    return [_fold([next(given) for _ in cover]) for cover in covers]

"""Merkle trees as RFC 6962 draws them: one hash commits to every item and its place, and short proofs show so.

A hash of the tree is named by (level, index): the `index`-th perfect subtree over 2^level leaves. Who holds a tree gives a
`Reader` of such hashes; every prover here asks it once, for all that it needs.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

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
    order, nodes = _order(indices, size), list[Node]()

    def walk(low: int, high: int, first: int, last: int) -> None:
        width = high - low
        if first == last and width & (width - 1) == 0:
            nodes.append((width.bit_length() - 1, low // width))
        elif width > 1:
            middle = low + _split(width)
            between = bisect_left(order, middle, first, last)
            walk(low, middle, first, between)
            walk(middle, high, between, last)

    if size:
        walk(0, size, 0, len(order))
    return nodes


def root_from(size: int, leaves: Mapping[int, bytes], nodes: Mapping[Node, bytes]) -> bytes:
    """The root over `size` from some leaves' hashes and exactly the hashes that `nodes_for` names."""
    for hashes in (leaves.values(), nodes.values()):
        _check_form(hashes, len(hashes))
    order, unused, sha256 = _order(leaves, size), dict(nodes), hashlib.sha256

    def over(low: int, high: int, first: int, last: int) -> bytes:
        width = high - low
        if first == last and width & (width - 1) == 0:
            node = width.bit_length() - 1, low // width
            if node not in unused:
                raise Unproven("The hash {}/{} is missing.".format(*node))
            return unused.pop(node)
        if width == 1:
            return leaves[low]
        middle = low + _split(width)
        between = bisect_left(order, middle, first, last)
        return sha256(b"\x01" + over(low, middle, first, between) + over(middle, high, between, last)).digest()

    found = over(0, size, 0, len(order)) if size else EMPTY_ROOT
    if unused:
        raise Unproven("The hash {}/{} is not needed here.".format(*min(unused)))
    return found


def _order(indices: Iterable[int], size: int) -> list[int]:
    """The indices in order, each once; refuses those outside the tree."""
    order = sorted(set(indices))
    if not 0 <= size <= SIZE_MAX or (order and not 0 <= order[0] <= order[-1] < size):
        raise Unproven(f"A record of {size} entries does not have all of these.")
    return order


def _check_form(hashes: Collection[bytes], expected: int) -> None:
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

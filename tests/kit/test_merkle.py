"""Proofs against RFC 6962's own recursive definitions, word for word and without any cleverness."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit import merkle
from yinuo.kit.merkle import Unproven

# The entries and roots that Certificate Transparency's reference tests use.
REFERENCE = [bytes.fromhex(each) for each in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]
REFERENCE_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
sizes = st.integers(1, 300)


def entries(size):
    return [b"entry %d" % index for index in range(size)]


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(items):
    if not items:
        return hashlib.sha256(b"").digest()
    if len(items) == 1:
        return hashlib.sha256(b"\0" + items[0]).digest()
    k = split(len(items))
    return hashlib.sha256(b"\1" + mth(items[:k]) + mth(items[k:])).digest()


def path(m, items):
    if len(items) == 1:
        return []
    k = split(len(items))
    return [*path(m, items[:k]), mth(items[k:])] if m < k else [*path(m - k, items[k:]), mth(items[:k])]


def subproof(m, items, whole):
    if m == len(items):
        return [] if whole else [mth(items)]
    k = split(len(items))
    if m <= k:
        return [*subproof(m, items[:k], whole), mth(items[k:])]
    return [*subproof(m - k, items[k:], False), mth(items[:k])]


class Tree:
    """A reader over a list, which counts how often it is asked."""

    def __init__(self, size):
        self.items = entries(size)
        self.asked = 0

    def __call__(self, nodes):
        self.asked += 1
        return [self.hash(node) for node in nodes]

    def hash(self, node):
        level, index = node
        below = self.items[index << level : (index + 1) << level]
        assert len(below) == 1 << level, "only perfect subtrees may be asked for"
        return mth(below)


@pytest.mark.parametrize(("size", "root"), REFERENCE_ROOTS.items())
def test_the_reference_roots(size, root):
    assert merkle.root(REFERENCE[:size]).hex() == root


@given(st.integers(0, 300))
def test_the_root_from_perfect_subtrees_is_the_root(size):
    assert merkle.root_at(size, Tree(size)) == mth(entries(size)) == merkle.root(entries(size))


@given(st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_are_read_at_once(data):
    size = data.draw(sizes)
    index, tree = data.draw(st.integers(0, size - 1)), Tree(size)
    proof = merkle.inclusion_proof(index, size, tree)
    assert proof == path(index, tree.items)
    assert tree.asked <= 1
    merkle.check_inclusion(
        leaf=merkle.leaf_hash(tree.items[index]), index=index, size=size, proof=proof, root=mth(tree.items)
    )


@given(st.data())
def test_consistency_proofs_are_those_of_the_definition_and_are_read_at_once(data):
    new = data.draw(sizes)
    old, tree = data.draw(st.integers(1, new)), Tree(new)
    proof = merkle.consistency_proof(old, new, tree)
    assert proof == subproof(old, tree.items, True)
    assert tree.asked <= 1
    merkle.check_consistency(old=old, old_root=mth(tree.items[:old]), new=new, new_root=mth(tree.items), proof=proof)


def test_every_small_tree_proves_each_of_its_entries_and_pasts_and_nothing_else():
    for size in range(1, 20):
        tree, root = Tree(size), mth(entries(size))
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, tree)
            for claimed in range(size):
                leaf = merkle.leaf_hash(b"entry %d" % claimed)
                if claimed == index:
                    merkle.check_inclusion(leaf=leaf, index=index, size=size, proof=proof, root=root)
                else:
                    with pytest.raises(Unproven):
                        merkle.check_inclusion(leaf=leaf, index=index, size=size, proof=proof, root=root)
                    with pytest.raises(Unproven):
                        merkle.check_inclusion(
                            leaf=merkle.leaf_hash(b"entry %d" % index), index=claimed, size=size, proof=proof, root=root
                        )
        for old in range(1, size):
            proof = merkle.consistency_proof(old, size, tree)
            for claimed in range(1, size + 1):
                if claimed != old:
                    with pytest.raises(Unproven):
                        merkle.check_consistency(
                            old=claimed, old_root=mth(entries(old)), new=size, new_root=root, proof=proof
                        )


changes = st.sampled_from(["drop", "add", "swap", "flip", "shorten"])


def changed(proof, change, place):
    place %= len(proof)
    if change == "drop":
        return proof[:place] + proof[place + 1 :]
    if change == "add":
        return [*proof[:place], b"\7" * 32, *proof[place:]]
    if change == "swap":
        return proof[::-1]
    each = bytes([proof[place][0] ^ 1]) + proof[place][1:] if change == "flip" else proof[place][:-1]
    return [*proof[:place], each, *proof[place + 1 :]]


@given(st.integers(2, 300), st.integers(0, 299), changes, st.integers(0, 30))
def test_a_changed_inclusion_proof_is_refused(size, index, change, place):
    index, tree = index % size, Tree(size)
    proof = merkle.inclusion_proof(index, size, tree)
    other = changed(proof, change, place)
    if other != proof:
        with pytest.raises(Unproven):
            merkle.check_inclusion(
                leaf=merkle.leaf_hash(tree.items[index]), index=index, size=size, proof=other, root=mth(tree.items)
            )


@given(st.integers(3, 300), st.integers(1, 299), changes, st.integers(0, 30))
def test_a_changed_consistency_proof_is_refused(new, old, change, place):
    old, tree = old % (new - 1) + 1, Tree(new)
    proof = merkle.consistency_proof(old, new, tree)
    other = changed(proof, change, place)
    if other != proof:
        with pytest.raises(Unproven):
            merkle.check_consistency(
                old=old, old_root=mth(tree.items[:old]), new=new, new_root=mth(tree.items), proof=other
            )


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 2**63), (2**70, 2**71)])
def test_an_entry_outside_the_tree_is_refused(index, size):
    with pytest.raises(Unproven):
        merkle.check_inclusion(leaf=b"\0" * 32, index=index, size=size, proof=[], root=b"\0" * 32)
    if size < 2**63:
        with pytest.raises(Unproven):
            merkle.inclusion_proof(index, size, Tree(0))


def test_an_empty_tree_proves_nothing_about_what_follows():
    with pytest.raises(Unproven):
        merkle.check_consistency(old=0, old_root=merkle.EMPTY_ROOT, new=1, new_root=b"\1" * 32, proof=[])
    assert merkle.consistency_proof(0, 5, Tree(5)) == []
    with pytest.raises(Unproven):
        merkle.consistency_proof(6, 5, Tree(5))


def test_a_leaf_or_root_of_another_length_is_refused():
    for leaf, root in ((b"", b""), (b"\1" * 31, b"\1" * 31)):
        with pytest.raises(Unproven):
            merkle.check_inclusion(leaf=leaf, index=0, size=1, proof=[], root=root)


subsets = st.integers(1, 130).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1))))


def given_for(size, indices):
    tree = Tree(size)
    leaves = {index: merkle.leaf_hash(tree.items[index]) for index in indices}
    needed = merkle.nodes_for(indices, size)
    return leaves, dict(zip(needed, tree(needed), strict=True)), mth(tree.items)


@given(subsets)
def test_any_entries_and_the_hashes_beside_them_give_the_root(case):
    size, indices = case
    leaves, nodes, root = given_for(size, indices)
    assert merkle.root_from(size, leaves, nodes) == root
    shown = {(level, index >> level) for index in indices for level in range(size.bit_length() + 1)}
    assert not nodes.keys() & shown, "a hash over an entry that is shown would go unchecked"


@given(subsets, st.data())
def test_a_missing_and_a_needless_hash_are_refused_by_name(case, data):
    size, indices = case
    leaves, nodes, _ = given_for(size, indices)
    if nodes:
        level, index = data.draw(st.sampled_from(sorted(nodes)))
        fewer = {node: each for node, each in nodes.items() if node != (level, index)}
        with pytest.raises(Unproven, match=f"{level}/{index} is missing"):
            merkle.root_from(size, leaves, fewer)
    extra = data.draw(st.tuples(st.integers(0, 8), st.integers(0, 130)).filter(lambda node: node not in nodes))
    with pytest.raises(Unproven, match="{}/{} is not needed".format(*extra)):
        merkle.root_from(size, leaves, {**nodes, extra: b"\0" * 32})


@given(subsets.filter(lambda case: case[1]), st.data())
def test_a_changed_entry_or_hash_gives_another_root(case, data):
    size, indices = case
    leaves, nodes, root = given_for(size, indices)
    index = data.draw(st.sampled_from(sorted(indices)))
    assert merkle.root_from(size, {**leaves, index: b"\7" * 32}, nodes) != root
    for node in sorted(nodes)[:1]:
        assert merkle.root_from(size, leaves, {**nodes, node: b"\7" * 32}) != root


def test_entries_outside_the_tree_or_of_another_length_are_refused():
    leaves, nodes, _ = given_for(5, {1})
    for outside in (-1, 5):
        with pytest.raises(Unproven):
            merkle.root_from(5, {**leaves, outside: b"\0" * 32}, nodes)
    with pytest.raises(Unproven):
        merkle.root_from(5, {1: b"short"}, nodes)


def test_nothing_shown_of_an_empty_tree_is_its_root():
    assert merkle.root_from(0, {}, {}) == merkle.EMPTY_ROOT

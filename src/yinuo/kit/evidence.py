"""Evidence: files that show facts of a record to whoever trusts its keys, checked without the record.

A proof file shows one fact. A pack shows many in one JSON object, with the hashes that they share.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from yinuo.kit.canonical import read_canonical
from yinuo.kit.checkpoints import parse_decimal, parse_hash
from yinuo.kit.merkle import Node, Unproven, leaf_hash, root_from
from yinuo.kit.notes import parse_note
from yinuo.kit.opening import RevealedFact, read_revealed
from yinuo.kit.policies import Accepted, Policy, parse_policy
from yinuo.kit.refusals import Malformed
from yinuo.kit.tlog_proofs import parse_tlog_proof

PACK_FORMAT = "yinuo-pack-v1"
MARK_BYTES = 6
_SHAPES: dict[str, type] = {
    "format": str, "kind": str, "note": str, "about": dict, "checkpoint": str, "policy": str, "size": int, "facts": list,
    "nodes": dict,
}
_NODE = re.compile(r"([0-9]{1,2})/([0-9]{1,19})\Z")


@dataclass(frozen=True, slots=True)
class Proven:
    """Facts that were found in a record, and the checkpoint that vouches for it."""

    accepted: Accepted
    facts: tuple[RevealedFact, ...]


def check_fact_proof(proof: str | bytes, policy: Policy) -> Proven:
    """The fact that a proof file shows in its extra data; refuses one that the policy's log does not hold there."""
    parsed = parse_tlog_proof(proof)
    if not parsed.extra:
        raise Malformed("The proof file shows no fact: it has no extra data.")
    try:
        text = parsed.extra.decode()
    except UnicodeDecodeError:
        raise Malformed("The proof's extra data is not UTF-8 text.") from None
    fact = read_revealed(read_canonical(text, "proof's extra data"))
    if fact.index != parsed.index:
        raise Unproven(f"The proof is about entry {parsed.index}, the fact shown says that it is entry {fact.index}.")
    return Proven(parsed.check(leaf_hash(fact.leaf), policy), (fact,))


def check_pack(pack: Any, policy: Policy | None = None) -> Proven:
    """The facts that a pack shows, by this policy; by the pack's own, which proves less, where none is given.

    What packs of one kind add is for that kind's own code to check; `check_whole` says whether facts were left out.
    """
    _check_head(pack)
    accepted = _accepted(policy or parse_policy(pack["policy"]), pack["checkpoint"])
    checkpoint = accepted.checkpoint
    if pack["size"] != checkpoint.size:
        raise Unproven(f"The pack speaks of {pack['size']} entries, its checkpoint of {checkpoint.size}.")
    facts = tuple(_fact(place, each) for place, each in enumerate(pack["facts"]))
    for fact, after in pairwise(facts):
        if fact.index >= after.index:
            raise Malformed(f"Facts {fact.index} and {after.index} do not stand in the order of their index, each once.")
    leaves = {fact.index: leaf_hash(fact.leaf) for fact in facts}
    if "marks" in pack:
        _check_marks(leaves, pack["marks"])
    if root_from(checkpoint.size, leaves, _nodes(pack["nodes"])) != checkpoint.root:
        if "marks" in pack:
            raise Unproven("The facts fit their marks; the pack's 'nodes' do not lead to the checkpoint's root: one differs.")
        raise Unproven("The facts and hashes of this pack do not lead to the checkpoint's root: at least one was changed.")
    return Proven(accepted, facts)


def check_strictly(pack: Any, policy: Policy | None, *, kind: str, note: str, names: Collection[str] = ()) -> Proven:
    """The facts of a pack of this kind, marked so, with exactly these parts more; signed by every log that it names itself.

    So nothing in it goes unread: a letter changed anywhere is a fault.
    """
    proven = check_pack(pack, policy)
    if pack["kind"] != kind:
        raise Unproven(f"This is a pack of another kind than {kind!r}.")
    if pack["note"] != note:
        raise Unproven("The marking (note) of the pack was changed.")
    if odd := pack.keys() ^ {*_SHAPES, "marks", *names}:
        raise Malformed(f"The pack lacks a part, or holds one that does not belong in it: {min(odd)[:80]!r}.")
    own = parse_policy(pack["policy"])
    if own.text != pack["policy"] or any(own.logs.values()):
        raise Malformed(
            "It is not written in the one right way: only keys of logs, witnesses, groups and a quorum.", path="policy"
        )
    signed = own.accept(pack["checkpoint"]).keys
    for key in own.logs:
        if key not in signed:
            raise Unproven(f"The checkpoint lacks the signature of a key that the pack names: {key.vkey[:80]}.")
    _check_named(own, pack["checkpoint"])
    return proven


def _check_named(own: Policy, note: str) -> None:
    """Refuse a checkpoint signed in a log's name by a key that the pack's policy leaves out: its line was taken away."""
    named = {(key.name, key.key_id) for key in own.logs}
    for signature in parse_note(note).signatures:
        if signature.name in {name for name, _ in named} and (signature.name, signature.key_id) not in named:
            raise Unproven(f"A signature of {signature.name[:80]} is by a key that the pack's policy does not name.")


def mark_of(leaf: bytes) -> str:
    """The beginning of a leaf's hash, by which a pack names the fact that was changed: the root tells only that one was."""
    return base64.b64encode(leaf_hash(leaf)[:MARK_BYTES]).decode()


def numbers_about(facts: Iterable[RevealedFact], field: str, subject: str) -> list[int]:
    """The numbers that a subject gave to the facts about it among these; a left-out fact leaves a gap."""
    numbers = (_number(fact, field, subject) for fact in facts)
    return sorted(number for number in numbers if number is not None)


def check_whole(facts: Iterable[RevealedFact], field: str, subject: Any) -> None:
    """Refuse unless these show at least one fact about a subject, and its numbers run from 0 without a gap."""
    numbers = numbers_about(facts, field, subject) if isinstance(subject, str) else []
    if not numbers:
        raise Unproven(f"The pack shows no fact about this {field}.")
    for expected, number in enumerate(numbers):
        if number != expected:
            raise Unproven(f"Fact number {expected} about this {field} is left out, or another one has its place.")


def _number(fact: RevealedFact, field: str, subject: str) -> int | None:
    for part in (fact.main, fact.person):
        stated = part.content.get("fact") if part else None
        if part and isinstance(stated, dict) and stated.get(field) == subject and field in part.numbers:
            return part.numbers[field]
    return None


def _accepted(policy: Policy, note: str) -> Accepted:
    try:
        return policy.accept(note)
    except Malformed as refusal:
        raise Malformed(refusal.sentence, path="checkpoint") from None


def _fact(place: int, revealed: Any) -> RevealedFact:
    try:
        return read_revealed(revealed)
    except Malformed as refusal:
        raise Malformed(refusal.sentence, path=f"facts[{place}]") from None


def _check_marks(leaves: Mapping[int, bytes], marks: Any) -> None:
    if not isinstance(marks, list) or len(marks) != len(leaves):
        raise Malformed("The pack's 'marks' are not one for each fact.")
    for (index, hashed), mark in zip(leaves.items(), marks, strict=True):
        if base64.b64encode(hashed[:MARK_BYTES]).decode() != mark:
            raise Unproven(f"Fact {index} was changed: it does not fit its mark.")


def _check_head(pack: Any) -> None:
    """Refuse what is not a pack, before anything in it is believed."""
    if not isinstance(pack, dict) or pack.get("format") != PACK_FORMAT:
        raise Malformed(f"This is not a pack of the form {PACK_FORMAT}.")
    for name, shape in _SHAPES.items():
        if type(pack.get(name)) is not shape:
            raise Malformed(f"The pack's {name!r} is missing or of another form.")


def _nodes(given: Mapping[str, Any]) -> dict[Node, bytes]:
    nodes: dict[Node, bytes] = {}
    for name, text in given.items():
        match = _NODE.match(name)
        if not match or not isinstance(text, str):
            raise Malformed("A hash of the pack is named by its level and index, such as 3/17.")
        node = parse_decimal(match[1], "level of a hash"), parse_decimal(match[2], "index of a hash")
        nodes[node] = parse_hash(text, f"hash {name}")
    return nodes

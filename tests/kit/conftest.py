"""A small log of facts with its keys, out of kit functions alone."""

from __future__ import annotations

import hashlib
import json

import pytest

from yinuo.kit import merkle, opening
from yinuo.kit.canonical import canonical_json
from yinuo.kit.checkpoints import Checkpoint
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.notes import sign_note
from yinuo.kit.policies import Group, Policy, Witness
from yinuo.kit.tlog_proofs import TlogProof

ORIGIN = "shop.example/record"


def seed(name):
    return hashlib.sha256(name.encode()).digest()


class SmallLog:
    """Facts 0 to size - 1; each third is about order o1, each second has a buyer's part."""

    ed25519 = Signer(ORIGIN, Method.ED25519, seed("log"))
    ml_dsa = Signer(ORIGIN, Method.ML_DSA_44, seed("log, later"))
    witness = Signer("witness.example/w", Method.ED25519_COSIGNATURE, seed("w"))
    later_witness = Signer("witness.example/x", Method.ML_DSA_44, seed("x"))

    def __init__(self, size):
        self.size = size
        self.parts = [self._parts(index) for index in range(size)]
        self.leaves = [opening.check_revealed(self.revealed(index)) for index in range(size)]
        self.root = merkle.root(self.leaves)

    def _parts(self, index):
        order, number = ("o1", index // 3) if index % 3 == 0 else (f"o{100 + index}", 0)
        fact = {"at": 1_700_000_000_000_000 + index, "fact": {"kind": "trade.order_paid", "order": order},
                "recorded": 1_700_000_000_000_001 + index, "source": "shop"}
        salt = seed(f"salt {index}")
        main = {"salt": salt, "content": canonical_json(fact), "numbers": {"order": number, "merchant": index}}
        if index % 2 == 0:
            person = {"salt": seed(f"other salt {index}"), "content": canonical_json({"fact": {"buyer": "b1"}}),
                      "numbers": {"buyer": index // 2}}
        else:
            person = None
        return main, person

    def revealed(self, index, *, person=False):
        main, other = self.parts[index]
        if other is None:
            shown = opening.closed(opening.part_commitment(b"{}", opening.no_person(main["salt"])))
        elif person:
            shown = opening.opening(**other)
        else:
            inner = opening.inner_of(other["salt"], other["content"])
            shown = opening.closed(opening.part_commitment(canonical_json(other["numbers"]), inner))
        return {"index": index, "main": opening.opening(**main), "person": shown}

    def read(self, nodes):
        return [merkle.root(self.leaves[index << level : (index + 1) << level]) for level, index in nodes]

    def checkpoint(self, *signers, at=1_790_000_000, origin=ORIGIN):
        text = Checkpoint(origin, self.size, self.root).text
        return str(sign_note(text, signers or [self.ed25519], at=at))

    def policy(self, *logs, witnesses=(), quorum="none", groups=None):
        keys = {log.verifier: "" for log in logs or [self.ed25519]}
        named = {f"w{place}": Witness(each.verifier) for place, each in enumerate(witnesses)}
        return Policy(keys, named, {name: Group(*each) for name, each in (groups or {}).items()}, quorum)

    def proof(self, index, *signers, person=False):
        hashes = tuple(merkle.inclusion_proof(index, self.size, self.read))
        extra = canonical_json(self.revealed(index, person=person))
        return str(TlogProof(index, hashes, self.checkpoint(*signers), extra)).encode()

    def pack(self, indices, *signers, kind="reviews", about=None, policy=None):
        nodes = merkle.nodes_for(indices, self.size)
        named = {f"{level}/{index}": opening.closed(each)["commitment"]
                 for (level, index), each in zip(nodes, self.read(nodes), strict=True)}
        return {
            "format": "yinuo-pack-v1", "kind": kind, "note": "not for credit granting", "about": about or {},
            "checkpoint": self.checkpoint(*signers), "policy": (policy or self.policy()).text, "size": self.size,
            "facts": [self.revealed(index, person=True) for index in sorted(indices)], "nodes": named,
        }

    def pack_bytes(self, indices, *signers, **rest):
        return json.dumps(self.pack(indices, *signers, **rest)).encode()


@pytest.fixture(scope="session")
def small_log():
    """Makes a log of so many facts."""
    return SmallLog

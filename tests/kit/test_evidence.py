"""Proof files and packs: what they prove, and that no change of them goes unseen."""

from __future__ import annotations

import json

import pytest

from yinuo.kit.canonical import canonical_json, read_json
from yinuo.kit.evidence import check_fact_proof, check_pack, check_whole, numbers_about
from yinuo.kit.merkle import Unproven, leaf_hash
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.notes import Unsigned
from yinuo.kit.refusals import Malformed, Refusal
from yinuo.kit.tlog_proofs import TlogProof, parse_tlog_proof


def test_a_proof_file_has_the_form_of_tlog_proof(small_log):
    log = small_log(5)
    lines = log.proof(3).decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 3"
    assert [len(line) for line in lines[3:6]] == [44, 44, 44]
    assert lines[6] == ""
    assert "\n".join(lines[7:]) == log.checkpoint()


@pytest.mark.parametrize("size", [1, 2, 7, 8, 40])
def test_a_proof_file_shows_its_fact(small_log, size):
    log = small_log(size)
    for index in range(size):
        raw = log.proof(index, person=index % 2 == 0)
        assert str(parse_tlog_proof(raw)).encode() == raw
        proven = check_fact_proof(raw, log.policy())
        assert proven.facts[0].leaf == log.leaves[index]
        assert proven.accepted.checkpoint.size == size


def test_a_proof_without_extra_data_proves_an_entry_by_its_hash(small_log):
    log = small_log(6)
    parsed = parse_tlog_proof(log.proof(4))
    bare = parse_tlog_proof(str(TlogProof(parsed.index, parsed.hashes, parsed.checkpoint)))
    assert bare.extra == b""
    assert bare.check(leaf_hash(log.leaves[4]), log.policy()).checkpoint.root == log.root
    with pytest.raises(Unproven):
        bare.check(leaf_hash(log.leaves[5]), log.policy())
    with pytest.raises(Malformed, match="shows no fact"):
        check_fact_proof(str(bare), log.policy())


def test_another_log_key_origin_or_place_is_refused(small_log):
    log, other = small_log(6), small_log(7)
    stranger = Signer(log.ed25519.name, Method.ED25519, b"stranger" * 4)
    with pytest.raises(Unsigned):
        check_fact_proof(log.proof(1, stranger), log.policy())
    elsewhere = TlogProof(1, parse_tlog_proof(log.proof(1)).hashes, log.checkpoint(origin="other.example"),
                          parse_tlog_proof(log.proof(1)).extra)
    with pytest.raises(Unsigned):
        check_fact_proof(str(elsewhere), log.policy())
    parsed = parse_tlog_proof(log.proof(1))
    with pytest.raises(Unproven):
        check_fact_proof(str(TlogProof(2, parsed.hashes, parsed.checkpoint, parsed.extra)), log.policy())
    with pytest.raises(Unproven):
        check_fact_proof(str(TlogProof(1, parsed.hashes, other.checkpoint(), parsed.extra)), log.policy())
    not_canonical = json.dumps(log.revealed(1)).encode()
    with pytest.raises(Malformed):
        check_fact_proof(str(TlogProof(1, parsed.hashes, parsed.checkpoint, not_canonical)), log.policy())


HASH = "A" * 43 + "=\n"


@pytest.mark.parametrize(("old", "new"), [
    ("c2sp", "C2SP"), ("@v1", "@v2"), ("index 3", "index 03"), ("index 3", "index"), ("index 3\n", ""), ("extra ", "extra  "),
    ("extra ", "note "), ("\n\n", "\n"), ("\n", "\r\n"), ("index 3\n", "index 3\nAAAA\n"), ("index 3\n", "index 3\n" + HASH),
    ("index 3\n", "index 3\n" + HASH * 64), ("index 3", "index 3\0"), ("index 3", "extra \nindex 3"),
    ("index 3", "index 3" + "x" * 4_000_000), ("index 3", "index 4"), ("index 3", "index -3"),
    ("index 3", f"index {2**63 + 3}"),
], ids=range(18))
def test_what_is_no_proof_file_is_refused(small_log, old, new):
    log = small_log(5)
    with pytest.raises(Refusal):
        check_fact_proof(log.proof(3).decode().replace(old, new, 1), log.policy())


def test_every_cut_of_a_proof_file_is_refused(small_log):
    log = small_log(3)
    raw = log.proof(1)
    for end in range(len(raw)):
        with pytest.raises(Refusal):
            check_fact_proof(raw[:end], log.policy())


@pytest.mark.parametrize("indices", [[], [0], [3, 4, 11], range(12)], ids=len)
def test_a_pack_shows_its_facts(small_log, indices):
    log = small_log(12)
    pack = read_json(log.pack_bytes(indices), "pack")
    for policy in (log.policy(), None):
        assert [fact.leaf for fact in check_pack(pack, policy).facts] == [log.leaves[index] for index in indices]


@pytest.mark.parametrize("change", [
    {"format": "yinuo-pack-v2"}, {"kind": 1}, {"size": 11}, {"size": True}, {"size": "12"}, {"facts": {}}, {"nodes": []},
    {"checkpoint": ""}, {"checkpoint": None}, {"policy": 1}, {"about": []}, {"note": None}, {"nodes": {}}, {"facts": []},
    {"nodes": {"a": "b"}}, {"nodes": {"00/1": "A" * 43 + "="}}, {"nodes": {"0/1": 5}}, {"facts": [1]},
], ids=range(18))
def test_what_is_no_pack_is_refused(small_log, change):
    log = small_log(12)
    for pack in ({**log.pack([3, 4]), **change}, None, [], {}):
        with pytest.raises(Refusal):
            check_pack(pack, log.policy())


def test_facts_of_a_pack_stand_in_order_each_once(small_log):
    log = small_log(12)
    pack = log.pack([3, 4])
    for facts in (pack["facts"][::-1], [pack["facts"][0], *pack["facts"]], pack["facts"][:1]):
        with pytest.raises(Refusal):
            check_pack({**pack, "facts": facts}, log.policy())


def test_facts_left_out_show_by_their_numbers(small_log):
    log = small_log(12)
    whole = check_pack(log.pack([0, 3, 6, 9]), log.policy()).facts
    check_whole(whole, "order", "o1")
    assert numbers_about(whole, "order", "o1") == [0, 1, 2, 3]
    for left in ([0, 6, 9], [3, 6, 9]):
        with pytest.raises(Unproven, match="left out"):
            check_whole(check_pack(log.pack(left), log.policy()).facts, "order", "o1")
    for subject in ("o2", None, []):
        with pytest.raises(Unproven, match="no fact"):
            check_whole(whole, "order", subject)


def test_numbers_of_a_person_are_in_the_persons_part(small_log):
    log = small_log(6)
    facts = check_pack(log.pack(range(6)), log.policy()).facts
    assert numbers_about(facts, "buyer", "b1") == [0, 1, 2]


def test_a_given_policy_goes_before_the_packs_own(small_log):
    log = small_log(4)
    stranger = Signer(log.ed25519.name, Method.ED25519, b"stranger" * 4)
    pack = log.pack([1], stranger, policy=log.policy(stranger))
    assert check_pack(pack).facts
    with pytest.raises(Unsigned):
        check_pack(pack, log.policy())


def test_one_pack_in_canonical_json_says_the_same(small_log):
    log = small_log(4)
    pack = log.pack([1, 2])
    assert read_json(canonical_json(pack), "pack") == pack

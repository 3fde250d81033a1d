"""The verifier that outsiders download: it agrees with the kit on every file, and imports nothing of it."""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

import yinuo
from yinuo.kit.canonical import canonical_json, read_json
from yinuo.kit.evidence import check_fact_proof, check_pack, check_whole
from yinuo.kit.merkle import leaf_hash, nodes_for, root_from
from yinuo.kit.refusals import Refusal
from yinuo.kit.tlog_proofs import TlogProof, parse_tlog_proof

FILE = Path(yinuo.__file__).parent / "web" / "static" / "yinuo" / "verify_record.py"
PROOF = b"c2sp.org/tlog-proof@v1\n"


def loaded():
    spec = importlib.util.spec_from_file_location("verify_record", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Remembered, not replaced: thousands of variants of one file carry the same signature.
    module.ed25519_signed = functools.cache(module.ed25519_signed)
    return module


verify = loaded()


def proven_outside(raw, policy):
    try:
        return "PROVEN" in verify.check(raw, policy and verify.Policy.read(policy.text.encode()))[-1]
    except (verify.NotProven, verify.NotAsked):
        return False


def proven_inside(raw, policy):
    try:
        if raw.startswith(PROOF):
            check_fact_proof(raw, policy)
        else:
            pack = read_json(raw, "pack")
            proven = check_pack(pack, policy)
            if pack["kind"] == "order":
                check_whole(proven.facts, "order", pack["about"].get("order"))
            return pack["kind"] in ("order", "credit", "reviews", "receipt")
    except Refusal:
        return False
    return True


def both(raw, policy):
    outside, inside = proven_outside(raw, policy), proven_inside(raw, policy)
    assert outside == inside, raw
    return inside


def test_it_is_one_file_of_the_standard_library():
    tree = ast.parse(FILE.read_text(), feature_version=(3, 9))
    imported = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names | {"cryptography"}


@pytest.mark.parametrize("size", [1, 2, 5, 8, 33])
def test_both_accept_what_is_right(small_log, size):
    log = small_log(size)
    witnessed = log.policy(log.ed25519, log.ml_dsa, witnesses=(log.witness, log.later_witness), quorum="g",
                           groups={"g": (2, ("w0", "w1"))})
    for index in range(size):
        assert both(log.proof(index, person=index % 4 == 0), log.policy())
    signers = (log.ed25519, log.ml_dsa, log.witness, log.later_witness)
    assert both(log.proof(size - 1, *signers), witnessed)
    assert not both(log.proof(size - 1, *signers[:3]), witnessed)
    for indices in ([], [size - 1], range(size), range(0, size, 3)):
        assert both(log.pack_bytes(indices, *signers, policy=witnessed), None)
        shows_the_order = 0 in indices
        assert both(log.pack_bytes(indices, kind="order", about={"order": "o1"}), log.policy()) == shows_the_order


def test_every_single_flipped_bit_of_a_proof_is_refused_by_both(small_log):
    log = small_log(2)
    policy = log.policy(witnesses=(log.witness,), quorum="w0")
    raw = log.proof(1, log.ed25519, log.witness)
    assert both(raw, policy)
    for place in range(len(raw)):
        for bit in range(8):
            changed = raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :]
            assert not both(changed, policy), (place, bit)


def test_every_flipped_letter_of_what_a_pack_proves_is_refused_by_both(small_log):
    log = small_log(5)
    pack = log.pack([1, 2])
    for name in ("facts", "nodes", "checkpoint", "size"):
        text = canonical_json(pack[name])
        for place in range(len(text)):
            changed = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
            others = json.dumps({key: value for key, value in pack.items() if key != name}).encode()
            assert not both(b'{"%s":%s,' % (name.encode(), changed) + others[1:], log.policy()), (name, place)


@settings(max_examples=300)
@given(st.randoms(use_true_random=False), st.booleans())
def test_both_judge_a_garbled_file_alike(small_log, luck, as_proof):
    log = small_log(5)
    raw = bytearray(log.proof(3) if as_proof else log.pack_bytes([0, 3], kind="order", about={"order": "o1"}))
    for _ in range(luck.randint(1, 3)):
        place = luck.randrange(len(raw))
        other = luck.choice((b"", b"\n", b"A", b"0", b'"', b"{", b"\xff", bytes([luck.randrange(256)])))
        raw[place : place + luck.choice((0, 1, 1, 30))] = other
    both(bytes(raw), log.policy())


@pytest.mark.parametrize("change", [
    {"index": True}, {"index": -1}, {"index": 4}, {"main": None}, {"main": {"commitment": "A" * 43 + "="}}, {"person": {}},
    {"person": {"commitment": 1}}, {"more": 1}, {"main": {"salt": "A" * 43 + "=", "content": "{}", "numbers": {"a b": 1}}},
    {"main": {"salt": "A" * 43 + "=", "content": "[" * 5000, "numbers": {}}},
    {"main": {"salt": "", "content": "{}", "numbers": {}}},
], ids=range(11))
def test_both_refuse_what_is_no_revealed_fact(small_log, change):
    log = small_log(5)
    parsed = parse_tlog_proof(log.proof(3))
    extra = canonical_json({**log.revealed(3), **change})
    assert not both(str(TlogProof(3, parsed.hashes, parsed.checkpoint, extra)).encode(), log.policy())
    pack = log.pack([3])
    assert not both(json.dumps({**pack, "facts": [{**pack["facts"][0], **change}]}).encode(), log.policy())


@pytest.mark.parametrize("line", [
    "", "quorum none", "witness none KEY", "witness a KEY\nquorum a", "witness a KEY\ngroup g 2 a\nquorum g",
    "group g any a\nquorum none",
    "log KEY\nquorum none", "witness a KEY\nwitness b KEY\nquorum none",
    "witness a KEY\ngroup g all a a\nquorum g",
    "witness a KEY\ngroup g any a\ngroup h any a\nquorum none",
    "quorum none\nquorum none", "trust\nquorum none", "quorum none\r",
    "# words\n\n\tquorum  none", "witness a LOG\nquorum none", "witness a KEY\ngroup a any a\nquorum none", "quorum none\x7f",
    "\n" * 1_000 + "quorum none",
], ids=range(18))
def test_both_read_the_same_policies(small_log, line):
    log = small_log(3)
    words = line.replace("KEY", log.witness.verifier.vkey).replace("LOG", log.ed25519.verifier.vkey)
    pack = {**log.pack([1], log.ed25519), "policy": f"log {log.ed25519.verifier.vkey}\n{words}\n"}
    both(json.dumps(pack).encode(), None)


# Ed25519 ---------------------------------------------------------------------------------------------------------------


def accepted_by_cryptography(public, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# RFC 8032, 7.1: the public key, the message and the signature of its first three tests.
RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]


@pytest.mark.parametrize("case", RFC_8032, ids=range(3))
def test_ed25519_as_rfc_8032_shows_it(case):
    public, message, signature = (bytes.fromhex(each) for each in case)
    assert verify.ed25519_signed(public, message, signature)
    assert not verify.ed25519_signed(public, message + b"x", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 8 * 96 - 1))
def test_ed25519_agrees_with_cryptography(seed, message, bit):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verify.ed25519_signed(public, message, signature)
    changed = bytearray(public + signature)
    changed[bit // 8] ^= 1 << bit % 8
    public, signature = bytes(changed[:32]), bytes(changed[32:])
    assert verify.ed25519_signed(public, message, signature) == accepted_by_cryptography(public, message, signature) is False


def test_ed25519_refuses_a_second_way_to_write_a_signature():
    private = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    public, signature = private.public_key().public_bytes_raw(), private.sign(b"m")
    larger = (int.from_bytes(signature[32:], "little") + verify.L).to_bytes(32, "little")
    assert not verify.ed25519_signed(public, b"m", signature[:32] + larger)
    for broken in (b"", signature[:-1], signature + b"\0", b"\xff" * 64):
        assert not verify.ed25519_signed(public, b"m", broken)
    not_points = b"", b"\xff" * 32, b"\2" + bytes(31), *(each.to_bytes(32, "little") for each in (verify.P + 1, 1 | 1 << 255))
    for point in not_points:
        assert not verify.ed25519_signed(point, b"m", signature)


# The command -----------------------------------------------------------------------------------------------------------


def run(*arguments, python=(sys.executable,)):
    done = subprocess.run([*python, FILE, *map(str, arguments)], capture_output=True, text=True, check=False, env={})
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def files(small_log, tmp_path):
    log = small_log(7)
    (tmp_path / "policy").write_text(log.policy(log.ed25519, log.ml_dsa).text)
    (tmp_path / "proof").write_bytes(log.proof(4, log.ed25519, log.ml_dsa))
    (tmp_path / "pack").write_bytes(log.pack_bytes([0, 3, 6], kind="order", about={"order": "o1"}))
    return log, tmp_path


def test_it_says_in_sentences_what_was_proven(files):
    log, folder = files
    code, said, _ = run(folder / "proof", "--policy", folder / "policy")
    assert code == 0
    for words in ("PROVEN", "shop.example/record", "when it had 7 entries", "with Ed25519.", "with ML-DSA-44.", "Entry 4",
                  '"order":"o104"', "A person's part is not shown."):
        assert words in said
    code, said, _ = run(folder / "pack")
    assert code == 0
    assert log.ed25519.verifier.vkey in said
    assert "Compare these keys" in said
    assert "numbers 0 to 2, without a gap" in said
    assert "Later ones may exist" in said
    assert run(folder / "pack", "--key", log.ed25519.verifier.vkey)[0] == 0


def test_extension_lines_are_refused(files):
    _, folder = files
    made = (folder / "proof").read_text()
    head, _, signatures = made.rpartition("\n\n")
    (folder / "proof").write_text(f"{head}\nmore: yes\n\n{signatures.splitlines()[1]}\n")     # ML-DSA covers three lines only
    code, _, said = run(folder / "proof", "--policy", folder / "policy")
    assert (code, "three lines" in said) == (1, True)


def test_without_cryptography_it_checks_the_rest_and_says_so(files):
    log, folder = files
    bare = (sys.executable, "-S", "-I")     # no installed packages at all
    code, said, _ = run(folder / "proof", "--policy", folder / "policy", python=bare)
    assert code == 0
    assert "ML-DSA-44 was not checked" in said
    (folder / "policy").write_text(log.policy(log.ml_dsa).text)
    code, _, said = run(folder / "proof", "--policy", folder / "policy", python=bare)
    assert code == 1
    assert "needs the package 'cryptography'" in said


def test_it_needs_to_be_told_whom_to_trust(files):
    log, folder = files
    code, _, said = run(folder / "proof")
    assert (code, "--policy or --key" in said) == (2, True)
    assert run(folder / "proof", "--key", log.witness.verifier.vkey)[0] == 1
    assert run(folder / "proof", "--key", "nonsense")[0] == 2
    assert run(folder / "proof", "--policy", folder / "missing")[0] == 2
    assert run(folder / "missing")[0] == 2
    assert run()[0] == 2


@pytest.mark.parametrize(("content", "words"), [
    (b'{"a":' * 200_000, "deep"), (b"{", "cut off"),
    (b'{"format":' + b"9" * 100_000 + b"}", "JSON"), (PROOF, "cut off"), (PROOF + b"\xff\n\n", "UTF-8"),
    (PROOF + b"x" * 4_000_000, "larger than"), (b"{" + b" " * (64 * 1024 * 1024), "larger than"),
], ids=range(7))
def test_bad_input_ends_in_a_clear_sentence(files, content, words):
    _, folder = files
    (folder / "bad").write_bytes(content)
    code, said, fault = run(folder / "bad", "--policy", folder / "policy")
    assert (code, said) == (1, "")
    assert words in fault
    assert fault.startswith("NOT PROVEN: ")


@pytest.mark.parametrize(("content", "words"), [
    (b"", "The file is empty."), (b"\xff\xfe", "neither"), (b"[" * 200_000, "neither"), (b"PK\x03\x04", "another copy"),
], ids=range(4))
def test_what_is_no_evidence_is_told_from_evidence_that_was_changed(files, content, words):
    _, folder = files
    (folder / "bad").write_bytes(content)
    code, said, fault = run(folder / "bad", "--policy", folder / "policy")
    assert (code, said) == (2, "")
    assert fault.startswith("Nothing was checked. ")
    assert words in fault


def test_the_verdict_comes_first_and_a_long_report_is_cut(small_log, tmp_path):
    log = small_log(33)
    (tmp_path / "pack").write_bytes(log.pack_bytes(range(33)))
    _, short, _ = run(tmp_path / "pack")
    _, whole, _ = run(tmp_path / "pack", "--all")
    assert short.startswith("PROVEN: the record holds these 33 facts")
    assert whole.startswith("PROVEN: the record holds these 33 facts")
    assert short.splitlines()[-1].endswith("lines more; --all shows them.")
    assert len(short.splitlines()) == 42 < len(whole.splitlines())
    assert short.splitlines()[:41] == whole.splitlines()[:41]


def test_what_a_file_says_cannot_play_with_the_terminal(small_log, tmp_path):
    log = small_log(3)
    (tmp_path / "pack").write_text(json.dumps({**log.pack([1]), "note": "a\u009b31m\u202eb\x1b[2J"}))
    code, said, _ = run(tmp_path / "pack")
    assert code == 0
    assert all(letter.isprintable() or letter == "\n" for letter in said)


def test_a_large_pack_gives_the_same_root_in_both():
    luck = random.Random(5)
    for size in (1, 1000, 12_345):
        leaves = [leaf_hash(b"%d" % index) for index in range(size)]
        shown = {index: leaves[index] for index in luck.sample(range(size), size // 20 + 1)}

        @functools.cache
        def hash_of(level, index, leaves=tuple(leaves)):
            below = leaves[index << level : (index + 1) << level]
            while len(below) > 1:
                below = [verify.node_hash(below[i], below[i + 1]) for i in range(0, len(below), 2)]
            return below[0]

        nodes = {node: hash_of(*node) for node in nodes_for(shown, size)}
        assert verify.root_by_nodes(size, shown, nodes) == root_from(size, shown, nodes)

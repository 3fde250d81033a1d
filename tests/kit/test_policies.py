"""Policies: the example of tlog-policy, what each rule of it refuses, and which checkpoints are good by one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.checkpoints import Checkpoint
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.notes import Unsigned, sign_note
from yinuo.kit.policies import Group, Policy, Witness, parse_policy
from yinuo.kit.refusals import Malformed, TooLarge

ORIGIN = "log.example/1"
LOG = Signer(ORIGIN, Method.ED25519, b"l" * 32)
LATER_LOG = Signer(ORIGIN, Method.ML_DSA_44, b"l" * 32)
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
WITNESSES = {
    name: Signer(f"{name}.example", Method.ML_DSA_44 if name == "Y3" else Method.ED25519_COSIGNATURE, name.encode() * 16)
    for name in NAMES
}
KEYS = {name: each.verifier.vkey for name, each in WITNESSES.items()}
TEXT = Checkpoint(ORIGIN, 7, b"r" * 32).text
TIME = 1_790_000_000

EXAMPLE = f"""
# two organisations
log {LOG.verifier.vkey}  https://log.example/1
log {LATER_LOG.verifier.vkey}

witness X1 {KEYS["X1"]}
\twitness\tX2  {KEYS["X2"]} https://x2.example/
witness X3 {KEYS["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {KEYS["Y1"]}
witness Y2 {KEYS["Y2"]}
witness Y3 {KEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def note(*signers):
    return str(sign_note(TEXT, signers, at=TIME))


def test_the_example_reads_and_writes():
    policy = parse_policy(EXAMPLE)
    assert policy.logs == {LOG.verifier: "https://log.example/1", LATER_LOG.verifier: ""}
    assert policy.witnesses["X2"] == Witness(WITNESSES["X2"].verifier, "https://x2.example/")
    assert policy.groups == {
        "X-witnesses": Group(2, ("X1", "X2", "X3")),
        "Y-witnesses": Group(1, ("Y1", "Y2", "Y3")),
        "X-and-Y": Group(2, ("X-witnesses", "Y-witnesses")),
    }
    assert parse_policy(policy.text) == parse_policy(policy.text.encode()) == policy


@pytest.mark.parametrize("signed", [each for count in range(7) for each in itertools.combinations(NAMES, count)], ids="".join)
def test_the_quorum_of_the_example(signed):
    enough = sum(name[0] == "X" for name in signed) >= 2 and any(name[0] == "Y" for name in signed)
    policy = parse_policy(EXAMPLE)
    assert policy.is_quorum(signed) == enough
    if enough:
        accepted = policy.accept(note(LOG, *(WITNESSES[name] for name in signed)))
        assert accepted.witnessed == dict.fromkeys(signed, TIME)
        assert accepted.checkpoint == Checkpoint(ORIGIN, 7, b"r" * 32)
        assert accepted.keys == (LOG.verifier,)
    else:
        with pytest.raises(Unsigned, match="Too few witnesses"):
            policy.accept(note(LOG, *(WITNESSES[name] for name in signed)))


def test_any_one_of_the_logs_is_enough():
    policy = Policy({LOG.verifier: "", LATER_LOG.verifier: ""})
    assert policy.accept(note(LATER_LOG)).keys == (LATER_LOG.verifier,)
    assert policy.accept(note(LATER_LOG, LOG)).keys == (LOG.verifier, LATER_LOG.verifier)


def test_witnesses_cannot_stand_in_for_the_log():
    policy = Policy({LOG.verifier: ""}, {"w": Witness(WITNESSES["X1"].verifier)}, quorum="w")
    with pytest.raises(Unsigned, match="No log"):
        policy.accept(note(WITNESSES["X1"]))


def test_a_log_signs_under_its_own_origin_only():
    other = Signer("log.example/2", Method.ED25519, b"o" * 32)
    with pytest.raises(Unsigned, match="It is another log"):
        Policy({other.verifier: ""}).accept(note(other))


def test_no_log_makes_nothing_good():
    with pytest.raises(Unsigned, match="names no log"):
        parse_policy("quorum none\n").accept(note(LOG))


HEAD = f"log {LOG.verifier.vkey}\nwitness X1 {KEYS['X1']}\nwitness X2 {KEYS['X2']}\n"


@pytest.mark.parametrize("policy", [
    "", HEAD, HEAD + "quorum\n", HEAD + "quorum X3\n", HEAD + "quorum X1 X2\n", HEAD + "quorum none\nquorum none\n",
    f"quorum X1\n{HEAD}", HEAD + "group g any X1 X3\nquorum g\n", HEAD + "group g any\nquorum none\n",
    HEAD + "group g 0 X1 X2\nquorum g\n", HEAD + "group g 3 X1 X2\nquorum g\n", HEAD + "group g -1 X1\nquorum g\n",
    HEAD + "group g some X1\nquorum g\n", HEAD + "group g ٢ X1 X2\nquorum g\n", HEAD + f"group g {'9' * 5000} X1\nquorum g\n",
    HEAD + "group g any X1 X1\nquorum g\n", HEAD + "group g any X1\ngroup h any X1\nquorum g\n",
    HEAD + "group g any g\nquorum g\n", HEAD + "group g any none\nquorum g\n", HEAD + "group none any X1\nquorum none\n",
    HEAD + "group X1 any X2\nquorum X1\n", HEAD + f"witness X1 {KEYS['X3']}\nquorum none\n",
    HEAD + f"witness none {KEYS['X3']}\nquorum none\n", HEAD + f"witness X3 {KEYS['X1']}\nquorum none\n",
    HEAD + f"log {LOG.verifier.vkey}\nquorum none\n", HEAD + f"witness L {LOG.verifier.vkey}\nquorum none\n",
    HEAD + f"log {KEYS['X3']} url more\nquorum none\n", HEAD + "log\nquorum none\n", HEAD + "log nonsense\nquorum none\n",
    HEAD + "witness X3\nquorum none\n", HEAD + "trust me\nquorum none\n", HEAD + "LOG x\nquorum none\n",
    HEAD + "quorum none\r\n", HEAD + "quorum none\0\n", HEAD + "quorum none\x7f\n", HEAD + "quorum\u00a0none\n",
], ids=range(36))
def test_what_the_format_does_not_allow_is_refused(policy):
    for written in (policy, policy.encode()):
        with pytest.raises(Malformed):
            parse_policy(written)


def test_the_refusal_names_the_line():
    with pytest.raises(Malformed, match="line 4"):
        parse_policy(HEAD + "trust me\n")


def test_names_are_octets():
    head = HEAD.replace("witness X2", "witness \u212a").encode()
    policy = parse_policy(head + b"group \xff any X1 \xe2\x84\xaa\n# caf\xe9\nquorum \xff")
    assert policy.is_quorum({"X1"})
    assert not policy.is_quorum({"K"})
    assert parse_policy(policy.text) == policy


def test_one_key_under_two_names_is_one_key():
    again = Signer("other.example", Method.ED25519_COSIGNATURE, WITNESSES["X1"].seed).verifier.vkey
    with pytest.raises(Malformed, match="twice"):
        parse_policy(HEAD + f"witness again {again}\nquorum none\n")


def test_a_large_policy_is_read_and_a_huge_one_is_not():
    many = [Signer(f"w{place}.example", Method.ED25519_COSIGNATURE, bytes([place]) * 32).verifier.vkey for place in range(40)]
    lines = [f"witness w{place} {vkey}\ngroup g{place} 1 w{place}\n" for place, vkey in enumerate(many)]
    assert len(parse_policy(HEAD + "".join(lines) + "quorum g39\n").groups) == 40
    for huge in ("#" * 1_000_001, "#\n" * 1_000):
        with pytest.raises(TooLarge):
            parse_policy(huge)


@given(st.sets(st.sampled_from(NAMES)), st.sampled_from(NAMES))
def test_one_more_witness_never_harms(signed, more):
    policy = parse_policy(EXAMPLE)
    assert policy.is_quorum(signed | {more}) >= policy.is_quorum(signed)


@given(st.text(alphabet="log witnessgroupquorumnone12+/=#\t\nX", max_size=80))
def test_noise_is_read_or_refused(noise):
    try:
        policy = parse_policy(noise)
    except Malformed:
        return
    assert parse_policy(policy.text) == policy

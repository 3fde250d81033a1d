"""Signed notes, their keys, and checkpoints: examples from elsewhere, and everything that must be refused."""

from __future__ import annotations

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.checkpoints import Checkpoint, parse_checkpoint
from yinuo.kit.merkle import EMPTY_ROOT
from yinuo.kit.note_keys import Method, Signer, Verifier, parse_vkey
from yinuo.kit.notes import Note, Signature, Unsigned, open_note, parse_note, sign_note
from yinuo.kit.refusals import Malformed, Refusal, TooLarge

# From the documentation of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
TEXT = Checkpoint("log.example/1", 3, b"\5" * 32).text
SIGNERS = [Signer(f"{method.name.lower()}.example", method, bytes([method]) * 32) for method in Method]
ED25519 = SIGNERS[0]
TIME = 1_790_000_000


def test_a_note_signed_by_go_opens():
    opened = open_note(GO_NOTE, [parse_vkey(GO_KEY)])
    assert opened.text == GO_NOTE.partition("\n\n")[0] + "\n"
    assert opened.signed == {parse_vkey(GO_KEY): 0}
    assert str(parse_note(GO_NOTE)) == GO_NOTE
    assert parse_vkey(GO_KEY).vkey == GO_KEY


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.method.name)
def test_each_method_signs_and_opens(signer):
    note = str(sign_note(TEXT, [signer], at=TIME))
    opened = open_note(note.encode(), [parse_vkey(signer.verifier.vkey)])
    assert opened.text == TEXT
    assert opened.signed == {signer.verifier: 0 if signer.method is Method.ED25519 else TIME}


def signature_of(signer, at=TIME):
    return sign_note(TEXT, [signer], at=at).signatures[0].signed


def test_a_witness_signs_the_words_that_tlog_cosignature_asks_for():
    signed = signature_of(SIGNERS[1])
    assert struct.unpack(">Q", signed[:8]) == (TIME,)
    public = Ed25519PublicKey.from_public_bytes(SIGNERS[1].verifier.public)
    public.verify(signed[8:], f"cosignature/v1\ntime {TIME}\n".encode() + TEXT.encode())


@pytest.mark.parametrize("at", [0, TIME])
def test_ml_dsa_signs_the_structure_that_tlog_cosignature_asks_for(at):
    signed = signature_of(SIGNERS[2], at)
    name, origin = b"ml_dsa_44.example", b"log.example/1"
    message = struct.pack(
        f">12sB{len(name)}sQB{len(origin)}sQQ32s", b"subtree/v1\n\0", len(name), name, at, len(origin), origin, 0, 3, b"\5" * 32
    )
    assert len(signed) == 8 + 2420
    assert struct.unpack(">Q", signed[:8]) == (at,)
    MLDSA44PublicKey.from_public_bytes(SIGNERS[2].verifier.public).verify(signed[8:], message)


def test_a_cosignature_states_a_time():
    for at in (0, -1, 2**63):
        with pytest.raises(Malformed):
            sign_note(TEXT, [SIGNERS[1]], at=at)


def test_a_stated_time_beyond_what_is_allowed_is_a_wrong_signature():
    for signer in SIGNERS[1:]:
        signed = (2**63).to_bytes(8) + signature_of(signer)[8:]
        assert signer.verifier.verify(TEXT, signed) is None
        assert signer.verifier.verify(TEXT, b"") is None


def test_one_key_has_another_id_for_each_method_and_name():
    makers = [Signer(name, method, b"s" * 32) for name in ("a", "b") for method in Method]
    assert len({signer.verifier.key_id for signer in makers}) == 6
    assert "s" * 32 not in repr(makers)


@pytest.mark.parametrize("change", [
    lambda note: note.replace("3\n", "4\n", 1),
    lambda note: note.replace("log.example/1", "log.example/2", 1),
    lambda note: str(Note(parse_note(note).text, (flipped(parse_note(note).signatures[0]),))),
], ids=["size", "origin", "signature"])
@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.method.name)
def test_a_known_key_with_a_wrong_signature_refuses_the_note(signer, change):
    with pytest.raises(Unsigned, match="does not fit"):
        open_note(change(str(sign_note(TEXT, [signer], at=TIME))), [signer.verifier])


def flipped(signature):
    return Signature(signature.name, signature.key_id, signature.signed[:-1] + bytes([signature.signed[-1] ^ 1]))


def test_signatures_of_others_are_passed_over():
    note = sign_note(TEXT, SIGNERS, at=TIME)
    same_name = Signature("ed25519.example", b"\0\0\0\0", b"what is this")
    same_id = Signature("somebody.example", ED25519.verifier.key_id, b"what is this")
    strange = str(Note(TEXT, (same_name, same_id, *note.signatures)))
    assert set(open_note(strange, [ED25519.verifier]).signed) == {ED25519.verifier}
    with pytest.raises(Unsigned, match="None of the keys"):
        open_note(str(Note(TEXT, (same_name, same_id))), [ED25519.verifier])
    with pytest.raises(Unsigned):
        open_note(strange, [])


def test_one_wrong_signature_beside_right_ones_refuses_the_note():
    note = sign_note(TEXT, SIGNERS, at=TIME)
    wrong = flipped(note.signatures[0])
    for signatures in ((*note.signatures, wrong), (wrong, *note.signatures)):
        with pytest.raises(Unsigned):
            open_note(str(Note(TEXT, signatures)), [signer.verifier for signer in SIGNERS])


def test_of_two_times_the_later_counts():
    first, second = (sign_note(TEXT, [SIGNERS[1]], at=at).signatures[0] for at in (TIME + 5, TIME))
    assert open_note(str(Note(TEXT, (first, second))), [SIGNERS[1].verifier]).signed == {SIGNERS[1].verifier: TIME + 5}


def test_a_text_may_hold_empty_lines_and_any_language():
    text = "\n信\u2028\u0085\n\nfin\n"
    assert open_note(str(sign_note(text, [ED25519])), [ED25519.verifier]).text == text


LINE = str(sign_note(TEXT, [ED25519])).rpartition("\n\n")[2]


@pytest.mark.parametrize("note", [
    "", "\n", "\n\n", TEXT, TEXT + "\n", TEXT + LINE, TEXT + "\n" + LINE[:-1], TEXT + "\n" + LINE + "\n",
    TEXT + "\n" + LINE + "more\n",
    TEXT + "\n" + LINE.replace("— ", "- "), TEXT + "\n" + LINE.replace("— ", "—"), TEXT + "\n" + LINE.replace(" ", "  "),
    TEXT + "\n— \n", TEXT + "\n— a\n", TEXT + "\n— a AAAA\n", TEXT + "\n— a AAAAAA==\n", TEXT + "\n— a+b AAAAAAA=\n",
    TEXT + "\n— a\u00a0b AAAAAAA=\n", TEXT + "\n— a AAAAAAB=\n", TEXT + "\n— a AAAA*AAA\n", TEXT + "\n— a AAAAAAA\n",
    TEXT + "\n— a AA_-AAA=\n", TEXT + "\n— a AAAAAAA= \n", TEXT + "\n— a ＡAAAAAA=\n",
    "a\tb\n\n" + LINE, "a\rb\n\n" + LINE, "a\0b\n\n" + LINE, b"\xff\n\n" + LINE.encode(), "\ud800\n\n" + LINE,
    TEXT.replace("\n", "\r\n") + "\r\n" + LINE,
], ids=range(30))
def test_what_has_not_the_form_of_a_note_is_refused(note):
    with pytest.raises(Malformed):
        open_note(note, [ED25519.verifier])


def test_sixteen_signatures_are_read_and_a_flood_is_not():
    line = Signature("a", b"1234", b"x" * 4_600)
    sixteen = Note(TEXT, (*[line] * 15, *sign_note(TEXT, [ED25519]).signatures))
    assert open_note(str(sixteen), [ED25519.verifier]).text == TEXT
    with pytest.raises(TooLarge):
        parse_note(str(Note(TEXT, (Signature("a", b"1234", b"x"),) * 101)))
    with pytest.raises(TooLarge):
        parse_note(b"x" * 1_000_001)


def test_what_cannot_be_a_note_is_not_signed():
    for text in ("", "no end", "a\tb\n"):
        with pytest.raises(Malformed):
            sign_note(text, [ED25519])


@pytest.mark.parametrize("vkey", [
    "", "a", "a+b", "PeterNeumann+c74f20a3", GO_KEY[:-1], GO_KEY[:-4], GO_KEY + "A", GO_KEY.replace("c74f20a3", "c74f20a4"),
    GO_KEY.replace("Peter", "Pater"), GO_KEY.replace("ARpc", "ARpd"), GO_KEY.replace("Peter", "Pe ter"),
    GO_KEY.replace("+c7", "+ c7"),
    GO_KEY.replace("c74f20a3", "0xc74f2"), "+" + GO_KEY, "a+00000000+", GO_KEY + "\n", "\ud800" + GO_KEY,
], ids=range(17))
def test_a_broken_verifier_key_is_refused(vkey):
    with pytest.raises(Malformed):
        parse_vkey(vkey)


def test_a_method_that_is_not_known_and_a_length_that_does_not_fit_are_refused():
    other = b"\2" + b"k" * 32
    with pytest.raises(Malformed, match="kind"):
        parse_vkey("a+00000000+" + base64.b64encode(other).decode())
    with pytest.raises(Malformed):
        Verifier("a", Method.ED25519, b"k" * 31)
    with pytest.raises(Malformed):
        Signer("a", Method.ED25519, b"k" * 31)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.text(min_size=1))
def test_a_checkpoint_comes_back_as_it_was(size, root, origin):
    checkpoint = Checkpoint(origin, size, root if size else EMPTY_ROOT)
    try:
        text = checkpoint.text
    except Malformed:
        assert any(letter < " " for letter in origin)
    else:
        assert parse_checkpoint(text) == checkpoint
        with pytest.raises(Malformed, match="extension"):
            parse_checkpoint(text + "an extension\n")


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize("text", [
    "", "a\n", f"a\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"a\n01\n{ROOT}\n", f"a\n-1\n{ROOT}\n", f"a\n+1\n{ROOT}\n",
    f"a\n1 \n{ROOT}\n",
    f"a\n\n{ROOT}\n", f"a\n１\n{ROOT}\n", f"a\n1e3\n{ROOT}\n", f"a\n{2**63}\n{ROOT}\n", f"a\n{'9' * 5000}\n{ROOT}\n",
    f"a\n0\n{ROOT}\n",
    f"a\n1\n{ROOT[:-1]}\n", f"a\n1\n{ROOT[:-2]}J=\n", f"a\n1\n{ROOT[4:]}\n", f"a\n1\n{ROOT} \n", f"a\n1\n{ROOT}\n\n",
    f"a\n1\n{ROOT}\n\nb\n",
    f"a\t\n1\n{ROOT}\n", f"a\n1\n{ROOT.replace('/', '_')}\n",
], ids=range(22))
def test_another_form_of_a_checkpoint_is_refused(text):
    with pytest.raises(Malformed):
        parse_checkpoint(text)


def test_a_checkpoint_that_says_nothing_sound_is_not_written():
    for checkpoint in (Checkpoint("", 1, b"r" * 32), Checkpoint("a", -1, b"r" * 32), Checkpoint("a", 1, b"r")):
        with pytest.raises(Malformed):
            _ = checkpoint.text
    with pytest.raises(Malformed):
        sign_note(Checkpoint("o" * 256, 1, b"r" * 32).text, [SIGNERS[2]])


@given(st.binary(max_size=400))
def test_noise_is_refused_in_words(noise):
    with pytest.raises(Refusal) as refusal:
        open_note(noise, [ED25519.verifier])
    assert str(refusal.value).endswith(".")

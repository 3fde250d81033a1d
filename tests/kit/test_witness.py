"""The witness: each answer as the protocol says, and never two histories, whatever happens to it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from yinuo.kit.checkpoints import Checkpoint, parse_checkpoint
from yinuo.kit.merkle import EMPTY_ROOT, Unproven, consistency_proof, root
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.notes import Note, open_note, parse_note, sign_note
from yinuo.kit.policies import Policy
from yinuo.kit.refusals import Malformed, Refusal
from yinuo.kit.witness import BadSubmission, Damaged, NotSigned, OtherSize, UnknownLog, Witness, open_witness
from yinuo.kit.witnessing import Submission, find_cosignature, parse_submission

AT = 1_780_000_000
KEY = Signer("example.com/log", Method.ED25519, b"l" * 32)
QUANTUM = Signer("example.com/log", Method.ML_DSA_44, b"q" * 32)
WITNESS = Signer("witness.example/w1", Method.ED25519_COSIGNATURE, b"w" * 32)
FORK = 50
KILLS, KILLS_EACH = int(os.environ.get("YINUO_TORTURE_KILLS", "20")), 4     # `make torture` asks for 500


def history(letter, size=400):
    """A log's entries; two of them agree up to where they fork."""
    return [b"%d" % i if i < FORK else b"%s%d" % (letter, i) for i in range(size)]


def reader(items):
    return lambda nodes: [root(items[index << level : (index + 1) << level]) for level, index in nodes]


def note(items, size, *, signers=(KEY,), origin="example.com/log"):
    return str(sign_note(Checkpoint(origin, size, root(items[:size])).text, signers))


def submission(items, old, size, **more):
    return str(Submission(old, tuple(consistency_proof(old, size, reader(items))), note(items, size, **more))).encode()


@pytest.fixture
def witness(tmp_path):
    return Witness(folder=tmp_path, policy=Policy({KEY.verifier: "", QUANTUM.verifier: ""}), signer=WITNESS)


A, B = history(b"a"), history(b"b")


def test_cosigns_what_continues(witness):
    old = 0
    for size in (0, 1, 1, 7, 64, 65, 300):
        lines = witness.add_checkpoint(submission(A, old, size), at=AT + size)
        text = Checkpoint("example.com/log", size, root(A[:size])).text
        _, stated = find_cosignature(text, lines.encode(), WITNESS.verifier)
        assert stated == AT + size
        assert list(open_note(f"{text}\n{lines}", [WITNESS.verifier]).signed) == [WITNESS.verifier]
        assert witness.last("example.com/log") == parse_checkpoint(text)
        old = size


def test_either_key_of_the_log_will_do_and_others_do_not_matter(witness):
    stranger = Signer("example.com/log", Method.ED25519, b"s" * 32)
    witness.add_checkpoint(submission(A, 0, 5, signers=(stranger, QUANTUM)), at=AT)
    witness.add_checkpoint(submission(A, 5, 6, signers=(KEY, QUANTUM, stranger)), at=AT)
    with pytest.raises(NotSigned):
        witness.add_checkpoint(submission(A, 6, 7, signers=(stranger,)), at=AT)
    assert witness.last("example.com/log").size == 6


def test_an_unknown_log_is_not_found(witness):
    with pytest.raises(UnknownLog):
        witness.add_checkpoint(submission(A, 0, 5, origin="example.com/other"), at=AT)
    assert UnknownLog.status == 404


def test_a_changed_signature_is_forbidden(witness):
    changed = submission(A, 0, 5).replace(root(A[:5])[:0] + b"\n5\n", b"\n6\n")
    with pytest.raises(NotSigned):
        witness.add_checkpoint(changed, at=AT)
    assert NotSigned.status == 403
    assert witness.last("example.com/log") is None


@pytest.mark.parametrize("body", [
    b"", b"old 0", b"old 0\n\n", b"old 00\n\n", b"old -1\n\n", b"old 0\n", b"new 0\n\n", b"old  0\n\n", b"\xff\n\n",
    b"old 0\n\nx\n",
    b"old 9223372036854775808\n\n", b"old 0\nAAAA\n\n", b"old 0\r\n\r\n",
])
def test_what_has_not_the_form_is_bad(witness, body):
    good = note(A, 5).encode()
    for each in {body, body + good if body.endswith(b"\n\n") and body != b"old 0\n\n" else body}:
        with pytest.raises(BadSubmission):
            witness.add_checkpoint(each, at=AT)
    assert BadSubmission.status == 400


def test_more_hashes_than_a_proof_can_have_are_bad(witness):
    body = str(Submission(0, (b"x" * 32,) * 64, note(A, 5))).encode()
    with pytest.raises(BadSubmission, match="more than 63"):
        witness.add_checkpoint(body, at=AT)


def test_an_old_size_beyond_the_checkpoint_is_bad(witness):
    witness.add_checkpoint(submission(A, 0, 9), at=AT)
    with pytest.raises(BadSubmission):
        witness.add_checkpoint(str(Submission(9, (), note(A, 5))).encode(), at=AT)
    with pytest.raises(BadSubmission):      # before the recorded size is looked at
        witness.add_checkpoint(str(Submission(6, (), note(A, 5))).encode(), at=AT)


def test_another_old_size_is_a_conflict_that_names_the_right_one(witness):
    with pytest.raises(OtherSize) as refused:
        witness.add_checkpoint(submission(A, 3, 9), at=AT)
    assert (refused.value.size, OtherSize.status) == (0, 409)
    witness.add_checkpoint(submission(A, 0, 9), at=AT)
    for old, size in ((0, 12), (8, 12), (10, 12), (0, 5)):
        with pytest.raises(OtherSize) as refused:
            witness.add_checkpoint(submission(A, old, size), at=AT)
        assert refused.value.size == 9


def test_another_root_for_the_same_size_is_a_conflict_and_kept_as_proof(witness, tmp_path):
    witness.add_checkpoint(submission(A, 0, 60), at=AT)
    with pytest.raises(OtherSize, match="two histories") as refused:
        witness.add_checkpoint(str(Submission(60, (), note(B, 60))).encode(), at=AT)
    assert refused.value.size == 60
    (kept,) = tmp_path.glob("*.contradiction")
    opened = open_note(kept.read_bytes(), [KEY.verifier])
    assert parse_checkpoint(opened.text).root == root(B[:60])
    assert witness.last("example.com/log").root == root(A[:60])


@pytest.mark.parametrize("proof", [(), (b"x" * 32,), None])
def test_a_proof_that_does_not_hold_is_unprocessable(witness, proof):
    witness.add_checkpoint(submission(A, 0, 60), at=AT)
    hashes = tuple(consistency_proof(60, 90, reader(B))) if proof is None else proof
    with pytest.raises(Unproven):
        witness.add_checkpoint(str(Submission(60, hashes, note(A if proof is not None else B, 90))).encode(), at=AT)
    assert Unproven.status == 422
    assert witness.last("example.com/log").size == 60


def test_a_proof_where_none_belongs_is_unprocessable(witness):
    with pytest.raises(Unproven):
        witness.add_checkpoint(str(Submission(0, (b"x" * 32,), note(A, 5))).encode(), at=AT)
    witness.add_checkpoint(submission(A, 0, 5), at=AT)
    with pytest.raises(Unproven):
        witness.add_checkpoint(str(Submission(5, (b"x" * 32,), note(A, 5))).encode(), at=AT)


def test_an_empty_log_has_one_root(witness):
    text = f"example.com/log\n0\n{Checkpoint('x', 1, b'y' * 32).text.splitlines()[2]}\n"
    with pytest.raises(BadSubmission):
        witness.add_checkpoint(str(Submission(0, (), str(sign_note(text, [KEY])))).encode(), at=AT)
    assert root([]) == EMPTY_ROOT


def test_extension_lines_which_not_every_signature_covers_are_not_cosigned(witness):
    signed = parse_note(note(A, 5, signers=(QUANTUM,)))
    text = signed.text + "more: yes\n"
    extended = str(Note(text, signed.signatures))       # ML-DSA signs origin, size and root only, so that this fits
    own = str(sign_note(text, [KEY]))
    for each in (extended, own):
        with pytest.raises(BadSubmission, match="extension"):
            witness.add_checkpoint(str(Submission(0, (), each)).encode(), at=AT)
        with pytest.raises(Refusal, match=r"extension|does not fit"):
            Policy({KEY.verifier: "", QUANTUM.verifier: ""}).accept(each)
    assert witness.last("example.com/log") is None


def test_what_it_sends_is_what_it_reads():
    sent = Submission(50, tuple(consistency_proof(50, 90, reader(A))), note(A, 90))
    assert parse_submission(str(sent).encode()) == sent


def test_logs_do_not_mix(tmp_path):
    other = Signer("example.com/other", Method.ED25519, b"o" * 32)
    witness = Witness(folder=tmp_path, policy=Policy({KEY.verifier: "", other.verifier: ""}), signer=WITNESS)
    with pytest.raises(NotSigned):
        witness.add_checkpoint(submission(A, 0, 5, signers=(KEY,), origin="example.com/other"), at=AT)
    witness.add_checkpoint(submission(A, 0, 5), at=AT)
    witness.add_checkpoint(submission(B, 0, 70, signers=(other,), origin="example.com/other"), at=AT)
    assert (witness.last("example.com/log").size, witness.last("example.com/other").size) == (5, 70)


# What it keeps


def test_every_flipped_bit_of_what_it_kept_is_noticed(witness, tmp_path):
    witness.add_checkpoint(submission(A, 0, 5), at=AT)
    (file,) = tmp_path.glob("*.checkpoint")
    kept = file.read_bytes()
    for place in range(len(kept)):
        changed = bytearray(kept)
        changed[place] ^= 1 << place % 8
        file.write_bytes(changed)
        with pytest.raises(Damaged):
            witness.add_checkpoint(submission(A, 5, 6), at=AT)
    file.write_bytes(b"")
    with pytest.raises(Damaged):
        witness.add_checkpoint(submission(A, 0, 6), at=AT)
    file.write_bytes(kept)
    witness.add_checkpoint(submission(A, 5, 6), at=AT)


def test_what_cannot_be_kept_is_not_signed(witness, tmp_path):
    witness.add_checkpoint(submission(A, 0, 5), at=AT)
    (file,) = tmp_path.glob("*.checkpoint")
    file.with_name(f"{file.name}.{os.getpid()}").mkdir()      # in the way of the file that is written beside
    with pytest.raises(OSError):  # noqa: PT011 - whichever the system gives
        witness.add_checkpoint(submission(A, 5, 6), at=AT)
    assert witness.last("example.com/log").size == 5


def test_the_key_is_made_once(tmp_path):
    policy = Policy({KEY.verifier: ""})
    made = start(tmp_path, policy, "witness.example/w1")
    assert (tmp_path / "witness-key.json").stat().st_mode & 0o777 == 0o600
    assert made == start(tmp_path, policy, "") == start(tmp_path, policy, "witness.example/w1")
    assert made.startswith("witness.example/w1+")
    for fault, name in (("its name cannot change", "other"), ("names no log", None)):
        with pytest.raises(Malformed, match=fault):
            open_witness(folder=tmp_path, policy=policy if name else Policy({}), name=name or "", entropy=os.urandom)
    with pytest.raises(Malformed, match="needs a name"):
        open_witness(folder=tmp_path / "new", policy=policy, name="", entropy=os.urandom)
    (tmp_path / "witness-key.json").write_text('{"name": 3}')
    with pytest.raises(Malformed, match="does not hold"):
        open_witness(folder=tmp_path, policy=policy, name="", entropy=os.urandom)
    (tmp_path / "witness-key.json").unlink()
    (tmp_path / "x.checkpoint").touch()
    with pytest.raises(Malformed, match="key is gone"):
        open_witness(folder=tmp_path, policy=policy, name="w", entropy=os.urandom)


def start(folder, policy, name):
    """The key of a witness that another process opened, which held the folder as long as it lived."""
    program = (
        "import os, sys; from pathlib import Path; from yinuo.kit.policies import parse_policy\n"
        "from yinuo.kit.witness import open_witness\n"
        "w = open_witness(folder=Path(sys.argv[1]), policy=parse_policy(sys.argv[2]), name=sys.argv[3], entropy=os.urandom)\n"
        "print(w.signer.verifier.vkey)"
    )
    run = [sys.executable, "-c", program, str(folder), policy.text, name]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()


def test_two_witnesses_cannot_share_a_folder(tmp_path):
    policy = Policy({KEY.verifier: ""})
    open_witness(folder=tmp_path, policy=policy, name="w", entropy=os.urandom)
    with pytest.raises(Malformed, match="Another witness"):
        open_witness(folder=tmp_path, policy=policy, name="w", entropy=os.urandom)


# Many at once, and killed


def test_of_calls_at_once_one_wins(witness):
    size, chance = 0, random.Random(3)
    for _ in range(15):
        sizes = sorted(chance.sample(range(size + 1, size + 20), 8))
        bodies = [submission(chance.choice((A, B)), size, each) for each in sizes]
        barrier, outcomes = threading.Barrier(len(bodies)), []

        def call(body, barrier=barrier, outcomes=outcomes):
            barrier.wait()
            try:
                outcomes.append(witness.add_checkpoint(body, at=AT) and 200)
            except (OtherSize, Unproven) as refused:
                outcomes.append(refused.status)

        threads = [threading.Thread(target=call, args=(body,)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == 8
        assert outcomes.count(200) <= 1
        size = witness.last("example.com/log").size


@pytest.mark.timeout(120 + KILLS)
def test_a_killed_witness_never_cosigns_two_histories(tmp_path):
    policy, chance = Policy({KEY.verifier: ""}), random.Random(5)
    roots = {letter: [root(items[:size]) for size in range(len(items))] for letter, items in (("a", A), ("b", B))}
    for number in range(KILLS // KILLS_EACH):
        folder, cosigned = tmp_path / str(number), {}
        folder.mkdir()
        for _ in range(KILLS_EACH):
            lines = _killed_after(chance.randrange(1, 40), chance, folder, policy)
            for size, which, answer in (line.split(" ", 2) for line in lines):
                checkpoint = Checkpoint("example.com/log", int(size), roots[which][int(size)])
                find_cosignature(checkpoint.text, f"{answer}\n".encode(), WITNESS.verifier)
                assert cosigned.setdefault(checkpoint.size, checkpoint.root) == checkpoint.root
            last = Witness(folder=folder, policy=policy, signer=WITNESS).last("example.com/log")
            assert not cosigned or last.size >= max(cosigned)       # what was answered was kept before
        assert max(cosigned) > FORK
        assert any(all(known == every[size] for size, known in cosigned.items()) for every in roots.values())


def _killed_after(answers, chance, folder, policy):
    """What a witness in a process of its own answered until it was killed, a moment after so many answers.

    It is shown both histories, by chance.
    """
    read, write = os.pipe()
    seed = chance.random()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            _tempt(Witness(folder=folder, policy=policy, signer=WITNESS), write, random.Random(seed))
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        first = [told.readline() for _ in range(answers)]
        time.sleep(chance.uniform(0, .002))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [line.decode().removesuffix("\n") for line in [*first, *told] if line.endswith(b"\n")]


def _tempt(witness, write, chance):
    while True:
        last = witness.last("example.com/log")
        old = last.size if last else 0
        which = chance.choice("ab")
        items, size = A if which == "a" else B, min(old + chance.randrange(6), len(A) - 1)
        try:
            answer = witness.add_checkpoint(submission(items, old, size), at=AT)
        except (OtherSize, Unproven):
            continue
        os.write(write, f"{size} {which} {answer}".encode())

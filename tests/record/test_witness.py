"""The record and its witnesses: what they sign is checked and kept, what they remember stops a log that was put back."""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import transaction

from yinuo.cli._witness_server import listen
from yinuo.config.log_keys import read_witnesses
from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.checkpoints import parse_checkpoint
from yinuo.kit.log import LogStopped, log_of, with_witnesses
from yinuo.kit.merkle import leaf_hash
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.notes import Signature, open_note, parse_note
from yinuo.kit.outbound import Unreachable, send
from yinuo.kit.policies import Group, Policy, parse_policy
from yinuo.kit.policies import Witness as Listed
from yinuo.kit.refusals import Malformed, NotAllowed, NotFound
from yinuo.kit.witness import Witness
from yinuo.kit.witnessing import parse_submission
from yinuo.record import actions, queries
from yinuo.record.models import Checkpoint, Cosignature

pytestmark = pytest.mark.django_db
NAMES = ("w1", "w2", "w3")


def signer(name):
    return Signer(f"witness.example/{name}", Method.ED25519_COSIGNATURE, name.encode().ljust(32, b"."))


@pytest.fixture
def bare(tmp_path):
    """The log without witnesses."""
    return log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "log" / "last")


@pytest.fixture
def witnesses(bare, tmp_path):
    """Three running witnesses: their objects, by name, and their addresses."""
    found = {name: Witness(folder=tmp_path / name, policy=bare.policy, signer=signer(name)) for name in NAMES}
    with ExitStack() as stack:
        urls = {}
        for name, witness in found.items():
            server = stack.enter_context(listen(witness, "127.0.0.1", 0))
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": .01}, daemon=True).start()
            stack.callback(server.shutdown)
            urls[name] = f"http://127.0.0.1:{server.server_port}/"
        yield found, urls


@pytest.fixture
def log(bare, witnesses):
    """The log with a policy by which two of three witnesses are enough."""
    return policed(bare, witnesses[1])


def policed(bare, urls, **keys):
    listed = {name: Listed(keys.get(name, signer(name).verifier), url) for name, url in urls.items()}
    groups = {"enough": Group(min(2, len(urls)), tuple(urls))}
    return with_witnesses(bare, Policy({}, listed, groups, "enough"))


@pytest.fixture
def state(realm, bare, now, event):
    """States so many orders, and seals and signs them."""
    logged, stated = replace(realm, log=bare), iter(range(10**6))

    def stating(count=1, *, at=now, by="e"):
        raws = [event("trade.order_placed", id=f"{by}{number}", order=f"o{by}{number}", merchant="m", buyer="b",
                      amount_minor=5, currency="CNY") for number in [next(stated) for _ in range(count)]]
        actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=logged, at=at)
        actions.seal(actor=SYSTEM, realm=logged)
        return actions.publish(actor=SYSTEM, log=bare, at=at)

    return stating


@pytest.fixture
def later(now):
    """The present of the machine, which real witnesses go by; tests state facts at another."""
    return datetime.now(UTC)


def test_heads_are_cosigned_and_kept(state, log, witnesses, later):
    for count in (3, 1, 300, 40):
        state(count)
        visits = actions.witness(actor=SYSTEM, log=log, send=send, at=later)
        assert [(visit.whom, visit.good) for visit in visits] == [(name, True) for name in NAMES]
    size, note = queries.newest_witnessed(policy=log.policy)
    assert size == 344
    assert log.policy.accept(note).witnessed.keys() == set(NAMES)
    assert queries.checkpoint() == (344, note)
    for witness in witnesses[0].values():
        assert witness.last("example.com/log").root == queries.root_of(344)
    assert set(Checkpoint.objects.values_list("size", "pinned")) == {(size, True) for size in (3, 4, 304, 344)}
    assert queries.audit(log=log).faults == []


def test_a_fact_is_proven_under_a_witnessed_head(state, log, later):
    state(5)
    with pytest.raises(NotFound, match="enough witnesses"):
        queries.tlog_proof(number=2, witnessed=log.policy)
    actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    state(5)
    proof = queries.tlog_proof(number=2, witnessed=log.policy)
    leaf = queries.leaves(start=2, stop=3)[0]
    assert proof.check(leaf_hash(leaf), log.policy).checkpoint.size == 5
    assert queries.tlog_proof(number=2).check(leaf_hash(leaf), replace(log, witnessed=None).policy).checkpoint.size == 10
    with pytest.raises(NotFound, match=r"Fact 7 .* enough witnesses"):
        queries.tlog_proof(number=7, witnessed=log.policy)


def test_too_few_witnesses_are_no_quorum(state, bare, witnesses, later):
    state(5)
    log = policed(bare, witnesses[1] | {"w2": "http://127.0.0.1:1", "w3": "http://127.0.0.1:1/x"})
    visits = actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert [visit.good for visit in visits] == [True, False, False]
    assert "gave no usable answer" in visits[1].told
    assert queries.newest_witnessed(policy=log.policy) is None
    assert "witness.example/w1" in queries.checkpoint()[1]
    assert actions.witness(actor=SYSTEM, log=policed(bare, witnesses[1]), send=send, at=later)[1].good
    assert queries.newest_witnessed(policy=log.policy)[0] == 5


def test_the_same_head_is_signed_anew(state, log, later):
    state(5)
    for _ in range(2):
        assert all(visit.good for visit in actions.witness(actor=SYSTEM, log=log, send=send, at=later))
    assert Cosignature.objects.count() == 3


def test_a_cosigned_head_is_not_let_go(state, log, later, now):
    for seconds in range(0, 300, 60):
        state(1, at=now + timedelta(seconds=seconds))
        if seconds == 120:
            actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [1, 3, 5]


def test_a_head_replaced_while_the_witness_looks_is_put_back(state, log, later, now):
    state(1), state(1, at=now + timedelta(seconds=1))

    def meanwhile(url, **call):
        reply = send(url, **call)
        if Checkpoint.objects.filter(pk=2, pinned=False).exists():
            state(1, at=now + timedelta(seconds=2))
            assert not Checkpoint.objects.filter(pk=2).exists()
        return reply

    actions.witness(actor=SYSTEM, log=log, send=meanwhile, at=later)
    assert Checkpoint.objects.get(pk=2).pinned
    assert queries.audit(log=log).faults == []


def test_lost_answers_are_made_up_for(state, log, witnesses, later):
    def lost(url, **call):
        send(url, **call)
        raise Unreachable("The answer was lost.")

    state(5)
    assert not any(visit.good for visit in actions.witness(actor=SYSTEM, log=log, send=lost, at=later))
    assert Cosignature.objects.count() == 0
    assert {witness.last("example.com/log").size for witness in witnesses[0].values()} == {5}
    state(70)
    assert all(visit.good for visit in actions.witness(actor=SYSTEM, log=log, send=send, at=later))


def test_a_witness_that_another_process_showed_more_is_no_alarm(state, log, later):
    state(5)

    def meanwhile(url, **call):
        if parse_submission(call["body"]).old == 0:
            state(4)
            other = log.policy.witnesses["w1"]
            newest = Checkpoint.objects.order_by("-size")[0]
            send(f"{other.url}add-checkpoint", body=f"old 0\n\n{newest.note}".encode(), bytes_max=9999)
        return send(url, **call)

    only = replace(log, witnessed=replace(log.policy, witnesses={"w1": log.policy.witnesses["w1"]}, groups={}, quorum="w1"))
    (visit,) = actions.witness(actor=SYSTEM, log=only, send=meanwhile, at=later)
    assert visit.good
    assert queries.newest_witnessed(policy=only.policy)[0] == 9


def test_only_the_system_asks(state, log, later):
    state(1)
    with pytest.raises(NotAllowed):
        actions.witness(actor=PUBLIC, log=log, send=send, at=later)
    assert Cosignature.objects.count() == 0


def test_nothing_signed_nothing_shown(log, later):
    assert actions.witness(actor=SYSTEM, log=log, send=send, at=later) == []


# A record that was put back, with everything beside it


def put_back(bare, before):
    """As if the file of the last signed head had been put back too."""
    if before is None:
        bare.last.unlink()
    else:
        bare.last.write_text(before)


@pytest.mark.parametrize("grown", [0, 2, 4, 9])
def test_a_record_put_back_whole_is_stopped_by_a_witness(state, bare, log, later, grown):
    state(3)
    before = bare.last.read_text()
    with transaction.atomic():
        state(4)
        actions.witness(actor=SYSTEM, log=log, send=send, at=later)
        transaction.set_rollback(True)
    put_back(bare, before)
    if grown:
        state(grown, by="other")        # and went on: shorter, as long as, and longer than what the witness saw
    with pytest.raises(LogStopped, match="w1 contradicts the record"):
        actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert Cosignature.objects.count() == 0
    size = queries.size()
    with pytest.raises(LogStopped, match="was stopped"):
        state(1, by="more")
    with pytest.raises(LogStopped, match="was stopped"):
        actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert queries.size() == size
    bare.stopped.unlink()
    assert state(1, by="again")


def test_the_others_are_not_shown_a_head_that_one_contradicts(state, bare, log, witnesses, later):
    state(3)
    before = bare.last.read_text()
    with transaction.atomic():
        state(4)
        only = replace(log, witnessed=replace(log.policy, witnesses={"w1": log.policy.witnesses["w1"]}, groups={}, quorum="w1"))
        actions.witness(actor=SYSTEM, log=only, send=send, at=later)
        transaction.set_rollback(True)
    put_back(bare, before)
    state(9, by="other")
    with pytest.raises(LogStopped):
        actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert witnesses[0]["w2"].last("example.com/log") is None


def test_a_database_put_back_alone_is_found_by_the_file(state, bare, log, later):
    state(3)
    with transaction.atomic():
        state(4)
        transaction.set_rollback(True)
    with pytest.raises(LogStopped, match="older backup"):
        actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert not bare.stopped.exists()        # it goes on as soon as the newer database is back


def test_a_head_that_is_being_signed_is_no_alarm(state, log, later):
    state(3), state(4)
    Checkpoint.objects.filter(pk=7).delete()        # signed and in the file, the row not yet committed
    assert all(visit.good for visit in actions.witness(actor=SYSTEM, log=log, send=send, at=later))
    assert queries.newest_witnessed(policy=log.policy)[0] == 3


def test_a_witness_that_lies_stops_the_log_until_somebody_looks(state, bare, serving, later):
    state(3)
    log = policed(bare, {"w1": serving(lambda *_: (409, "text/x.tlog.size", b"4000000\n"))})
    with pytest.raises(LogStopped, match="4,000,000"):
        actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    bare.stopped.unlink()
    assert state(1)


# Witnesses that misbehave


def cosigned(body, key, *, at, text=None):
    """The line that a witness would answer."""
    text = text or parse_note(parse_submission(body).note).text
    return Signature(key.name, key.verifier.key_id, key.sign(text, at=at)).line.encode()


W1 = signer("w1")
STRANGER = Signer("witness.example/w1", Method.ED25519_COSIGNATURE, b"s" * 32)
ODD = {
    "another key": lambda body, at: (200, "text/plain", cosigned(body, STRANGER, at=at)),
    "another text": lambda body, at: (200, "text/plain", cosigned(body, W1, at=at, text="example.com/log\n9\nAAAA\n")),
    "the future": lambda body, at: (200, "text/plain", cosigned(body, W1, at=at + 3600)),
    "nothing": lambda body, at: (200, "text/plain", b""),
    "no line": lambda body, at: (200, "text/plain", b"thank you\n"),
    "an added text": lambda body, at: (200, "text/plain", b"more\n\n" + cosigned(body, W1, at=at)),
    "cut off": lambda body, at: (200, "text/plain", cosigned(body, W1, at=at)[:-20]),
    "huge": lambda body, at: (200, "text/plain", cosigned(body, W1, at=at) * 10_000),
    "too many": lambda body, at: (200, "text/plain", cosigned(body, W1, at=at) * 101),
    "not found": lambda body, at: (404, "text/plain", b"who?\n"),
    "forbidden": lambda body, at: (403, "text/plain", b"no\n"),
    "bad": lambda body, at: (400, "text/plain", b"what?\n"),
    "unproven from nothing": lambda body, at: (422, "text/plain", b"no\n"),
    "too often": lambda body, at: (429, "text/plain", b"later\n"),
    "broken": lambda body, at: (500, "text/html", b"<h1>oh"),
    "redirected": lambda body, at: b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "silent": lambda body, at: b"",
    "a size of another type": lambda body, at: (409, "text/plain", b"3\n"),
    "a size that is none": lambda body, at: (409, "text/x.tlog.size", b"03\n"),
    "a size without newline": lambda body, at: (409, "text/x.tlog.size", b"3"),
    "the size that was sent": lambda body, at: (409, "text/x.tlog.size", b"0\n"),
    "ever another size": lambda body, at: (409, "text/x.tlog.size", b"%d\n" % (parse_submission(body).old + 1)),
}


@pytest.mark.parametrize("how", ODD)
def test_an_odd_answer_is_told_and_nothing_kept(state, bare, serving, later, how):
    state(9)
    url = serving(lambda _, path, body: ODD[how](body, int(later.timestamp())))
    log = policed(bare, {"w1": url})
    (visit,) = actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert (visit.whom, visit.good) == ("w1", False)
    assert visit.told
    assert Cosignature.objects.count() == 0
    assert not Checkpoint.objects.get().pinned
    assert not bare.stopped.exists()
    assert state(1)


def test_other_keys_lines_are_passed_over(state, bare, serving, later):
    state(9)
    at = int(later.timestamp())
    url = serving(lambda _, path, body: (200, "text/plain", cosigned(body, STRANGER, at=at) + cosigned(body, W1, at=at)))
    log = policed(bare, {"w1": f"{url}/prefix/"})
    (visit,) = actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    assert visit.good
    assert len(parse_note(queries.checkpoint()[1]).signatures) == 3


def test_a_witness_with_ml_dsa(state, bare, serving, later):
    state(9)
    key, paths = Signer("witness.example/q", Method.ML_DSA_44, b"q" * 32), []

    def answer(_, path, body):
        paths.append(path)
        return 200, "text/plain", cosigned(body, key, at=int(later.timestamp()))

    log = policed(bare, {"w1": f"{serving(answer)}/prefix/"}, w1=key.verifier)
    assert actions.witness(actor=SYSTEM, log=log, send=send, at=later)[0].good
    assert queries.newest_witnessed(policy=log.policy)[0] == 9
    assert paths == ["/prefix/add-checkpoint"]


# Served, and set


@pytest.fixture
def installed(monkeypatch, log):
    """The log with witnesses as this installation's own."""
    monkeypatch.setattr(settings, "LOG", log)


def test_served_with_what_witnesses_signed(client, installed, state, log, later):
    assert client.get("/api/log/witnessed").status_code == 404
    state(9)
    assert client.get("/api/log/witnessed").status_code == 404
    actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    state(1)
    served = client.get("/api/log/witnessed")
    assert served["Content-Type"] == "text/plain; charset=utf-8"
    assert log.policy.accept(served.content).checkpoint.size == 9
    newest = client.get("/api/log/checkpoint").content
    assert parse_checkpoint(open_note(newest, log.verifiers).text).size == 10


def test_exported_with_what_witnesses_signed(state, log, later, tmp_path):
    state(9)
    actions.export(actor=SYSTEM, folder=tmp_path / "mirror")
    actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    actions.export(actor=SYSTEM, folder=tmp_path / "mirror")
    assert log.policy.accept((tmp_path / "mirror" / "checkpoint").read_bytes()).checkpoint.size == 9


def test_a_policy_file_names_witnesses(bare, tmp_path):
    file = tmp_path / "policy"
    file.write_text(f"witness w1 {W1.verifier.vkey} http://127.0.0.1:1\nquorum w1\n")
    assert read_witnesses(bare, file).policy == parse_policy(bare.policy.text.replace("quorum none\n", "") + file.read_text())
    assert read_witnesses(bare, None) is bare
    file.write_text(f"log {bare.verifiers[0].vkey}\nwitness w1 {W1.verifier.vkey}\nquorum w1\n")
    assert list(read_witnesses(bare, file).policy.logs) == bare.verifiers[:1]
    for fault in (f"log {Signer('x', Method.ED25519, b'x' * 32).verifier.vkey}\nquorum none\n", "quorum w1\n", "", "\0"):
        file.write_text(fault)
        with pytest.raises(Malformed, match="YINUO_POLICY"):
            read_witnesses(bare, file)
    with pytest.raises(Malformed, match="cannot be read"):
        read_witnesses(bare, tmp_path / "none")


def test_a_witness_put_back_is_told_and_brought_up_again(state, log, witnesses, tmp_path, later):
    """One that forgot cannot be told from a new one; it is brought up again by proofs, and stops nothing."""
    state(5)
    actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    shutil.copytree(tmp_path / "w1", tmp_path / "kept")
    state(5)
    actions.witness(actor=SYSTEM, log=log, send=send, at=later)
    shutil.rmtree(tmp_path / "w1")
    shutil.copytree(tmp_path / "kept", tmp_path / "w1")
    state(5)
    assert actions.witness(actor=SYSTEM, log=log, send=send, at=later)[0].good
    assert witnesses[0]["w1"].last("example.com/log").size == 15

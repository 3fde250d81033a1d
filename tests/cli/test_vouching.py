"""Witnesses from the command line and in the worker: named by a policy file, kept, and believed when a record was put back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from yinuo.cli._witness_server import listen
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.policies import parse_policy
from yinuo.kit.tlog_proofs import parse_tlog_proof
from yinuo.kit.witness import Witness

KEY = Signer("witness.example/w1", Method.ED25519_COSIGNATURE, b"w" * 32)
EVENT = {
    "specversion": "1.0", "source": "shop", "type": "trade.order_placed", "time": "2026-05-01T00:00:00Z",
    "data": {"merchant": "m", "buyer": "b", "amount_minor": 5, "currency": "CNY"},
}


@pytest.fixture
def run(tmp_path):
    """Runs `yinuo` on an installation of its own."""
    def running(*words, code=0, **settings):
        environment = os.environ | {"YINUO_DATA": str(tmp_path / "data"), "YINUO_DATABASE": ""} | settings
        command = [sys.executable, "-m", "yinuo", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return running


def take(run, tmp_path, *numbers, **settings):
    (tmp_path / f"{numbers[0]}.ndjson").write_text("".join(
        json.dumps(EVENT | {"id": f"e{each}", "data": EVENT["data"] | {"order": f"o{each}"}}) + "\n" for each in numbers
    ))
    run("import", f"{numbers[0]}.ndjson", "--source", "shop", **settings)


def test_nobody_named_is_told(run):
    for command, setting in (("witness", "YINUO_POLICY"), ("stamp", "YINUO_TSA"), ("anchor", "YINUO_OPENTIMESTAMPS")):
        assert setting in run("record", command, code=2)
    assert "nobody has stamped" in run("record", "times", "times", code=2)


def test_a_record_that_was_put_back_is_found_by_its_witness(run, tmp_path):
    take(run, tmp_path, 1, 2)
    bare = parse_policy(run("record", "policy"))
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    (tmp_path / "policy").write_text(f"witness w1 {KEY.verifier.vkey} URL\nquorum w1\n")
    with listen(Witness(folder=tmp_path / "seen", policy=bare, signer=KEY), "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": .01}, daemon=True).start()
        (tmp_path / "policy").write_text(f"witness w1 {KEY.verifier.vkey} http://127.0.0.1:{server.server_port}\nquorum w1\n")
        named = {"YINUO_POLICY": str(tmp_path / "policy")}
        take(run, tmp_path, 3, 4, **named)
        assert "w1: signed the head of 4 facts" in run("record", "witness", **named)
        policy = parse_policy(run("record", "policy", **named))
        assert (list(policy.logs), list(policy.witnesses), policy.quorum) == (list(bare.logs), ["w1"], "w1")
        proof = parse_tlog_proof(run("record", "proof", "3", "--witnessed", **named))
        assert policy.accept(proof.checkpoint).checkpoint.size == 4
        shutil.rmtree(tmp_path / "data")
        shutil.copytree(tmp_path / "backup", tmp_path / "data")     # everything: database, keys, and the last signed head
        assert "contradicts the record" in run("worker", "--while-parent", **named)     # and the parent is gone at once
        assert "was stopped" in run("worker", "--once", code=2)
        server.shutdown()
    (tmp_path / "data" / "log-stopped").unlink()
    assert "gave no usable answer" in run("record", "witness", code=1, **named)

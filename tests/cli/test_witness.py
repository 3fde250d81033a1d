"""`yinuo witness` over HTTP: statuses and types to the letter, limits, connections that are kept, and a kill."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import pytest

from yinuo.cli import _witness_server as command
from yinuo.kit.checkpoints import Checkpoint
from yinuo.kit.merkle import consistency_proof, root
from yinuo.kit.note_keys import Method, Signer, parse_vkey
from yinuo.kit.notes import sign_note
from yinuo.kit.policies import Policy
from yinuo.kit.witness import Witness
from yinuo.kit.witnessing import Submission, find_cosignature

KEY = Signer("example.com/log", Method.ED25519, b"l" * 32)
WITNESS = Signer("witness.example/w1", Method.ED25519_COSIGNATURE, b"w" * 32)
ITEMS = [b"%d" % i for i in range(100)]
PATIENCE_SECONDS = 60


def head(size, items=ITEMS):
    return Checkpoint("example.com/log", size, root(items[:size]))


def body(old, size, items=ITEMS):
    proof = consistency_proof(old, size, lambda nodes: [root(items[i << level : (i + 1) << level]) for level, i in nodes])
    return str(Submission(old, tuple(proof), str(sign_note(head(size, items).text, [KEY])))).encode()


@pytest.fixture
def port(tmp_path):
    witness = Witness(folder=tmp_path, policy=Policy({KEY.verifier: ""}), signer=WITNESS)
    with command.listen(witness, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": .01}, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def call(port):
    """A connection to the witness."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as link:
        yield link


def post(link, content, *, path="/add-checkpoint"):
    link.request("POST", path, content)
    answer = link.getresponse()
    return answer.status, answer.headers["Content-Type"], answer.read()


def test_the_protocol_over_one_connection(port):
    with call(port) as link:
        _speak(link)


def _speak(link):
    status, _, lines = post(link, body(0, 7))
    assert status == 200
    assert lines.decode().startswith("— witness.example/w1 ")
    assert find_cosignature(head(7).text, lines, WITNESS.verifier)
    first = link.sock
    assert post(link, body(0, 9)) == (409, "text/x.tlog.size", b"7\n")
    assert post(link, body(7, 9, [b"other", *ITEMS]))[0] == 422
    assert post(link, body(7, 7, [b"other", *ITEMS])) == (409, "text/x.tlog.size", b"7\n")
    assert post(link, body(0, 7).replace(b"old 0", b"old 8"))[0] == 400
    assert post(link, body(0, 7).replace(b"example.com/log\n", b"example.com/other\n"))[0] == 404
    assert post(link, body(7, 9).replace(b"\n9\n", b"\n10\n"))[0] == 403
    assert post(link, body(7, 9), path="/other")[0] == 404
    assert post(link, b"")[0] == 400
    assert post(link, body(7, 9))[0] == 200
    assert link.sock is first       # kept all the while


@pytest.mark.parametrize(("headers", "status"), [
    ("Content-Length: 131073\r\n", 413), ("Content-Length: 99999999999\r\n", 413), ("Content-Length: -1\r\n", 400),
    ("Content-Length: ²\r\n", 400), ("", 400), ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
])
def test_a_body_without_an_honest_length_is_not_read(port, headers, status):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as link:
        link.sendall(f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode("latin-1"))
        with link.makefile("rb") as answer:
            assert answer.readline().split()[1] == str(status).encode()
            assert answer.read()        # to its end: the connection is closed


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(port, method):
    with call(port) as link:
        link.request(method, "/add-checkpoint")
        with link.getresponse() as answer:
            assert answer.status == 501


def test_a_slow_caller_is_cut_and_holds_up_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "CONNECTION_SECONDS", .3)
    monkeypatch.setattr(command, "CONNECTIONS_MAX", 2)
    witness = Witness(folder=tmp_path, policy=Policy({KEY.verifier: ""}), signer=WITNESS)
    with command.listen(witness, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": .01}, daemon=True).start()
        slow = [socket.create_connection(("127.0.0.1", server.server_port), timeout=PATIENCE_SECONDS) for _ in range(5)]
        for link in slow:
            link.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 99\r\n\r\nold")
        with call(server.server_port) as link:
            assert post(link, body(0, 3))[0] == 200
        for link in slow:
            with link:
                assert b"200" not in link.recv(1000)
        server.shutdown()


def _start(tmp_path, *more):
    """A running `yinuo witness`, its vkey and port."""
    (tmp_path / "policy").write_text(Policy({KEY.verifier: ""}).text)
    run = [sys.executable, "-m", "yinuo", "witness", "--policy", "policy", "--data", "kept", "--port", "0", *more]
    process = subprocess.Popen(run, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=os.environ | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "nothing.of.the.kind"})
    lines = [process.stdout.readline() for _ in range(3)]
    if not lines[2]:
        return process, None, process.communicate()[1]
    return process, lines[0].split()[-1], int(re.search(r":(\d+)/", lines[2])[1])


def test_the_command_needs_no_database_and_forgets_nothing_when_killed(tmp_path):
    process, vkey, port = _start(tmp_path, "--name", "witness.example/w2")
    with call(port) as link:
        lines = post(link, body(0, 7))[2]
    assert find_cosignature(head(7).text, lines, parse_vkey(vkey))
    second, _, said = _start(tmp_path)
    assert (second.returncode, "Another witness" in said) == (2, True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    process, again, port = _start(tmp_path)
    assert again == vkey
    with call(port) as link:
        assert post(link, body(0, 9)) == (409, "text/x.tlog.size", b"7\n")
        assert post(link, body(7, 9))[0] == 200
    process.send_signal(signal.SIGTERM)
    assert "Traceback" not in process.communicate(timeout=PATIENCE_SECONDS)[1]
    assert process.returncode == 0


def test_a_new_witness_needs_a_name(tmp_path):
    process, _, said = _start(tmp_path)
    assert process.returncode == 2
    assert "needs a name" in said

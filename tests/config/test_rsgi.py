"""The web server's entrance, with real servers and clients."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.core.handlers.wsgi import WSGIRequest

PATIENCE_SECONDS = 60      # for a machine that has much else to do; no outcome depends on it
SLOW = 8                   # more than have a thread


@pytest.fixture
def server(tmp_path):
    """A running `yinuo serve` that gives a body one second: its port, and a key."""
    environment = os.environ | {"YINUO_DATA": str(tmp_path), "YINUO_DATABASE": "", "YINUO_BODY_SECONDS": "1"}
    command = [sys.executable, "-m", "yinuo"]
    made = subprocess.run([*command, "key", "make", "shop"], env=environment, check=True, capture_output=True, text=True)
    key = next(word for word in made.stdout.split() if word.startswith("yk_"))
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    process = subprocess.Popen([*command, "serve", "--no-worker", "--processes", "1", "--port", str(port)], env=environment)
    try:
        _await(port)
        yield port, key
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS / 2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE_SECONDS)


def _await(port: int) -> None:
    """Wait for an answer: the port is open before the processes behind it have loaded anything."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            link = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
            link.request("GET", "/api/health")
            assert link.getresponse().status == 200
            return link.close()
        except OSError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(.1)


def _begin(port, key, announced=100):
    """A request whose head has come, and none of its body."""
    link = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
    head = (f"POST /api/facts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {announced}\r\n\r\n")
    link.sendall(head.encode())
    return link


def _end(link):
    """All that the server says until it closes the connection."""
    said = b""
    while more := link.recv(10_000):
        said += more
    link.close()
    return said


def _post(port, key, body):
    link = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    link.request("POST", "/api/facts", body, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    answer = link.getresponse()
    said = answer.read()
    link.close()
    return answer.status, said


def test_a_body_that_does_not_come_holds_nobody_up(server, event):
    port, key = server
    waiting = [_begin(port, key) for _ in range(SLOW)]
    for link in waiting[::2]:
        link.sendall(b"[")
    for link in waiting:
        said = _end(link)
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"did not arrive whole in time" in said
    assert _end(_begin(port, "yk_unknown")).startswith(b"HTTP/1.1 401 ")       # without a key nothing is waited for
    left = _begin(port, key)
    left.sendall(b"[")
    left.close()
    raw = event("trade.order_paid", id="e1", order="o1")
    status, answer = _post(port, key, raw)
    assert (status, answer[:58]) == (200, b'{"accepted":1,"known":0,"refused_count":0,"refused":[],"re')
    in_pieces = _begin(port, key, len(raw))
    for place in range(0, len(raw), 40):
        in_pieces.sendall(raw[place : place + 40])
    with in_pieces.makefile("rb") as answer:
        head = iter(answer.readline, b"\r\n")
        assert next(head).startswith(b"HTTP/1.1 200 ")
    in_pieces.close()


def test_what_is_too_large_is_refused_unread(server):
    port, key = server
    with _begin(port, key, announced=10**9) as link:
        assert link.recv(100).startswith(b"HTTP/1.1 413 ")


def test_pages_and_files_are_served(server):
    port, _ = server
    link = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    for method, path, full in [
        ("GET", "/", True), ("HEAD", "/", False), ("GET", "/static/yinuo/yinuo.css", True), ("GET", "/api/health", True),
    ]:
        link.request(method, path)
        answer = link.getresponse()
        assert (answer.status, bool(answer.read())) == (200, full), path
    link.close()


def test_a_request_reaches_django_as_it_was_sent(settings):
    from yinuo.config.rsgi import environ_of  # noqa: PLC0415 - only once Django is set up

    headers = [("host", "localhost"), ("cookie", "a=1"), ("cookie", "b=2"), ("accept-language", "zh"),
               ("accept-language", "en"), ("content-type", "text/plain"), ("content-length", "5"), ("x_forwarded_for", "me")]
    scope = SimpleNamespace(
        method="POST", path="/一 诺", query_string="q=%E4%B8%80", http_version="1.1", server="[::1]:8000", client="[::2]:5000",
        scheme="http", authority=None, headers=SimpleNamespace(items=lambda: headers),
    )
    request = WSGIRequest(environ_of(scope, BytesIO(b"12345")))
    assert (request.path, request.GET["q"], request.COOKIES) == ("/一 诺", "一", {"a": "1", "b": "2"})
    assert request.headers["Accept-Language"] == "zh,en"
    assert (request.content_type, request.body, request.META["REMOTE_ADDR"]) == ("text/plain", b"12345", "::2")
    assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_a_body_in_chunks_is_told_to_come_with_its_length(server):
    port, key = server
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        link.sendall(
            f"POST /api/facts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n".encode()
        )
        assert link.recv(4096).startswith(b"HTTP/1.1 411 ")

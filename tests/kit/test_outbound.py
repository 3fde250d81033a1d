"""Calls to others: bounded in size and time, never led elsewhere."""

from __future__ import annotations

import time

import pytest

from yinuo.kit.outbound import Reply, Unreachable, send


def test_posts_and_gets(serving):
    url = serving(lambda method, path, body: (200, "text/plain; charset=utf-8", f"{method} {path} ".encode() + body))
    assert send(f"{url}/a?b=c", body=b"hello", bytes_max=100) == Reply(200, "text/plain", b"POST /a?b=c hello")
    assert send(url, bytes_max=100).body == b"GET / "


@pytest.mark.parametrize("url", [
    "", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://[::1", "127.0.0.1",
    "http://a b/",    "http://127.0.0.1/\r\nX: y", "http://127.0.0.1:1/", "http://" + "a" * 300,
])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(Unreachable):
        send(url, bytes_max=100)


def test_a_redirection_is_not_followed(serving):
    secret = serving(lambda *_: (200, "text/plain", b"secret"))
    url = serving(lambda *_: f"HTTP/1.1 302 Found\r\nLocation: {secret}\r\nContent-Length: 0\r\n\r\n".encode())
    assert send(url, bytes_max=100).status == 302


def test_an_answer_that_is_too_large_is_refused(serving):
    url = serving(lambda *_: (200, "text/plain", b"x" * 101))
    with pytest.raises(Unreachable, match="larger than 100 bytes"):
        send(url, bytes_max=100)
    assert len(send(url, bytes_max=101).body) == 101


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"nonsense\r\n\r\n", b"",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
])
def test_an_answer_that_is_cut_off_is_refused(serving, answer):
    with pytest.raises(Unreachable):
        send(serving(lambda *_: answer), bytes_max=100)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"])
def test_an_answer_that_drips_is_cut(drip, head):
    with pytest.raises(Unreachable):
        send(drip(head), bytes_max=100_000, seconds=.2)


@pytest.fixture
def drip():
    """A server that says a head, and then a letter now and then, for ever: its address."""
    import socket  # noqa: PLC0415
    import threading  # noqa: PLC0415

    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def run(head):
        try:
            with listener.accept()[0] as link:
                link.sendall(head)
                while not ended.is_set():
                    link.sendall(b"H")
                    time.sleep(.02)
        except OSError:
            return

    def start(head):
        threading.Thread(target=run, args=(head,), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    ended.set()
    listener.close()

"""Calls to other people's servers: bounded in time and size, never redirected; entrances give them to what is below."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

from yinuo.kit.refusals import Refusal

SECONDS = 10.0


class Unreachable(Refusal):
    """A server of somebody else gave no answer, or none that can be used."""

    status = 502
    code = "unreachable"


class Reply(NamedTuple):
    """What a server answered: the status, the media type without parameters, and the body."""

    status: int
    media_type: str
    body: bytes


class Visit(NamedTuple):
    """How a call went that may fail without harm: whom it was for, whether it was good, and what there is to tell."""

    whom: str
    good: bool
    told: str


class Send(Protocol):
    """Calls an address and returns the answer; refuses with Unreachable."""

    def __call__(self, url: str, *, body: bytes | None = None, media_type: str = "", bytes_max: int) -> Reply: ...


def send(url: str, *, body: bytes | None = None, media_type: str = "", bytes_max: int, seconds: float = SECONDS) -> Reply:
    """GET the address, or POST the body to it; it takes at most about twice the seconds, however slowly it drips."""
    connection = _connection(url, seconds)
    out_of_time = threading.Event()
    try:
        connection.connect()
        watch = threading.Timer(seconds, _cut, [connection.sock, out_of_time])
        watch.start()
        try:
            reply = _call(connection, urlsplit(url), body, media_type, bytes_max)
        finally:
            watch.cancel()
    except (OSError, HTTPException, ValueError) as error:
        reason = "it took too long" if out_of_time.is_set() else reason_of(error)
        raise Unreachable(f"{url} gave no usable answer: {reason}.") from None
    finally:
        connection.close()
    if out_of_time.is_set():        # a body without a stated length only looks whole when it is cut
        raise Unreachable(f"{url} gave no usable answer: it took too long.")
    return reply


def reason_of(error: Exception) -> str:
    """What went wrong, in a line that logs and databases can keep: an error may quote whatever the other side sent."""
    told = str(error).strip() or type(error).__name__
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in told[:200])


def _connection(url: str, seconds: float) -> HTTPConnection:
    try:
        parts = urlsplit(url)
        maker: type[HTTPConnection] = {"http": HTTPConnection, "https": HTTPSConnection}[parts.scheme]
        if not parts.hostname:
            raise ValueError
        return maker(parts.hostname, parts.port, timeout=seconds)
    except (KeyError, ValueError, HTTPException):
        raise Unreachable(f"{url[:200]!r} is not an address that can be called; it begins with http:// or https://.") from None


def _call(connection: HTTPConnection, parts: SplitResult, body: bytes | None, media_type: str, bytes_max: int) -> Reply:
    headers = {"Content-Type": media_type} if media_type else {}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET" if body is None else "POST", path, body, headers)
    with connection.getresponse() as response:
        content = response.read(bytes_max + 1)
        if len(content) > bytes_max:
            raise ValueError(f"its answer is larger than {bytes_max:,} bytes")
        if response.length:
            raise ValueError("its answer is cut off")
        return Reply(response.status, response.headers.get_content_type(), content)


def _cut(link: socket.socket, out_of_time: threading.Event) -> None:
    out_of_time.set()
    with suppress(OSError):
        socket.socket.shutdown(link, socket.SHUT_RDWR)      # below TLS, which another thread is reading

"""The web server's entrance: Django's WSGI application in threads, each body read for it against a deadline.

Behind WSGI itself a body that never ends could hold its thread for ever, since nothing there ends a read. Here the server's
own loop reads, and gives up; the connection is then closed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from io import BytesIO
from typing import Any

from django.conf import settings
from granian.rsgi import Scope

from yinuo.config import wsgi

THREADS = 4     # in each process; a page that waits for the database must not hold up the others
Answer = tuple[int, list[tuple[str, str]], bytes]


class Body:
    """A request's body, read when it is first asked for, and then whole: at most so many bytes, in at most so many seconds."""

    def __init__(self, chunks: Any, loop: asyncio.AbstractEventLoop, *, seconds: float, bytes_max: int) -> None:
        self._chunks, self._loop = chunks, loop
        self._seconds, self._bytes_max = seconds, bytes_max

    def read(self, size: int = -1) -> bytes:
        """The next bytes; an OSError where they did not come in time."""
        return self._whole.read(size)

    def readline(self, size: int = -1) -> bytes:
        """The next line; an OSError where it did not come in time."""
        return self._whole.readline(size)

    @cached_property
    def _whole(self) -> BytesIO:
        return BytesIO(asyncio.run_coroutine_threadsafe(self._arrive(), self._loop).result())

    async def _arrive(self) -> bytes:
        arrived = bytearray()
        async with asyncio.timeout(self._seconds):
            async for chunk in self._chunks:
                arrived += chunk
                if len(arrived) > self._bytes_max:
                    raise OSError("The body is larger than was announced.")
        return bytes(arrived)


class Entrance:
    """A WSGI application as the server calls it."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, seconds: float, bytes_max: int) -> None:
        self._application, self._seconds, self._bytes_max = application, seconds, bytes_max
        self._threads = ThreadPoolExecutor(THREADS)

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Answer one request."""
        if "transfer-encoding" in scope.headers and "content-length" not in scope.headers:
            protocol.response_str(411, _PROBLEM, _NO_LENGTH)
            return
        loop = asyncio.get_running_loop()
        body = Body(protocol, loop, seconds=self._seconds, bytes_max=self._bytes_max)
        protocol.response_bytes(*await loop.run_in_executor(self._threads, self._answer, environ_of(scope, body)))

    def _answer(self, environ: dict[str, Any]) -> Answer:
        head: list[Any] = []
        chunks = self._application(environ, lambda *given: head.extend(given))
        try:
            content = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        return int(head[0][:3]), head[1], content


def environ_of(scope: Scope, body: Body) -> dict[str, Any]:
    """A request as WSGI describes it (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method, "SCRIPT_NAME": "", "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string, "SERVER_PROTOCOL": f"HTTP/{scope.http_version}", "SERVER_NAME": host,
        "SERVER_PORT": port, "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"), "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme, "wsgi.input": body, "wsgi.errors": sys.stderr, "wsgi.multithread": True,
        "wsgi.multiprocess": True, "wsgi.run_once": False,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority      # HTTP/2 names the host there
    for name, value in scope.headers.items():
        if "_" in name:
            continue        # `X_A` would pass for `X-A`, which a proxy may vouch for
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]}{';' if key == 'HTTP_COOKIE' else ','}{value}" if key in environ else value
    return environ


_PROBLEM = [("content-type", "application/problem+json")]
_NO_LENGTH = (
    '{"type":"about:blank","title":"Length required","status":411,'
    '"detail":"Send the body with its length in Content-Length; bodies in chunks are not taken."}'
)

application = Entrance(
    wsgi.application, seconds=settings.YINUO["YINUO_BODY_SECONDS"], bytes_max=settings.DATA_UPLOAD_MAX_MEMORY_SIZE
)

"""The HTTP side of a witness (C2SP tlog-witness): statuses and types to the letter, bounded in size, time and number.

The standard library's threaded server suffices: a log calls every few minutes, one process must hold the folder anyway, and
nothing here is worth another program to keep up to date. Whoever opens it to the world puts a proxy with TLS in front.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from yinuo.cli.serve import PortTaken
from yinuo.kit.refusals import Refusal, TooLarge
from yinuo.kit.witness import BadSubmission, OtherSize, Witness
from yinuo.kit.witnessing import SIZE_TYPE, SUBMISSION_BYTES_MAX

PATH = "/add-checkpoint"
CONNECTIONS_MAX = 64
CONNECTION_SECONDS = 30.0
PLAIN = "text/plain; charset=utf-8"
_CONTROL = dict.fromkeys([*range(32), *range(127, 160)])

log = logging.getLogger(__name__)


def listen(witness: Witness, host: str, port: int) -> Server:
    """A server that answers for a witness; it is run by `serve_forever`."""
    try:
        return Server(witness, host, port)
    except OSError as error:
        raise PortTaken(f"Cannot listen on {host} port {port}: {error.strerror}. Choose another one with --port.") from None


class Server(ThreadingHTTPServer):
    """A thread for each connection, as many as there may be; each connection has its time and is then cut."""

    daemon_threads = True       # an answer that is lost at the end is asked for again, and its state is on the disk
    request_queue_size = 128

    def __init__(self, witness: Witness, host: str, port: int) -> None:
        self.witness = witness
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._places = threading.BoundedSemaphore(CONNECTIONS_MAX)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the network for a name of this machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment] # typed for all kinds of address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Wait for a place, and then answer in a thread of its own."""
        self._places.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer on a connection, for as long as one may last."""
        watch = threading.Timer(CONNECTION_SECONDS, _cut, [request])
        watch.daemon = True
        watch.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            watch.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is no event of ours."""
        log.debug("A connection broke.")


def _cut(link: socket.socket) -> None:
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"       # connections are kept, as the protocol asks
    server_version, sys_version = "yinuo-witness", ""
    timeout = 10.0
    disable_nagle_algorithm = True      # else an answer on a kept connection waits for the caller's acknowledgement

    def do_POST(self) -> None:
        """Answer a call of add-checkpoint."""
        try:
            body = self._body()
        except Refusal as refusal:
            self._answer(refusal.status, f"{refusal}\n")
        else:
            self._answer(*self._reply(body))

    def _reply(self, body: bytes) -> tuple[int, str, str]:
        """Status, text and media type of the answer."""
        if self.path != PATH:
            return 404, f"The one address here is {PATH}.\n", PLAIN
        try:
            return 200, self.server.witness.add_checkpoint(body, at=int(time.time())), PLAIN
        except OtherSize as refusal:
            log.warning("%s", refusal)
            return refusal.status, f"{refusal.size}\n", SIZE_TYPE
        except Refusal as refusal:
            log.warning("%s", refusal)
            return refusal.status, f"{refusal}\n", PLAIN
        except OSError:
            log.exception("What was seen could not be kept, so that nothing was signed.")
            return 500, "The witness cannot keep what it saw.\n", PLAIN

    def _body(self) -> bytes:
        """The call's body; where it is not read to its end, the connection is closed after the answer."""
        told = self.headers.get("Content-Length", "")
        if not (told.isascii() and told.isdigit()) or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise BadSubmission("A call states the length of its body.")
        if len(told) > 9 or int(told) > SUBMISSION_BYTES_MAX:
            self.close_connection = True
            raise TooLarge(f"A submission has at most {SUBMISSION_BYTES_MAX:,} bytes.")
        body = self.rfile.read(int(told))
        if len(body) != int(told):
            self.close_connection = True
            raise BadSubmission("The body is cut off.")
        return body

    def _answer(self, status: int, text: str, content_type: str = PLAIN) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """One line for each call, kept from what a caller could write into it."""
        log.info("%s %s", self.client_address[0], (format % args).translate(_CONTROL))

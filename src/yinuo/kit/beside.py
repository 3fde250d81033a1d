"""A second process, forked from this one, that makes messages while this one uses those before.

It shares no database connection: close this process's before making one. It never outlives this process, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue

from yinuo.kit.refusals import Refusal

_MESSAGE, _END, _FAULT = b"m", b"e", b"f"
END_SECONDS_MAX = 10.0


class HelperLost(Refusal):
    """The second process was ended from outside."""

    status = 500
    code = "helper-lost"


def can_help() -> bool:
    """Whether a second process is safe and of use here: forking is, on Linux, while nothing else runs in this one."""
    return (
        sys.platform == "linux"
        and len(os.sched_getaffinity(0)) > 1
        and threading.active_count() == 1
        and not multiprocessing.current_process().daemon
    )


class Link:
    """The second process's end: it sends messages, and hears of each whether it was of use."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._heard: SimpleQueue[bool] = SimpleQueue()
        self._waiting = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message: bytes) -> None:
        """Send a message; waits until the other one takes it."""
        self._waiting += 1
        self._line.send_bytes(_MESSAGE)
        self._line.send_bytes(message)

    def all_of_use(self) -> bool:
        """Whether all messages answered so far were of use; if one was not, waits for the answers to all that were sent."""
        of_use = True
        while self._waiting and not (of_use and self._heard.empty()):
            of_use &= self._heard.get()
            self._waiting -= 1
        return of_use

    def _listen(self) -> None:
        """Hear the answers; end this process when the other one is gone, also by kill -9."""
        with suppress(EOFError, OSError):
            while True:
                self._heard.put(self._line.recv_bytes() == b"1")
        os._exit(1)


class Helper:
    """This process's end: receives what the second process sends, and answers."""

    def __init__(self, work: Callable[[Link], None]) -> None:
        context = multiprocessing.get_context("fork")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(work, self._line, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def receive(self) -> bytes | None:
        """The next message, None after the last. What failed there is raised here."""
        try:
            mark = self._line.recv_bytes()
            if mark == _END:
                return None
            message = self._line.recv_bytes()
        except (EOFError, OSError):
            self._process.join(END_SECONDS_MAX)
            raise HelperLost(
                f"The process that reads ahead was ended (code {self._process.exitcode}). What was taken is kept; "
                "the same command goes on from there."
            ) from None
        if mark == _FAULT:
            raise pickle.loads(message)  # noqa: S301 - made by our own other half
        return message

    def answer(self, *, of_use: bool) -> None:
        """Say whether the last message was of use."""
        with suppress(OSError):     # it ended after its last message
            self._line.send_bytes(b"1" if of_use else b"0")

    def close(self) -> None:
        """End the second process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._line.close()


def _work(work: Callable[[Link], None], theirs: Connection, ours: Connection) -> None:
    theirs.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)      # Ctrl-C reaches both; the other one decides, and ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        work(Link(ours))
        ours.send_bytes(_END)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the other one's to raise
        ours.send_bytes(_FAULT)
        ours.send_bytes(_pickled(error))


def _pickled(error: BaseException) -> bytes:
    """The error for the other process; its words alone where it cannot travel whole."""
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - anything may go wrong in a foreign error's pickling
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return packed

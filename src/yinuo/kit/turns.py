"""Taking turns: processes of one machine that must not do a thing at the same time wait for each other at a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:    # Windows: one process at a time
    fcntl = None  # type: ignore[assignment]

CAN_WAIT = fcntl is not None


@contextmanager
def turn(file: Path | str) -> Iterator[None]:
    """Wait for one's turn at a file, which is made where it is not there; closing it gives the turn back, however we end."""
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600)) as held:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_EX)
        yield

"""Who uses a data folder: a server or worker holds it while it runs, and a demo that would empty it asks first."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

_held: list[int] = []


def hold(folder: Path) -> None:
    """Hold the folder together with others until this process, and any program that takes its place, has ended."""
    handle = os.open(folder, os.O_RDONLY)
    os.set_inheritable(handle, True)    # `yinuo demo` becomes `yinuo serve`, and nobody may come in between
    with suppress(OSError):             # a disk that knows no locks serves all the same
        fcntl.flock(handle, fcntl.LOCK_SH)
    _held.append(handle)


def is_held(folder: Path) -> bool:
    """Whether a process on this machine holds the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    else:
        return False
    finally:
        os.close(handle)

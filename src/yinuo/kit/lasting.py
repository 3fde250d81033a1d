"""Files that last: written beside, flushed to the disk, and put in their place whole, so that a crash leaves old or new."""

from __future__ import annotations

import os
from pathlib import Path


def write_lasting(file: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file's content; when this returns, it is on the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""The realm's secret: 32 random bytes in a file that only its owner can read, made at the first start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from yinuo.kit.refusals import Malformed

SECRET_BYTES = 32


def read_secret(file: Path) -> bytes:
    """The secret in the file; a new one if there is no file yet. Two processes starting at once agree on one."""
    if not file.exists():
        make_once(file, secrets.token_hex(SECRET_BYTES))
    try:
        secret = bytes.fromhex(file.read_text().strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise Malformed(
            f"The file does not hold {SECRET_BYTES} bytes in hexadecimal; restore it from a backup. "
            "With another secret no known source id would be found again.",
            path=str(file),
        )
    return secret


def make_once(file: Path, content: str) -> None:
    """Make a file that only its owner can read, whole, unless another process was first: then its content stands."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(content)
    try:
        os.link(temporary, file)    # fails if another process was first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()

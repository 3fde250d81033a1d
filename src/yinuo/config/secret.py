"""The realm's secret: 32 random bytes in a file that only its owner can read, made at the first start and never again."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from yinuo.kit.refusals import Malformed

SECRET_BYTES = 32


def read_secret(file: Path, *, is_begun: Callable[[], bool]) -> bytes:
    """The secret in the file; a new one if there is no file and nothing begun yet. Two processes starting at once agree."""
    if not file.exists():
        if is_begun():
            raise Malformed(
                "The realm's secret is missing, and the database has facts already: restore the file from its backup. No new "
                "one is made in its place, since with another no known source id would be found again.",
                path=str(file),
            )
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

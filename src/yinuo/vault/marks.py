"""What binds a surrogate's row together, so that rows whose digests were exchanged answer for nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from hmac import compare_digest

from yinuo.kit.refusals import Refusal
from yinuo.kit.sealing import index_key

MARK_BYTES = 8


class Misfiled(Refusal):
    """A row says that a surrogate stands for somebody, and was not written so."""

    status = 500
    code = "misfiled"


def marker(key: bytes) -> Callable[[bytes, str, str], bytes]:
    """A function that gives the mark of a row's digest, surrogate and source, by the realm's secret."""
    begun = hashlib.blake2b(key=index_key(key, "surrogate-row"), digest_size=MARK_BYTES).copy

    def mark(digest: bytes, surrogate: str, source: str) -> bytes:
        hashing = begun()
        hashing.update(b"%b%d|%b|%b" % (digest, len(surrogate), surrogate.encode(), source.encode()))
        return hashing.digest()

    return mark


def check_marks(found: Iterable[tuple[bytes, str, str, bytes]], key: bytes) -> None:
    """Refuse rows (digest, surrogate, source, mark) that were not written as they stand."""
    mark_of = marker(key)
    for digest, surrogate, source, mark in found:
        if not compare_digest(mark_of(bytes(digest), surrogate, source), bytes(mark)):
            raise Misfiled(
                f"The row of {surrogate} in vault_surrogate was altered: its digest or source is another row's. Nothing was "
                "done. Restore the table from a backup; until then nobody can say whom this surrogate stands for."
            )

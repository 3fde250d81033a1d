"""Keep keyed hashes of addresses and payers, by the order they came with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.facts import kinds
from yinuo.kit.ids import keyed_digester
from yinuo.kit.sealing import index_key

FingerprintRow = tuple[str, bytes]


def keep_fingerprints(*, prints: Mapping[tuple[str, str], str], key: bytes) -> None:
    """Keep the keyed hash of each (subject, name) -> address or payer that has none; what was hashed is not kept."""
    keep_fingerprint_rows(fingerprint_rows(prints=prints, key=key))


def fingerprint_rows(*, prints: Mapping[tuple[str, str], str], key: bytes) -> list[FingerprintRow]:
    """What `keep_fingerprint_rows` will keep of these: hashes only, by keys derived from the realm's secret."""
    names = {name for _, name in prints}
    digest_of = {name: keyed_digester(index_key(key, f"fingerprint/{name}"), name) for name in names}
    return [(f"{subject}/{name}", digest_of[name](value)) for (subject, name), value in prints.items()]


def keep_fingerprint_rows(prints: Sequence[FingerprintRow], *, corrected: Sequence[FingerprintRow] = ()) -> None:
    """Keep hashes that were made ready: the first of each subject stands, unless an event corrected it."""
    rows.insert_missing(connection, "vault_fingerprint", "key", ("key", "digest"), prints)
    rows.upsert(connection, "vault_fingerprint", "key", ("key", "digest"), corrected)


def forget_fingerprints(subjects: Sequence[str]) -> None:
    """Delete every fingerprint that came with these subjects."""
    names = sorted({name for kind in kinds().values() for name in kind.fingerprints})
    rows.delete_in(
        connection, "vault_fingerprint", "key", [f"{subject}/{name}" for subject in subjects for name in names]
    )

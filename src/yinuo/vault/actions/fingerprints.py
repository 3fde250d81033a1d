"""Keep keyed hashes of addresses and payers, by the order they came with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.facts import kinds
from yinuo.kit.ids import keyed_digester
from yinuo.kit.sealing import index_key

FingerprintRow = tuple[str, bytes, bytes]


class Print(NamedTuple):
    """What came with a subject under a name, within what it is to be compared (a merchant), and by which event."""

    subject: str
    name: str
    value: str
    within: str = ""
    entry_key: bytes = b""


def fingerprint_rows(*, prints: Iterable[Print], key: bytes) -> list[FingerprintRow]:
    """What `keep_fingerprint_rows` will keep of these: hashes only, by keys derived from the realm's secret.

    The same address with two merchants has two hashes: nobody asks across merchants, so nobody can.
    """
    names = {name for kind in kinds().values() for name in kind.fingerprints}
    digest_of = {name: keyed_digester(index_key(key, f"fingerprint/{name}"), name) for name in names}
    return [
        (f"{told.subject}/{told.name}", digest_of[told.name](f"{told.within}\0{told.value}"), told.entry_key) for told in prints
    ]


def keep_fingerprint_rows(prints: Sequence[FingerprintRow]) -> None:
    """Keep hashes that were made ready: the first of each subject stands."""
    rows.insert_missing(connection, "vault_fingerprint", "key", ("key", "digest", "entry_key"), prints)


def forget_fingerprints(subjects: Sequence[str]) -> None:
    """Delete every fingerprint that came with these subjects."""
    names = sorted({name for kind in kinds().values() for name in kind.fingerprints})
    rows.delete_in(
        connection, "vault_fingerprint", "key", [f"{subject}/{name}" for subject in subjects for name in names]
    )


def forget_told(told: Iterable[tuple[str, bytes]]) -> None:
    """Delete what came with events that were replaced, of (subject, the event's key): fingerprints, and texts told once."""
    by_subject: dict[str, set[bytes]] = {}
    for subject, entry_key in told:
        by_subject.setdefault(subject, set()).add(entry_key)
    prints = {name for kind in kinds().values() for name in kind.fingerprints}
    texts = {name for kind in kinds().values() for name, text in kind.texts.items() if text.once}
    for table, names in (("vault_fingerprint", prints), ("vault_text", texts)):
        keys = [f"{subject}/{name}" for subject in by_subject for name in sorted(names)]
        found = rows.select_in(connection, f"SELECT key, entry_key FROM {table} WHERE key {{keys}}", keys)
        gone = [key for key, entry_key in found if bytes(entry_key) in by_subject[key.partition("/")[0]]]
        rows.delete_in(connection, table, "key", gone)

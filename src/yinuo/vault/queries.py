"""Questions to the vault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.ids import keyed_digest


def words_of(*, name: str, subjects: Sequence[str]) -> dict[str, str]:
    """The text kept under `name` for each subject that has one."""
    found = rows.select_in(
        connection, "SELECT key, words FROM vault_text WHERE key {keys}", [f"{subject}/{name}" for subject in subjects]
    )
    return {key.partition("/")[0]: words for key, words in found}


def fingerprints_of(*, names: Sequence[str], subjects: Sequence[str]) -> dict[tuple[str, str], bytes]:
    """The fingerprints kept under these names, by (subject, name)."""
    found = rows.select_in(
        connection,
        "SELECT key, digest FROM vault_fingerprint WHERE key {keys}",
        [f"{subject}/{name}" for subject in subjects for name in names],
    )
    split = ((key.partition("/"), digest) for key, digest in found)
    return {(subject, name): bytes(digest) for (subject, _, name), digest in split}


def surrogate_of(*, kind: str, source: str, source_id: str, key: bytes) -> str | None:
    """The surrogate of a subject by its id at the source, or None where it was never heard of."""
    digest = keyed_digest(key, "surrogate", kind, source, source_id)
    found = rows.select_in(connection, "SELECT surrogate FROM vault_surrogate WHERE digest {keys}", [digest])
    return found[0][0] if found else None


def source_ids_of(*, surrogates: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The (source, id) behind each surrogate that is still known."""
    found = rows.select_in(
        connection,
        "SELECT surrogate, source, source_id FROM vault_surrogate WHERE surrogate {keys}",
        list(surrogates),
    )
    return {surrogate: (source, source_id) for surrogate, source, source_id in found}


def subjects_sharing(*, digests: Iterable[bytes]) -> dict[bytes, list[str]]:
    """The subjects behind each fingerprint."""
    found = rows.select_in(connection, "SELECT digest, key FROM vault_fingerprint WHERE digest {keys}", list(digests))
    groups: dict[bytes, list[str]] = {}
    for digest, key in found:
        groups.setdefault(bytes(digest), []).append(key.partition("/")[0])
    return groups

"""What the vault does: give surrogates, keep words, keep fingerprints. Called inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.facts import SUBJECT_PREFIXES
from yinuo.kit.ids import Entropy, keyed_digest, new_surrogates

Name = tuple[str, str]
"""A subject as its source knows it: type and id, such as ("order", "A-17")."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text to keep: of which subject, under which name, whose it is, how long it may be kept."""

    subject: str
    name: str
    owner: str
    retention: str
    words: str


def surrogates_for(
    *, source: str, names: Iterable[Name], key: bytes, entropy: Entropy
) -> dict[Name, str]:
    """The surrogate of every name, made where there is none yet. The same name always gets the same one."""
    wanted = list(dict.fromkeys(names))
    digests = {keyed_digest(key, "surrogate", kind, source, name): (kind, name) for kind, name in wanted}
    found = rows.select_in(
        connection, "SELECT digest, surrogate FROM vault_surrogate WHERE digest {keys}", list(digests)
    )
    known = {digests[bytes(digest)]: surrogate for digest, surrogate in found}
    missing = [(digest, name) for digest, name in digests.items() if name not in known]
    known.update(_make_surrogates(source, missing, entropy))
    return known


def _make_surrogates(source: str, missing: Sequence[tuple[bytes, Name]], entropy: Entropy) -> dict[Name, str]:
    plain = new_surrogates(entropy, "", len(missing))
    made = {name: SUBJECT_PREFIXES[name[0]] + tail for (_, name), tail in zip(missing, plain, strict=True)}
    rows.insert(
        connection,
        "vault_surrogate",
        ("digest", "surrogate", "source", "source_id"),
        [(digest, made[name], source, name[1]) for digest, name in missing],
    )
    return made


def keep_words(*, texts: Sequence[Words], recorded: int) -> None:
    """Keep each text under its subject and name, in place of an earlier one."""
    latest = {f"{text.subject}/{text.name}": text for text in texts}
    rows.upsert(
        connection,
        "vault_text",
        "key",
        ("key", "owner", "retention", "words", "recorded"),
        [(key, text.owner, text.retention, text.words, recorded) for key, text in latest.items()],
    )


def keep_fingerprints(*, prints: Mapping[tuple[str, str], str], key: bytes) -> None:
    """Keep the keyed hash of each (subject, name) -> address or payer; what was hashed is not kept."""
    rows.upsert(
        connection,
        "vault_fingerprint",
        "key",
        ("key", "digest"),
        [
            (f"{subject}/{name}", keyed_digest(key, "fingerprint", name, value))
            for (subject, name), value in prints.items()
        ],
    )

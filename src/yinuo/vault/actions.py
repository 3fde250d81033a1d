"""What the vault does: give surrogates, keep words, keep fingerprints. Called inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.facts import SUBJECT_PREFIXES
from yinuo.kit.ids import Entropy, keyed_digester, new_surrogates
from yinuo.vault.memory import Memory, Remembered

Name = tuple[str, str]
"""A subject as its source knows it: type and id, such as ("order", "A-17")."""
TextRow = tuple[str, str, str, str, int, bytes]
FingerprintRow = tuple[str, bytes]

_CLUSTER_LENGTH = 5
"""How many characters the surrogates made at once have in common: indexes then grow in one place instead of all over,
which halves what intake writes. 55 random bits remain, and the table refuses the same one twice."""

_memory = Memory()


@dataclass(frozen=True, slots=True)
class Words:
    """A text to keep: of which subject, under which name, whose it is, how long it may be kept, by which event it came."""

    subject: str
    name: str
    owner: str
    retention: str
    words: str
    entry_key: bytes = b""


def surrogates_for(
    *, source: str, names: Iterable[Name], key: bytes, entropy: Entropy
) -> dict[Name, str]:
    """The surrogate of every name, made where there is none yet. The same name always gets the same one."""
    remembered = _memory.of(key, source, _epoch())
    known, unknown = remembered.sort_out(names)
    if unknown:
        learned, missing = _look_up(source, unknown, key)
        learned |= _make_surrogates(source, missing, key, entropy)
        transaction.on_commit(lambda: remembered.learn(learned))
        known |= learned
    return known


class Foreseen(msgspec.Struct, array_like=True):
    """Surrogates made before the transaction that needs them: (digest, surrogate, source, id), and the epoch they hold in."""

    epoch: str
    rows: list[tuple[bytes, str, str, str]]


class Foresight:
    """Gives the surrogates of one source's names ahead of the transactions that will keep the new ones, in one order.

    It reads what is committed, and remembers what it gave. Whether that still holds when a transaction comes to keep it,
    `keep_foreseen` says; if not, forget everything, and begin again once all earlier transactions are over.
    """

    def __init__(self, *, source: str, key: bytes, entropy: Entropy) -> None:
        self._source, self._key, self._entropy = source, key, entropy
        self._remembered = Remembered()
        self._failed = False
        self._look = True
        self.foreseen = Foreseen(_epoch(), [])

    def forget(self) -> None:
        """Begin again from what is committed, because what was foreseen did not hold."""
        self._failed = True
        self._begin_anew()

    def begin(self) -> None:
        """Begin the next transaction's share, in the vault's present epoch."""
        epoch = _epoch()
        if epoch != self.foreseen.epoch:
            self._begin_anew()
        self.foreseen = Foreseen(epoch, [])

    def surrogates_for(self, *, names: Iterable[Name]) -> dict[Name, str]:
        """The surrogate of every name; those made here are noted in `foreseen`."""
        known, unknown = self._remembered.sort_out(names)
        if unknown:
            found, missing = self._found(unknown)
            made = _draw_surrogates(missing, self._entropy)
            self.foreseen.rows += [(digest, made[name], self._source, name[1]) for digest, name in missing.items()]
            self._remembered.learn(found | made)
            known |= found
            known |= made
        return known

    def _found(self, unknown: Sequence[Name]) -> tuple[dict[Name, str], dict[bytes, Name]]:
        """What the table has. Where it had none of a whole share, it is taken to have none: looking is a fifth of the work."""
        if not self._look:
            return {}, _digests(self._source, unknown, self._key)
        found, missing = _look_up(self._source, unknown, self._key)
        self._look = bool(found) or self._failed or not self._remembered.whole
        return found, missing

    def _begin_anew(self) -> None:
        self._remembered = Remembered()
        self._look = True


def keep_foreseen(foreseen: Foreseen) -> bool:
    """Keep surrogates made ahead; False where some were deleted since. One that another made since is an IntegrityError."""
    if foreseen.epoch != _epoch():
        return False
    rows.insert(
        connection, "vault_surrogate", ("digest", "surrogate", "source", "source_id"), foreseen.rows, unique="digest"
    )
    return True


def known_surrogates(
    *, source: str, names: Iterable[Name], key: bytes, entropy: Entropy
) -> dict[Name, str]:
    """The surrogate of every name, empty where there is none: asks as `surrogates_for` does, but makes nothing."""
    known, missing = _look_up(source, list(dict.fromkeys(names)), key)
    return known | dict.fromkeys(missing.values(), "")


def forget_surrogates(*, surrogates: Sequence[str]) -> None:
    """Delete who these surrogates stand for; the same subject, should it come again, gets another."""
    rows.delete_in(connection, "vault_surrogate", "surrogate", surrogates)
    _begin_epoch()


def keep_words(*, texts: Sequence[Words], recorded: int) -> None:
    """Keep each text under its subject and name, in place of an earlier one."""
    keep_text_rows(text_rows(texts=texts, recorded=recorded))


def text_rows(*, texts: Sequence[Words], recorded: int) -> list[TextRow]:
    """What `keep_text_rows` will keep of these texts: the last one under each subject and name."""
    latest = {f"{text.subject}/{text.name}": text for text in texts}
    return [(key, text.owner, text.retention, text.words, recorded, text.entry_key) for key, text in latest.items()]


def keep_text_rows(texts: Sequence[TextRow]) -> None:
    """Keep texts that were made ready, in place of earlier ones."""
    rows.upsert(
        connection, "vault_text", "key", ("key", "owner", "retention", "words", "recorded", "entry_key"), texts
    )


def other_words(*, texts: Sequence[Words]) -> list[Words]:
    """Those of the texts that read otherwise than when the same event brought them first, where that can still be told."""
    found = rows.select_in(
        connection,
        "SELECT key, entry_key, words FROM vault_text WHERE key {keys}",
        [f"{text.subject}/{text.name}" for text in texts],
    )
    kept = {(key, bytes(entry_key)): words for key, entry_key, words in found}
    return [
        text for text in texts if kept.get((f"{text.subject}/{text.name}", text.entry_key), text.words) != text.words
    ]


def keep_fingerprints(*, prints: Mapping[tuple[str, str], str], key: bytes) -> None:
    """Keep the keyed hash of each (subject, name) -> address or payer that has none; what was hashed is not kept."""
    keep_fingerprint_rows(fingerprint_rows(prints=prints, key=key))


def fingerprint_rows(*, prints: Mapping[tuple[str, str], str], key: bytes) -> list[FingerprintRow]:
    """What `keep_fingerprint_rows` will keep of these: hashes only."""
    digest_of = {name: keyed_digester(key, "fingerprint", name) for name in {name for _, name in prints}}
    return [(f"{subject}/{name}", digest_of[name](value)) for (subject, name), value in prints.items()]


def keep_fingerprint_rows(prints: Sequence[FingerprintRow], *, corrected: Sequence[FingerprintRow] = ()) -> None:
    """Keep hashes that were made ready: the first of each subject stands, unless an event corrected it."""
    rows.insert_missing(connection, "vault_fingerprint", "key", ("key", "digest"), prints)
    rows.upsert(connection, "vault_fingerprint", "key", ("key", "digest"), corrected)


def _look_up(source: str, names: Sequence[Name], key: bytes) -> tuple[dict[Name, str], dict[bytes, Name]]:
    """The surrogates of the names that the table has, and the other names by their digests."""
    digests = _digests(source, names, key)
    found = rows.select_in(
        connection, "SELECT digest, surrogate FROM vault_surrogate WHERE digest {keys}", list(digests)
    )
    return {digests.pop(bytes(digest)): surrogate for digest, surrogate in found}, digests


def _digests(source: str, names: Sequence[Name], key: bytes) -> dict[bytes, Name]:
    digest_of = {kind: keyed_digester(key, "surrogate", kind, source) for kind in {name[0] for name in names}}
    return {digest_of[name[0]](name[1]): name for name in names}


def _make_surrogates(
    source: str, missing: Mapping[bytes, Name], key: bytes, entropy: Entropy
) -> dict[Name, str]:
    made = _draw_surrogates(missing, entropy)
    inserted = rows.insert_missing(
        connection,
        "vault_surrogate",
        "digest",
        ("digest", "surrogate", "source", "source_id"),
        [(digest, made[name], source, name[1]) for digest, name in missing.items()],
    )
    if inserted < len(made):       # another transaction made some at the same time, and has committed
        made, _ = _look_up(source, list(made), key)
    return made


def _draw_surrogates(missing: Mapping[bytes, Name], entropy: Entropy) -> dict[Name, str]:
    tails = new_surrogates(entropy, "", len(missing))
    cluster = tails[0][:_CLUSTER_LENGTH] if tails else ""
    return {
        name: SUBJECT_PREFIXES[name[0]] + cluster + tail[_CLUSTER_LENGTH:]
        for name, tail in zip(missing.values(), tails, strict=True)
    }


def _epoch() -> str:
    """The nonce of the vault's present state; empty while there is none, and then nothing is remembered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nonce FROM vault_epoch WHERE id = 1")
        found = cursor.fetchone()
    return str(found[0]) if found else ""


def _begin_epoch() -> None:
    """Make every process forget what it remembers. The database draws the nonce: it must never repeat, not even in a test."""
    draw = "hex(randomblob(16))" if connection.vendor == "sqlite" else "md5(gen_random_uuid()::text)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO vault_epoch (id, nonce) VALUES (1, {draw}) ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce"
        )

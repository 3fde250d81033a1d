"""Surrogates: drawn, sealed, looked up, forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.facts import SUBJECT_PREFIXES
from yinuo.kit.ids import Entropy, keyed_digester, new_surrogates
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import NONCE_BYTES, DataKey, index_key, place_of
from yinuo.vault.keyring import Holding
from yinuo.vault.marks import check_marks, marker
from yinuo.vault.rules import REALM, TRANSACTION, holder_of

Name = tuple[str, str]
"""A subject as its source knows it: type and id, such as ("order", "A-17")."""
SurrogateRow = tuple[bytes, str, str, bytes, bytes]
SURROGATE_COLUMNS = ("digest", "surrogate", "source", "source_id", "mark")
REALM_HOLDING = (REALM, TRANSACTION)
BY_NAME = itemgetter(0, 1, 2)
"""The order in which key rows are inserted, so that two transactions never wait for each other in a circle."""

_CLUSTER_LENGTH = 5
"""How many characters the surrogates made at once have in common: indexes then grow in one place instead of all over,
which halves what intake writes. 55 random bits remain, and the table refuses the same one twice."""


def known_surrogates(
    *, source: str, names: Iterable[Name], key: bytes, entropy: Entropy
) -> dict[Name, str]:
    """The surrogate of every name, empty where there is none: asks as intake does, but makes nothing."""
    known, missing = look_up(source, list(dict.fromkeys(names)), key)
    return known | dict.fromkeys(missing.values(), "")


def forget_surrogates(*, surrogates: Sequence[str]) -> None:
    """Delete who these surrogates stand for; the same subject, should it come again, gets another."""
    rows.delete_in(connection, "vault_surrogate", "surrogate", surrogates)
    begin_epoch()


def look_up(source: str, names: Sequence[Name], key: bytes) -> tuple[dict[Name, str], dict[bytes, Name]]:
    """The surrogates of the names that the table has, and the other names by their digests; refuses a row that was altered."""
    found_digests = digests(source, names, key)
    found = rows.select_in(
        connection, "SELECT digest, surrogate, source, mark FROM vault_surrogate WHERE digest {keys}", list(found_digests)
    )
    check_marks(found, key)
    return {found_digests.pop(bytes(digest)): surrogate for digest, surrogate, *_ in found}, found_digests


def digests(source: str, names: Sequence[Name], key: bytes) -> dict[bytes, Name]:
    """The names by the keyed hashes under which they stand."""
    secret = index_key(key, "surrogate")
    digest_of = {kind: keyed_digester(secret, "surrogate", kind, source) for kind in {name[0] for name in names}}
    return {digest_of[name[0]](name[1]): name for name in names}


def draw_surrogates(missing: Mapping[bytes, Name], entropy: Entropy) -> dict[Name, str]:
    """A fresh surrogate for each of the names."""
    tails = new_surrogates(entropy, "", len(missing))
    cluster = tails[0][:_CLUSTER_LENGTH] if tails else ""
    return {
        name: SUBJECT_PREFIXES[name[0]] + cluster + tail[_CLUSTER_LENGTH:]
        for name, tail in zip(missing.values(), tails, strict=True)
    }


def holders_among(made: Mapping[Name, str]) -> dict[Holding, int]:
    """The holdings of the persons among fresh surrogates, each to get the first version of a key."""
    return {(holder, TRANSACTION): 1 for surrogate in made.values() if (holder := holder_of(surrogate)) != REALM}


def sealed_surrogates(
    source: str, missing: Mapping[bytes, Name], made: Mapping[Name, str], ours: DataKey, persons: Mapping[Holding, bytes],
    realm: Realm,
) -> list[SurrogateRow]:
    """The rows of fresh surrogates: ids at the source sealed with the realm's key, or with the person's own."""
    nonces = realm.entropy(NONCE_BYTES * len(missing))
    mark_of = marker(realm.key)
    sealed = []
    for place, (digest, name) in enumerate(missing.items()):
        surrogate = made[name]
        holding = (surrogate, TRANSACTION)
        key = DataKey((*holding, 1), persons[holding]) if holding in persons else ours
        nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
        source_id = key.seal(place_of("vault_surrogate", "source_id", surrogate), name[1], nonce)
        sealed.append((digest, surrogate, source, source_id, mark_of(digest, surrogate, source)))
    return sealed


def begin_epoch(keys_since: int | None = None) -> None:
    """Make every process forget what it remembers. The database draws the nonce: it must never repeat, not even in a test."""
    draw = "hex(randomblob(16))" if connection.vendor == "sqlite" else "md5(gen_random_uuid()::text)"
    since = "" if keys_since is None else ", keys_since = excluded.keys_since"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO vault_epoch (id, nonce, keys_since) VALUES (1, {draw}, %s) "
            f"ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce{since}",
            [keys_since or 0],
        )

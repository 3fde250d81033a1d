"""Questions to the vault."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.ids import keyed_digest
from yinuo.kit.moments import from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import NotOpened, index_key, place_of, version_of
from yinuo.vault.keyring import destroyed_holdings, keys_to_open, present_state, tombstone_of
from yinuo.vault.models import Erasure, Key, Surrogate
from yinuo.vault.rules import PROFILE, REALM, TRANSACTION, holder_of


def words_of(*, name: str, subjects: Sequence[str], realm: Realm) -> dict[str, str | None]:
    """The text kept under `name` for each subject that ever had one; None where it was erased."""
    return words_by_name(names=(name,), subjects=subjects, realm=realm)[name]


def words_by_name(*, names: Sequence[str], subjects: Sequence[str], realm: Realm) -> dict[str, dict[str, str | None]]:
    """What `words_of` gives for each of the names, asked in one go."""
    found = rows.select_in(
        connection,
        "SELECT key, owner, retention, words FROM vault_text WHERE key {keys}",
        [f"{subject}/{name}" for subject in subjects for name in names],
    )
    words: dict[str, dict[str, str | None]] = {name: {} for name in names}
    for key, text in opened_words(found, realm=realm).items():
        subject, _, name = key.partition("/")
        words[name][subject] = text
    return words


def opened_words(found: Iterable[Sequence[Any]], *, realm: Realm) -> dict[str, str | None]:
    """The words of (key, owner, retention, sealed) rows by their keys; None where they were erased."""
    sealed = [
        (key, (holder_of(owner), retention, version_of(bytes(words))), bytes(words))
        for key, owner, retention, words in found if words is not None
    ]
    keys = keys_to_open({name for _, name, _ in sealed}, realm=realm)
    opened: dict[str, str | None] = {key: None for key, *_ in found}
    for key, name, words in sealed:
        if (data_key := keys[name]) is not None:
            opened[key] = data_key.open(place_of("vault_text", "words", key), words)
    return opened


def open_own(*, place: str, sealed: bytes, realm: Realm) -> str:
    """The text that `actions.seal_own` sealed for this place; refuses anything else."""
    name = (REALM, PROFILE, version_of(sealed))
    key = keys_to_open({name}, realm=realm)[name]
    if key is None:
        raise NotOpened(f"{place} is sealed with a key that was destroyed.")
    return key.open(place, sealed)


def texts_of(*, owner: str, retentions: Sequence[str], realm: Realm) -> dict[str, str]:
    """Every text of these classes that belongs to somebody, by subject/name: what they wrote, and what they are called."""
    found = rows.select_in(
        connection, "SELECT key, owner, retention, words FROM vault_text WHERE owner {keys}", [owner]
    )
    opened = opened_words([row for row in found if row[2] in retentions], realm=realm)
    return {key: words for key, words in opened.items() if words is not None}


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
    digest = keyed_digest(index_key(key, "surrogate"), "surrogate", kind, source, source_id)
    found = rows.select_in(connection, "SELECT surrogate FROM vault_surrogate WHERE digest {keys}", [digest])
    return found[0][0] if found else None


def source_ids_of(*, surrogates: Iterable[str], realm: Realm) -> dict[str, tuple[str, str] | None]:
    """The (source, id) behind each surrogate; None where the person was erased, nothing where there never was any."""
    wanted = set(surrogates)
    found = rows.select_in(
        connection,
        "SELECT surrogate, source, source_id FROM vault_surrogate WHERE surrogate {keys}",
        list(wanted),
    )
    sealed = {surrogate: (source, bytes(source_id)) for surrogate, source, source_id in found}
    names = {surrogate: (holder_of(surrogate), TRANSACTION, version_of(text)) for surrogate, (_, text) in sealed.items()}
    keys = keys_to_open(set(names.values()), realm=realm)
    persons = {surrogate for surrogate in wanted - sealed.keys() if holder_of(surrogate) != REALM}
    opened: dict[str, tuple[str, str] | None] = {
        holder: None for holder, retention in destroyed_holdings(persons, realm=realm) if retention == TRANSACTION
    }
    for surrogate, (source, text) in sealed.items():
        place = place_of("vault_surrogate", "source_id", surrogate)
        opened[surrogate] = (source, key.open(place, text)) if (key := keys[names[surrogate]]) is not None else None
    return opened


def known_among(surrogates: Iterable[str]) -> set[str]:
    """Those of the surrogates that stand for somebody. Nobody among them is erased before the caller's transaction ends."""
    present_state(hold=True)
    found = rows.select_in(
        connection, "SELECT surrogate FROM vault_surrogate WHERE surrogate {keys}", list(surrogates)
    )
    return {surrogate for (surrogate,) in found}


def known_since(*, surrogate: str) -> datetime | None:
    """When somebody was first heard of; None where they never were, or were erased."""
    if not Surrogate.objects.filter(surrogate=surrogate).exists():
        return None
    first = Key.objects.filter(holder=surrogate, retention=TRANSACTION).aggregate(first=Min("made"))["first"]
    return None if first is None else from_micros(first)


def erasures_between(*, start: datetime, stop: datetime) -> list[bytes]:
    """The keyed hash of everybody of whom something was erased from a moment to before another, each once, in order."""
    noted = Erasure.objects.filter(at__gte=to_micros(start), at__lt=to_micros(stop))
    return sorted({bytes(digest) for digest in noted.values_list("digest", flat=True)})


def erased_at(*, holder: str, retention: str, realm: Realm) -> datetime | None:
    """When a person's data of a class was erased last; None where it never was."""
    keys = Key.objects.filter(holder__in=(holder, tombstone_of(holder, realm)), retention=retention)
    found = keys.aggregate(last=Max("destroyed"))["last"]
    return None if found is None else from_micros(found)


def gone_since(*, holder: str, classes: Collection[str], realm: Realm) -> datetime | None:
    """When a person's data of these classes was erased, if none of it came since; None where there may be something."""
    if Key.objects.filter(holder=holder, retention__in=classes, wrapped__isnull=False).exists():
        return None
    digest = keyed_digest(index_key(realm.key, "erasure"), holder)
    noted = Erasure.objects.filter(digest=digest).order_by("-at").values_list("classes", "at")
    return next((from_micros(at) for names, at in noted if set(classes) <= set(names.split(","))), None)


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How many data keys there are of a class, in force and destroyed, and when the oldest and newest in force were made."""

    retention: str
    in_force: int
    destroyed: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """The keys of a realm: data keys by class, and how many of them each wrapping key wraps, oldest first."""

    classes: list[KeyCount]
    wrapping: dict[str, int]
    current: str


def key_status(*, viewer: Actor, realm: Realm) -> Holdings:
    """What keys there are."""
    allow(viewer, "vault.see_keys")
    counted = Key.objects.values("retention").annotate(
        all=Count("pk"), in_force=Count("wrapped"), oldest=Min("made"), newest=Max("made")
    )
    classes = [
        KeyCount(
            row["retention"], row["in_force"], row["all"] - row["in_force"], from_micros(row["oldest"]),
            from_micros(row["newest"]),
        )
        for row in counted.order_by("retention")
    ]
    wrapping = dict.fromkeys(realm.keys.ids(), 0)
    used = Key.objects.filter(wrapped__isnull=False).values("wrapping").annotate(count=Count("pk"))
    wrapping |= {row["wrapping"]: row["count"] for row in used}
    return Holdings(classes, wrapping, realm.keys.current().id)

"""Begin, exchange and renew keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.keys import KeyMissing
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import NONCE_BYTES, WrappingKey
from yinuo.vault.actions.at_once import make_own_keys
from yinuo.vault.actions.erase import clear_traces
from yinuo.vault.actions.surrogates import begin_epoch
from yinuo.vault.models import Key

REWRAP_BATCH = 5_000
Progress = Callable[[int, int], None]


def open_keys(*, realm: Realm, at: datetime) -> None:
    """Make the first keys of a new installation; refuse where the database has data keys that none here wraps."""
    if used := _used():
        missing = used - set(realm.keys.ids())
        if missing:
            raise KeyMissing(
                f"The database holds data keys under the wrapping key {', '.join(sorted(missing))}, which is not in the folder "
                "of keys. Restore that folder from its backup: without it no personal data can be read again, and a new key "
                "would open nothing."
            )
    realm.keys.begin(realm.entropy)
    make_own_keys(realm=realm, at=at)


def rotate(*, actor: Actor, realm: Realm, progress: Progress = lambda done, total: None) -> WrappingKey:
    """Wrap every data key by a new wrapping key. Where an earlier rotation was stopped half way, that one is finished."""
    allow(actor, "vault.rotate_keys")
    if not _left(realm.keys.current()):
        realm.keys.add(realm.entropy)
        begin_epoch()       # nobody goes on with rows that were made ahead under the old one
    rewrap(realm=realm, progress=progress)
    clear_traces()
    return realm.keys.current()


def rewrap(*, realm: Realm, progress: Progress = lambda done, total: None) -> int:
    """Wrap by the current wrapping key what others still wrap, batch by batch; returns how many those were."""
    current = realm.keys.current()
    total, done = _left(current), 0
    last = 0
    while batch := _rewrap_batch(realm, current, last):
        last = batch[-1]
        done += len(batch)
        progress(done, max(done, total))
    return done


def renew_data_keys(*, actor: Actor, realm: Realm, at: datetime) -> None:
    """Use the data keys made until now for nothing new: whatever is written next makes the next version of its key."""
    allow(actor, "vault.rotate_keys")
    begin_epoch(keys_since=to_micros(at))
    make_own_keys(realm=realm, at=at)


def _used() -> set[str]:
    return set(Key.objects.filter(wrapped__isnull=False).values_list("wrapping", flat=True).distinct())


def _left(current: WrappingKey) -> int:
    return Key.objects.filter(wrapped__isnull=False).exclude(wrapping=current.id).count()


@transaction.atomic
def _rewrap_batch(realm: Realm, current: WrappingKey, after: int) -> list[int]:
    found = list(
        Key.objects.filter(pk__gt=after, wrapped__isnull=False).exclude(wrapping=current.id).order_by("pk")
        .values_list("pk", "holder", "retention", "version", "wrapped", "wrapping")[:REWRAP_BATCH]
    )
    nonces = realm.entropy(NONCE_BYTES * len(found))
    changed = []
    for place, (pk, holder, retention, version, wrapped, wrapping) in enumerate(found):
        name = (holder, retention, version)
        key = realm.keys.find(wrapping).unwrap(bytes(wrapped or b""), name)
        nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
        changed.append((current.wrap(key, name, nonce), current.id, pk))
    with connection.cursor() as cursor:     # a key that was destroyed meanwhile stays so
        cursor.executemany("UPDATE vault_key SET wrapped = %s, wrapping = %s WHERE id = %s AND wrapped IS NOT NULL", changed)
    return [pk for pk, *_ in found]

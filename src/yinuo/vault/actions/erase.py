"""Erase a person's data of some classes: keys destroyed, words and mapping deleted, noted where no old backup undoes it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.ids import keyed_digest
from yinuo.kit.keys import ListDamaged
from yinuo.kit.moments import from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed
from yinuo.kit.sealing import index_key
from yinuo.vault.actions.fingerprints import forget_fingerprints
from yinuo.vault.actions.surrogates import begin_epoch
from yinuo.vault.keyring import tombstone_of
from yinuo.vault.models import Erasure, Key, Surrogate, Text
from yinuo.vault.rules import REALM, TRANSACTION, check_classes, holder_of

log = logging.getLogger(__name__)
Beyond = Callable[[str, Collection[str]], Sequence[str]]
"""Erases what others keep of a person in some classes, and returns the orders whose fingerprints go too."""
_Noted = tuple[bytes, str, int]     # the holder's keyed hash, classes, moment


@dataclass(frozen=True, slots=True)
class ErasedAgain:
    """A person whom a restored backup had brought back, and the classes that were erased again."""

    holder: str
    classes: tuple[str, ...]
    at: datetime


@transaction.atomic
def erase(*, holder: str, classes: Collection[str], realm: Realm, at: datetime, orders: Sequence[str] = ()) -> None:
    """Destroy a person's keys of these classes and delete what they sealed; with the orders, also their fingerprints.

    Whether a law still wants it kept is the caller's question (`vault.rules.kept_until`). Once the transaction has committed,
    the erasure is in the list outside the database, and the database's files are cleared of what was deleted.
    """
    if holder_of(holder) == REALM:
        raise Malformed(f"{holder} is no person: only a person's data is erased by its keys.")
    noted = (_digest(holder, realm), check_classes(frozenset(classes)), to_micros(at))
    _destroy(holder, noted, orders, realm)
    _keep([noted])
    transaction.on_commit(partial(realm.keys.note_erased, [_line(noted)]))
    transaction.on_commit(clear_traces, robust=True)


def replay_erasures(*, realm: Realm, beyond: Beyond = lambda holder, classes: ()) -> list[ErasedAgain]:
    """Bring database and erasure list together: what a restored backup brought back is erased again, and told.

    `beyond` erases in the same transaction what others keep. What the database alone knows, because the process ended
    before it could write the list, is added to the list.
    """
    listed = {_parsed(line) for line in realm.keys.erased()}
    done = {(bytes(digest), classes, at) for digest, classes, at in Erasure.objects.values_list("digest", "classes", "at")}
    if unlisted := done - listed:
        realm.keys.note_erased([_line(noted) for noted in sorted(unlisted, key=lambda noted: noted[2])])
    undone = sorted(listed - done, key=lambda noted: noted[2])
    if not undone:
        return []
    with transaction.atomic():
        again = _erase_again(undone, realm, beyond)
        _keep(undone)
    clear_traces()
    return again


def clear_traces() -> None:
    """Clear the database's files of what was overwritten and deleted, as far as it can (docs/guide/personal-data.md)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in ("vault_key", "vault_text", "vault_surrogate"):
                cursor.execute(f"VACUUM {table}")
            return
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchone()[0]
    if busy:
        log.warning("The write-ahead log could not be emptied, because it is being read; the next erasure or start will.")


def compact() -> None:
    """Write the database anew without what was deleted: SQLite leaves copies of rows behind when pages split."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
    clear_traces()


def _destroy(holder: str, noted: _Noted, orders: Sequence[str], realm: Realm) -> None:
    begin_epoch()       # first: whoever writes by this surrogate has committed, or will begin anew
    _, names, at = noted
    classes = names.split(",")
    keys = Key.objects.filter(holder=holder, retention__in=classes, wrapped__isnull=False)
    keys.update(wrapped=None, destroyed=at)
    Text.objects.filter(owner=holder, retention__in=classes).update(words=None, owner="")
    if TRANSACTION in classes:
        Surrogate.objects.filter(surrogate=holder).delete()
    if not Key.objects.filter(holder=holder, wrapped__isnull=False).exists():      # nothing is kept: nor is the surrogate
        Text.objects.filter(key__gte=f"{holder}/", key__lt=f"{holder}0").delete()
        Key.objects.filter(holder=holder).update(holder=tombstone_of(holder, realm))
    forget_fingerprints(orders)


def _erase_again(undone: Sequence[_Noted], realm: Realm, beyond: Beyond) -> list[ErasedAgain]:
    holders = Key.objects.exclude(holder=REALM).values_list("holder", flat=True).distinct()
    wanted = {digest for digest, _, _ in undone}
    holder_by_digest = {digest: holder for holder in holders.iterator() if (digest := _digest(holder, realm)) in wanted}
    again = []
    for noted in undone:
        digest, classes, at = noted
        if (holder := holder_by_digest.get(digest)) is not None:
            erased = ErasedAgain(holder, tuple(classes.split(",")), from_micros(at))
            orders = beyond(holder, erased.classes)
            _destroy(holder, noted, orders, realm)
            again.append(erased)
    return again


def _keep(done: Sequence[_Noted]) -> None:
    rows.insert_missing(connection, "vault_erasure", "digest, classes, at", ("digest", "classes", "at"), done)


def _digest(holder: str, realm: Realm) -> bytes:
    return keyed_digest(index_key(realm.key, "erasure"), holder)


def _line(noted: _Noted) -> str:
    digest, classes, at = noted
    return f"{digest.hex()} {classes} {from_micros(at).isoformat()}"


def _parsed(line: str) -> _Noted:
    """What a line of the list says; refuses one that says nothing: it would bring somebody back."""
    try:
        digest, classes, at = line.split(" ")
        noted = (bytes.fromhex(digest), check_classes(frozenset(classes.split(","))), to_micros(datetime.fromisoformat(at)))
    except (ValueError, TypeError, Malformed):
        raise ListDamaged(f"The erasure list has a line that cannot be read: {line[:100]!r}.") from None
    return noted

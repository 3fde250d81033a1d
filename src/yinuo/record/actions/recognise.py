"""Recognise: whether the secret and the log's keys are those that the database was begun with, before anything is done by them.

With another secret every known id would become a new subject, and every repeated event a new fact; with other keys the log
would be signed by whom nobody trusts. Both look well from inside, so each start compares.
"""

from __future__ import annotations

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.ids import keyed_digest
from yinuo.kit.log import Log
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Refusal
from yinuo.record import queries
from yinuo.record.models import Anchor, Checkpoint, Cosignature, Entry, Installation, TimeStamp


class NotRecognised(Refusal):
    """The secret or the log's keys are not those that the database was begun with."""

    status = 500
    code = "not-recognised"


def recognise(*, actor: Actor, realm: Realm, another_log: bool = False) -> None:
    """Refuse a realm whose secret or whose log's keys the database does not know; what begins with nothing makes them known.

    With `another_log` the keys are not compared: `begin_log` is about to make them known.
    """
    allow(actor, "record.seal")
    secret, keys = keyed_digest(realm.key, "installation", "secret"), _keys_of(realm.log)
    known = Installation.objects.filter(pk=1).first()
    if known is None:
        known, _ = Installation.objects.get_or_create(pk=1, defaults={"secret": secret, "log": keys})
    if (bytes(known.secret), known.log) == (secret, keys):
        return
    if not Entry.objects.exists():      # nothing hangs on them yet
        Installation.objects.filter(pk=1).update(secret=secret, log=keys)
        return
    if bytes(known.secret) != secret:
        raise NotRecognised(
            "realm.key does not hold the secret that this database was begun with: the file was changed, or belongs to "
            "another installation. Restore it from its backup. With another secret no known source id would be found again, "
            "and every event sent again would be taken in twice."
        )
    if known.log != keys and not another_log:
        raise NotRecognised(
            "log-keys.json does not hold the keys that the log of this database was begun with: the file was changed, or "
            "belongs to another log. Restore it from its backup; nobody who trusts the log would believe what other keys sign. "
            "If there is no backup, the guide to the record says how to end that log and begin another."
        )


def check_remembered(log: Log, size: int) -> None:
    """Refuse a log that would contradict what it signed before, or does not know any more what that was."""
    log.check_not_behind(size)
    queries.check_memory(log=log)


@transaction.atomic
def begin_log(*, actor: Actor, realm: Realm) -> int:
    """Let the database know the realm's log as its own from now on; what was signed in another's name goes.

    Returns how many heads that were: their notes and what others vouched for must have been written out before.
    """
    allow(actor, "record.seal")
    known = Installation.objects.select_for_update().get(pk=1)
    if realm.log is not None and realm.log.origin in {line.partition("+")[0] for line in known.log.splitlines()}:
        raise NotRecognised(f"The log that ends is called {realm.log.origin!r} too; give the new one another (YINUO_ORIGIN).")
    for model in (Cosignature, TimeStamp, Anchor):
        model.objects.all().delete()
    gone, _ = Checkpoint.objects.all().delete()
    known.log = _keys_of(realm.log)
    known.save(update_fields=["log"])
    return gone


def _keys_of(log: Log | None) -> str:
    return "" if log is None else "".join(f"{key.vkey}\n" for key in log.verifiers)

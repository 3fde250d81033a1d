"""Keys with which sources state facts."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound, Unauthenticated
from yinuo.record.models import SourceKey
from yinuo.record.rules import check_source

PREFIX = "yk_"   # so that scanners find a key that leaked


@transaction.atomic
def make_key(*, actor: Actor, source: str, expires: datetime | None, realm: Realm, at: datetime) -> str:
    """Make a key for a source and return it; it is shown this once, and only its hash is kept."""
    allow(actor, "record.make_key")
    key = PREFIX + realm.entropy(24).hex()
    SourceKey.objects.create(digest=_digest(key), source=check_source(source), created=at, expires=expires)
    return key


@transaction.atomic
def revoke_key(*, actor: Actor, key: str, at: datetime) -> None:
    """Make a key worthless from now on."""
    allow(actor, "record.make_key")
    if not SourceKey.objects.filter(digest=_digest(key), revoked=None).update(revoked=at):
        raise NotFound("There is no such key in force.")


def check_key(*, key: str, at: datetime) -> Actor:
    """The source whose key this is, as an actor; refuses a key that is unknown, revoked or expired."""
    found = SourceKey.objects.filter(digest=_digest(key)).first()
    if found is None:
        raise Unauthenticated("This key is not known here.")
    if found.revoked is not None:
        raise Unauthenticated(f"This key was revoked on {found.revoked:%Y-%m-%d}.")
    if found.expires is not None and found.expires <= at:
        raise Unauthenticated(f"This key expired on {found.expires:%Y-%m-%d}; ask the operator for a new one.")
    return Actor(found.source, frozenset({"source"}))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

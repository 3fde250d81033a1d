"""Seal what is kept for some days only, by a key of the day on which it came, which goes with the day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import NONCE_BYTES, version_of
from yinuo.vault.actions.at_once import AtOnce
from yinuo.vault.keyring import keys_to_open
from yinuo.vault.models import Key
from yinuo.vault.rules import holding_of_day

Again = Callable[[str, bytes], bytes]
"""Seals anew, for the same place, what was sealed."""


def seal_for_day(*, day: int, contents: Sequence[tuple[str, bytes]], realm: Realm, at: datetime) -> list[bytes]:
    """Each content sealed for its place by the key of a day, made if need be. Nobody ends the day before the caller's
    transaction does.
    """
    holding = holding_of_day(day)
    key = AtOnce(source="", realm=realm, at=at).keys_for({holding})[holding]
    nonces = realm.entropy(NONCE_BYTES * len(contents))
    return [
        key.seal_bytes(place, content, nonces[number * NONCE_BYTES : (number + 1) * NONCE_BYTES])
        for number, (place, content) in enumerate(contents)
    ]


def exchange_day_key(*, day: int, realm: Realm, at: datetime) -> Again:
    """Destroy a day's keys, and return what seals by a new one, in this transaction, what they sealed and is to stay."""
    holder, retention = holding = holding_of_day(day)
    versions = Key.objects.filter(holder=holder, wrapped__isnull=False).values_list("version", flat=True)
    opening = keys_to_open({(holder, retention, version) for version in versions}, realm=realm)
    end_day(day=day, at=at)
    key = AtOnce(source="", realm=realm, at=at).keys_for({holding})[holding]

    def again(place: str, sealed: bytes) -> bytes:
        old = opening[holder, retention, version_of(sealed)]
        assert old, "only keys that were there are looked for"
        return key.seal_bytes(place, old.open_bytes(place, sealed), realm.entropy(NONCE_BYTES))

    return again


def end_day(*, day: int, at: datetime) -> None:
    """Destroy a day's keys: what they sealed can be read no more."""
    holder, _ = holding_of_day(day)
    Key.objects.filter(holder=holder, wrapped__isnull=False).update(wrapped=None, destroyed=to_micros(at))

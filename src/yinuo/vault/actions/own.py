"""Seal a secret that the installation itself holds, such as the seed of somebody's second factor."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yinuo.kit.realm import Realm
from yinuo.kit.sealing import NONCE_BYTES
from yinuo.vault.actions.at_once import AtOnce
from yinuo.vault.rules import PROFILE, REALM


@transaction.atomic
def seal_own(*, place: str, text: str, realm: Realm, at: datetime) -> bytes:
    """The text, sealed by the realm's own key for a place (see `kit.sealing.place_of`); `queries.open_own` opens it there."""
    holding = (REALM, PROFILE)
    key = AtOnce(source="", realm=realm, at=at).keys_for({holding})[holding]
    return key.seal(place, text, realm.entropy(NONCE_BYTES))

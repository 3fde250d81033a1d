"""The realm: one operator in one jurisdiction, as entrances hand it to what is below them."""

from __future__ import annotations

from dataclasses import dataclass

from yinuo.kit.ids import Entropy
from yinuo.kit.keys import Keys

OWN_SOURCE = "yinuo"
"""The source of facts that Yinuo states itself; no shop may use it."""


@dataclass(frozen=True, slots=True)
class Realm:
    """What an action needs of the installation: the secret its keyed hashes use, where its random bytes come from, and the
    keys that it keeps outside the database."""

    key: bytes
    entropy: Entropy
    keys: Keys

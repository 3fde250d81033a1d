"""The realm: one operator in one jurisdiction, as entrances hand it to what is below them."""

from __future__ import annotations

from dataclasses import dataclass

from yinuo.kit.ids import Entropy
from yinuo.kit.keys import Keys
from yinuo.kit.log import Log

OWN_SOURCE = "yinuo"
"""The source of facts that Yinuo states itself; no shop may use it."""


@dataclass(frozen=True, slots=True)
class Realm:
    """What an action needs of the installation: the secret its keyed hashes use, where its random bytes come from, the
    keys that it keeps outside the database, and as whom the record signs its heads (nobody, where nothing is published).
    """

    key: bytes
    entropy: Entropy
    keys: Keys
    log: Log | None = None

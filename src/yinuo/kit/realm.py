"""The realm: one operator in one jurisdiction, as entrances hand it to what is below them."""

from __future__ import annotations

from dataclasses import dataclass

from yinuo.kit.ids import Entropy

OWN_SOURCE = "yinuo"
"""The source of facts that Yinuo states itself; no shop may use it."""


@dataclass(frozen=True, slots=True)
class Realm:
    """What an action needs of the installation: the secret its keyed hashes use, and where its random bytes come from."""

    key: bytes
    entropy: Entropy

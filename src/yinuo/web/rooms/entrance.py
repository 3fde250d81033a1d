"""What lays a room's cases open, as the pages need it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from yinuo.kit.actors import Actor
from yinuo.kit.policies import Policy
from yinuo.kit.realm import Realm
from yinuo.people.rules import RoomRequest


class Cases(Protocol):
    """What looks cases of all domains up: `yinuo.pipelines.rooms`, which pages cannot import."""

    def ask(
        self, *, actor: Actor, request: RoomRequest, named: Sequence[str], guests: Sequence[str], realm: Realm, at: datetime
    ) -> Any:
        """Ask for a room that shows these cases."""

    def show(self, *, actor: Actor, room: str, thing: str, realm: Realm, at: datetime) -> Any:
        """One case of an open room."""

    def take(self, *, actor: Actor, room: str, thing: str, realm: Realm, policy: Policy, at: datetime) -> dict[str, Any]:
        """The file of an order or a merchant."""

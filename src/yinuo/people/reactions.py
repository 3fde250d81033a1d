"""What this domain does about time: a case room whose day came, and those concerned who are to be told of one now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import Fact
from yinuo.kit.realm import Realm
from yinuo.people import actions
from yinuo.people.rules import ROOM_ENDS, ROOM_TELLS

REACTIONS: dict[type[Fact], Any] = {}


def end(subject: str, at: datetime, *, realm: Realm) -> None:
    """A case room was not approved in time, or its day came."""
    actions.end_room(actor=SYSTEM, room_id=subject, realm=realm, at=at)


def tell(subject: str, at: datetime, *, realm: Realm) -> None:
    """The silence about a case room is over."""
    actions.tell_room(actor=SYSTEM, room_id=subject, at=at)


TIMERS: dict[str, Callable[..., None]] = {ROOM_ENDS: end, ROOM_TELLS: tell}

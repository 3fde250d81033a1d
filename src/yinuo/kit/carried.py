"""What a request to the API carries for what is below: who acts (by django-ninja), the moment and the realm (`config.realm`).

Django's request has no place for them, so that its type does not know them: here, and nowhere else, they get theirs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from yinuo.kit.actors import Actor
from yinuo.kit.realm import Realm


def actor_of(request: Any) -> Actor:
    """Who acts: whoever the token or key belongs to."""
    actor: Actor = request.auth
    return actor


def at_of(request: Any) -> datetime:
    """The moment of the request."""
    at: datetime = request.now
    return at


def realm_of(request: Any) -> Realm:
    """The realm that is asked."""
    realm: Realm = request.realm
    return realm


def here_of(request: Any) -> dict[str, Any]:
    """Who acts, when, and in which realm: what most actions ask for."""
    return {"actor": actor_of(request), "realm": realm_of(request), "at": at_of(request)}

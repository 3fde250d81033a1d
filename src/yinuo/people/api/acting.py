"""What a request with an access token carries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path

from yinuo.kit.actors import Actor
from yinuo.kit.realm import Realm

Number = Annotated[int, Path(ge=0, le=2**53)]
"""The number of something in an address."""


def actor_of(request: HttpRequest) -> Actor:
    """Who acts: whoever the token belongs to."""
    actor: Actor = request.auth  # type: ignore[attr-defined] # django-ninja sets it
    return actor


def at_of(request: HttpRequest) -> datetime:
    """The moment of the request."""
    at: datetime = request.now  # type: ignore[attr-defined] # set by config.realm.hand_down
    return at


def here(request: HttpRequest) -> dict[str, Any]:
    """Who acts, when, and in which realm: what most actions ask for."""
    realm: Realm = request.realm  # type: ignore[attr-defined] # set by config.realm.hand_down
    return {"actor": actor_of(request), "realm": realm, "at": at_of(request)}

"""What entrances hand down: the realm of this installation, and the moment."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from yinuo.kit.realm import Realm


def realm() -> Realm:
    """This installation's realm, with the machine's own randomness."""
    return Realm(key=settings.SECRET, entropy=os.urandom)


def now() -> datetime:
    """The present moment: the only clock below the entrances is the one they pass."""
    return datetime.now(UTC)


def hand_down(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: every request carries `realm` and `now`, since no view below may ask for them itself."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        request.realm = realm()  # type: ignore[attr-defined] # Django's request has no place for it
        request.now = now()  # type: ignore[attr-defined]
        return get_response(request)

    return handle

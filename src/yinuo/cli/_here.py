"""What entrances hand down: the realm of this installation, and the moment. Nothing below them asks for either."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from django.conf import settings

from yinuo.kit.realm import Realm


def realm() -> Realm:
    """This installation's realm, with the machine's own randomness."""
    return Realm(key=settings.SECRET, entropy=os.urandom, log=settings.LOG)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)

"""What entrances hand down: the realm of this installation, and the moment. Nothing below them asks for either."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime

from django.conf import settings

from yinuo.kit.realm import Realm

log = logging.getLogger(__name__)


def realm() -> Realm:
    """This installation's realm, with the machine's own randomness."""
    return Realm(key=settings.SECRET, entropy=os.urandom, keys=settings.KEYS, log=settings.LOG)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def jurisdiction() -> str:
    """Whose law decides how long personal data is kept."""
    found: str = settings.YINUO["YINUO_JURISDICTION"]
    return found


def open_vault() -> None:
    """Make the first keys of a new installation, and erase again what a restored backup brought back."""
    from yinuo.pipelines.persons import erase_restored  # noqa: PLC0415 - after set-up
    from yinuo.vault import actions as vault  # noqa: PLC0415

    here = realm()
    vault.open_keys(realm=here, at=now())
    again = erase_restored(realm=here, at=now(), domains=settings.DOMAINS)
    if again:
        log.warning("A restored backup had brought %s erased people back; they are erased again.", len(again))

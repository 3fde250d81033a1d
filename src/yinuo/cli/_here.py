"""What entrances hand down: the realm of this installation, the moment, and its working hours. Nothing below asks for them."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings

from yinuo.kit.calendars import Calendar
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed
from yinuo.kit.time_stamps import Authority, read_certificates

log = logging.getLogger(__name__)


def realm() -> Realm:
    """This installation's realm, with the machine's own randomness."""
    return Realm(key=settings.SECRET, entropy=os.urandom, keys=settings.KEYS, log=settings.LOG)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def calendar() -> Calendar:
    """The working hours by which this installation counts deadlines."""
    found: Calendar = settings.CALENDAR
    return found


def authorities() -> list[Authority]:
    """The time-stamping authorities of the settings, each with the certificates by which it is believed."""
    folder = settings.YINUO["YINUO_TSA_CERTIFICATES"]
    found = []
    for url in settings.YINUO["YINUO_TSA"]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host:
            raise Malformed(
                f"{url} is no address of an authority: it begins with https:// or http:// and a host.", path="YINUO_TSA"
            )
        if folder is None:
            raise Malformed(
                f"Name the folder that holds {host}.pem: the certificates by which the time stamps of {url} are believed.",
                path="YINUO_TSA_CERTIFICATES",
            )
        file = folder / f"{host}.pem"
        try:
            found.append(Authority(url, read_certificates(file.read_bytes(), str(file))))
        except OSError as error:
            raise Malformed(f"The certificates of {url} cannot be read: {error.strerror}.", path=str(file)) from None
    return found


def jurisdiction() -> str:
    """Whose law decides how long personal data is kept."""
    found: str = settings.YINUO["YINUO_JURISDICTION"]
    return found


def recognise(*, another_log: bool = False) -> None:
    """Refuse an installation whose secret or log's keys are not those that its database was begun with."""
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set-up
    from yinuo.record import actions as record  # noqa: PLC0415

    record.recognise(actor=SYSTEM, realm=realm(), another_log=another_log)


def open_vault() -> None:
    """Make the first keys of a new installation, and erase again what a restored backup brought back."""
    from yinuo.pipelines.persons import erase_restored  # noqa: PLC0415 - after set-up
    from yinuo.vault import actions as vault  # noqa: PLC0415

    here = realm()
    vault.open_keys(realm=here, at=now())
    again = erase_restored(realm=here, at=now(), domains=settings.DOMAINS)
    if again:
        log.warning(
            "A restored backup had brought people back who were erased (%s); they are erased again.",
            len({erased.holder for erased in again}),
        )

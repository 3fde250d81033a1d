"""After a day with erasures: tell how many they were, and clean the copies of what was erased."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from yinuo.kit.actors import SYSTEM
from yinuo.kit.realm import Realm
from yinuo.people import actions as people
from yinuo.record import actions as record
from yinuo.vault import actions as vault


def sweep(*, day: int, realm: Realm, folder: Path, at: datetime) -> int:
    """State a day's erasures, write the archive's segments anew without the erased, and compact the database.

    Returns how many people were erased. Stopped half way, the same again does what is left.
    """
    told = people.tell_erasures(actor=SYSTEM, day=day, realm=realm, at=at)
    if folder.exists():
        record.archive(actor=SYSTEM, folder=folder)
    vault.compact()
    return told

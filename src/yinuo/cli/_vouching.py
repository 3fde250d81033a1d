"""What the worker does beside sealing: has witnesses, authorities of time and calendars vouch for the record's head."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from yinuo.kit.log import LogStopped
from yinuo.kit.outbound import Visit, send
from yinuo.kit.refusals import Refusal

LOOK_SECONDS = 5.0
ANCHORED_EVERY = timedelta(days=1)
CALENDARS_MINUTES = 60

log = logging.getLogger(__name__)


def begin_vouching(stop: threading.Event) -> None:
    """Show the witnesses the head before anything is sealed: they may remember more than a record that was put back.

    From then on it runs beside the worker's own loop, so that a slow witness keeps no fact waiting.
    """
    _try(show_witnesses)
    threading.Thread(target=keep_vouched, args=(stop,), daemon=True).start()


def show_witnesses() -> None:
    """Show the newest head to the witnesses; a log that they contradict is stopped, and the refusal goes through."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    _tell(actions.witness(actor=SYSTEM, log=settings.LOG, send=send, at=now()))


def keep_vouched(stop: threading.Event) -> None:
    """Have the head vouched for as often as the settings say, until told to stop; nothing that fails ends it."""
    due = _duties()
    while due and not stop.wait(LOOK_SECONDS):
        for duty, (minutes, next_at) in due.items():
            if time.monotonic() < next_at:
                continue
            due[duty] = minutes, time.monotonic() + minutes * 60
            _try(duty)


def _try(duty: Callable[[], None]) -> None:
    from django.db import Error, connection  # noqa: PLC0415 - only after set-up

    try:
        duty()
    except LogStopped as refusal:
        log.critical("The record has stopped. %s", refusal)
    except Refusal as refusal:
        log.warning("%s", refusal)
    except Error:
        log.exception("The database did not answer as it should; trying again later.")
        connection.close()


def _duties() -> dict[Callable[[], None], tuple[int, float]]:
    """What the settings ask for: after how many minutes again, and when first."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    settled, due = settings.YINUO, dict[Callable[[], None], tuple[int, float]]()
    if settings.LOG.policy.witnesses:
        due[show_witnesses] = settled["YINUO_WITNESS_MINUTES"], time.monotonic() + settled["YINUO_WITNESS_MINUTES"] * 60
    if settled["YINUO_TSA"]:
        due[_stamp] = 1, 0.0            # how long ago the last stamp was, the record itself knows
    if settled["YINUO_OPENTIMESTAMPS"]:
        due[_anchor] = CALENDARS_MINUTES, 0.0
    return due


def _stamp() -> None:
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import authorities, now  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    every = timedelta(minutes=settings.YINUO["YINUO_TSA_MINUTES"])
    _tell(actions.stamp(actor=SYSTEM, authorities=authorities(), send=send, at=now(), every=every))


def _anchor() -> None:
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    calendars = settings.YINUO["YINUO_OPENTIMESTAMPS"]
    _tell(actions.anchor(actor=SYSTEM, calendars=calendars, send=send, at=now(), every=ANCHORED_EVERY))


def _tell(visits: list[Visit]) -> None:
    for visit in visits:
        if not visit.good:
            log.warning("%s: %s", visit.whom, visit.told)

"""What the worker does for pages: long work on runs, in a thread of its own, so that no fact waits for it."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


def begin_jobs(stop: threading.Event) -> None:
    """Do what is asked for from now on, one job after the other, beside the worker's own loop."""
    threading.Thread(target=_keep_doing, args=(stop,), daemon=True).start()


def do_jobs() -> bool:
    """Do what is asked for now; returns whether there was anything."""
    from yinuo.cli._here import now  # noqa: PLC0415 - only after set-up
    from yinuo.credit.actions import JOB  # noqa: PLC0415
    from yinuo.timers import actions as timers  # noqa: PLC0415
    from yinuo.timers.queries import open_timers  # noqa: PLC0415

    return bool(open_timers(kind=JOB)) and any(timers.run_due_apart(handlers={JOB: _do}, at=now(), limit=1))


def _do(job_id: str, at: datetime) -> None:
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.pipelines.jobs import do_job  # noqa: PLC0415

    do_job(job_id=job_id, engine_name=settings.YINUO["YINUO_ENGINE"], folder=settings.DATA, realm=realm(), now=now)


def _keep_doing(stop: threading.Event) -> None:
    from django.db import Error, connection  # noqa: PLC0415 - only after set-up

    while not stop.wait(LOOK_SECONDS):
        try:
            while not stop.is_set() and do_jobs():
                pass
        except Error:
            log.exception("The database did not answer as it should; trying again later.")
            connection.close()

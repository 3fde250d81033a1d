"""Long work that somebody asked for on a page: recompute a run, release one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from yinuo.credit import actions as credit
from yinuo.credit import queries as standings
from yinuo.kit.actors import SYSTEM
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Refusal
from yinuo.pipelines import rescore

log = logging.getLogger(__name__)


def do_job(*, job_id: str, engine_name: str, folder: Path, realm: Realm, now: Callable[[], datetime]) -> None:
    """Do a job and note how it ended; whatever goes wrong is told to whoever asked, who may ask again."""
    job = credit.begin_job(actor=SYSTEM, job_id=job_id, at=now())
    if job is None:
        return

    def progress(done: int, total: int) -> None:
        credit.note_progress(actor=SYSTEM, job_id=job_id, done=done, total=total)

    outcome: Any = "failed"
    said, found = "", {}
    try:
        run = standings.run_of_id(viewer=SYSTEM, run_id=job.run)
        if job.kind == "release":
            rescore.release(engine_name=engine_name, folder=folder, realm=realm, run=run, at=now())
            outcome = "released"
        else:
            made = rescore.recompute(engine_name=engine_name, folder=folder, realm=realm, run=run, progress=progress)
            outcome = "agrees" if made.agrees else "differs"
            found = {
                "climate_agrees": made.climate_agrees, "standings": made.standings, "differing": made.differing,
                "shown": made.shown, "faults": made.faults,
            }
    except Refusal as refusal:
        outcome, said = "refused", refusal.sentence
    except Exception:
        log.exception("A job on run %s failed.", job.run)
        said = _("It broke off for a reason that the server’s log tells.")
    credit.end_job(actor=SYSTEM, job_id=job_id, outcome=outcome, said=said, found=found, at=now())

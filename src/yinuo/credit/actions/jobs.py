"""Long work on a run, asked for on a page: a row and a timer; the worker does it and notes how it went."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from yinuo.credit.models import Job, Run, RunProof
from yinuo.decisions.rules import check_words
from yinuo.kit.actors import Actor, allow, read_anew
from yinuo.kit.ids import keyed_digest, new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, NotAllowed, NotFound
from yinuo.timers import actions as timers
from yinuo.vault import actions as vault

JOB = "credit.job"
"""The timer that has the worker do a job, now. Its subject is the job."""
Outcome = Literal["agrees", "differs", "released", "refused", "failed"]


@transaction.atomic
def ask_recompute(*, actor: Actor, run_id: str, realm: Realm, at: datetime) -> Job:
    """Have a run computed anew from the facts, and held against what it committed to; changes nothing of it."""
    allow(read_anew(actor), "credit.recompute_run")
    if not RunProof.objects.filter(pk=run_id).exists():
        raise NotFound(_(
            "What this run committed to is not kept: only runs that were published or wait can be held against it."
        ))
    return _ask("recompute", run_id, actor, "", realm, at)


@transaction.atomic
def ask_release(*, actor: Actor, run_id: str, words: str, realm: Realm, at: datetime) -> Job:
    """Have a run published that waits at the gate, for reasons that a person gives; it must come out again as it was."""
    allow(read_anew(actor), "credit.release_run")
    if not actor.is_human:
        raise NotAllowed(_("A person who has looked releases a run."))
    if not Run.objects.filter(pk=run_id, state="waiting").exists():
        raise NotFound(_("This run does not wait at the gate any more."))
    check_words(words, "words")
    return _ask("release", run_id, actor, words, realm, at)


def _ask(kind: str, run_id: str, actor: Actor, words: str, realm: Realm, at: datetime) -> Job:
    (job_id,) = new_surrogates(realm.entropy, "q", 1)
    digest = keyed_digest(realm.key, "job", words).hex() if words else ""
    try:
        with transaction.atomic():
            job = Job.objects.create(id=job_id, kind=kind, run=run_id, asked_by=actor.name, asked=at, words=digest)
    except IntegrityError:
        raise Conflict(_("Somebody asked for this already; it is being done.")) from None
    if words:
        text = vault.Words(job_id, "reasons", job_id, "transaction", words)
        vault.keep_words(texts=[text], realm=realm, recorded=to_micros(at))
    timers.set_timer(kind=JOB, subject=job_id, due=at)
    return job


@transaction.atomic
def begin_job(*, actor: Actor, job_id: str, at: datetime) -> Job | None:
    """Note that a job begins, also where it was stopped half way; None where it has ended."""
    allow(actor, "credit.do_jobs")
    job = Job.objects.select_for_update().filter(pk=job_id, ended=None).first()
    if job is not None:
        job.began, job.done, job.total = at, 0, 0
        job.save(update_fields=["began", "done", "total"])
    return job


@transaction.atomic
def note_progress(*, actor: Actor, job_id: str, done: int, total: int) -> None:
    """Note how far a job is."""
    allow(actor, "credit.do_jobs")
    Job.objects.filter(pk=job_id, ended=None).update(done=done, total=total)


@transaction.atomic
def end_job(
    *, actor: Actor, job_id: str, outcome: Outcome, at: datetime, said: str = "", found: dict[str, Any] | None = None
) -> None:
    """Note how a job ended."""
    allow(actor, "credit.do_jobs")
    Job.objects.filter(pk=job_id, ended=None).update(ended=at, outcome=outcome, said=said, found=found or {})

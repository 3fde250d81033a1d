"""Runs, for stewards and auditors: what the gate holds and why, whom a run moved, and whether it comes out again the same."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from yinuo.credit import actions as credit
from yinuo.credit import queries as standings
from yinuo.decisions.queries import words
from yinuo.kit.actors import PUBLIC
from yinuo.merchants import queries as merchants
from yinuo.people.queries import names_of
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here, for_staff, for_stewards
from yinuo.web.wording import translated

PAGE = 25
MOVERS = 25
_STATES = ("published", "waiting", "kept")
_REASONS = [        # the gate's sentences: what it writes, and the same for readers
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            r"(?P<moved>\d+) of (?P<merchants>\d+) merchants would change their band; at most (?P<allowed>\d+) may without "
            r"a look\.",
            _("%(moved)s of %(merchants)s merchants would change their band; at most %(allowed)s may without a look."),
        ),
        (
            r"Scorecard (?P<new>\S+) would take the place of (?P<old>\S+) and was not scored beside it in the last "
            r"(?P<days>\d+) days; (?P<moved>\d+) of (?P<merchants>\d+) merchants would change their band\.",
            _(
                "Scorecard %(new)s would take the place of %(old)s and was not scored beside it in the last %(days)s days; "
                "%(moved)s of %(merchants)s merchants would change their band."
            ),
        ),
        (
            r"No outcome came in on (?P<days>.+?): the intake may have been out\.",
            _("No outcome came in on %(days)s: the intake may have been out."),
        ),
    )
]
_OF_CARRIER = re.compile(r"(?P<day>\d{4}-\d\d-\d\d) from (?P<carrier>[^,:]+)")


def reason_words(reason: str) -> str:
    """Why the gate holds a run, in the reader's language."""
    reason = _OF_CARRIER.sub(lambda found: gettext("%(day)s from %(carrier)s") % found.groupdict(), reason)
    for pattern, sentence in _REASONS:
        reason = pattern.sub(partial(_said, sentence), reason)
    return reason


def _said(sentence: Any, found: re.Match[str]) -> str:
    return str(sentence) % found.groupdict()


def waiting_rows(runs: list[Any]) -> list[dict[str, Any]]:
    """Runs that wait, with why."""
    return [{"run": run, "why": reason_words(run.reason)} for run in runs]


def mover_rows(movers: list[Any]) -> list[dict[str, Any]]:
    """Whom a run moved, by name, and by how many points."""
    called = merchants.merchants(viewer=PUBLIC, ids=[each.merchant for each in movers])
    return [
        {
            "mover": each, "merchant": called[each.merchant],
            "points": None if None in (each.score, each.score_before) else each.score - each.score_before,
        }
        for each in movers
    ]


@for_staff
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """Every run, newest first."""
    here = Here(request)
    state = request.GET.get("state", "")
    state = state if state in _STATES else ""
    after = request.GET.get("after", "").replace("\0", "")
    found = standings.runs_page(viewer=here.actor, state=state, after=after, limit=PAGE)
    context = {
        "runs": waiting_rows(found.rows), "after": found.after, "is_first": not after, "chosen": {"state": state},
        "states": _STATES, "tab": "runs", "is_steward": here.actor.holds("steward"),
    }
    return render(request, "console/runs.html", context)


@for_staff
@require_safe
def run(request: HttpRequest, run: str) -> HttpResponse:
    """One run: its pins, the gate's numbers, whom it moved and through what, and what was asked for of it."""
    here = Here(request)
    found = standings.run_of_id(viewer=here.actor, run_id=run)
    given = request.GET.get("from", "")
    start = int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0
    movers = standings.movers_of(viewer=here.actor, run_id=found.pk, start=start, limit=MOVERS)
    jobs = standings.jobs_of(viewer=here.actor, run_id=found.pk)
    context = {
        "run": found, "why": reason_words(found.reason), "gate": standings.gate_of(viewer=here.actor, run=found),
        "movers": mover_rows(movers.rows), "next": movers.after, "start": start, "tab": "runs",
        "jobs": jobs, "names": names_of({job.asked_by for job in jobs}),
        "can_recompute": standings.can_recompute(run_id=found.pk),
        "busy": {job.kind for job in jobs if job.ended is None}, "is_steward": here.actor.holds("steward"),
    }
    return render(request, "console/run.html", context)


@for_staff
@require_POST
def recompute(request: HttpRequest, run: str) -> HttpResponse:
    """Have a run recomputed; the page that follows shows how far it is."""
    here = Here(request)
    job = told(
        request, lambda: credit.ask_recompute(actor=here.actor, run_id=run, realm=here.realm, at=here.at), ""
    )
    return redirect("console_job", job=job.pk) if job else redirect("console_run", run=run)


@for_stewards
@require_POST
def release(request: HttpRequest, run: str) -> HttpResponse:
    """Publish a run that waits at the gate, for the reasons given."""
    here = Here(request)
    words_given = request.POST.get("words", "")
    job = told(
        request,
        lambda: credit.ask_release(actor=here.actor, run_id=run, words=words_given, realm=here.realm, at=here.at), "",
    )
    return redirect("console_job", job=job.pk) if job else redirect("console_run", run=run)


@for_staff
@require_safe
def job(request: HttpRequest, job: str) -> HttpResponse:
    """How far long work on a run is, and how it ended; while it goes on the page looks again by itself."""
    here = Here(request)
    found = standings.job(viewer=here.actor, job_id=job)
    shown = found.found.get("shown", [])
    context = {
        "job": found, "run": standings.run_of_id(viewer=here.actor, run_id=found.run), "tab": "runs",
        "who": names_of({found.asked_by}).get(found.asked_by, ""), "is_steward": here.actor.holds("steward"),
        "reasons": words(name="reasons", subjects=[found.pk], realm=here.realm).get(found.pk) if found.words else "",
        "differing": _differing(shown), "said": translated(found.said),
    }
    return render(request, "console/job.html", context)


def _differing(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    called = merchants.merchants(viewer=PUBLIC, ids=[each["merchant"] for each in shown])
    return [{"merchant": called[each["merchant"]], "parts": each["parts"]} for each in shown]

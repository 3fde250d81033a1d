"""The stewards' console: exceptions first, by their clocks; correct what intake refused; decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from yinuo.credit import queries as standings
from yinuo.decisions import actions, queries
from yinuo.decisions.queries import Narrowed
from yinuo.decisions.rules import ACTS, ADVERSE_DAYS, GROUNDS, Statement
from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.record import actions as record
from yinuo.record import queries as facts
from yinuo.timers import queries as timers
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here, for_staff, for_stewards
from yinuo.web.console.queues import appeal_rows, contest_rows
from yinuo.web.console.runs import mover_rows, waiting_rows

FIRST = 8       # of each list, on the page that has them all
MOVERS = 5


@for_staff
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a person, the one that is due first first; auditors see the same and change nothing."""
    here = Here(request)
    is_steward = here.actor.holds("steward")
    contests = queries.contest_queue(viewer=here.actor, narrowed=Narrowed(), at=here.at, limit=FIRST)
    appeals = queries.appeal_queue(viewer=here.actor, narrowed=Narrowed(), at=here.at, limit=FIRST)
    newest = standings.newest_run()
    movers = standings.movers_of(viewer=here.actor, run_id=newest.pk, limit=MOVERS) if newest else None
    refused = facts.refused_totals(viewer=here.actor) if is_steward else []
    context = {
        "counts": queries.clock_counts(at=here.at), "is_steward": is_steward, "tab": "waiting",
        "contests": contest_rows(here, contests.rows), "appeals": appeal_rows(here, appeals.rows),
        "refused": refused, "refused_count": sum(count for _, count in refused), "dead": timers.dead_timers(),
        "waiting_runs": waiting_rows(standings.waiting_runs(viewer=here.actor)),
        "run": newest, "movers": mover_rows(movers.rows) if movers else [],
    }
    return render(request, "console/queue.html", context)


@for_stewards
@require_http_methods(["GET", "HEAD", "POST"])
def refused_event(request: HttpRequest, number: int) -> HttpResponse:
    """One refused event: what is wrong where; correct it and take it in, or drop it."""
    here = Here(request)
    found = facts.refused_event(viewer=here.actor, realm=here.realm, number=number)
    here.noted(person="", page="refused", thing=str(number), why="corrects")
    text = request.POST.get("event") or _laid_out(found.raw_text)
    if request.method == "POST" and "drop" in request.POST:
        done = told(
            request, lambda: record.drop_refused(actor=here.actor, numbers=[number]), gettext("The event was dropped for good.")
        )
        if done:
            return redirect("steward_refused")
    elif request.method == "POST":
        taken = told(
            request,
            lambda: record.replay_refused(
                actor=here.actor, refused_id=number, realm=here.realm, at=here.at, corrected=text.encode()
            ) or True,
            gettext("The event was taken in."),
        )
        if taken:
            return redirect("steward_refused")
    return render(request, "console/refused_event.html", {"event": found, "text": text})


def _laid_out(text: str) -> str:
    """JSON with a line for each field, every name and value letter by letter as it came; what is no JSON stays as it is."""
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text


@for_stewards
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest) -> HttpResponse:
    """Decide about a merchant: warn, or find goods unlawful; nothing is written without the reasons."""
    here = Here(request)
    merchant = request.GET.get("merchant", "")
    if not merchant:
        raise NotFound("Begin at the merchant whom the decision is about.")
    found = merchants.merchant(viewer=here.actor, merchant=merchant)
    if request.method == "POST" and (made := told(request, lambda: _decide(request, here, merchant), "")):
        return redirect("console_decision", decision=made.pk)
    numbers = facts.mentions_of(subject=merchant, size=facts.size())[-20:]
    told_of = facts.contents_by_number(numbers=numbers)
    context = {
        "merchant": found,
        "acts": [act for act in ACTS.values() if act.about == "merchant"],
        "grounds": [ground for ground in GROUNDS.values() if ground.acts & {"warning", "goods_unlawful"}],
        "facts": [(number, content) for number, content in sorted(told_of.items(), reverse=True)],
        "days": ADVERSE_DAYS, "given": request.POST, "chosen": request.POST.getlist("fact"),
    }
    return render(request, "console/decide.html", context)


def _decide(request: HttpRequest, here: Here, merchant: str) -> Any:
    act = ACTS.get(request.POST.get("act", ""))
    until = here.at + timedelta(days=ADVERSE_DAYS) if act is not None and act.ends else None
    statement = Statement(
        act=request.POST.get("act", ""), ground=request.POST.get("ground", ""), facts=tuple(request.POST.getlist("fact")),
        words=request.POST.get("words", ""), automated="no", since=here.at, until=until, merchant=merchant,
    )
    return actions.decide(actor=here.actor, statement=statement, realm=here.realm, at=here.at)

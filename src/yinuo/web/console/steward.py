"""The stewards' console: exceptions first, by their clocks; settle many at once; correct what intake refused; decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yinuo.credit import queries as standings
from yinuo.credit.actions import CLAIMS
from yinuo.decisions import actions, queries
from yinuo.decisions.rules import ACTS, ADVERSE_DAYS, GROUNDS, Statement
from yinuo.kit.actors import PUBLIC
from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.record import actions as record
from yinuo.record import queries as facts
from yinuo.timers import queries as timers
from yinuo.vault.queries import source_ids_of
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here, for_staff, outcome_of

REFUSED_SHOWN = 100
SETTLING = [code for code, ground in GROUNDS.items() if ground.acts & {"contest_upheld", "contest_rejected"}]


@for_staff
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a person, the one that is due first first."""
    here = Here(request)
    is_steward = here.actor.holds("steward")
    contests = queries.open_contests(viewer=here.actor) if is_steward else []
    appeals = queries.open_appeals(viewer=here.actor) if is_steward else []
    about = {contest.merchant for contest in contests} | {appeal.decision.merchant or "" for appeal in appeals}
    called = merchants.merchants(viewer=PUBLIC, ids=about - {""})
    names = source_ids_of(surrogates=[contest.order for contest in contests if contest.order], realm=here.realm)
    said = queries.words(name="objection", subjects=[contest.pk for contest in contests], realm=here.realm)
    context = {
        "counts": queries.clock_counts(at=here.at), "is_steward": is_steward, "at": here.at,
        "contests": [
            {"contest": one, "merchant": called[one.merchant], "words": said.get(one.pk) or "", "late": one.due < here.at,
             "order": (names.get(one.order or "") or ("", one.order or ""))[1]}
            for one in contests
        ],
        "appeals": [
            {"appeal": one, "merchant": called.get(one.decision.merchant or ""), "late": one.due < here.at,
             "had_part": here.actor.name in queries.had_part(appeal=one)}
            for one in appeals
        ],
        "refused": facts.refused_totals(viewer=here.actor) if is_steward else [], "dead": timers.dead_timers(),
        "waiting_runs": standings.waiting_runs(viewer=here.actor),
        "claims": CLAIMS, "grounds": SETTLING,
    }
    return render(request, "console/queue.html", context)


@for_staff
@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """Settle the chosen contests for the same reasons: first shown whole, then done."""
    here = Here(request)
    chosen = request.POST.getlist("contest")
    upheld = outcome_of(request)
    given = {name: request.POST.get(name, "") for name in ("outcome", "ground", "cause", "words")}
    if "confirmed" not in request.POST:
        found = [queries.contest(viewer=here.actor, contest_id=each) for each in chosen]
        said = queries.words(name="objection", subjects=chosen, realm=here.realm)
        called = merchants.merchants(viewer=PUBLIC, ids={one.merchant for one in found})
        rows = [{"contest": one, "merchant": called[one.merchant], "words": said.get(one.pk) or ""} for one in found]
        return render(request, "console/settle.html", {"rows": rows, "given": given, "upheld": upheld})
    cause: Any = given["cause"] or None
    told(
        request,
        lambda: actions.settle_contests(
            actor=here.actor, ids=chosen, upheld=upheld, ground=given["ground"], words=given["words"],
            cause=cause if upheld else None, realm=here.realm, at=here.at,
        ),
        gettext("Settled. What was upheld counts from the next run on."),
    )
    return redirect("steward")


@for_staff
@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    """The events that intake refused, of one source or all, oldest first."""
    here = Here(request)
    source = request.GET.get("source", "").replace("\0", "")
    waiting = facts.refused_waiting(viewer=here.actor, realm=here.realm, source=source or None, limit=REFUSED_SHOWN)
    count = facts.refused_count(viewer=here.actor, source=source or None)
    context = {"rows": waiting, "count": count, "source": source, "shown": REFUSED_SHOWN}
    return render(request, "console/refused.html", context)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def refused_event(request: HttpRequest, number: int) -> HttpResponse:
    """One refused event: what is wrong where; correct it and take it in, or drop it."""
    here = Here(request)
    found = facts.refused_event(viewer=here.actor, realm=here.realm, number=number)
    here.noted(person="", page="refused", thing=str(number), why="corrects")
    text = request.POST.get("event", found.raw_text)
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


@for_staff
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

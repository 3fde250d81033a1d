"""One objection, decision or appeal: what, why, since when, until when, what can be done, who decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from yinuo.credit import queries as standings
from yinuo.credit.actions import CLAIMS
from yinuo.decisions import actions, queries
from yinuo.decisions.rules import ACTS, GROUNDS
from yinuo.kit.actors import PUBLIC, SOURCE
from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.vault.queries import source_ids_of
from yinuo.web.account.told import told
from yinuo.web.console.entrance import STAFF, Here, outcome_of
from yinuo.web.wording import translated

if TYPE_CHECKING:
    from yinuo.decisions.models import Decision

_METHODS = ["GET", "HEAD", "POST"]


@login_required
@require_http_methods(_METHODS)
def contest(request: HttpRequest, contest: str) -> HttpResponse:
    """An objection: what is disputed, the words, the clock, how it ended, and what that gave back."""
    here = Here(request)
    found = queries.contest(viewer=here.actor, contest_id=contest)
    if request.method == "POST" and told(
        request,
        lambda: actions.withdraw_contest(actor=here.actor, contest_id=found.pk, realm=here.realm, at=here.at),
        gettext("Your objection was taken back."),
    ):
        return redirect("console_contest", contest=contest)
    complaint = standings.complained(viewer=here.actor, contest_id=found.pk)
    order = complaint.order if complaint else found.order
    names = source_ids_of(surrogates=[thing for thing in (order, found.complaint) if thing], realm=here.realm)
    context = {
        "contest": found, "merchant": _called(found.merchant), "complaint": complaint,
        "order": (names.get(order or "") or ("", order or ""))[1],
        "complaint_called": (names.get(found.complaint or "") or ("", found.complaint or ""))[1],
        "objection": queries.words(name="objection", subjects=[found.pk], realm=here.realm).get(found.pk),
        "reasons": _reasons(here, found.decision),
        "whole": standings.made_whole(viewer=here.actor, contest_id=found.pk) if found.state == "upheld" else None,
        "may_speak": _speaks(here, found.merchant), "is_staff": bool(here.actor.roles & STAFF), "claims": CLAIMS, "given": {},
        "grounds": _grounds("contest_upheld") | _grounds("contest_rejected"), "late": found.due < here.at,
        "may_settle": here.actor.holds("steward") and found.merchant not in here.actor.own,
        "appeal": queries.appeal_against(viewer=here.actor, decision_id=found.decision.pk) if found.decision else None,
        "adverse": found.state == "rejected",
        "is_reversed": found.decision is not None and found.decision.reversed_at is not None,
    }
    return render(request, "console/contest.html", context)


@login_required
@require_http_methods(_METHODS)
def decision(request: HttpRequest, decision: str) -> HttpResponse:
    """A decision with its statement of reasons; appeal against it."""
    here = Here(request)
    found = queries.decision(viewer=here.actor, decision_id=decision)
    here.noted(person=found.buyer, page="decision", thing=found.pk)
    if request.method == "POST":
        objection = here.objection(request.POST.get("words", ""), appeal=True)
        made = told(
            request,
            lambda: actions.open_appeal(
                actor=here.actor, decision_id=found.pk, objection=objection, realm=here.realm, at=here.at
            ),
            gettext("Your appeal was sent. A person who had no part in the decision will answer it."),
        )
        if made:
            return redirect("console_decision", decision=decision)
    appeal = queries.appeal_against(viewer=here.actor, decision_id=found.pk)
    appealed = appeal is not None and appeal.state != "withdrawn"
    who = found.merchant or found.buyer or ""
    context = {
        "decision": found, "merchant": _called(found.merchant) if found.merchant else None, "appeal": appeal,
        "reasons": _reasons(here, found),
        "reply": queries.words(name="reply", subjects=[appeal.pk], realm=here.realm).get(appeal.pk) if appeal else None,
        "rule": GROUNDS[found.ground].rule, "facts": len(found.facts.split()), "adverse": ACTS[found.act].adverse,
        "may_appeal": _speaks(here, who) and ACTS[found.act].adverse and not appealed and here.at <= found.appeal_until,
        "appealed": appealed,
        "words": request.POST.get("words", ""),
        "source": found.decided_by.removeprefix(SOURCE) if found.decided_by.startswith(SOURCE) else "",
    }
    return render(request, "console/decision.html", context)


@login_required
@require_http_methods(_METHODS)
def appeal(request: HttpRequest, appeal: str) -> HttpResponse:
    """An appeal: the decision, both sides' words, and the answer, which a steward gives; an auditor looks on."""
    here = Here(request)
    is_steward = here.actor.holds("steward")
    if not is_steward and not (here.actor.holds("auditor") and request.method != "POST"):
        raise NotFound("There is nothing under this address for your account.")
    found = queries.appeal(viewer=here.actor, appeal_id=appeal)
    here.noted(person=found.decision.buyer, page="appeal", thing=found.pk)
    is_cause = found.decision.act == "contest_rejected" and _aspect(here, found.decision.contest) != "fact"
    if request.method == "POST":
        upheld = outcome_of(request)
        cause: Any = request.POST.get("cause") or None
        settled = told(
            request,
            lambda: actions.settle_appeal(
                actor=here.actor, appeal_id=found.pk, upheld=upheld, words=request.POST.get("words", ""), realm=here.realm,
                at=here.at, cause=cause if upheld and is_cause else None,
            ),
            gettext("The appeal was answered."),
        )
        if settled:
            return redirect("steward")
    context = {
        "appeal": found, "decision": found.decision, "merchant": _called(found.decision.merchant or ""),
        "objection": queries.words(name="objection", subjects=[found.pk], realm=here.realm).get(found.pk),
        "reasons": _reasons(here, found.decision),
        "had_part": here.actor.name in queries.had_part(appeal=found), "is_cause": is_cause, "claims": CLAIMS,
        "late": found.state == "open" and found.due < here.at, "words": request.POST.get("words", ""),
        "rule": GROUNDS[found.decision.ground].rule, "is_steward": is_steward,
        "reply": queries.words(name="reply", subjects=[found.pk], realm=here.realm).get(found.pk) if found.reply else None,
    }
    return render(request, "console/appeal.html", context)


def _reasons(here: Here, decision: Decision | None) -> str | None:
    """The reasons of a decision as they were written; those that a machine gives are said in the reader's language."""
    if decision is None:
        return None
    written = queries.words(name="reasons", subjects=[decision.pk], realm=here.realm).get(decision.pk)
    return translated(written) if written and decision.automated == "wholly" else written


def _called(merchant: str) -> Any:
    return merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant]


def _speaks(here: Here, subject: str) -> bool:
    return bool(here.actor.own.get(subject, frozenset()) & {"merchant_owner", "merchant_operations", "buyer"})


def _aspect(here: Here, contest: str | None) -> str:
    return queries.contest(viewer=here.actor, contest_id=contest).aspect if contest else ""


def _grounds(act: str) -> dict[str, str]:
    return {code: ground.sentence for code, ground in GROUNDS.items() if act in ground.acts}

"""A merchant's console: the standing and why, what is held against it, objections, decisions, the report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from yinuo.credit import actions as credit
from yinuo.credit import queries as standings
from yinuo.credit.actions import CLAIMS
from yinuo.credit.rules.judging import WEIGHT_ONE
from yinuo.decisions import queries as decisions
from yinuo.kit.actors import PUBLIC
from yinuo.kit.refusals import Malformed
from yinuo.merchants import queries as merchants
from yinuo.vault.queries import source_ids_of
from yinuo.web import charts
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here, for_team

HELD_MAX = 200
SPEAKERS = frozenset({"merchant_owner", "merchant_operations"})


def _frame(request: HttpRequest, merchant: str, tab: str) -> dict[str, Any]:
    """What every page of the console shows: whose it is, and what the viewer may do."""
    actor = Here(request).actor
    return {
        "merchant": merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant], "tab": tab,
        "may_decide": actor.holds("steward") and merchant not in actor.own,
        "may_speak": bool(actor.roles_for(merchant) & SPEAKERS),
    }


@for_team
@require_safe
def overview(request: HttpRequest, merchant: str) -> HttpResponse:
    """The standing in exact figures, why, and what waits."""
    here = Here(request)
    standing = standings.own_standing(viewer=here.actor, merchant=merchant)
    contests = [one for one in decisions.contests_of(viewer=here.actor, merchant=merchant) if one.state == "open"]
    held = standings.held_against(viewer=here.actor, merchant=merchant, at=here.at, limit=5)
    names = _called(here, [*contests, *held])
    context: dict[str, Any] = _frame(request, merchant, "overview") | {
        "standing": standing,
        "open_contests": [(contest, names.get(contest.order or "", "")) for contest in contests],
        "held": [(each, names[each.order]) for each in held],
        "decisions": decisions.decisions_about(viewer=here.actor, merchant=merchant)[:5],
    }
    if standing is not None and standing.score is not None:
        bars = charts.points_bars([reason.get("points", 0) for reason in standing.reasons])
        points = standings.course_of(viewer=here.actor, standing=standing)
        context |= {
            "interval": charts.interval(standing.score, standing.low or standing.score, standing.high or standing.score),
            "reasons": [
                {**reason, "left": left, "width": width} for reason, (left, width) in zip(standing.reasons, bars, strict=True)
            ],
            "course": charts.course(points), "points": points[::-1],
        }
    return render(request, "console/overview.html", context)


@for_team
@require_http_methods(["GET", "HEAD", "POST"])
def outcomes(request: HttpRequest, merchant: str) -> HttpResponse:
    """Every outcome that costs points; object to the cause of one or many at once."""
    here = Here(request)
    if request.method == "POST" and told(
        request, lambda: _object(request, here, merchant), gettext("Your objection was sent. It shows as disputed from now on.")
    ):
        return redirect("console_cases", merchant=merchant)
    held = standings.held_against(viewer=here.actor, merchant=merchant, at=here.at, limit=HELD_MAX)
    names = _called(here, held)
    rows = [
        {"held": each, "called": names[each.order], "value": f"{each.aspect}/{each.order}",
         "weight": each.weight * 1_000 // WEIGHT_ONE}
        for each in held
    ]
    context = _frame(request, merchant, "outcomes") | {
        "rows": rows, "claims": CLAIMS, "limit": HELD_MAX, "chosen": request.POST.getlist("outcome"),
        "words": request.POST.get("words", ""), "claimed": request.POST.get("claimed", ""),
    }
    return render(request, "console/outcomes.html", context)


def _called(here: Here, about: Iterable[Any]) -> dict[str, str]:
    """The orders that these are about, as their shop calls them."""
    orders = {each.order for each in about if each.order}
    names = source_ids_of(surrogates=orders, realm=here.realm)
    return {order: (names.get(order) or ("", order))[1] for order in orders}


def _object(request: HttpRequest, here: Here, merchant: str) -> Any:
    """Open the contests that the form asks for, all or none."""
    chosen = [value.split("/", 1) for value in request.POST.getlist("outcome") if "/" in value]
    if not chosen:
        raise Malformed("Choose at least one outcome.", path="outcome")
    by_aspect: dict[str, list[str]] = {}
    for aspect, order in chosen:
        by_aspect.setdefault(aspect, []).append(order)
    return credit.contest_each(
        actor=here.actor, merchant=merchant, orders=by_aspect, claimed=request.POST.get("claimed", ""),
        objection=here.objection(request.POST.get("words", "")), realm=here.realm, at=here.at,
    )


@for_team
@require_safe
def cases(request: HttpRequest, merchant: str) -> HttpResponse:
    """Objections and decisions, the newest first."""
    here = Here(request)
    contests = decisions.contests_of(viewer=here.actor, merchant=merchant)
    names = _called(here, contests)
    context = _frame(request, merchant, "cases") | {
        "contests": [(contest, names.get(contest.order or "", "")) for contest in contests],
        "decisions": decisions.decisions_about(viewer=here.actor, merchant=merchant),
    }
    return render(request, "console/cases.html", context)


@for_team
@require_safe
def report(request: HttpRequest, merchant: str) -> HttpResponse:
    """The credit report as a file, by which anybody it is given to computes the score again."""
    here = Here(request)
    assert here.realm.log is not None
    made = standings.credit_report(viewer=here.actor, merchant=merchant, realm=here.realm, policy=here.realm.log.policy)
    response = HttpResponse(json.dumps(made, ensure_ascii=False), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="credit-report-{merchant}.json"'
    return response

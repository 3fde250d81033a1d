"""A merchant's console: the standing and why, today's orders, what if, what is held against it, objections, the report."""

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
from yinuo.people import queries as people
from yinuo.vault.queries import source_ids_of
from yinuo.web import charts
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here, for_team

HELD_MAX = 200
ASPECTS = ("dispatch", "delivery", "complaint")     # whose cause can be objected to
TODAY_SHOWN = 50        # orders on a page
TODAY_FIRST = 5         # of them on the overview
WAITING_FIRST = 5       # open contests on the overview
CASES_SHOWN = 50        # contests, and decisions, on one page
PAGES_MAX = 10_000
EVIDENCE: dict[str, str] = {
    "credit.dispatch_judged": "dispatch", "credit.delivery_judged": "delivery", "credit.review_judged": "review",
    "credit.complaint_judged": "complaint",
}
"""Where the evidence behind a reason is seen, by the kind of outcome that it counts."""
_KINDS = {
    measure.name: EVIDENCE[measure.kind] if measure.causes is not None or measure.kind != "credit.complaint_judged" else ""
    for measure in standings.MEASURES
}
SPEAKERS = frozenset({"merchant_owner", "merchant_operations"})


def _frame(request: HttpRequest, merchant: str, tab: str) -> dict[str, Any]:
    """What every page of the console shows: whose it is, and what the viewer may do."""
    actor = Here(request).actor
    return {
        "merchant": merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant], "tab": tab,
        "may_decide": actor.holds("steward") and merchant not in actor.own,
        "is_own": merchant in actor.own, "may_speak": bool(actor.roles_for(merchant) & SPEAKERS),
    }


@for_team
@require_safe
def overview(request: HttpRequest, merchant: str) -> HttpResponse:
    """The standing in exact figures, why, and what waits."""
    here = Here(request)
    standing = standings.own_standing(viewer=here.actor, merchant=merchant)
    contests = decisions.contests_of(viewer=here.actor, merchant=merchant, state="open", limit=WAITING_FIRST + 1)
    seen = standings.look_ahead(viewer=here.actor, merchant=merchant, at=here.at)
    held = standings.held_against(viewer=here.actor, merchant=merchant, at=here.at, limit=5)
    names = _called(here, [*contests, *held])
    context: dict[str, Any] = _frame(request, merchant, "overview") | {
        "standing": standing,
        "open_contests": [(contest, names.get(contest.subject, "")) for contest in contests[:WAITING_FIRST]],
        "has_more_waiting": len(contests) > WAITING_FIRST,
        "held": [(each, names[each.subject]) for each in held],
        "decisions": decisions.decisions_about(viewer=here.actor, merchant=merchant, limit=5),
        "today": standings.today(seen, stop=TODAY_FIRST), "foreseen": standings.foreseen(seen),
        "announced": [
            {"card": card, "standing": theirs, "reasons": _beside(standing, theirs)}
            for card, theirs in standings.announced(viewer=here.actor, merchant=merchant)
        ],
    }
    context["orders"] = _named(context["today"].rows, here)
    if standing is not None and standing.score is not None:
        bars = charts.points_bars([reason.get("points", 0) for reason in standing.reasons])
        points = standings.course_of(viewer=here.actor, standing=standing)
        context |= {
            "interval": charts.interval(standing.score, standing.low or standing.score, standing.high or standing.score),
            "reasons": [
                {**reason, "left": left, "width": width, "evidence": _KINDS.get(reason["feature"], "")}
                for reason, (left, width) in zip(standing.reasons, bars, strict=True)
            ],
            "course": charts.course(points), "points": points[::-1],
        }
    return render(request, "console/overview.html", context)


def _named(rows: list[standings.OpenOrder], here: Here) -> list[dict[str, Any]]:
    """Open orders with what their shop calls them."""
    names = source_ids_of(surrogates=[each.order for each in rows], realm=here.realm)
    return [{"open": each, "called": (names.get(each.order) or ("", each.order))[1]} for each in rows]


def _beside(now: Any, then: Any) -> list[dict[str, Any]]:
    """The reasons of two standings side by side; none where one of them has no score."""
    if now is None or then is None or None in (now.score, then.score):
        return []
    return standings.reasons_beside(now.reasons, then.reasons)


@for_team
@require_safe
def today(request: HttpRequest, merchant: str) -> HttpResponse:
    """Every open order, those with most points at stake first."""
    here = Here(request)
    stage, page = request.GET.get("stage", ""), _whole(request.GET.get("page", ""), otherwise=1, most=PAGES_MAX)
    page = max(1, page)
    seen = standings.look_ahead(viewer=here.actor, merchant=merchant, at=here.at)
    found = standings.today(seen, stage=stage, start=(page - 1) * TODAY_SHOWN, stop=page * TODAY_SHOWN)
    among = found.counts[stage] if stage else found.total
    context = _frame(request, merchant, "today") | {
        "today": found, "orders": _named(found.rows, here), "stage": stage, "page": page, "among": among,
        "first": (page - 1) * TODAY_SHOWN + 1, "last": (page - 1) * TODAY_SHOWN + len(found.rows),
        "pages": -(-among // TODAY_SHOWN), "earlier": str(page - 1), "later": str(page + 1), "filters": {"stage": stage},
        "stages": [(name, count) for name, count in found.counts.items() if count or name == stage],
        "standing": seen.basis.standing if seen.basis else None,
    }
    return render(request, "console/today.html", context)


@for_team
@require_safe
def what_if(request: HttpRequest, merchant: str) -> HttpResponse:
    """The standing as it would be with orders and objections as supposed; everything supposed stands in the address."""
    here = Here(request)
    contests = standings.contests_to_suppose(viewer=here.actor, merchant=merchant)
    names = source_ids_of(surrogates=[contest.order for contest in contests if contest.order], realm=here.realm)
    context = _frame(request, merchant, "what_if") | {
        "contests": [
            {"contest": contest, "called": (names.get(contest.order or "") or ("", contest.order))[1]} for contest in contests
        ],
        "given": {"orders": "20", "late": "0", "used": "60"} | request.GET.dict(), "chosen": request.GET.getlist("contest"),
        "standing": standings.own_standing(viewer=here.actor, merchant=merchant),
    }
    if request.GET.keys() & {"orders", "late", "used", "contest"}:
        try:
            found = standings.what_if(
                viewer=here.actor, merchant=merchant, suppose=_supposed(request), realm=here.realm
            )
        except Malformed as refusal:
            context |= {"wrong": refusal, "status": 422}
        else:
            context |= {"found": found, "reasons": [
                {**reason, "change": (reason["then"] or 0) - (reason["now"] or 0)} for reason in found.reasons
            ]}
            context |= {
                f"interval_{name}": charts.interval(each.score, each.low or 0, each.high or each.score)
                for name, each in (("now", found.now), ("then", found.then)) if each.score is not None
            }
    return render(request, "console/what_if.html", context, status=context.get("status", 200))


def _supposed(request: HttpRequest) -> standings.Supposed:
    """What the form supposes; refuses what is no whole number."""
    given = request.GET
    return standings.Supposed(
        orders=_whole(given.get("orders", ""), path="orders"), late=_whole(given.get("late", ""), path="late"),
        used_percent=_whole(given.get("used", ""), otherwise=60, path="used"), contests=given.getlist("contest"),
    )


def _whole(text: str, *, otherwise: int = 0, most: int = 10**9, path: str = "") -> int:
    """A whole number in a form; refuses another text where a path says of which field, else takes what is usual."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(most, int(text))
    if text and path:
        raise Malformed("Give a whole number, in digits.", path=path)
    return otherwise


@for_team
@require_http_methods(["GET", "HEAD", "POST"])
def outcomes(request: HttpRequest, merchant: str) -> HttpResponse:
    """Every outcome that costs points; object to the cause of one or many at once."""
    here = Here(request)
    if request.method == "POST" and told(
        request, lambda: _object(request, here, merchant), gettext("Your objection was sent. It shows as disputed from now on.")
    ):
        return redirect("console_cases", merchant=merchant)
    aspect = request.GET.get("aspect", "")
    aspect = aspect if aspect in ASPECTS else ""
    held = standings.held_against(viewer=here.actor, merchant=merchant, at=here.at, limit=HELD_MAX, aspect=aspect)
    names = _called(here, held)
    orders = _names(here, {each.order for each in held if each.complaint and each.order})
    rows = [
        {"held": each, "called": names[each.subject], "value": f"{each.aspect}/{each.subject}",
         "weight": each.weight * 1_000 // WEIGHT_ONE, "order": orders.get(each.order or "", "") if each.complaint else ""}
        for each in held
    ]
    chosen = (request.POST or request.GET).getlist("outcome")
    context = _frame(request, merchant, "outcomes") | {
        "rows": rows, "aspect": aspect, "aspects": ASPECTS, "filters": {"aspect": aspect}, "claims": CLAIMS, "limit": HELD_MAX,
        "chosen": chosen, "chosen_called": [row["called"] for row in rows if row["value"] in chosen],
        "words": request.POST.get("words", ""),
        "claimed": request.POST.get("claimed", ""),
    }
    return render(request, "console/outcomes.html", context)


def _called(here: Here, about: Iterable[Any]) -> dict[str, str]:
    """The orders and complaints that these are about, as their shop calls them."""
    return _names(here, {each.subject for each in about if each.subject})


def _names(here: Here, things: set[str]) -> dict[str, str]:
    """These as their shop calls them."""
    names = source_ids_of(surrogates=things, realm=here.realm)
    return {thing: (names.get(thing) or ("", thing))[1] for thing in things}


def _object(request: HttpRequest, here: Here, merchant: str) -> Any:
    """Open the contests that the form asks for, all or none."""
    chosen = [value.split("/", 1) for value in request.POST.getlist("outcome") if "/" in value]
    if not chosen:
        raise Malformed("Choose at least one outcome.", path="outcome")
    by_aspect: dict[str, list[str]] = {}
    for aspect, subject in chosen:
        by_aspect.setdefault(aspect, []).append(subject)
    return credit.contest_each(
        actor=here.actor, merchant=merchant, outcomes=by_aspect, claimed=request.POST.get("claimed", ""),
        objection=here.objection(request.POST.get("words", "")), realm=here.realm, at=here.at,
    )


@for_team
@require_safe
def cases(request: HttpRequest, merchant: str) -> HttpResponse:
    """Objections and decisions, the newest first."""
    here = Here(request)
    after, decided_after = request.GET.get("after", ""), request.GET.get("decided_after", "")
    contests = decisions.contests_of(viewer=here.actor, merchant=merchant, after=after, limit=CASES_SHOWN + 1)
    decided = decisions.decisions_about(viewer=here.actor, merchant=merchant, after=decided_after, limit=CASES_SHOWN + 1)
    names = _called(here, contests[:CASES_SHOWN])
    context = _frame(request, merchant, "cases") | {
        "contests": [(contest, names.get(contest.subject, "")) for contest in contests[:CASES_SHOWN]],
        "is_first": not after, "after": contests[CASES_SHOWN - 1].pk if len(contests) > CASES_SHOWN else "",
        "decisions": decided[:CASES_SHOWN], "is_first_decided": not decided_after,
        "decided_after": decided[CASES_SHOWN - 1].pk if len(decided) > CASES_SHOWN else "",
        "rooms": _rooms(here, merchant),
    }
    return render(request, "console/cases.html", context)


def _rooms(here: Here, merchant: str) -> list[Any]:
    """The case rooms that the merchant's own people are told of; staff see them elsewhere."""
    if merchant not in here.actor.own:
        return []
    return people.rooms_about(viewer=here.actor, subject=merchant, realm=here.realm, at=here.at)


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

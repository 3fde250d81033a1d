"""Inside a case room: the authority reads the cases that its request names, and nothing else. Every look is written down."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from yinuo.decisions.rules import ACTS, GROUNDS
from yinuo.merchants import queries as merchants
from yinuo.people import actions, queries
from yinuo.web.console.entrance import Here
from yinuo.web.rooms.entrance import Cases


def enter(request: HttpRequest, here: Here, room: str) -> HttpResponse:
    """The room's request and its cases."""
    found = actions.enter_room(actor=here.actor, room_id=room, at=here.at)
    (shown,) = [one for one in queries.own_rooms(viewer=here.actor, realm=here.realm, at=here.at) if one.room.pk == room]
    called = merchants.merchants(viewer=here.actor, ids={case.merchant for case in found if case.merchant})
    context = {
        "room": shown, "cases": [(case, called.get(case.merchant or "")) for case in found],
        "looks": queries.own_looks_in(viewer=here.actor, room=room),
    }
    return render(request, "rooms/inside.html", context)


@login_required
@require_safe
def case(request: HttpRequest, room: str, thing: str, cases: Cases) -> HttpResponse:
    """One case whole: a decision with its statement, objection and appeal; an order's facts; a merchant's standing."""
    here = Here(request)
    shown = cases.show(actor=here.actor, room=room, thing=thing, realm=here.realm, at=here.at)
    decision = shown.decision
    context = {
        "room": room, "shown": shown, "decision": decision, "contest": shown.contest, "appeal": shown.appeal,
        "rule": GROUNDS[decision.ground].rule if decision is not None else "",
        "facts": len(decision.facts.split()) if decision is not None else 0,
        "adverse": decision is not None and ACTS[decision.act].adverse,
    }
    return render(request, "rooms/case.html", context)


@login_required
@require_safe
def file(request: HttpRequest, room: str, thing: str, cases: Cases) -> HttpResponse:
    """An order's facts with their proofs, or a merchant's credit report, as a file that anybody can check offline."""
    here = Here(request)
    assert here.realm.log is not None
    made = cases.take(
        actor=here.actor, room=room, thing=thing, realm=here.realm, policy=here.realm.log.policy, at=here.at
    )
    response = HttpResponse(json.dumps(made, ensure_ascii=False), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{made["kind"]}-{thing}.json"'
    return response

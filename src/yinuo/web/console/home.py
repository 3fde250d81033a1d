"""Where a console begins: the merchants somebody acts for, and the stewards' work."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from yinuo.kit.actors import PUBLIC
from yinuo.merchants import queries as merchants
from yinuo.people.rules import AUTHORITY, BUYER
from yinuo.web.console.entrance import STAFF, TEAM, Here
from yinuo.web.templatetags.yinuo import may


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Choose among what one may do; where there is one thing only, go there."""
    actor = Here(request).actor
    own = sorted(subject for subject, roles in actor.own.items() if roles & TEAM)
    is_staff = bool(actor.roles & STAFF)
    keeps_webhooks = may(actor, "record.keep_webhooks")
    if actor.holds(AUTHORITY):
        return redirect("rooms")
    if len(own) == 1 and not is_staff and not keeps_webhooks:
        return redirect("console_merchant", merchant=own[0])
    if actor.roles == {"steward"} and not own:
        return redirect("steward")
    if actor.roles == {"administrator"} and not own:
        return redirect("console_webhooks")
    if not own and not actor.roles and any(BUYER in roles for roles in actor.own.values()):
        return redirect("me")
    found = merchants.merchants(viewer=PUBLIC, ids=own)
    return render(request, "console/home.html", {
        "merchants": [found[each] for each in own], "is_staff": is_staff, "keeps_webhooks": keeps_webhooks,
        "may_see_looks": may(actor, "people.see_looks"), "may_see_rooms": may(actor, "people.see_rooms"),
    })

"""Where a console begins: the merchants somebody acts for, and the stewards' work."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from yinuo.kit.actors import PUBLIC, permissions
from yinuo.merchants import queries as merchants
from yinuo.people.rules import BUYER
from yinuo.web.console.entrance import STAFF, TEAM, Here


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Choose among what one may do; where there is one thing only, go there."""
    actor = Here(request).actor
    own = sorted(subject for subject, roles in actor.own.items() if roles & TEAM)
    is_staff = bool(actor.roles & STAFF)
    keeps_webhooks = bool(actor.roles & permissions()["record.keep_webhooks"])
    if len(own) == 1 and not is_staff and not keeps_webhooks:
        return redirect("console_merchant", merchant=own[0])
    if not own and is_staff != keeps_webhooks:
        return redirect("steward" if is_staff else "console_webhooks")
    if not own and any(BUYER in roles for roles in actor.own.values()):
        return redirect("me")
    found = merchants.merchants(viewer=PUBLIC, ids=own)
    context = {"merchants": [found[each] for each in own], "is_staff": is_staff, "keeps_webhooks": keeps_webhooks}
    return render(request, "console/home.html", context)

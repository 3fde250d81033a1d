"""Have oneself erased: first what goes and what a law keeps, then the sign-in name typed, then it is done."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_http_methods

from yinuo.kit.refusals import Malformed, NotFound
from yinuo.people.queries import account_called
from yinuo.people.rules import normal_handle
from yinuo.vault.rules import keeping_of
from yinuo.web.account.told import told
from yinuo.web.me.entrance import Erased, Mine, Rights, for_buyer


@require_http_methods(["GET", "HEAD", "POST"])
@for_buyer
def erase(request: HttpRequest, mine: Mine, rights: Rights) -> HttpResponse:
    """What an erasure takes; with the sign-in name typed, do it, end the sessions, and say what went."""
    handle: str = request.user.get_username()
    if request.method == "POST" and (done := told(request, lambda: _erase(request, mine, rights, handle), "")):
        stays = _is_there(handle)
        if not stays:
            logout(request)
        context = {"gone": _gone(done.gone, mine), "kept": done.kept, "stays": stays, "handle": handle}
        return render(request, "me/erased.html", context)
    plan = rights.planned(actor=mine.actor, person=mine.person, at=mine.at, jurisdiction=mine.jurisdiction)
    context = mine.frame("erase") | {"gone": _gone(plan.gone, mine), "kept": plan.kept}
    return render(request, "me/erase.html", context)


def _erase(request: HttpRequest, mine: Mine, rights: Rights, handle: str) -> Erased:
    if normal_handle(request.POST.get("handle", "")) != handle:
        raise Malformed(_("That is not your sign-in name. Nothing was erased."), path="handle")
    return rights.erase(**mine.asked())


def _gone(classes: Any, mine: Mine) -> list[Any]:
    """What happens to each class that goes."""
    return [keeping_of(jurisdiction=mine.jurisdiction, retention=each) for each in classes]


def _is_there(handle: str) -> bool:
    """Whether the account is still there: it acts for somebody else, too."""
    try:
        account_called(handle)
    except NotFound:
        return False
    return True

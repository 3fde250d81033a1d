"""A merchant's team: who is in it, invitations, ends."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yinuo.kit.actors import PUBLIC, Actor
from yinuo.merchants import queries as merchants
from yinuo.people import actions, queries
from yinuo.people.rules import OWNER, TEAM_ROLES
from yinuo.web.account.told import told


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, merchant: str) -> HttpResponse:
    """Everybody who acts for a merchant; its owner invites and ends."""
    actor: Actor = request.actor  # type: ignore[attr-defined] # config.signed_in has set it
    invited = None
    if request.method == "POST":
        invited = _do(request, actor, merchant)
        if invited is None:
            return redirect("team", merchant=merchant)
    found = queries.team_of(viewer=actor, merchant=merchant, at=request.now)  # type: ignore[attr-defined]
    context = {
        "merchant": merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant],
        "team": found,
        "me": actor.name,
        "roles": TEAM_ROLES[::-1],
        "is_owner": OWNER in actor.roles_for(merchant),
        "link": invited and request.build_absolute_uri(reverse("join", args=[invited.token])),
        "invited": invited,
    }
    return render(request, "account/team.html", context)


def _do(request: HttpRequest, actor: Actor, merchant: str) -> actions.Invited | None:
    """Do what was asked; returns an invitation that was made."""
    here = {"actor": actor, "at": request.now}  # type: ignore[attr-defined]
    given = request.POST
    if number := _number(given.get("end", "")):
        told(request, lambda: actions.end_membership(membership=number, **here), _("That has ended."))
    elif number := _number(given.get("withdraw", "")):
        told(request, lambda: actions.withdraw_invitation(invitation=number, **here), _("The invitation is worthless now."))
    elif role := given.get("role", ""):
        return told(request, lambda: actions.invite_team(  # type: ignore[no-any-return]
            merchant=merchant, role=role, realm=request.realm, **here,  # type: ignore[attr-defined]
        ), "")
    return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0

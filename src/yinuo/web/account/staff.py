"""Who works here: staff accounts and their roles, invitations, ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yinuo.kit.actors import Actor
from yinuo.people import actions, queries
from yinuo.people.rules import STAFF_ROLES
from yinuo.web.account.told import told


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest) -> HttpResponse:
    """Everybody with a staff role; an administrator invites, ends and disables."""
    actor: Actor = request.actor  # type: ignore[attr-defined] # config.signed_in has set it
    invited = None
    if request.method == "POST":
        invited = _do(request, actor)
        if invited is None:
            return redirect("staff")
    at = request.now  # type: ignore[attr-defined]
    listed = queries.accounts(viewer=actor, at=at, staff_only=True)
    invitations = queries.staff_invitations(viewer=actor, at=at)
    names = {grant.granted_by for one in listed for grant in one.grants} | {one.made_by for one in invitations}
    context = {
        "listed": listed, "invitations": invitations, "names": queries.names_of(names), "me": actor.name, "roles": STAFF_ROLES,
        "is_administrator": actor.holds("administrator"),
        "link": invited and request.build_absolute_uri(reverse("join", args=[invited.token])),
        "invited": invited,
    }
    return render(request, "account/staff.html", context)


def _do(request: HttpRequest, actor: Actor) -> actions.Invited | None:
    """Do what was asked; returns an invitation that was made."""
    here = {"actor": actor, "at": request.now}  # type: ignore[attr-defined]
    given = request.POST
    if number := _number(given.get("end", "")):
        told(request, lambda: actions.end_grant(grant=number, **here), _("That has ended."))
    elif number := _number(given.get("withdraw", "")):
        told(request, lambda: actions.withdraw_invitation(invitation=number, **here), _("The invitation is worthless now."))
    elif handle := given.get("disable", ""):
        told(request, lambda: actions.disable_account(handle=handle, **here), _("The account is disabled and signed out."))
    elif role := given.get("role", ""):
        until = _day(given.get("until", "")) if role == "authority" else None
        return told(request, lambda: actions.invite_staff(  # type: ignore[no-any-return]
            role=role, until=until, realm=request.realm, **here,  # type: ignore[attr-defined]
        ), "")
    return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None

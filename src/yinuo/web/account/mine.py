"""One's own account: what it may do, in which language it reads, where it is signed in."""

from __future__ import annotations

from allauth.account.views import password_change
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yinuo.kit.actors import PUBLIC
from yinuo.merchants import queries as merchants
from yinuo.people import actions, queries
from yinuo.people.rules import BUYER, OWNER
from yinuo.web.account.told import told


@login_required
@require_safe
def my_account(request: HttpRequest) -> HttpResponse:
    """Sign-in name, roles and for whom, language."""
    at = request.now  # type: ignore[attr-defined] # config.realm has set it
    held = queries.memberships_of(request.user)  # type: ignore[arg-type] # login_required
    shops = merchants.merchants(viewer=PUBLIC, ids={one.subject for one in held if one.role != BUYER})
    context = {
        "grants": queries.grants_of(request.user, at=at),  # type: ignore[arg-type]
        "memberships": [(one, shops.get(one.subject)) for one in held],
        "owner": OWNER,
        "lacks_second_factor": queries.lacks_second_factor(request.user, at=at),  # type: ignore[arg-type]
        "languages": settings.LANGUAGES,
    }
    return render(request, "account/mine.html", context)


@login_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language in which somebody reads, here and wherever they sign in next."""
    wanted = request.POST.get("language", "")
    if wanted not in dict(settings.LANGUAGES):
        return redirect("my_account")
    actions.set_language(account=request.user, language=wanted)  # type: ignore[arg-type]
    response = redirect("my_account")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, wanted, max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE, httponly=True, samesite="Lax",
    )
    return response


@login_required
@require_POST
def end_session(request: HttpRequest, session: int) -> HttpResponseRedirect:
    """End one of one's own sessions."""
    actions.end_session(account=request.user, session=session)  # type: ignore[arg-type]
    messages.success(request, _("That session has ended."))
    return redirect("usersessions_list")


@login_required
@require_POST
def leave(request: HttpRequest, membership: int) -> HttpResponseRedirect:
    """End one's own part in a team, or one's tie to a buyer."""
    told(request, lambda: actions.end_membership(
        actor=request.actor, membership=membership, at=request.now,  # type: ignore[attr-defined]
    ), _("That has ended."))
    return redirect("my_account")


@login_required
def change_password(request: HttpRequest) -> HttpResponse:
    """A new password for the old one; who signs in through a directory has none here to change."""
    if not request.user.has_usable_password():  # type: ignore[union-attr] # login_required
        messages.info(request, _("Your account has no password here: you sign in through your directory."))
        return redirect("my_account")
    answer: HttpResponse = password_change(request)
    return answer


def not_from_here(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a form gets that was not sent from one of our pages, or from one that was open for too long."""
    return render(request, "account/not_from_here.html", status=403)

"""Use an invitation: with a new account, or with the one that is signed in."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from yinuo.kit.actors import PUBLIC
from yinuo.kit.refusals import Conflict
from yinuo.merchants import queries as merchants
from yinuo.people import actions, queries
from yinuo.people.rules import kind_of_role
from yinuo.web.account.forms import Join
from yinuo.web.account.told import told


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Say what the invitation gives; take it up."""
    at = request.now  # type: ignore[attr-defined] # config.realm has set it
    invitation = queries.invitation_of(token=token, at=at)
    kind = kind_of_role(invitation.role)
    form = Join(request.POST if request.method == "POST" and "handle" in request.POST else None)
    if request.method == "POST":
        if not form.is_bound and request.user.is_authenticated:
            return _accept(request, token)
        if form.is_valid() and (response := _open(request, token, form)):
            return response
    context = {
        "invitation": invitation, "form": form, "kind": kind,
        "merchant": merchants.merchants(viewer=PUBLIC, ids=[invitation.subject]).get(invitation.subject)
        if kind == "merchant" else None,
    }
    return render(request, "account/join.html", context)


def _accept(request: HttpRequest, token: str) -> HttpResponse:
    """Add the role to the account that is signed in."""
    accepted = told(request, lambda: actions.accept_invitation(
        account=request.user, token=token, at=request.now,  # type: ignore[arg-type, attr-defined]
    ), gettext("The role was added to your account."))
    if accepted is None:
        return redirect("join", token=token)
    lacking = queries.lacks_second_factor(request.user, at=request.now)  # type: ignore[arg-type, attr-defined]
    return redirect("mfa_index" if lacking else "my_account")


def _open(request: HttpRequest, token: str, form: Join) -> HttpResponse | None:
    """Make the account and sign in with it; None where the name is taken."""
    given = form.cleaned_data
    try:
        account = actions.join(
            token=token, handle=given["handle"], password=make_password(given["password1"]),
            language=get_language() or "", at=request.now,  # type: ignore[attr-defined]
        )
    except Conflict as refusal:
        form.add_error("handle", gettext(refusal.sentence))
        return None
    # The password was typed twice just now: what comes next, the second factor, need not ask for it a third time.
    record_authentication(request, account, method="password", username=account.handle, reauthenticated=True)
    response: HttpResponse = perform_login(request, account)
    return response

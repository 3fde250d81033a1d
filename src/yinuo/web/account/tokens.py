"""One's access tokens: made by somebody who has just shown that it is them, shown once, listed, revoked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yinuo.kit.refusals import NotAllowed
from yinuo.people import actions, queries
from yinuo.people.rules import TOKEN_DAYS, TOKEN_NAME_LENGTH_MAX
from yinuo.web.account.told import told


class NewToken(forms.Form):
    """What to call a token, and for how long it lives."""

    name = forms.CharField(
        label=gettext_lazy("What the token is for"), max_length=TOKEN_NAME_LENGTH_MAX,
        help_text=gettext_lazy("Such as the program or the machine that will use it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("It ends after"), coerce=int, initial=TOKEN_DAYS,
        choices=[(7, gettext_lazy("7 days")), (30, gettext_lazy("30 days")), (90, gettext_lazy("90 days")),
                 (180, gettext_lazy("180 days")), (365, gettext_lazy("a year"))],
    )


@login_required
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens in force, with when each was used last."""
    at = request.now  # type: ignore[attr-defined] # config.realm has set it
    found = queries.tokens_of(request.user, at=at)  # type: ignore[arg-type] # login_required
    return render(request, "account/tokens.html", {"tokens": found})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a token, once it is sure who asks; it is shown in this answer and never again."""
    second_factor = _has_shown_second_factor(request)
    if (way := _way_to_confirm(request, second_factor=second_factor)) is not None:
        return redirect(f"{way}?{urlencode({'next': request.path})}")
    form = NewToken(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        made = told(request, lambda: actions.make_token(
            account=request.user, name=form.cleaned_data["name"],  # type: ignore[arg-type] # login_required
            days=form.cleaned_data["days"], second_factor=second_factor,
            realm=request.realm, at=request.now,  # type: ignore[attr-defined] # config.realm has set them
        ), "")
    return render(request, "account/new_token.html", {"form": form, "made": made})


@login_required
@require_POST
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    """Make one of one's own tokens worthless."""
    told(request, lambda: (actions.revoke_token(
        account=request.user, token=token, at=request.now,  # type: ignore[arg-type, attr-defined]
    ), True), _("The token is worthless now."))
    return redirect("my_tokens")


def _has_shown_second_factor(request: HttpRequest) -> bool:
    """Whether a second factor was used in this session."""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


def _way_to_confirm(request: HttpRequest, *, second_factor: bool) -> str | None:
    """Where somebody shows once more that it is them, by a second factor if they need one; None if they just have."""
    needs = queries.needs_second_factor(request.user, at=request.now)  # type: ignore[arg-type, attr-defined]
    if did_recently_reauthenticate(request) and (second_factor or not needs):
        return None
    ways: list[dict[str, Any]] = get_adapter().get_reauthentication_methods(request.user)
    fitting = [way["url"] for way in ways if not needs or way["id"].startswith("mfa")]
    if not fitting:
        raise NotAllowed(_("Set up a second factor first: without one nobody can tell that it is you who asks."))
    return str(fitting[0])

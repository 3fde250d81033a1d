"""Webhooks, for administrators: who is told of what, how that goes, secrets that are shown once, and telling again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from yinuo.kit.actors import allow
from yinuo.kit.refusals import NotAllowed, NotFound
from yinuo.record import actions, queries
from yinuo.record.rules.webhooks import USUAL_KINDS, message_id
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here

SHOWN = 50
_METHODS = ["GET", "HEAD", "POST"]


class NewWebhook(forms.Form):
    """Where to tell, of whose subjects, and of which kinds of fact."""

    url = forms.CharField(
        label=gettext_lazy("Address"), max_length=500, widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=gettext_lazy("It must answer 2xx to a signed POST."),
    )
    source = forms.CharField(
        label=gettext_lazy("Only about the subjects of this source"), max_length=40, required=False,
        help_text=gettext_lazy(
            "The name of a shop’s key, which is then told by its own ids. Empty: everybody, by Yinuo’s ids."
        ),
    )
    kinds = forms.CharField(
        label=gettext_lazy("Kinds of fact"), max_length=4_000, initial="\n".join(USUAL_KINDS),
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy("One a line. decisions.* is all of a domain."),
    )


class From(forms.Form):
    """From which moment on to tell again."""

    since = forms.DateTimeField(
        label=gettext_lazy("From this moment on"), input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


def for_keepers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for whoever may keep everybody's webhooks; for others it does not exist."""

    @login_required
    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            allow(Here(request).actor, "record.keep_webhooks")
        except NotAllowed:
            raise NotFound("There is nothing under this address for your account.") from None
        return view(request, *args, **kwargs)

    return handle


@for_keepers
@require_http_methods(_METHODS)
def webhooks(request: HttpRequest) -> HttpResponse:
    """Every webhook and how it is; add one, whose secret is shown in this answer alone."""
    here = Here(request)
    form = NewWebhook(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = told(request, lambda: actions.add_webhook(
            actor=here.actor, url=given["url"], source=given["source"].strip(), kinds=given["kinds"].split(),
            reach=settings.YINUO["YINUO_WEBHOOK_REACH"], realm=here.realm, at=here.at,
        ), "")
    context = {
        "states": queries.webhooks_of(viewer=here.actor), "form": NewWebhook() if made else form,
        "made": made and made[0], "secret": made and made[1],
    }
    return render(request, "console/webhooks.html", context)


@for_keepers
@require_http_methods(_METHODS)
def webhook(request: HttpRequest, webhook: int) -> HttpResponse:
    """One webhook: what it was told and is to be told; pause, resume, rotate its secret, tell again, end it."""
    here = Here(request)
    found = queries.webhook_of(viewer=here.actor, webhook=webhook)
    secret = None
    form = From(request.POST if "replay" in request.POST else None)
    if request.method == "POST":
        if "rotate" in request.POST:
            secret = told(request, lambda: actions.rotate_webhook(
                actor=here.actor, webhook=found.pk, realm=here.realm, at=here.at,
            ), "")
        elif not form.is_bound or form.is_valid():
            _do(request, here, found.pk, form)
            return redirect("console_webhooks") if "end" in request.POST else redirect("console_webhook", webhook=webhook)
    before = _number(request.GET.get("before", ""))
    deliveries = queries.deliveries_of(viewer=here.actor, webhook=found.pk, before=before, limit=SHOWN + 1)
    context = {
        "state": next(each for each in queries.webhooks_of(viewer=here.actor) if each.webhook.pk == found.pk),
        "hook": found, "host": urlsplit(found.url).hostname or found.url, "secret": secret, "form": form,
        "is_first": before is None,
        "rows": [{"delivery": each, "id": message_id(each.number)} for each in deliveries[:SHOWN]],
        "before": deliveries[SHOWN - 1].number if len(deliveries) > SHOWN else None,
    }
    return render(request, "console/webhook.html", context)


def _do(request: HttpRequest, here: Here, webhook: int, form: From) -> None:
    """Do what was asked, and say so."""
    asked: dict[str, Any] = {"actor": here.actor, "webhook": webhook}
    given = request.POST
    if "pause" in given:
        told(request, lambda: (actions.pause_webhook(at=here.at, **asked), True), _("It is sent nothing until you resume it."))
    elif "resume" in given:
        told(request, lambda: (actions.resume_webhook(at=here.at, **asked), True), _("It goes on where it stopped."))
    elif "again" in given:
        told(request, lambda: (actions.replay_webhook(at=here.at, message=given["again"], **asked), True),
             _("It is sent everything from that message on again."))
    elif "replay" in given:
        told(request, lambda: (actions.replay_webhook(at=here.at, since=form.cleaned_data["since"], **asked), True),
             _("It is sent everything from that moment on again."))
    elif "end" in given:
        told(request, lambda: (actions.remove_webhook(**asked), True), _("The webhook has ended."))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

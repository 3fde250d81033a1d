"""A standing that others show on their own pages: the one page that may stand in a frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, override
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from yinuo.credit import queries as credit
from yinuo.kit.actors import PUBLIC
from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.web import charts
from yinuo.web.middleware import POLICY

if TYPE_CHECKING:
    from yinuo.credit.models import Standing
    from yinuo.merchants.models import Merchant

FRAMED = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *").replace("connect-src 'self'; ", "")
KEPT = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
KEPT_SHORT = "public, max-age=60"     # that there is nothing to show, which may soon be otherwise
View = Callable[[HttpRequest, str], HttpResponse]


def framed(view: View) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Let a page stand in anybody's frame, be kept for a while, and be asked for again by its fingerprint."""

    @wraps(view)
    def handle(request: HttpRequest, merchant: str) -> HttpResponseBase:
        response: HttpResponseBase = view(request, merchant)
        if response.status_code == 200 and isinstance(response, HttpResponse):
            etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            response["ETag"] = etag
            response["Cache-Control"] = KEPT
            response = get_conditional_response(request, etag=etag, response=response) or response
        else:
            response["Cache-Control"] = KEPT_SHORT
        response["Content-Security-Policy"] = FRAMED      # also of a 304, whose headers take the place of those kept
        return response

    return xframe_options_exempt(handle)


@require_safe
@framed
def merchant(request: HttpRequest, merchant: str) -> HttpResponse:
    """A merchant's standing on a card, or that there is none to show.

    In the language of `?lang=`, or else the reader's; `?scheme=light` is for pages that have no dark form.
    """
    mode = settings.YINUO["YINUO_MODE"]
    wanted, light = request.GET.get("lang", ""), request.GET.get("scheme") == "light"
    with override(wanted if wanted in dict(settings.LANGUAGES) else get_language()):
        if not credit.is_public(viewer=PUBLIC, mode=mode):
            return render(request, "embed/nothing.html", {"is_public": False, "light": light}, status=403)
        standing = credit.standing_of(viewer=PUBLIC, mode=mode, merchant=merchant)
        found = _merchant(merchant, standing)
        if found is None:
            return render(request, "embed/nothing.html", {"is_public": True, "light": light}, status=404)
        return render(request, "embed/merchant.html", {
            "merchant": found, "standing": standing, "interval": _interval(standing), "light": light,
        })


def _merchant(merchant: str, standing: Standing | None) -> Merchant | None:
    """The merchant of that id, even one of whom only orders told."""
    try:
        return merchants.merchant(viewer=PUBLIC, merchant=merchant)
    except NotFound:
        return None if standing is None else merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant]


def _interval(standing: Standing | None) -> charts.Interval | None:
    if standing is None or standing.score is None or standing.override or standing.low is None or standing.high is None:
        return None
    return charts.interval(standing.score, standing.low, standing.high)

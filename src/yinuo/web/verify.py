"""The page that checks proofs in the reader's own browser: nothing of the file reaches the server."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from yinuo.web.middleware import POLICY
from yinuo.web.phrases import phrases

ALONE = POLICY.replace("connect-src 'self'", "connect-src 'none'")    # the browser itself sees to it that nothing is uploaded


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Check a proof file or a pack of facts by this record's policy, in the browser."""
    context = {"policy": settings.LOG.policy.text, "origin": settings.LOG.origin, "phrases": phrases()}
    response = render(request, "public/verify.html", context)
    response["Content-Security-Policy"] = ALONE
    return response

"""What happens to every response: a strict content security policy, and refusals turned into pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers

from yinuo.kit.refusals import Refusal

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")   # Swagger UI styles its own elements
DOCS_PATH = "/api/docs"
Answer = Callable[[HttpRequest], HttpResponse]
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_BROKEN = re.compile("[\0\ud800-\udfff]")


def policies(answer: Answer) -> Answer:
    """Middleware, outside all others: says what a page may load, also on answers that never came as far as a view."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        policy = DOCS_POLICY if request.path == DOCS_PATH else POLICY
        if settings.FORM_TARGET and request.path.startswith("/account/"):
            policy = policy.replace("form-action 'self'", f"form-action 'self' {settings.FORM_TARGET}")
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if response.cookies and "public" in response.get("Cache-Control", ""):
            patch_cache_control(response, private=True, no_store=True)      # or a cache would hand one's session to others
        return response

    return handle


class Readable:
    """Refuses what no database could keep and no page show: fields in no known charset, with a NUL, or with half a sign.

    It comes before whatever else reads a form. The API reads its own bodies, and of it only the address is looked at.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as ever."""
        return self.answer(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """A page that says so, where the address or the form cannot be read."""
        try:
            fields = [request.GET]
            if request.content_type in _FORMS and not request.path.startswith("/api/"):
                fields.append(request.POST)
            broken = any(_BROKEN.search(text) for each in fields for name, texts in each.lists() for text in (name, *texts))
        except (BadRequest, LookupError, MultiPartParserError, SuspiciousOperation, UnicodeError):
            broken = True
        if not broken:
            return None
        request.encoding = "utf-8"      # what was sent is not looked at again, nor by the page that refuses it
        request.GET, request.POST = QueryDict(), QueryDict()
        return render(request, "400.html", status=400)


class Pages:
    """Says that a page's language follows the reader, and makes pages of refusals."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, told apart by cookies."""
        response = self.answer(request)
        patch_vary_headers(response, ["Cookie"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal as a page that says what to do next."""
        if not isinstance(exception, Refusal):
            return None
        name = "404.html" if exception.status == 404 else "refused.html"
        return render(request, name, {"refusal": exception}, status=exception.status)

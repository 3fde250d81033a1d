"""What happens to every response: a strict content security policy, and refusals turned into pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
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

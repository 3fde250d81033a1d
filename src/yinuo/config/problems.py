"""Problem details (RFC 9457) for whatever goes wrong under /api. Light, since every server process loads it at its start."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import msgspec
from django.http import HttpRequest, HttpResponse

PROBLEM = "application/problem+json"
_SAYS = {
    404: ("not-found", "There is nothing under this address; /api/docs lists what there is."),
    405: ("method-not-allowed", "This address does not take {method}; it takes {allow}."),
}


def problems(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whatever goes wrong under /api is answered with problem details, wherever it went wrong."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/") and ("\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")):
            return problem(422, "malformed", "No address and no value has the sign NUL.")   # PostgreSQL takes none
        response = answer(request)
        status = response.status_code
        if status < HTTPStatus.BAD_REQUEST or not request.path.startswith("/api/") or response["Content-Type"] == PROBLEM:
            return response
        fault = "internal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "refused"
        usual = "The fault is ours, and it has been noted." if fault == "internal" else f"{HTTPStatus(status).phrase}."
        code, sentence = _SAYS.get(status, (fault, usual))
        told = problem(status, code, sentence.format(method=request.method, allow=response.get("Allow", "")))
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response:
                told[name] = response[name]
        return told

    return handle


def problem(status: int, code: str, sentence: str, path: str = "") -> HttpResponse:
    """Problem details (RFC 9457). `about:blank` says that the status tells the kind of problem; `code` tells it finer."""
    details = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": sentence, "code": code,
    }
    if path:
        details["path"] = path
    return HttpResponse(msgspec.json.encode(details), status=status, content_type=PROBLEM)

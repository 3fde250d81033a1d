"""Problem details (RFC 9457) for whatever goes wrong under /api. Light, since every server process loads it at its start."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import msgspec
from django.http import HttpRequest, HttpResponse

PROBLEM = "application/problem+json"
_SAYS = {
    400: ("refused", "The request cannot be read, or names another site than this one."),
    404: ("not-found", "There is nothing under this address; /api/docs lists what there is."),
    405: ("method-not-allowed", "This address does not take {method}; it takes {allow}."),
}


def problems(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whatever goes wrong under /api is answered with problem details, wherever it went wrong. Stands outside the
    others, which refuse too: a wrong host, say.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return answer(request)
        if _is_broken(request):
            return problem(422, "malformed", "The address holds a character that no text has, or the length is no number.")
        response = answer(request)
        status = response.status_code
        if status < HTTPStatus.BAD_REQUEST or response.get("Content-Type") == PROBLEM:
            return response
        fault = "internal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "refused"
        usual = "The fault is ours, and it has been noted." if fault == "internal" else f"{HTTPStatus(status).phrase}."
        code, sentence = _SAYS.get(status, (fault, usual))
        told = problem(status, code, sentence.format(method=request.method, allow=response.get("Allow", "")))
        for name, value in response.items():
            if not name.lower().startswith("content-") or name == "Content-Security-Policy":    # those are of the page that was
                told[name] = value
        return told

    return handle


def _is_broken(request: HttpRequest) -> bool:
    """Whether a request holds what no view should have to look out for: NUL in its address, which no text has and PostgreSQL
    refuses, or a length that is no number.
    """
    length: str = request.META.get("CONTENT_LENGTH") or "0"
    has_nul = "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")
    return has_nul or not (length.isascii() and length.isdecimal())


def problem(status: int, code: str, sentence: str, path: str = "") -> HttpResponse:
    """Problem details (RFC 9457). `about:blank` says that the status tells the kind of problem; `code` tells it finer."""
    details = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": sentence, "code": code,
    }
    if path:
        details["path"] = path
    return HttpResponse(msgspec.json.encode(details), status=status, content_type=PROBLEM)

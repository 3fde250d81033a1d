"""The API: every domain's router under /api, problem details for every refusal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from yinuo import __version__
from yinuo.kit.refusals import Malformed, Refusal

PROBLEM = "application/problem+json"
log = logging.getLogger(__name__)
api = NinjaAPI(
    title="Yinuo",
    version=__version__,
    description="The open trust layer of a marketplace: state facts, read standings and their reasons.",
    docs_url="/docs",
    openapi_url="/openapi.json",
)


_SAYS = {
    404: ("not-found", "There is nothing under this address; /api/docs lists what there is."),
    405: ("method-not-allowed", "This address does not take {method}; it takes {allow}."),
}


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal with problem details."""
    response = _problem(refusal.status, refusal.code, refusal.sentence, refusal.path)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("Answered %s: %s", refusal.status, refusal, exc_info=refusal)     # with what was behind it
    return response


@api.exception_handler(ValidationError)
def refuse_values(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer parameters that cannot be read with the first one's name and what is wrong with it."""
    first = error.errors[0]
    sentence = f"{first['msg'].removeprefix('Value error, ').rstrip('.')}."
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, Malformed.code, sentence, str(first["loc"][-1]))


def problems(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whatever goes wrong under /api is answered with problem details, wherever it went wrong."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        status = response.status_code
        if status < HTTPStatus.BAD_REQUEST or not request.path.startswith("/api/") or response["Content-Type"] == PROBLEM:
            return response
        fault = "internal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "refused"
        usual = "The fault is ours, and it has been noted." if fault == "internal" else f"{HTTPStatus(status).phrase}."
        code, sentence = _SAYS.get(status, (fault, usual))
        problem = _problem(status, code, sentence.format(method=request.method, allow=response.get("Allow", "")))
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response:
                problem[name] = response[name]
        return problem

    return handle


def _problem(status: int, code: str, sentence: str, path: str = "") -> HttpResponse:
    """Problem details (RFC 9457). `about:blank` says that the status tells the kind of problem; `code` tells it finer."""
    problem = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": sentence, "code": code,
    }
    if path:
        problem["path"] = path
    return HttpResponse(msgspec.json.encode(problem), status=status, content_type=PROBLEM)


for domain in settings.DOMAINS:
    if find_spec(f"yinuo.{domain}.api"):
        api.add_router("", import_module(f"yinuo.{domain}.api").router)

"""The API: every domain's router under /api, problem details for every refusal."""

from __future__ import annotations

import logging
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from yinuo import __version__
from yinuo.kit.refusals import Refusal

log = logging.getLogger(__name__)
api = NinjaAPI(
    title="Yinuo",
    version=__version__,
    description="The open trust layer of a marketplace: state facts, read standings and their reasons.",
    docs_url="/docs",
    openapi_url="/openapi.json",
)


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal with problem details (RFC 9457)."""
    problem = {
        "type": f"about:blank#{refusal.code}",
        "title": refusal.code.replace("-", " ").capitalize(),
        "status": refusal.status,
        "detail": refusal.sentence,
    }
    if refusal.path:
        problem["path"] = refusal.path
    response = api.create_response(request, problem, status=refusal.status)
    response["Content-Type"] = "application/problem+json"
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("Answered %s: %s", refusal.status, refusal, exc_info=refusal)     # with what was behind it
    return response


for domain in settings.DOMAINS:
    if find_spec(f"yinuo.{domain}.api"):
        api.add_router("", import_module(f"yinuo.{domain}.api").router)

"""The API: every domain's router under /api, problem details for every refusal."""

from __future__ import annotations

import logging
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from yinuo import __version__
from yinuo.config.problems import problem
from yinuo.kit.refusals import Malformed, Refusal

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
    """Answer a refusal with problem details."""
    response = problem(refusal.status, refusal.code, refusal.sentence, refusal.path)
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
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, Malformed.code, sentence, str(first["loc"][-1]))


for domain in settings.DOMAINS:
    if find_spec(f"yinuo.{domain}.api"):
        api.add_router("", import_module(f"yinuo.{domain}.api").router)

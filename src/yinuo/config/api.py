"""The API: every domain's routers under /api, problem details for every refusal.

A domain's `router` is for anybody and for sources, who prove themselves by their key; its `for_people` asks for a person's
access token; its `for_both` takes either. Nothing looks at a session's cookie, so that no other site can make a browser act.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from ninja.constants import NOT_SET
from ninja.errors import HttpError, ValidationError

from yinuo import __version__
from yinuo.config.described import Described, Strict
from yinuo.config.problems import problem
from yinuo.config.tokens import AccessToken
from yinuo.kit.refusals import Malformed, Refusal, TooLarge, TooSlow
from yinuo.record.api.keys import SourceKey

log = logging.getLogger(__name__)
api = Described(
    title="Yinuo",
    version=__version__,
    description="The open trust layer of a marketplace: state facts, read standings and their reasons, act for people.",
    docs_url="/docs",
    openapi_url="/openapi.json",
    parser=Strict(),
)
_CODES = {401: "unauthenticated", 403: "not-allowed", 429: "too-many"}


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal with problem details."""
    response = problem(refusal.status, refusal.code, refusal.sentence, refusal.path)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("Answered %s: %s", refusal.status, refusal, exc_info=refusal)     # with what was behind it
    return response


@api.exception_handler(HttpError)
def refuse_early(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what django-ninja itself refuses: above all a body that cannot be read."""
    if isinstance(error.__cause__, Refusal):
        return refuse(request, error.__cause__)
    if isinstance(error.__cause__, RequestDataTooBig):
        return refuse_size(request, error.__cause__)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return problem(Malformed.status, Malformed.code, "The body is no JSON in UTF-8, or holds NUL or half a pair.")
    return problem(error.status_code, _CODES.get(error.status_code, "refused"), f"{str(error).rstrip('.')}.")


@api.exception_handler(RequestDataTooBig)
def refuse_size(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Answer a body that is larger than any may be."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return problem(TooLarge.status, TooLarge.code, f"The body is too large; at most {most:,} bytes are taken at once.")


@api.exception_handler(UnreadablePostError)
def refuse_slowness(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
    """Answer a body that broke off."""
    return problem(TooSlow.status, TooSlow.code, "The body did not arrive whole in time. Nothing was done.")


@api.exception_handler(ValidationError)
def refuse_values(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer parameters that cannot be read with the first one's name and what is wrong with it."""
    first = error.errors[0]
    sentence = f"{first['msg'].removeprefix('Value error, ').rstrip('.')}."
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, Malformed.code, sentence, str(first["loc"][-1]))



_ASKS: dict[str, Any] = {"router": NOT_SET, "for_people": AccessToken(), "for_both": [AccessToken(or_key=True), SourceKey()]}

for package in (*settings.DOMAINS, "pipelines"):
    if find_spec(f"yinuo.{package}.api"):
        module = import_module(f"yinuo.{package}.api")
        for name, auth in _ASKS.items():
            if hasattr(module, name):
                api.add_router("", getattr(module, name), auth=auth)

"""What all calls of the API share: bodies read strictly, and a description that lists every refusal a call may be answered
with, so that no endpoint has to say so again.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from yinuo.config.problems import PROBLEM
from yinuo.kit import refusals
from yinuo.kit.refusals import Refusal
from yinuo.people.actions import RoomOver

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Why a request was not granted (RFC 9457). `code` tells refusals apart; `path`, where the fault lies.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "minLength": 1, "description": "A sentence that says what to do."},
        "code": {"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"},
        "path": {"type": "string"},
    },
    "additionalProperties": False,
}
_ALWAYS = (Refusal, refusals.NotAllowed, refusals.NotFound)
_WITH_KEY = (refusals.Unauthenticated, refusals.TooMany)
_WITH_INPUT = (refusals.Malformed,)
_OF_ROOMS = "case rooms"
_CHANGING = (refusals.TooSlow, refusals.Conflict, refusals.TooLarge, refusals.TooMany, refusals.Busy)


class Strict(Parser):
    """Reads bodies as JSON in UTF-8. Refuses what is text in no database: half a surrogate pair, NUL."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value; a ValueError for what cannot be read."""
        value = msgspec.json.decode(request.body)
        if b"\\u0000" in request.body and _has_nul(value):
            raise ValueError("NUL in a string")
        return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return any(_has_nul(each) for each in value) if isinstance(value, list) else isinstance(value, str) and "\0" in value


class Described(NinjaAPI):
    """An API whose OpenAPI document lists the refusals of each call beside its answers."""

    def get_openapi_schema(self, **where: Any) -> OpenAPISchema:
        """The document, as `/api/openapi.json` serves it."""
        schema = super().get_openapi_schema(**where)
        schema["components"].setdefault("schemas", {})["Problem"] = SCHEMA
        for calls in schema["paths"].values():
            for method, call in calls.items():
                answers = call["responses"]
                for refusal in refusals_of(method, call):
                    answers.setdefault(refusal.status, _answer(refusal))
                call["responses"] = dict(sorted(answers.items(), key=lambda item: str(item[0])))
        return schema


def refusals_of(method: str, call: dict[str, Any]) -> Iterator[type[Refusal]]:
    """What a call may be refused with, by what it takes: a key, parameters or a body, and whether it changes something."""
    yield from _ALWAYS
    if call.get("security"):
        yield from _WITH_KEY
    if call.get("parameters") or call.get("requestBody"):
        yield from _WITH_INPUT
    if method not in ("get", "head"):
        yield from _CHANGING
    if _OF_ROOMS in call.get("tags", ()):
        yield RoomOver


def _answer(refusal: type[Refusal]) -> dict[str, Any]:
    said = " ".join((refusal.__doc__ or "").split("\n\n", maxsplit=1)[0].split())
    title = HTTPStatus(refusal.status).phrase
    example = {"type": "about:blank", "title": title, "status": refusal.status, "detail": said, "code": refusal.code}
    return {
        "description": said, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    }

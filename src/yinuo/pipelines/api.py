"""What spans domains, over HTTP: a buyer's rights over all that is kept of them, held runs, refused events, rooms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from yinuo.kit.carried import actor_of, here_of
from yinuo.kit.refusals import Malformed
from yinuo.people import queries as people
from yinuo.people.rules import Kept, normal_handle
from yinuo.pipelines import persons, refused_api, rooms_api

for_people = Router()
for_people.add_router("", refused_api.router)
for_people.add_router("", rooms_api.router)


class KeptOut(Schema):
    """A class of data that a law keeps, and until when."""

    retention: str
    until: date


class PlanOut(Schema):
    """What an erasure would take now, and what a law keeps until when."""

    gone: list[str]
    kept: list[KeptOut]


class EraseIn(Schema):
    """The sign-in name of the account, typed in full: so that nobody is erased by mistake."""

    model_config = {"json_schema_extra": {"example": {"name": "wang.fang"}}}
    name: Annotated[str, Field(max_length=150)]


class ErasedOut(Schema):
    """What went, what a law keeps until when, and since when what may go was gone already."""

    gone: list[str]
    kept: list[KeptOut]
    before: datetime | None


@for_people.get("/me/{person}/data", response=dict[str, Any], summary="All that is kept about me", tags=["my data"])
def get_data(request: HttpRequest, person: str) -> dict[str, Any]:
    """Words, facts, level, consents, restrictions, decisions, what a law keeps, and who looked. This look is noted too."""
    return persons.see(**_asked(request, person))


@for_people.get("/me/{person}/package", summary="Take my data along", tags=["my data"], openapi_extra={
    "responses": {200: {"description": "A zip, or one encrypted with age.", "content": {
        "application/zip": {}, "application/octet-stream": {}}}}})
def get_package(
    request: HttpRequest, person: str, recipient: Annotated[str, Query(max_length=200)] = ""
) -> HttpResponse:
    """The same with the proof of each fact as a zip, encrypted for the public key `recipient` (age1...) if one is given."""
    wanted = recipient.strip() or None
    made = persons.take_along(**_asked(request, person), recipient=wanted)
    response = HttpResponse(made, content_type="application/octet-stream" if wanted else "application/zip")
    response["Content-Disposition"] = f'attachment; filename="about-you.zip{".age" if wanted else ""}"'
    response["Cache-Control"] = "private, no-store"
    return response


@for_people.get("/me/{person}/erasure", response=PlanOut, summary="What an erasure would take", tags=["my data"])
def get_erasure(request: HttpRequest, person: str) -> dict[str, Any]:
    """What would go now, and what a law keeps until when. Nothing is changed."""
    asked = _asked(request, person)
    plan = persons.planned(actor=asked["actor"], person=person, at=asked["at"], jurisdiction=asked["jurisdiction"])
    return {"gone": list(plan.gone), "kept": _kept(plan.kept)}


@for_people.post("/me/{person}/erasure", response=ErasedOut, summary="Have me erased", tags=["my data"])
def post_erasure(request: HttpRequest, person: str, wanted: EraseIn) -> dict[str, Any]:
    """Erase what the law lets go, for good. The account ends too, and its tokens, unless it acts for somebody else."""
    asked = _asked(request, person)
    if normal_handle(wanted.name) != people.account_acting(asked["actor"]).handle:
        raise Malformed("That is not your sign-in name. Nothing was erased.", path="name")
    done = persons.erase(**asked)
    return {"gone": list(done.gone), "kept": _kept(done.kept), "before": done.before}


def _asked(request: HttpRequest, person: str) -> dict[str, Any]:
    """With what a right is carried out: by that buyer themselves, and by nobody for them."""
    people.check_themselves(actor_of(request), person)
    law = settings.YINUO["YINUO_JURISDICTION"]
    return here_of(request) | {"person": person, "jurisdiction": law, "domains": settings.DOMAINS}


def _kept(kept: tuple[Kept, ...]) -> list[dict[str, Any]]:
    return [{"retention": one.retention, "until": one.until} for one in kept]

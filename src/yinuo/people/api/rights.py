"""A buyer's rights over what is kept of them: correct it, agree to a use, have it kept and not used.

To see it all, take it along and have it erased spans every domain: `yinuo.pipelines.api`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from yinuo.kit.carried import actor_of, at_of, here_of
from yinuo.people import actions, queries
from yinuo.people.rules import PURPOSES, RESTRICTION_GROUNDS

router = Router(tags=["my data"])


class NameIn(Schema):
    """The name as it is right."""

    model_config = {"json_schema_extra": {"example": {"name": "Wang Fang"}}}
    name: Annotated[str, Field(max_length=1_000)]


class ConsentOut(Schema):
    """A purpose that rests on consent: its words, their version, and since when it is agreed to (null: it is not)."""

    purpose: str
    version: int
    words: str
    given: datetime | None


class RestrictionIn(Schema):
    """Why what is kept is not to be used."""

    model_config = {"json_schema_extra": {"example": {"ground": "objection"}}}
    ground: Literal["accuracy_contested", "unlawful", "legal_claim", "objection"]


class RestrictionOut(Schema):
    """Since when, and on which ground, what is kept is not used."""

    ground: str
    because: str
    since: datetime


@router.put("/me/{person}/name", response={204: None}, summary="Correct my name")
def put_name(request: HttpRequest, person: str, wanted: NameIn) -> Status[None]:
    """Put another name in place of the one that is kept; what stood there before is gone."""
    queries.check_themselves(actor_of(request), person)
    actions.correct(person=person, text="name", words=wanted.name.strip(), asked="person", **here_of(request))
    return Status(204, None)


@router.get("/me/{person}/consents", response=list[ConsentOut], summary="What I agree to")
def get_consents(request: HttpRequest, person: str) -> list[dict[str, Any]]:
    """Every purpose that rests on consent, and whether it is given in its present words."""
    queries.check_themselves(actor_of(request), person)
    given = {
        (one.purpose, one.version): one.given
        for one in queries.consents_of(viewer=actor_of(request), person=person) if one.withdrawn is None
    }
    return [
        {"purpose": each.code, "version": each.version, "words": each.words, "given": given.get((each.code, each.version))}
        for each in PURPOSES.values()
    ]


@router.put("/me/{person}/consents/{purpose}", response={204: None}, summary="Agree to a purpose")
def put_consent(request: HttpRequest, person: str, purpose: str) -> Status[None]:
    """Agree to a purpose in its present words; again changes nothing."""
    queries.check_themselves(actor_of(request), person)
    actions.give_consent(actor=actor_of(request), person=person, purpose=purpose, at=at_of(request))
    return Status(204, None)


@router.delete("/me/{person}/consents/{purpose}", response={204: None}, summary="Take consent back")
def delete_consent(request: HttpRequest, person: str, purpose: str) -> Status[None]:
    """Take a consent back, from this moment on; again changes nothing."""
    queries.check_themselves(actor_of(request), person)
    actions.withdraw_consent(actor=actor_of(request), person=person, purpose=purpose, at=at_of(request))
    return Status(204, None)


@router.put("/me/{person}/restriction", response=RestrictionOut, summary="Have my data kept and not used")
def put_restriction(request: HttpRequest, person: str, wanted: RestrictionIn) -> dict[str, Any]:
    """Have everything kept and not used, on a ground; again on the same ground changes nothing."""
    queries.check_themselves(actor_of(request), person)
    made = actions.restrict(actor=actor_of(request), person=person, ground=wanted.ground, at=at_of(request))
    return {"ground": made.ground, "because": RESTRICTION_GROUNDS[made.ground], "since": made.since}


@router.delete("/me/{person}/restriction", response={204: None}, summary="Let my data be used again")
def delete_restriction(request: HttpRequest, person: str) -> Status[None]:
    """End every restriction but the one that comes of an erasure; again changes nothing."""
    queries.check_themselves(actor_of(request), person)
    actions.lift_restriction(actor=actor_of(request), person=person, at=at_of(request))
    return Status(204, None)

"""For the data-protection officer: who among staff and authorities looked at whose data."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from yinuo.kit.carried import actor_of, realm_of
from yinuo.kit.refusals import Malformed
from yinuo.people import queries

router = Router(tags=["account"])
Text = Annotated[str, Field(max_length=200)]


class LookOut(Schema):
    """A look: when, who (a sign-in name; system: the operator at the command line), whether it was seen or taken along, why.

    At whom or what: `person` and `thing` are empty where it is not known. `page` is empty where it was everything that is kept.
    """

    at: datetime
    who: str
    what: Literal["seen", "taken"]
    why: str
    person: str
    page: str
    thing: str
    room: str | None


class LooksOut(Schema):
    """A page of looks, newest first, and whether there are older ones."""

    looks: list[LookOut]
    more: bool


class LooksQuery(Schema):
    """Whose looks, at whom or what (an id, or "SOURCE ID" as a shop calls them), on which day, in which case room."""

    account: Text = ""
    subject: Text = ""
    day: date | None = None
    room: Text = ""
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


@router.get("/looks", response=LooksOut, summary="Who looked at whose data")
def get_looks(request: HttpRequest, wanted: Annotated[LooksQuery, Query()]) -> dict[str, Any]:
    """Every look of staff and of authorities, 100 at a time, for the data-protection officer. One's own are not listed."""
    asked = queries.LookFilter(
        wanted.account, queries.subject_meant(text=wanted.subject.strip(), realm=realm_of(request)),
        _first_of(wanted.day), wanted.room,
    )
    return looks_told(queries.looks(viewer=actor_of(request), wanted=asked, page=wanted.page))


def looks_told(found: queries.LooksShown) -> dict[str, Any]:
    """A page of looks as values."""
    return {
        "looks": [
            {"at": look.at, "who": who, "what": look.what, "why": look.why, "person": look.person, "page": look.page,
             "thing": look.thing, "room": look.room_id}
            for look, who in found.looks
        ],
        "more": found.more,
    }


def _first_of(day: date | None) -> datetime | None:
    """The first moment of a day, where the installation is."""
    try:
        return None if day is None else timezone.make_aware(datetime.combine(day, time()))
    except (ValueError, OverflowError):
        raise Malformed("Nobody looked on that day.", path="day") from None

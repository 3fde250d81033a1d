"""What settling objections would do, for stewards: beside `yinuo.decisions.api`, which settles, since points are known here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from yinuo.credit import queries
from yinuo.decisions import actions
from yinuo.decisions.rules import AT_ONCE_MAX, WORDS_MAX
from yinuo.kit.carried import actor_of, at_of
from yinuo.people.queries import team_sizes

router = Router(tags=["due process"])


class SettlingIn(Schema):
    """How objections are to be settled: the same as `POST /api/contests/settle` takes."""

    model_config = {"json_schema_extra": {"example": {
        "ids": ["tb2k7xq3zm4wv6y2a"], "outcome": "upheld", "ground": "evidence", "cause": "carrier",
        "words": "The bookings show that the carrier missed the collection, and nothing speaks against them.",
    }}}
    ids: Annotated[list[str], Field(min_length=1, max_length=AT_ONCE_MAX)]
    outcome: Literal["upheld", "rejected"]
    ground: Literal["evidence", "no_evidence", "source_mistaken"]
    words: Annotated[str, Field(min_length=1, max_length=2 * WORDS_MAX)]
    cause: Literal["carrier", "platform", "buyer", "force_majeure", "unknown"] | None = None


class SettleableOut(Schema):
    """An objection that can be settled so, and how many people of the merchant's team would read the reasons.

    `points`: how many points at most the merchant would gain, this one by itself; null where it is rejected, or not known.
    """

    id: str
    merchant: str
    points: int | None
    team: int


class NotSettleableOut(Schema):
    """An objection that cannot be settled so by you, and why."""

    id: str
    sentence: str


class SettlingOut(Schema):
    """What would be settled, the one that is due first first, and what could not be."""

    settled: list[SettleableOut]
    refused: list[NotSettleableOut]


@router.post("/contests/settle/preview", response=SettlingOut, summary="What settling objections would do")
def post_preview_settling(request: HttpRequest, wanted: SettlingIn) -> dict[str, Any]:
    """What would follow for each, and why others could not be settled: settling does all or none. Changes nothing."""
    actor, upheld = actor_of(request), wanted.outcome == "upheld"
    settling = actions.Settling(upheld, wanted.ground, wanted.words, wanted.cause if upheld else None)
    found = actions.preview_settling(actor=actor, ids=wanted.ids, settling=settling, at=at_of(request))
    points = queries.points_at_stake(viewer=actor, contests=found.done) if upheld else {}
    teams = team_sizes(merchants={one.merchant for one in found.done})
    return {
        "settled": [
            {"id": one.pk, "merchant": one.merchant, "points": points.get(one.pk), "team": teams.get(one.merchant, 0)}
            for one in found.done
        ],
        "refused": [{"id": contest, "sentence": refusal.sentence} for contest, refusal in found.refused.items()],
    }

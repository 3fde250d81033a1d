"""What an upheld contest gives back, computed again standing by standing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from yinuo.credit import actions as credit
from yinuo.credit.models import Dispatch, Standing
from yinuo.credit.queries import made_whole
from yinuo.decisions import actions as decisions
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import PUBLIC, Actor
from yinuo.kit.refusals import NotFound

pytestmark = pytest.mark.django_db

STEWARD = Actor("account:1", frozenset({"steward"}))
WORDS = "The carrier did not collect on the day that was booked."


def contested(market, merchant, orders, at):
    """Upheld contests of these late orders: through the carrier."""
    owner = Actor("account:9", own={merchant: frozenset({"merchant_owner"})})
    opened = credit.contest_causes(
        actor=owner, merchant=merchant, orders=orders, aspect="dispatch", claimed="carrier",
        objection=Objection(WORDS, at + timedelta(days=14)), realm=market.realm, at=at,
    )
    decisions.settle_contests(
        actor=STEWARD, ids=[each.pk for each in opened], upheld=True, ground="evidence", words=WORDS, cause="carrier",
        realm=market.realm, at=at,
    )
    market.follow(at)
    return owner, opened


def test_the_statement_adds_up_to_the_standing_computed_again(market, now):
    market.score()
    late = Dispatch.objects.filter(outcome="late", cause="merchant")
    scored = set(Standing.objects.exclude(score=None).values_list("merchant", flat=True))
    merchant = next(row.merchant for row in late.order_by("pk") if row.merchant in scored)
    order = late.filter(merchant=merchant).order_by("-judged_at").first().pk
    before = Standing.objects.get(merchant=merchant)
    owner, (contest,) = contested(market, merchant, [order], now)
    statement = made_whole(viewer=owner, contest_id=contest.pk)
    assert [(lost.as_of, lost.score, lost.band) for lost in statement.lost] == [(before.as_of, before.score, before.band)]
    for viewer in (PUBLIC, Actor("account:7", own={"mother": frozenset({"merchant_owner"})})):
        with pytest.raises(NotFound):
            made_whole(viewer=viewer, contest_id=contest.pk)
    market.score(at=now + timedelta(hours=1), as_of=before.as_of)
    after = Standing.objects.get(merchant=merchant)
    assert statement.lost[0].score_without == after.score       # the same climate to within this one order
    assert statement.points_max == max(0, after.score - before.score)
    assert len(made_whole(viewer=owner, contest_id=contest.pk).lost) == 1       # the new run rests on it no more


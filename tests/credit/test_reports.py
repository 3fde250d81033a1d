"""Reports: whoever was scored computes it again from the report alone, to the point; whatever was changed is named."""

from __future__ import annotations

import copy
import json
import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.conf import settings
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from yinuo.credit import actions as credit
from yinuo.credit.models import Run, Standing
from yinuo.credit.proofs import Differs, check_report, check_reviews
from yinuo.credit.queries import credit_report, review_report
from yinuo.credit.rules.engine import open_engine
from yinuo.credit.rules.told import ReviewCounts, ToldReview, count_reviews
from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.canonical import canonical_json, read_json
from yinuo.kit.log import log_of
from yinuo.kit.merkle import Unproven
from yinuo.kit.notes import Unsigned
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotAllowed, NotFound, Refusal
from yinuo.pipelines import rescore
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record import queries
from yinuo.record.proofs import check_order_pack
from yinuo.reviews.models import Review
from yinuo.simulate.market import Plan, events
from yinuo.trade.models import Order

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PLAN = Plan(merchants=30, buyers=300, orders=1_600, days=150)


def cloud_event(id, kind, time, data, supersedes=None):
    body = {"specversion": "1.0", "id": id, "source": "demo", "type": kind, "time": time, "data": data}
    return msgspec.json.encode(body | ({"supersedes": supersedes} if supersedes else {}))


class Market:
    """A small simulated market with corrections, and whatever is asked of it."""

    def __init__(self, folder):
        log = log_of(origin="example.com/market", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=folder / "last")
        self.folder, self.policy = folder, log.policy
        self.realm = Realm(key=b"k" * 32, entropy=random.Random(5).randbytes, log=log)
        self.past = list(events(PLAN))

    def take(self, raws, at=NOW):
        taken = record.take_events(actor=SYSTEM, source="demo", raws=raws, realm=self.realm, at=at)
        assert not taken.refused
        self.follow(at)

    def follow(self, at=NOW):
        react(domains=settings.DOMAINS, realm=self.realm, at=at)

    def score(self, at=NOW, **orders):
        run = rescore.rescore(
            engine_name="duckdb", folder=self.folder, realm=self.realm, orders=rescore.Orders(gate=False, **orders), at=at
        )
        self.follow(at)
        return run

    def of_kind(self, kind):
        return [event for event in self.past if event.type == kind]

    def report(self, merchant):
        """The report as it comes out of its file."""
        made = credit_report(viewer=SYSTEM, merchant=merchant, realm=self.realm, policy=self.policy)
        return read_json(canonical_json(made), "report")

    def reviews(self, merchant, **runs):
        made = review_report(viewer=SYSTEM, merchant=merchant, realm=self.realm, policy=self.policy, **runs)
        return read_json(canonical_json(made), "report")


def corrected(market):
    """What was wrong is superseded, withdrawn, hidden, found and overturned, some of it late."""
    raws = []
    for place, event in enumerate(market.of_kind("trade.order_placed")[5:400:9]):
        data = {**event.data, "amount_minor": 7_700}
        if place % 3 == 0:      # it was another merchant's after all
            data["merchant"] = market.past[-1].data.get("merchant") or "merchant-00003"
        raws.append(cloud_event(f"right-{event.id}", event.type, event.time, data, supersedes=event.id))
    for event in market.of_kind("delivery.shipment_handed_over")[7:300:11]:
        raws.append(cloud_event(f"gone-{event.id}", "record.fact_withdrawn", event.time, {"event": event.id, "reason": "mistake"}))
    published = market.of_kind("reviews.review_published")
    for place, event in enumerate(published[3:120:4]):
        review = event.data["review"]
        raws.append(cloud_event(f"hide-{review}", "reviews.review_hidden", event.time + timedelta(days=1),
                                {"review": review, "ground": "bought" if place % 2 else "insult"}))
        if place % 3 == 1:
            raws.append(cloud_event(f"show-{review}", "reviews.review_restored", event.time + timedelta(days=2), {"review": review}))
        if place % 3 == 2:
            raws.append(cloud_event(f"unhide-{review}", "record.fact_withdrawn", event.time,
                                    {"event": f"hide-{review}", "reason": "dispute_upheld"}))
    for event in published[130:150:4]:
        raws.append(cloud_event(f"back-{event.id}", "record.fact_withdrawn", event.time, {"event": event.id, "reason": "duplicate"}))
    for number in range(6):
        finding = {"finding": f"found-{number}", "merchant": f"merchant-{number + 8:05d}"}
        when = market.past[-1].time - timedelta(days=20 + number)
        raws.append(cloud_event(f"found-{number}", "catalogue.finding_upheld", when, {**finding, "ground": "safety"}))
        if number % 2:
            raws.append(cloud_event(f"over-{number}", "catalogue.finding_overturned", when + timedelta(days=9 - number), finding))
    return raws


@pytest.fixture(scope="module")
def market(django_db_setup, django_db_blocker, tmp_path_factory):
    """Given a market that was scored twice: of its first part, and with late facts and corrections."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = Market(tmp_path_factory.mktemp("reports"))
        card = msgspec.structs.replace(credit.shipped_card(), name="told", calibrated_on=1_000)
        credit.add_scorecard(actor=SYSTEM, card=card, report={}, at=NOW)
        credit.put_in_force(actor=SYSTEM, name="told", at=NOW)
        raws = [cloud_event(event.id, event.type, event.time, event.data) for event in made.past]
        late = set(range(40, len(raws), 13)) | set(range(len(raws) * 3 // 4, len(raws)))
        made.take([raw for place, raw in enumerate(raws) if place not in late])
        made.first = made.score()
        made.take([raws[place] for place in sorted(late)])
        made.take(corrected(made))
        made.second = made.score(at=NOW + timedelta(days=1))
        yield made
        transaction.set_rollback(True)


def merchants_of(run):
    return sorted(Standing.objects.filter(run=run.id).values_list("merchant", flat=True))


def some_report(market):
    """The report of a merchant with a score, replaced facts and hidden reviews."""
    found = Standing.objects.filter(run=market.second.id, reviews_hidden__gt=0, score__isnull=False, override="")
    return market.report(found.order_by("outcomes", "merchant").values_list("merchant", flat=True)[0])


def test_every_merchants_score_is_recomputed_to_the_point(market):
    replaced, bands, hidden = 0, set(), 0
    for merchant in merchants_of(market.second):
        standing = Standing.objects.get(merchant=merchant, run=market.second.id)
        checked = check_report(market.report(merchant), market.policy)
        result = checked.result
        assert (result.score, result.low, result.high, result.band, result.odds_ppm, result.override) == (
            standing.score, standing.low, standing.high, standing.band, standing.odds_ppm, standing.override
        )
        assert (result.reasons, result.facets, result.way_back) == (standing.reasons, standing.facets, standing.way_back)
        assert checked.facts == standing.facts
        replaced, hidden = replaced + checked.replaced, hidden + standing.reviews_hidden
        bands.add(standing.band)
    assert replaced > 50
    assert hidden > 5
    assert {"unlawful", "new"} < bands
    assert Standing.objects.filter(run=market.second.id, odds_ppm__isnull=False).exists()


def test_the_band_before_is_one_of_the_pins(market):
    assert Standing.objects.filter(run=market.second.id).exclude(band_before="").exists()

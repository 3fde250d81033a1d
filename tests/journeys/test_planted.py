"""What was planted in a simulated market is found, and what is nobody's fault costs nobody anything."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import transaction

from yinuo.credit import actions as credit
from yinuo.credit.features import MEASURES
from yinuo.credit.models import Dispatch, Standing, StandingPoint
from yinuo.credit.rules.engine import Store, climate_at, evidence_at, open_engine
from yinuo.credit.rules.evidence import plain_evidence
from yinuo.credit.rules.scorecard import Card, wanted_by
from yinuo.kit.actors import SYSTEM
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.moments import MICROS_PER_DAY, to_day
from yinuo.kit.realm import Realm
from yinuo.pipelines import rescore
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.simulate.market import Plan, events
from yinuo.simulate.truth import truth
from yinuo.trade.models import Order
from yinuo.vault.queries import surrogate_of

pytestmark = pytest.mark.django_db

PLAN = Plan(merchants=120, buyers=3_000, orders=14_000)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Market:
    """A simulated market after the whole main job."""

    realm: Realm
    store: Store
    card: Card
    until: int

    def merchant(self, source_id: str) -> str:
        """Our id of a merchant of the simulator."""
        found = surrogate_of(kind="merchant", source="demo", source_id=source_id, key=self.realm.key)
        assert found
        return found

    def one(self, kind: str) -> tuple[str, Any]:
        """The merchant planted as this kind: our id, and what was planted."""
        planted = next(merchant for merchant in truth(PLAN).merchants if merchant.type == kind)
        return self.merchant(planted.merchant), planted

    def score_on(self, merchant: str, day: int) -> int:
        """The last score told on or before a day."""
        point = StandingPoint.objects.filter(merchant=merchant, as_of__lte=day, score__isnull=False).order_by("as_of").last()
        assert point is not None
        return int(point.score)


@pytest.fixture(scope="module")
def market(django_db_setup, django_db_blocker, tmp_path_factory):
    """Given a simulated year, taken in, fitted and scored week by week."""
    realm = Realm(key=b"k" * 32, entropy=random.Random(7).randbytes, keys=KeysInMemory(b"w" * 32))
    folder = tmp_path_factory.mktemp("market")
    with django_db_blocker.unblock(), transaction.atomic():
        raws = [
            msgspec.json.encode(
                {"specversion": "1.0", "id": e.id, "source": "demo", "type": e.type, "time": e.time, "data": e.data}
            )
            for e in events(PLAN)
        ]
        taken = record.take_events(actor=SYSTEM, source="demo", raws=raws, realm=realm, at=NOW)
        assert not taken.refused
        react(domains=settings.DOMAINS, realm=realm, at=NOW)
        card, report = rescore.fit(engine_name="duckdb", folder=folder, name="own", until=None, at=NOW)
        credit.add_scorecard(actor=SYSTEM, card=card, report=report, at=NOW)
        credit.put_in_force(actor=SYSTEM, name="own", at=NOW)
        run = rescore.rescore_past(engine_name="duckdb", folder=folder, realm=realm, orders=rescore.Orders(), at=NOW)
        yield Market(realm, credit.open_store(folder), card, run.as_of)
        transaction.set_rollback(True)


def _day(text: Any) -> int:
    return to_day(text if isinstance(text, date) else date.fromisoformat(text))


def test_who_goes_bad_is_seen_within_three_weeks(market):
    merchant, planted = market.one("goes_bad")
    turned = _day(planted.turned_bad_on)
    assert market.score_on(merchant, turned + 21) <= market.score_on(merchant, turned) - 20
    assert market.score_on(merchant, turned + 60) <= market.score_on(merchant, turned) - 40


def test_who_recovers_gets_back(market):
    merchant, planted = market.one("recovers")
    recovered = _day(planted.recovered_on)
    assert market.score_on(merchant, market.until) >= market.score_on(merchant, recovered) + 60
    assert Standing.objects.get(merchant=merchant).band in {"expected", "good", "excellent"}


def test_a_punctual_counterfeiter_is_unlawful_whatever_the_score(market):
    merchant, _ = market.one("counterfeiter")
    standing = Standing.objects.get(merchant=merchant)
    assert (standing.band, standing.override) == ("unlawful", "counterfeit")


def test_who_was_wrongly_accused_is_not_marked(market):
    merchant, _ = market.one("wrongly_accused")
    assert Standing.objects.get(merchant=merchant).override == ""


def test_a_newcomer_is_not_low_but_not_known_yet(market):
    newcomers = [market.merchant(m.merchant) for m in truth(PLAN).merchants if m.type == "newcomer"]
    bands = Counter(Standing.objects.filter(merchant__in=newcomers).values_list("band", flat=True))
    assert bands["new"] >= len(newcomers) // 2
    for standing in Standing.objects.filter(merchant__in=newcomers, outcomes__lt=market.card.outcomes_min):
        assert (standing.band, standing.score) == ("new", None)


def test_one_yuan_orders_to_oneself_gain_at_most_five_points(market):
    merchant, _ = market.one("self_orders")
    own = set(Order.objects.filter(merchant=merchant, amount_minor__lte=100).values_list("pk", flat=True))
    assert len(own) > 20
    with open_engine("duckdb") as engine:
        wanted = wanted_by(market.card, MEASURES)
        climate = climate_at(engine, market.store, as_of=market.until)
        evidence = evidence_at(engine, market.store, climate, as_of=market.until, wanted=wanted)
    observed, expected = evidence.of(evidence.merchants.index(merchant))
    rows = [
        (merchant, judged.judged_at // MICROS_PER_DAY, judged.lane,
         {m.name: m.of("credit.dispatch_judged", judged) * judged.weight for m in MEASURES if "dispatch_judged" in m.kind}
         | {m.name: 0 for m in MEASURES if "dispatch_judged" not in m.kind})
        for judged in Dispatch.objects.filter(pk__in=own)
    ]
    fake = plain_evidence(rows, climate, market.until, wanted, MEASURES).get(merchant, ({}, {}))
    without = market.card.score(
        {key: value - fake[0].get(key, 0) for key, value in observed.items()},
        {key: value - fake[1].get(key, 0) for key, value in expected.items()},
    )
    assert market.card.score(observed, expected) - without <= 5


def test_the_strike_moves_nobody(market):
    strike = truth(PLAN).strike
    declared = msgspec.json.encode(
        {
            "specversion": "1.0", "id": "strike", "source": "demo", "type": "delivery.disruption_declared",
            "time": f"{strike.until_day}T00:00:00Z",
            "data": {"disruption": "strike", "carrier": strike.carrier, "starts": f"{strike.from_day}T00:00:00Z",
                     "ends": f"{strike.until_day}T00:00:00Z"},
        }
    )
    as_of = _day(strike.until_day) + 14
    with open_engine("duckdb") as engine, transaction.atomic():
        silent, storms = _scores(engine, market, market.store, as_of, None)
        # When the strike is declared after all, its late parcels leave the evidence: that must make no difference.
        record.take_events(actor=SYSTEM, source="demo", raws=[declared], realm=market.realm, at=NOW)
        react(domains=settings.DOMAINS, realm=market.realm, at=NOW)
        store = rescore.prepare(engine=engine, folder=market.store.archive.parent)
        told, _ = _scores(engine, market, store, as_of, storms)
        transaction.set_rollback(True)
    assert storms
    common = silent.keys() & told.keys()
    assert len(common) > 50
    assert max(abs(silent[merchant] - told[merchant]) for merchant in common) <= 5


def _scores(engine: Any, market: Market, store: Store, as_of: int, storms: Any) -> tuple[dict[str, int], Any]:
    climate = climate_at(engine, store, as_of=as_of)
    if storms is not None:
        climate = replace(climate, storms=storms)
    evidence = evidence_at(engine, store, climate, as_of=as_of, wanted=wanted_by(market.card, MEASURES))
    scores = market.card.scores(evidence.observed, evidence.expected)
    enough = evidence.observed["dispatches", 0] >= market.card.outcomes_min * 1024
    return {m: int(s) for m, s, e in zip(evidence.merchants, scores, enough, strict=True) if e}, climate.storms

"""A small market, scored twice, whose merchants can be given their reports."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.conf import settings
from django.db import transaction

from yinuo.credit import actions as credit
from yinuo.credit.models import Standing
from yinuo.credit.queries import credit_report, review_report
from yinuo.kit.actors import SYSTEM
from yinuo.kit.canonical import canonical_json, read_json
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.log import log_of
from yinuo.kit.realm import Realm
from yinuo.pipelines import rescore
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.simulate.market import Plan, events

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PLAN = Plan(merchants=30, buyers=300, orders=1_600, days=150)


def cloud_event(id, kind, time, data, supersedes=None):
    body = {"specversion": "1.0", "id": id, "source": "demo", "type": kind, "time": time, "data": data}
    return msgspec.json.encode(body | ({"supersedes": supersedes} if supersedes else {}))


def withdrawal(id, event, time):
    return cloud_event(id, "record.fact_withdrawn", time, {"event": event, "reason": "mistake"})


class Market:
    """A small simulated market with corrections, and whatever is asked of it."""

    now = NOW

    def __init__(self, folder):
        log = log_of(origin="example.com/market", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=folder / "last")
        self.folder, self.policy = folder, log.policy
        self.realm = Realm(key=b"k" * 32, entropy=random.Random(5).randbytes, keys=KeysInMemory(b"w" * 32), log=log)
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

    def merchants_of(self, run):
        return sorted(Standing.objects.filter(run=run.id).values_list("merchant", flat=True))

    def some_report(self):
        """The report of a merchant with a score, replaced facts and hidden reviews."""
        found = Standing.objects.filter(run=self.second.id, reviews_hidden__gt=0, score__isnull=False, override="")
        return self.report(found.order_by("outcomes", "merchant").values_list("merchant", flat=True)[0])

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
        raws.append(withdrawal(f"gone-{event.id}", event.id, event.time))
    published = market.of_kind("reviews.review_published")
    for place, event in enumerate(published[3:120:4]):
        review = event.data["review"]
        raws.append(cloud_event(f"hide-{review}", "decisions.decision_stated", event.time + timedelta(days=1), {
            "decision": f"hide-{review}", "act": "review_hidden", "ground": "bought" if place % 2 else "insult",
            "automated": "no", "buyer": event.data["buyer"], "review": review,
            "reasons": "The same words stand under twenty others.",
        }))
        if place % 3 == 1:
            later = event.time + timedelta(days=2)
            raws.append(cloud_event(f"show-{review}", "decisions.decision_withdrawn", later, {"decision": f"hide-{review}"}))
        if place % 3 == 2:
            raws.append(withdrawal(f"unhide-{review}", f"hide-{review}", event.time))
    for event in published[130:150:4]:
        raws.append(withdrawal(f"back-{event.id}", event.id, event.time))
    for number in range(6):
        when = market.past[-1].time - timedelta(days=20 + number)
        raws.append(cloud_event(f"found-{number}", "decisions.decision_stated", when, {
            "decision": f"found-{number}", "act": "goods_unlawful", "ground": "safety", "automated": "no",
            "merchant": f"merchant-{number + 8:05d}", "reasons": "The laboratory found the lamp to be live when touched.",
        }))
        if number % 2:
            later = when + timedelta(days=9 - number)
            raws.append(cloud_event(f"over-{number}", "decisions.decision_withdrawn", later, {"decision": f"found-{number}"}))
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
        made.scored_first = made.merchants_of(made.first)
        made.take([raws[place] for place in sorted(late)])
        made.take(corrected(made))
        made.second = made.score(at=NOW + timedelta(days=1))
        yield made
        transaction.set_rollback(True)

"""However facts arrive, the mirrors end the same; and rebuilding them changes nothing."""

from __future__ import annotations

import itertools
import random
import re
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as rigour
from hypothesis import strategies as st

from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import kinds
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.realm import Realm
from yinuo.pipelines.react import react, rebuild
from yinuo.record import actions, queries
from yinuo.vault.queries import source_ids_of

REALM = Realm(key=b"k" * 32, entropy=random.Random(1).randbytes, keys=KeysInMemory(b"w" * 32))
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MIRRORED = ("trade.Order", "trade.Refund", "reviews.Review", "delivery.Shipment", "merchants.Merchant", "care.Complaint",
            "catalogue.Finding")


class Undone(Exception):
    """Ends a trial, so that the next one finds an empty database."""


def mirrors():
    """All mirror rows, with the source's own ids in place of surrogates, which differ from run to run."""
    found = {name: list(apps.get_model(name).objects.values()) for name in MIRRORED}
    texts = {value for rows in found.values() for row in rows for value in row.values() if isinstance(value, str)}
    names = source_ids_of(surrogates={part for text in texts for part in text.split("/")}, realm=REALM)

    def named(value):
        parts = value.split("/") if isinstance(value, str) else []
        return [names.get(part, part) for part in parts] or value

    return {
        name: sorted(str({key: named(value) for key, value in row.items()}) for row in rows)
        for name, rows in found.items()
    }


def but_numbers(found):
    """The rows without the numbers that facts got, which tell in what order they came."""
    return {name: [re.sub(r"'\w+_seq': \w+", "", row) for row in rows] for name, rows in found.items()}


def follow(batches, *, size=None):
    for batch in batches:
        actions.take_events(actor=SYSTEM, source="shop", raws=batch, realm=REALM, at=NOW)
        if size:
            while actions.seal(actor=SYSTEM, realm=REALM, limit=size):
                pass
        react(domains=settings.DOMAINS, realm=REALM, at=NOW)


def outcome(batches, **options):
    """The mirrors after these batches, on an empty database; and what a rebuild makes of it."""
    try:
        with transaction.atomic():
            follow(batches, **options)
            followed = mirrors()
            rebuild(domains=settings.DOMAINS, realm=REALM)
            rebuilt = mirrors()
            raise Undone
    except Undone:
        return followed, rebuilt


@pytest.fixture
def history(event):
    """One fact of each kind about a subject, corrections and withdrawals among them."""
    placed = {"merchant": "m1", "amount_minor": 500, "currency": "CNY"}
    return [
        event("merchants.merchant_registered", id="m", merchant="m1", region="CN-31"),
        event("trade.order_placed", id="p1", order="o1", buyer="b1", **placed),
        event("trade.order_placed", id="p1b", order="o1", buyer="b2", supersedes="p1", **placed),
        event("trade.order_placed", id="p2", order="o2", **placed),
        event("trade.order_paid", id="y1", order="o1", time="2026-05-02T00:00:00Z"),
        event("trade.order_cancelled", id="c2", order="o2", by="buyer"),
        event("record.fact_withdrawn", id="w1", event="c2", reason="mistake"),
        event("trade.refund_granted", id="f1", refund="f1", order="o2", amount_minor=5),
        event("record.fact_withdrawn", id="w2", event="f1"),
        event("delivery.shipment_handed_over", id="s1", shipment="s1", order="o1", carrier="sf"),
        event("delivery.shipment_delivered", id="d1", shipment="s1", order="o1"),
        event("delivery.shipment_delivered", id="d2", shipment="s1", order="o1", time="2026-05-09T00:00:00Z", supersedes="d1"),
        event("reviews.review_published", id="r1", review="r1", stars=1, order="o1"),
        event("reviews.review_replied", id="h1", review="r1"),
        event("record.fact_withdrawn", id="w3", event="h1", reason="dispute_upheld"),
    ]


@pytest.mark.django_db
@rigour(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_and_repetition_do_not_matter(history, data):
    expected, rebuilt = outcome([history])
    assert expected == rebuilt
    expected = but_numbers(expected)
    shuffled = data.draw(st.permutations(history))
    repeated = shuffled + data.draw(st.lists(st.sampled_from(history), max_size=5))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(repeated) - 1), max_size=4)))
    batches = [repeated[low:high] for low, high in itertools.pairwise([0, *cuts, len(repeated)])]
    found, rebuilt = outcome(batches, size=data.draw(st.integers(1, 20)))
    assert but_numbers(found) == expected
    assert rebuilt == found


CONTRADICTIONS = [
    ("trade.order_placed", "o1", [{"merchant": m, "amount_minor": 500, "currency": "CNY"} for m in ("m1", "m2")]),
    ("trade.order_cancelled", "o1", [{"by": "merchant"}, {"by": "buyer"}]),
    ("delivery.shipment_handed_over", "s1", [{"order": "o1", "carrier": "swift"}, {"order": "o1", "carrier": "slow"}]),
    ("delivery.shipment_damaged", "s1", [{"order": "o1", "harm": "lost", "cause": cause} for cause in ("merchant", "carrier")]),
    ("reviews.review_published", "r1", [{"merchant": m, "stars": 1} for m in ("m1", "m2")]),
    ("care.complaint_closed", "c1", [{"outcome": o, "merchant": "m1"} for o in ("upheld", "rejected")]),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "subject", "said"), CONTRADICTIONS, ids=[case[0] for case in CONTRADICTIONS])
def test_of_two_that_contradict_each_other_the_first_stands_until_it_is_taken_back(event, kind, subject, said):
    about = {kinds()[kind].about: subject}
    first, second, third = (
        event(kind, id=id, time=f"2026-05-{day}T00:00:00Z", **about, **fields)
        for id, day, fields in (("one", "03", said[0]), ("two", "02", said[1]), ("three", "03", said[0]))
    )
    taken_back = event("record.fact_withdrawn", id="w", event="one")
    alone, _ = outcome([[first]])
    for batches in ([[first, second]], [[first], [second]], [[first], [second, third]]):
        assert outcome(batches) == (alone, alone)
    other, _ = outcome([[second]])
    for batches in ([[first, second, taken_back]], [[first], [second], [taken_back]], [[taken_back, first], [second]]):
        found, rebuilt = outcome(batches)
        assert but_numbers(found) == but_numbers(other)
        assert found == rebuilt


@pytest.mark.django_db
def test_a_parcel_cannot_be_taken_from_its_order(event):
    first = event("delivery.shipment_handed_over", id="h", shipment="s1", order="o1")
    second = event("delivery.shipment_delivered", id="d", shipment="s1", order="o2")
    for batches in ([[first, second]], [[first], [second]], [[second], [first]]):
        found, rebuilt = outcome(batches)
        assert found == rebuilt
        one, other = found["delivery.Shipment"]
        assert "'order': [('shop', 'o1')]" in one
        assert "'delivered_at': None" in one
        assert "'order': [('shop', 'o2')]" in other
        assert "'handed_over_at': None" in other


@pytest.mark.django_db
def test_later_statements_about_the_same_stand(event):
    first, second = (event("merchants.merchant_registered", id=id, merchant="m", region=id) for id in ("one", "two"))
    found, rebuilt = outcome([[first], [second], [first]])
    assert found == rebuilt
    assert "'two'" in str(found["merchants.Merchant"])


@pytest.mark.django_db
def test_what_replaced_and_withdrawn_facts_told_is_gone(history):
    found, _ = outcome([history])
    assert found["trade.Refund"] == []
    assert "b2" in str(found["trade.Order"])
    assert "b1" not in str(found["trade.Order"])
    assert "'cancelled_at': None" in found["trade.Order"][1]
    assert "insult" not in str(found["reviews.Review"])


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["original", "correction"])
def test_past_sizes_show_what_stood_then(realm, now, event, first):
    original = event("trade.order_paid", id="e1", order="o1", method="card")
    correction = event("trade.order_paid", id="e2", order="o1", method="cash", supersedes="e1")
    follow([[original], [correction]] if first == "original" else [[correction], [original]])

    def methods(size):
        return [recorded.fact.method for recorded in queries.facts(start=0, stop=size, at_size=size)]

    assert methods(2) == ["cash"]
    assert methods(1) == (["card"] if first == "original" else ["cash"])
    assert queries.replacements(stop=2) == [(0, 1) if first == "original" else (1, 0)]

"""The record over HTTP."""

from __future__ import annotations

import json

import pytest

from yinuo.kit.actors import SYSTEM
from yinuo.record import actions, queries, rules
from yinuo.record.models import RefusedEvent

pytestmark = pytest.mark.django_db
ONE, MANY = "application/cloudevents+json", "application/cloudevents-batch+json"


@pytest.fixture
def post(client, realm, now):
    key = actions.make_key(actor=SYSTEM, source="shop", expires=None, realm=realm, at=now)

    def posting(body, content_type=MANY, key=key):
        return client.post("/api/facts", body, content_type=content_type, headers={"Authorization": f"Bearer {key}"})

    return posting


def test_one_event_or_many(post, event):
    one = event("trade.order_paid", id="e1", order="o1")
    answer = post(one, ONE).json()
    assert list(answer.pop("receipt")["bound"]) == ["e1"]
    assert answer == {"accepted": 1, "known": 0, "refused_count": 0, "refused": []}
    assert post(b" \n" + one, "application/json; charset=utf-8").json()["known"] == 1
    assert post(b"[" + one + b"]", "application/json").json()["known"] == 1
    assert post(b"[]").json() == {"accepted": 0, "known": 0, "refused_count": 0, "refused": []}


def test_good_ones_stand_beside_refused_ones(post, event):
    good = event("trade.order_paid", id="good", order="o1")
    bad = event("trade.order_paid", id="bad", order="o1", amount_minor=-5)
    answer = post(b"[" + bad + b"," + good + b"]")
    assert answer.status_code == 200
    (fault,) = answer.json()["refused"]
    assert (fault["index"], fault["id"], fault["path"]) == (0, "bad", "data.amount_minor")
    assert queries.entry_count() == 1


@pytest.mark.parametrize("order", [b'"\\ud800"', b'"\xff"', b'"a\\u0000"', b"[" * 5000 + b"]" * 5000, b"1e999", b"9" * 5000])
def test_hostile_values_harm_only_their_own_event(post, event, order):
    good = event("trade.order_paid", id="good", order="o1")
    bad = event("trade.order_paid", id="bad", order="o2").replace(b'"o2"', order)
    answer = post(b"[" + bad + b"," + good + b"]")
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [fault["index"] for fault in answer.json()["refused"]] == [0]


@pytest.mark.parametrize(("body", "content_type", "words"), [
    (b"[{]", MANY, "not a JSON array"),
    (b'{"a":', ONE, "not JSON"),
    (b"{}", MANY, "array"),
    (b"[]", ONE, "one event"),
    (b" ", "application/json", "must be JSON"),
    (b"\xff\xfe", "application/json", "must be JSON"),
    (b"[" * 100_000, MANY, "not a JSON array"),
    (b"<a/>", "text/xml", "not taken here"),
])
def test_a_body_that_is_none_is_refused_whole(post, body, content_type, words):
    answer = post(body, content_type)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert words in answer.json()["detail"]


def test_too_large_a_body(post, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = post(b"[" + b" " * 2000 + b"]")
    assert answer.status_code == 413
    assert "2,002 bytes; at most 1,000" in answer.json()["detail"]


@pytest.mark.parametrize("spoilt", [b"", b"\xff"])
def test_more_events_than_are_taken_at_once(post, event, spoilt):
    batch = [event("trade.order_paid", id=f"e{number}", order="o") for number in range(rules.BATCH_MAX)]
    answer = post(b"[" + b",".join([*batch, b'"' + spoilt + b'"']) + b"]")
    assert answer.status_code == 413
    assert "10,001 events came" in answer.json()["detail"]
    assert "Send smaller batches." in answer.json()["detail"]
    assert queries.entry_count() == RefusedEvent.objects.count() == 0
    assert post(b"[" + b",".join(batch) + b"]").json()["accepted"] == rules.BATCH_MAX


def test_millions_of_values_are_not_even_counted(post):
    answer = post(b"[" + b"1," * 1_000_001 + b"1]")
    assert (answer.status_code, "1,000,001 commas" in answer.json()["detail"]) == (413, True)


def test_the_refused_are_counted_and_the_first_listed(post, event):
    batch = [event("trade.order_paid", id=f"e{number}", order="o", amount_minor=-1) for number in range(120)]
    answer = post(b"[" + b",".join(batch) + b"]").json()
    assert (answer["accepted"], answer["refused_count"]) == (0, 120)
    assert [fault["index"] for fault in answer["refused"]] == list(range(100))
    assert RefusedEvent.objects.count() == 120


def test_when_too_many_refused_wait_nothing_is_lost_silently(post, event, settings, monkeypatch):
    monkeypatch.setitem(settings.YINUO, "YINUO_REFUSED_MAX", 3)
    bad = [event("trade.order_paid", id=f"bad{number}", order="o", amount_minor=-1) for number in range(4)]
    good = event("trade.order_paid", id="good", order="o1")
    assert post(b"[" + b",".join(bad[:3]) + b"]").status_code == 200
    answer = post(b"[" + bad[3] + b"," + good + b"]")
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    assert "3 refused events of 'shop' wait already" in answer.json()["detail"]
    assert (queries.entry_count(), RefusedEvent.objects.count()) == (0, 3)
    assert post(b"[" + good + b"]").json()["accepted"] == 1        # what holds none is taken as ever
    assert post(event("trade.order_paid", id="good", order="other"), ONE).status_code == 429    # a conflict is refused too
    actions.drop_refused(actor=SYSTEM, numbers=[RefusedEvent.objects.first().pk])
    assert post(bad[3], ONE).json()["refused_count"] == 1


def test_without_a_key_in_force(post, client, event, realm, now):
    body = event("trade.order_paid", id="e1", order="o1")
    assert post(body, ONE, key="yk_unknown").status_code == 401
    nothing = client.post("/api/facts", body, content_type=ONE)
    assert (nothing.status_code, nothing["Content-Type"]) == (401, "application/problem+json")
    old = actions.make_key(actor=SYSTEM, source="shop", expires=now.replace(year=2020), realm=realm, at=now)
    assert "expired" in post(body, ONE, key=old).json()["detail"]
    assert queries.entry_count() == 0


def test_a_key_states_facts_of_its_own_source_only(post, event):
    answer = post(event("trade.order_paid", id="e1", order="o1", source="other"), ONE).json()
    assert answer["accepted"] == 0
    assert answer["refused"][0]["path"] == "source"


def test_kinds_are_listed_with_their_fields(client):
    kinds = {kind["kind"]: kind for kind in client.get("/api/facts/kinds").json()}
    assert "credit.run_completed" not in kinds
    fields = {field["name"]: field for field in kinds["trade.order_cancelled"]["fields"]}
    assert fields["order"] == {"name": "order", "holds": "id at the source: order", "required": True, "values": []}
    assert "carrier" in fields["by"]["values"]
    assert not fields["by"]["required"]


def test_health(post, client, event, realm):
    post(event("trade.order_paid", id="e1", order="o1"), ONE)
    assert client.get("/api/health").json().items() >= {"size": 0, "pending": 1, "lag": 0}.items()
    actions.seal(actor=SYSTEM, realm=realm)
    assert client.get("/api/health").json().items() >= {"size": 1, "pending": 0, "lag": 1}.items()


def test_openapi_shows_examples_that_are_taken(post, client):
    described = client.get("/api/openapi.json").json()["paths"]["/api/facts"]["post"]
    assert described["security"]
    for content_type, media in described["requestBody"]["content"].items():
        example = json.dumps(media["example"]).replace("myshop", "shop")
        assert post(example, content_type).json()["refused"] == []

"""Receipts: what was promised at intake is what stands in the log, or the promise shows that it does not."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.conf import settings

from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.checkpoints import parse_checkpoint
from yinuo.kit.log import log_of
from yinuo.kit.notes import Unsigned, parse_note
from yinuo.kit.opening import inner_of, no_person
from yinuo.kit.policies import parse_policy
from yinuo.kit.receipts import check_receipt, parse_receipt, root_over
from yinuo.kit.refusals import Malformed, NotAllowed, NotFound
from yinuo.record import actions, queries
from yinuo.record.actions.receipt import receipt_for
from yinuo.record.proofs import check_receipt_pack
from yinuo.record.rules import SEALED_WITHIN_SECONDS, NotKept

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(client, realm, now, event):
    key = actions.make_key(actor=SYSTEM, source="shop", expires=None, realm=realm, at=now)

    def posting(*raws):
        body, bearer = b"[" + b",".join(raws) + b"]", {"Authorization": f"Bearer {key}"}
        response = client.post("/api/facts", body, content_type="application/json", headers=bearer)
        assert response.status_code == 200
        return response.json()

    return posting


def test_a_receipt_binds_what_the_log_then_holds(answer, event, realm):
    raws = [event("trade.order_paid", id=f"e{number}", order=f"o{number}") for number in range(3)]
    receipt = answer(*raws)["receipt"]
    promise = parse_receipt(receipt["note"], [settings.LOG.receipts.verifier])
    bound = {event_id: base64.b64decode(inner) for event_id, inner in receipt["bound"].items()}
    assert list(bound) == ["e0", "e1", "e2"]
    assert (promise.origin, promise.count, promise.root) == (settings.LOG.origin, 3, root_over(bound))
    assert promise.sealed_by - promise.received == timedelta(seconds=SEALED_WITHIN_SECONDS)
    actions.seal(actor=SYSTEM, realm=realm)
    shown = [fact["main"] for fact in queries.revealed(numbers=[0, 1, 2])]
    salts = [base64.b64decode(opening["salt"]) for opening in shown]
    inner = {inner_of(salt, opening["content"].encode()) + no_person(salt) for salt, opening in zip(salts, shown, strict=True)}
    assert inner == set(bound.values())


def test_the_published_policy_is_enough_to_check_one_in_whatever_order_it_was_kept(answer, event):
    receipt = answer(*(event("trade.order_paid", id=f"e{number}", order="o") for number in (10, 9, 8)))["receipt"]
    policy = parse_policy(settings.LOG.policy.text)
    kept = {"note": receipt["note"], "bound": dict(reversed(receipt["bound"].items()))}
    assert check_receipt(kept, policy.receipts)[0].count == 3
    with pytest.raises(Unsigned):
        parse_receipt(receipt["note"], policy.logs)
    with pytest.raises(Unsigned):       # nor does the key of receipts vouch for heads
        policy.accept(receipt["note"])


def test_where_what_was_promised_stands_is_shown_and_what_is_missing_told(event, realm, now, tmp_path):
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")

    def receipt_of(bound):
        encoded = {event_id: base64.b64encode(inner).decode() for event_id, inner in bound.items()}
        return {"note": receipt_for(log=log, bound=bound, at=now), "bound": encoded}

    raws = [event("trade.order_paid", id="e", order="o")]
    receipt = receipt_of(actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=now).bound)
    shown = {"viewer": SYSTEM, "source": "shop", "receipt": receipt, "key": realm.key, "policy": log.policy}
    with pytest.raises(NotFound, match="not under a published checkpoint yet; it was promised for 2026-06-01 12:01:00"):
        queries.receipt_pack(**shown)
    actions.seal(actor=SYSTEM, realm=realm)
    actions.publish(actor=SYSTEM, log=log, at=now)
    assert check_receipt_pack(queries.receipt_pack(**shown)).indexes == {"e": 0}
    with pytest.raises(NotKept, match="holds no event 'e' of another, though the receipt promised it"):
        queries.receipt_pack(**shown | {"source": "another"})
    with pytest.raises(NotKept, match="another event 'e'"):
        queries.receipt_pack(**shown | {"receipt": receipt_of({"e": b"x" * 64})})
    with pytest.raises(NotAllowed):
        queries.receipt_pack(**shown | {"viewer": PUBLIC})


def test_only_what_is_new_gets_one(answer, event):
    first, second = event("trade.order_paid", id="e", order="o"), event("trade.order_paid", id="f", order="o", amount_minor=-1)
    assert list(answer(first, second)["receipt"]["bound"]) == ["e"]
    assert "receipt" not in answer(first, second)


STOPPED = {
    "an older backup was put back": lambda log: log.remember(log.sign(size=9, root=b"r" * 32)),
    "a witness contradicts it": lambda log: log.stop("The witness w remembers a larger head."),
    "the memory of the last head was changed": lambda log: log.last.write_text("nonsense"),
}


@pytest.mark.parametrize("why", STOPPED)
def test_a_stopped_record_takes_facts_in_and_promises_nothing(client, answer, event, tmp_path, monkeypatch, why):
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    monkeypatch.setattr(settings, "LOG", log)
    assert client.get("/api/health").json()["stopped"] == ""
    assert "receipt" in answer(event("trade.order_paid", id="before", order="o"))
    STOPPED[why](log)
    told = answer(event("trade.order_paid", id="after", order="o"))
    assert (told["accepted"], "receipt" in told) == (1, False)
    assert told["no_receipt"].startswith("The events are in the record, but nothing is sealed at present. The ")
    assert client.get("/api/health").json()["stopped"] in told["no_receipt"]
    assert "no_receipt" not in answer(event("trade.order_paid", id="after", order="o"))


def test_an_altered_record_promises_nothing_either(event, realm, now, tmp_path):
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    raws = [event("trade.order_paid", id="e", order="o")]
    actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=now)
    actions.seal(actor=SYSTEM, realm=realm)
    actions.publish(actor=SYSTEM, log=log, at=now)
    assert queries.why_stopped(log=log) == ""
    log.last.rename(log.last.with_name("away"))
    assert "file of the last signed checkpoint is missing" in queries.why_stopped(log=log)
    log.remember(log.sign(size=1, root=b"r" * 32))
    assert "are not those whose head was signed before" in queries.why_stopped(log=log)


def test_a_receipt_never_passes_for_a_checkpoint_nor_a_checkpoint_for_one(now):
    log = settings.LOG
    note = receipt_for(log=log, bound={"e": b"x" * 64}, at=now)
    with pytest.raises(Malformed):
        parse_checkpoint(parse_note(note).text)
    with pytest.raises(Unsigned):
        log.policy.accept(note)
    with pytest.raises(Unsigned):
        parse_receipt(log.sign(size=1, root=b"r" * 32), [log.receipts.verifier])


@pytest.mark.parametrize("change", [("count 1", "count 2"), ("sealed-by", "sealed-at"), ("T12:01", "T12:02")])
def test_a_changed_receipt_is_refused(now, change):
    note = receipt_for(log=settings.LOG, bound={"e": b"x" * 64}, at=now)
    assert change[0] in note
    with pytest.raises(Unsigned):
        parse_receipt(note.replace(*change), [settings.LOG.receipts.verifier])


def test_health_tells_how_long_facts_wait(client, answer, event, realm, now):
    actions.take_events(
        actor=SYSTEM, source="shop", raws=[event("trade.order_paid", id="e", order="o")], realm=realm, at=now
    )
    health = client.get("/api/health").json()
    assert health["late"]
    assert health["waiting_seconds"] > SEALED_WITHIN_SECONDS
    actions.seal(actor=SYSTEM, realm=realm)
    health = client.get("/api/health").json()
    assert (health["late"], health["waiting_seconds"], health["signed"]) == (False, 0, 0)

"""Taking events in: the same again does nothing, each bad one is refused alone with a place and a sentence."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from yinuo.cli import worker
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.facts import kinds
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound, Unauthenticated
from yinuo.record import actions, queries, rules
from yinuo.record.models import RefusedEvent
from yinuo.reviews.models import Review
from yinuo.timers.actions import run_due
from yinuo.timers.queries import open_timers
from yinuo.vault.models import Key
from yinuo.vault.queries import words_of
from yinuo.vault.rules import PASSING

pytestmark = pytest.mark.django_db


def paid(event, id="e1", order="o1", **more):
    return event("trade.order_paid", id=id, order=order, **more)


def review(event, id="r1", words="good", stars=5, **more):
    return event("reviews.review_published", id=id, review="rev", stars=stars, buyer="b1", words=words, **more)


def withdrawal(event, id):
    return event("record.fact_withdrawn", id=f"w-{id}", event=id)


def change(raw, **values):
    body = msgspec.json.decode(raw) | values
    return msgspec.json.encode({name: value for name, value in body.items() if value is not ...})


def test_the_same_again_does_nothing(take, event):
    batch = [paid(event), review(event)]
    assert take(batch).accepted == 2
    again = take(batch)
    assert (again.accepted, again.known, again.refused) == (0, 2, [])
    assert queries.entry_count() == 2


def test_the_same_twice_in_one_batch_counts_once(take, event):
    taken = take([paid(event), paid(event), paid(event, method="card")])
    assert (taken.accepted, taken.known) == (1, 1)
    assert [(fault.index, fault.path) for fault in taken.refused] == [(2, "id")]


@pytest.mark.parametrize("other", [
    {"time": "2026-05-02T00:00:00Z"},
    {"data": {"order": "another, never heard of"}},
    {"data": {"order": "o1", "method": "card"}},
    {"supersedes": "e0"},
    {"type": "delivery.shipment_ready", "data": {"order": "o1", "shipment": "s1"}},
])
def test_other_content_under_the_same_id_is_a_conflict(take, event, realm, other):
    take([paid(event)])
    raw = change(paid(event), **other)
    taken = take([paid(event, id="fine"), raw])
    assert (taken.accepted, taken.known) == (1, 0)
    assert [(fault.index, fault.id, fault.path) for fault in taken.refused] == [(1, "e1", "id")]
    assert "supersedes" in taken.refused[0].sentence
    assert [kept.raw for kept in queries.refused_waiting(viewer=SYSTEM, realm=realm)] == [raw]


def test_other_words_under_the_same_id_are_a_conflict(take, event):
    take([review(event)])
    assert len(take([review(event, words="bad")]).refused) == 1
    assert take([review(event)]).known == 1


def test_an_old_event_sent_again_is_known_also_after_its_words_were_corrected(take, event, realm):
    take([review(event), review(event, id="r2", words="better", supersedes="r1")])
    again = take([review(event)])
    assert (again.known, again.refused) == (1, [])
    subject = queries.facts(start=1, stop=2)[0].fact.review
    assert words_of(name="words", subjects=[subject], realm=realm) == {subject: "better"}


@pytest.mark.parametrize("correction", [
    {"kind": "trade.order_paid", "order": "zzz"}, {"kind": "trade.order_paid", "order": "o1"},
    {"kind": "delivery.shipment_handed_over", "order": "o1", "shipment": "s2"},
])
@pytest.mark.parametrize("apart", [False, True])
def test_only_a_fact_of_the_same_kind_about_the_same_subject_corrects_one(take, event, correction, apart):
    scan = event("delivery.shipment_handed_over", id="scan", order="o1", shipment="s1")
    fields = {name: value for name, value in correction.items() if name != "kind"}
    wrong = event(correction["kind"], id="x", supersedes="scan", **fields)
    fine = event("trade.order_paid", id="fine", order="o1")
    taken = [take(batch) for batch in ([[scan], [wrong, wrong, fine]] if apart else [[scan, wrong, wrong, fine]])][-1]
    assert [(fault.id, fault.path) for fault in taken.refused] == [("x", "supersedes"), ("x", "supersedes")]
    assert taken.accepted == (1 if apart else 2)
    assert len(queries.facts(start=0, stop=9)) == 2
    moved = event("delivery.shipment_handed_over", id="y", supersedes="scan", order="o2", shipment="s1")
    assert take([moved]).accepted == 1


def shown(realm, name="words"):
    return list(words_of(name=name, subjects=list(Review.objects.values_list("pk", flat=True)), realm=realm).values())


def test_of_two_reviews_the_firsts_words_stand_with_its_stars(take, event, realm):
    take([review(event, id="e1", words="Broken.", stars=1)])
    take([review(event, id="e2", words="Wonderful", title="Buy!", stars=5)])
    assert (Review.objects.get().stars, shown(realm), shown(realm, "title")) == (1, ["Broken."], [])
    take([withdrawal(event, "e2")])
    assert (Review.objects.get().stars, shown(realm)) == (1, ["Broken."])


def test_words_go_with_the_review_that_brought_them(take, event, realm):
    take([review(event, id="e1", words="Broken.", stars=1), review(event, id="e2", words="Wonderful", stars=5)])
    take([withdrawal(event, "e1")])
    assert (Review.objects.get().stars, shown(realm)) == (5, [])
    take([review(event, id="e3", words="So so", stars=3, supersedes="e2")])
    assert (Review.objects.get().stars, shown(realm)) == (3, ["So so"])


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
@pytest.mark.parametrize("apart", [False, True])
def test_words_are_the_standing_reviews_in_whatever_order_they_come(take, event, realm, order, apart):
    told = [
        review(event, id="e1", words="Mistaken"), withdrawal(event, "e1"),
        review(event, id="e2", words="Typo", stars=2), review(event, id="e3", words="Right", stars=2, supersedes="e2"),
    ]
    if apart and order.index(0) < min(order.index(1), order.index(3)):
        pytest.skip("until it is withdrawn, the mistaken one was the first")
    for batch in [[told[place]] for place in order] if apart else [[told[place] for place in order]]:
        take(batch)
    assert (Review.objects.get().stars, shown(realm)) == (2, ["Right"])


def test_words_are_told_once_where_their_kind_is():
    for kind in kinds().values():
        if kind.texts:
            if find_spec(mirror := f"yinuo.{kind.domain}.mirror") is None:
                told_once = True        # a decision's row is written by the first fact, and stays
            else:
                writes = import_module(mirror).MIRROR.get(kind.cls)
                told_once = writes is not None and writes.once is not None
            assert {text.once for text in kind.texts.values()} == {told_once}


BAD = {
    "broken JSON": (lambda raw: raw[:-5], "", "truncated"),
    "not an object": (lambda raw: b"[1]", "", "a JSON object, in braces"),
    "no time zone": (lambda raw: change(raw, time="2026-05-01T00:00:00"), "time", "zone"),
    "no time": (lambda raw: change(raw, time=...), "time", "missing"),
    "future": (lambda raw: change(raw, time="2026-06-01T12:11:00Z"), "time", "future"),
    "before 1970": (lambda raw: change(raw, time="1969-12-31T23:59:59Z"), "time", "1970"),
    "wrong source": (lambda raw: change(raw, source="other"), "source", "belongs to"),
    "empty id": (lambda raw: change(raw, id=""), "id", "1 to 200"),
    "long id": (lambda raw: change(raw, id="x" * 201), "id", "1 to 200"),
    "number as id": (lambda raw: change(raw, id=5), "id", "a text in quotation marks, but a number came"),
    "NUL in the id": (lambda raw: change(raw, id="a\0b"), "id", "NUL"),
    "NUL in a subject": (lambda raw: change(raw, data={"order": "a\0b"}), "data.order", "NUL"),
    "lone surrogate": (lambda raw: raw.replace(b'"o1"', b'"\\ud800"'), "", "surrogate"),
    "lone low surrogate": (lambda raw: raw.replace(b'"o1"', b'"\\uDC00"'), "", "surrogate"),
    "broken UTF-8": (lambda raw: raw.replace(b'"o1"', b'"\xff"'), "", ""),
    "unknown kind": (lambda raw: change(raw, type="trade.order_dreamt"), "type", "not a kind"),
    "our own kind": (lambda raw: change(raw, type="credit.run_completed"), "type", "itself"),
    "unknown field": (lambda raw: change(raw, data={"order": "o1", "colour": "red"}), "data.colour", "no such field"),
    "missing field": (lambda raw: change(raw, data={}), "data.order", "missing"),
    "negative amount": (lambda raw: change(raw, data={"order": "o1", "amount_minor": -1}), "data.amount_minor", "at least 0"),
    "float amount": (lambda raw: change(raw, data={"order": "o1", "amount_minor": 1.5}), "data.amount_minor", "smallest unit"),
    "huge amount": (lambda raw: change(raw, data={"order": "o1", "amount_minor": 2**53}), "data.amount_minor", "at most 9,"),
    "absurd amount": (lambda raw: raw.replace(b'"o1"', b'"o1","amount_minor":' + b"9" * 5000), "data", ""),
    "bad code": (lambda raw: change(raw, data={"order": "o1", "method": "free text here"}), "data.method", "at most 40"),
    "other version": (lambda raw: change(raw, specversion="0.3"), "specversion", "0.3"),
    "other content": (lambda raw: change(raw, datacontenttype="text/xml"), "datacontenttype", "application/json"),
    "data as text": (lambda raw: change(raw, data="eA=="), "data", "object"),
    "supersedes itself": (lambda raw: change(raw, supersedes="e1"), "supersedes", "itself"),
    "supersedes nothing": (lambda raw: change(raw, supersedes=""), "supersedes", "1 to 200"),
    "too large": (lambda raw: change(raw, comment="x" * 70_000), "", "65,536"),
    "nested too deep": (lambda raw: raw.replace(b'"o1"', b"[" * 30_000), "", ""),
    "empty": (lambda raw: b"", "", ""),
    "withdrawal that supersedes": (
        lambda raw: change(raw, type="record.fact_withdrawn", data={"event": "e0"}, supersedes="e0"),
        "supersedes", "withdrawal",
    ),
    "unknown currency": (
        lambda raw: change(
            raw, type="trade.order_placed", data={"order": "o", "merchant": "m", "amount_minor": 1, "currency": "XQX"}
        ), "data.currency", "ISO 4217",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_event_is_refused_alone(take, event, realm, name):
    spoil, path, words = BAD[name]
    raw = spoil(paid(event))
    taken = take([paid(event, id="before"), raw, paid(event, id="after")])
    assert taken.accepted == 2
    (fault,) = taken.refused
    assert fault.index == 1
    assert fault.path.startswith(path)
    assert words in fault.sentence
    assert fault.sentence.endswith(".")
    (kept,) = queries.refused_waiting(viewer=SYSTEM, realm=realm)
    assert (kept.raw, kept.path, kept.sentence) == (raw, fault.path, fault.sentence)


@pytest.mark.parametrize("id", ["é", "e\u0301", "订单-1", "a/b?c#d e", "\u200d🙂", "' OR 1=1 --", "\\u0000", "x" * 200, "\t"])
def test_odd_ids_are_ids(take, event, id):
    assert take([paid(event, id=id, order=id)]).accepted == 1
    assert take([paid(event, id=id, order=id)]).known == 1


def test_a_whole_surrogate_pair_is_a_character(take, event):
    assert take([paid(event).replace(b'"o1"', b'"\\ud83d\\ude00"')]).accepted == 1
    assert take([paid(event, order="\N{GRINNING FACE}")]).known == 1
    assert take([paid(event, id="e2").replace(b'"o1"', b'"\\\\ud800"')]).accepted == 1     # a backslash and letters


def test_ids_that_only_look_alike_are_different(take, event):
    assert take([paid(event, id="é"), paid(event, id="e\u0301")]).accepted == 2


def test_an_empty_batch_is_nothing(take):
    assert take([]) == actions.Taken()


def test_a_source_may_be_written_as_a_path(take, event):
    assert take([event("trade.order_paid", id="e", order="o", source="/shop")]).accepted == 1


def test_batches_are_split_and_places_count_through(take, event):
    raws = [paid(event, id=f"e{number}", order=f"o{number % 50}") for number in range(rules.BATCH_MAX + 5)]
    raws[rules.BATCH_MAX + 3] = b"{}"
    taken = take(raws)
    assert taken.accepted == rules.BATCH_MAX + 4
    assert [fault.index for fault in taken.refused] == [rules.BATCH_MAX + 3]
    assert queries.size() == taken.accepted


def test_only_sources_and_the_system_state_facts(realm, now, event):
    with pytest.raises(NotAllowed):
        actions.take_events(actor=PUBLIC, source="shop", raws=[paid(event)], realm=realm, at=now)
    assert queries.entry_count() == 0


def test_a_refused_event_is_corrected_and_replayed(take, realm, now, event):
    take([change(paid(event), time="2026-05-01T00:00:00")])
    (waiting,) = queries.refused_waiting(viewer=SYSTEM, realm=realm)
    with pytest.raises(Malformed, match="zone"):
        actions.replay_refused(actor=SYSTEM, refused_id=waiting.pk, realm=realm, at=now)
    actions.replay_refused(actor=SYSTEM, refused_id=waiting.pk, realm=realm, at=now, corrected=paid(event))
    assert queries.refused_waiting(viewer=SYSTEM, realm=realm) == []
    assert queries.entry_count() == 1
    assert bytes(RefusedEvent.objects.get().raw) == b""      # closed, and what it said is gone
    with pytest.raises(NotFound):
        actions.replay_refused(actor=SYSTEM, refused_id=waiting.pk, realm=realm, at=now)
    with pytest.raises(NotAllowed):
        queries.refused_waiting(viewer=Actor("shop", frozenset({"source"})), realm=realm)


def test_a_correction_is_no_way_to_state_something_else_in_a_sources_name(take, realm, now, event):
    take([paid(event, id="bad", amount_minor=-1)])
    (waiting,) = queries.refused_waiting(viewer=SYSTEM, realm=realm)
    replay = partial(actions.replay_refused, actor=SYSTEM, refused_id=waiting.pk, realm=realm, at=now)
    for other in (paid(event, id="another"), event("trade.order_cancelled", id="bad", order="o1")):
        with pytest.raises(Malformed, match="Correct this event"):
            replay(corrected=other)
    assert queries.entry_count() == 0
    replay(corrected=paid(event, id="anew", supersedes="bad"))
    assert queries.entry_count() == 1


@pytest.fixture
def waiting(realm):
    return lambda: sorted(kept.event_id for kept in queries.refused_waiting(viewer=SYSTEM, realm=realm))


def test_what_is_sent_again_corrected_waits_no_longer(take, event, waiting):
    bad = [paid(event, id=name, amount_minor=-1) for name in ("mended", "still", "given up")]
    take([*bad, b'{"id": 5}', paid(event, id="other")])
    take([paid(event, id="other", method="card")])         # a conflict
    assert waiting() == ["", "given up", "mended", "other", "still"]
    take([paid(event, id="mended"), paid(event, id="new")])
    assert waiting() == ["", "given up", "other", "still"]
    take([paid(event, id="anew", supersedes="given up"), paid(event, id="card", method="card", supersedes="other")])
    assert waiting() == ["", "still"]


def test_what_waits_is_looked_for_by_the_ids_taken_and_not_read_through(take, event, realm, now):
    digest = rules.id_digester(realm.key, "shop")
    RefusedEvent.objects.bulk_create(
        RefusedEvent(source="shop", received=now, event_id=digest(f"bad-{number}"), raw=b"sealed") for number in range(2_000)
    )
    with CaptureQueriesContext(connection) as asked:
        take([paid(event, id="bad-7")])
    closed = RefusedEvent.objects.filter(replayed=now).values_list("event_id", "raw")
    assert [(event_id, bytes(raw)) for event_id, raw in closed] == [(digest("bad-7"), b"")]
    about = [query["sql"] for query in asked if "record_refusedevent" in query["sql"] and "INSERT" not in query["sql"]]
    assert all("LIMIT 1" in sql or f"IN ('{digest('bad-7')}')" in sql for sql in about)


def test_the_corrected_of_another_source_closes_nothing(take, realm, now, event, waiting):
    take([paid(event, amount_minor=-1)])
    raw = event("trade.order_paid", id="e1", order="o1", source="other")
    assert actions.take_events(actor=SYSTEM, source="other", raws=[raw], realm=realm, at=now).accepted == 1
    assert waiting() == ["e1"]


def test_what_is_wrong_and_right_in_one_batch_waits(take, event, waiting):
    assert take([paid(event, amount_minor=-1), paid(event)]).accepted == 1
    assert waiting() == ["e1"]


def test_the_same_refused_event_waits_once_and_another_beside_it(take, realm, event):
    wrong, other = (event("trade.order_paid", id="e1", order="o1", amount_minor=amount) for amount in ("lots", "more"))
    assert [len(take(raws).refused) for raws in ([wrong], [wrong, wrong], [other, wrong])] == [1, 2, 2]
    assert [kept.raw for kept in queries.refused_waiting(viewer=SYSTEM, realm=realm)] == [wrong, other]
    take([wrong], source="another")
    take([b"{", b"{"])      # without an id nothing tells one from another
    assert queries.refused_count(viewer=SYSTEM) == 5


def test_refused_events_are_dropped(take, realm, now, event, waiting):
    take([paid(event, id=f"e{number}", amount_minor=-1) for number in range(4)])
    numbers = [kept.pk for kept in queries.refused_waiting(viewer=SYSTEM, realm=realm)]
    with pytest.raises(NotAllowed):
        actions.drop_refused(actor=Actor("shop", frozenset({"source"})), source="shop")
    with pytest.raises(NotFound, match="none was dropped"):
        actions.drop_refused(actor=SYSTEM, numbers=[numbers[0], 10**9])
    assert waiting() == ["e0", "e1", "e2", "e3"]
    assert actions.drop_refused(actor=SYSTEM, numbers=numbers[:2]) == 2
    assert waiting() == ["e2", "e3"]
    assert actions.drop_refused(actor=SYSTEM, source="other") == 0
    assert actions.drop_refused(actor=SYSTEM, source="shop") == 2
    assert RefusedEvent.objects.count() == 0


def test_nothing_of_a_refused_event_stands_in_the_table_in_plain_words(take, event):
    take([event("people.buyer_joined", id="Zebediah", buyer="Zebediah", Zebediah="Zebediah")])
    (row,) = RefusedEvent.objects.values_list("event_id", "path", "sentence", "raw")
    assert not any("Zebediah" in str(bytes(value) if isinstance(value, memoryview) else value) for value in row)


def test_what_nobody_corrects_is_dropped_with_its_days_key(take, realm, now, event, waiting):
    take([paid(event, id="old", amount_minor=-1)], at=now)
    take([paid(event, id="later", amount_minor=-1)], at=now + timedelta(days=1))
    day = (now - datetime(1970, 1, 1, tzinfo=UTC)).days
    timers = open_timers(kind=rules.DROP_REFUSED)
    assert [(timer.subject, timer.due.hour) for timer in timers] == [(str(day), 0), (str(day + 1), 0)]

    def drop(after, days=30):
        return actions.drop_stale(actor=SYSTEM, day=day, days=days, at=now + timedelta(days=after))

    with pytest.raises(NotAllowed):
        actions.drop_stale(actor=Actor("shop", frozenset({"source"})), day=day, days=1, at=now + timedelta(days=9))
    assert drop(29) == 0
    assert waiting() == ["later", "old"]
    assert str(day) in {timer.subject for timer in open_timers(kind=rules.DROP_REFUSED)}
    assert drop(30, days=365) == 1                  # never longer than 30 days, whatever was asked for
    assert waiting() == ["later"]
    assert run_due(handlers=worker._drop_refused(), at=now + timedelta(days=32)) == (2, 0)       # 30, as the settings say
    assert waiting() == []
    assert open_timers(kind=rules.DROP_REFUSED) == []
    keys = Key.objects.filter(retention=PASSING).order_by("holder").values_list("holder", "wrapped")
    assert [(holder, wrapped is None) for holder, wrapped in keys] == [(f"day-{day}", True), (f"day-{day + 1}", True)]


def test_keys(realm, now):
    key = actions.make_key(actor=SYSTEM, source="shop", expires=now + timedelta(days=1), realm=realm, at=now)
    assert actions.check_key(key=key, at=now).name == "shop"
    with pytest.raises(Unauthenticated, match="not known"):
        actions.check_key(key=key + "x", at=now)
    with pytest.raises(Unauthenticated, match="expired"):
        actions.check_key(key=key, at=now + timedelta(days=1))
    actions.revoke_key(actor=SYSTEM, key=key, at=now)
    with pytest.raises(Unauthenticated, match="revoked"):
        actions.check_key(key=key, at=now)
    with pytest.raises(Conflict):
        actions.make_key(actor=SYSTEM, source="yinuo", expires=None, realm=realm, at=now)


@pytest.mark.parametrize("moment", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_moment_that_no_reader_could_take_is_refused_at_the_door(take, event, moment):
    placed = {"order": "o1", "merchant": "m1", "amount_minor": 1, "currency": "CNY"}
    taken = take([event("trade.order_placed", id="1", hand_over_by=moment, **placed)])
    (refused,) = taken.refused
    assert (taken.accepted, refused.path) == (0, "data.hand_over_by")


def test_an_unclosed_string_is_not_tried_again_from_every_quote():
    body = b'["' + b'\\"' * 200_000
    with pytest.raises(Malformed):
        rules.split_batch(body)


@pytest.mark.parametrize(("value", "taken"), [(480, True), (500, True), (501, False)])
def test_an_outside_rating_lies_within_its_scale(take, event, value, taken):
    found = take([
        event("merchants.external_rating_observed", id="r", rating="r1", merchant="m", publisher="elsewhere",
              value_hundredths=value, scale_hundredths=500)
    ])
    assert found.accepted == taken
    assert [refused.path for refused in found.refused] == ["data.value_hundredths"] * (not taken)

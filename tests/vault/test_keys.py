"""Data keys: whose they are, how they are exchanged and renewed, and what is left when they are destroyed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.keys import KeyMissing, KeysInMemory
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotAllowed
from yinuo.kit.sealing import NotOpened
from yinuo.vault import actions, queries, rules
from yinuo.vault.models import Erasure, Fingerprint, Key, Surrogate, Text

AT = datetime(2026, 6, 1, tzinfo=UTC)
BUYER, ORDER, MERCHANT = ("buyer", "Ann"), ("order", "A-1"), ("merchant", "M-1")
ALL = ("profile", "content", "transaction")


@pytest.fixture
def ann(realm):
    """A buyer with a name, a review and an order; her surrogate, and the others'."""
    with transaction.atomic():
        hand = actions.AtOnce(source="shop", realm=realm, at=AT)
        given_ = hand.surrogates_for(names=[BUYER, ORDER, MERCHANT, ("review", "R-1")])
        buyer, order, merchant, review = given_.values()
        texts = [
            actions.Words(buyer, "name", buyer, "profile", "Ann", b"1" * 16),
            actions.Words(review, "words", buyer, "content", "Very good.", b"2" * 16),
            actions.Words(merchant, "name", merchant, "transaction", "Tea House", b"3" * 16),
        ]
        actions.keep_text_rows(hand.text_rows(texts=texts, recorded=1))
        prints = [actions.Print(order, "payer", "p"), actions.Print(order, "address", "a"), actions.Print("o2", "payer", "p")]
        actions.keep_fingerprint_rows(actions.fingerprint_rows(prints=prints, key=realm.key))
    return {"buyer": buyer, "order": order, "merchant": merchant, "review": review}


def words(realm, *subjects, name="words"):
    return queries.words_of(name=name, subjects=subjects, realm=realm)


@pytest.mark.django_db
def test_a_person_has_keys_of_their_own_and_everything_else_shares_the_realms(ann):
    held = set(Key.objects.values_list("holder", "retention"))
    assert held == {(ann["buyer"], name) for name in ALL} | {("realm", "transaction")}


@pytest.mark.django_db
def test_nothing_is_in_plain_text(ann):
    sealed = [bytes(words) for words in Text.objects.values_list("words", flat=True)]
    sealed += [bytes(source_id) for source_id in Surrogate.objects.values_list("source_id", flat=True)]
    assert not [text for text in (b"Ann", b"good", b"Tea", b"A-1", b"M-1") if any(text in value for value in sealed)]
    assert len({value[3:15] for value in sealed}) == len(sealed) == 7      # no nonce twice


@pytest.mark.django_db
def test_each_class_is_erased_alone_and_erased_is_not_the_same_as_never_written(realm, ann):
    review, buyer = ann["review"], ann["buyer"]
    assert words(realm, review, "r2") == {review: "Very good."}
    assert queries.texts_of(owner=buyer, retentions=ALL, realm=realm) == {
        f"{buyer}/name": "Ann", f"{review}/words": "Very good.",
    }
    actions.erase(holder=buyer, classes=["content"], realm=realm, at=AT)
    assert words(realm, review, "r2") == {review: None}
    assert words(realm, buyer, name="name") == {buyer: "Ann"}
    assert queries.source_ids_of(surrogates=[buyer], realm=realm) == {buyer: ("shop", "Ann")}
    assert queries.erased_at(holder=buyer, retention="content", realm=realm) == AT
    assert queries.erased_at(holder=buyer, retention="profile", realm=realm) is None


@pytest.mark.django_db
def test_the_mapping_goes_with_the_transaction_class_and_fingerprints_with_the_orders(realm, ann):
    actions.erase(holder=ann["buyer"], classes=ALL, realm=realm, at=AT, orders=[ann["order"]])
    assert queries.source_ids_of(surrogates=[*ann.values(), "bnever"], realm=realm) == {
        ann["buyer"]: None, ann["order"]: ("shop", "A-1"), ann["merchant"]: ("shop", "M-1"), ann["review"]: ("shop", "R-1"),
    }
    assert queries.surrogate_of(kind="buyer", source="shop", source_id="Ann", key=realm.key) is None
    assert list(Fingerprint.objects.values_list("key", flat=True)) == ["o2/payer"]
    assert words(realm, ann["merchant"], name="name") == {ann["merchant"]: "Tea House"}
    assert not Text.objects.filter(owner=ann["buyer"]).exists()
    assert not Key.objects.filter(holder=ann["buyer"]).exists()
    tombs = Key.objects.exclude(holder="realm")                # only who knows the surrogate finds them
    assert {(len(tomb.holder), tomb.holder[0]) for tomb in tombs} == {(len(ann["buyer"]), "x")}
    assert queries.erased_at(holder=ann["buyer"], retention="transaction", realm=realm) == AT
    assert list(tombs.values_list("wrapped", flat=True)) == [None] * 3
    assert {tomb.destroyed for tomb in tombs} == {Erasure.objects.get().at}


@pytest.mark.django_db
def test_who_comes_again_is_somebody_new_and_who_writes_again_gets_a_new_key(realm, ann):
    actions.erase(holder=ann["buyer"], classes=["content"], realm=realm, at=AT)
    again = actions.Words(ann["review"], "words", ann["buyer"], "content", "Once more.", b"4" * 16)
    actions.keep_words(texts=[again], realm=realm, recorded=2)
    assert words(realm, ann["review"]) == {ann["review"]: "Once more."}
    versions = Key.objects.filter(holder=ann["buyer"], retention="content").order_by("version")
    assert [(key.version, key.wrapped is None) for key in versions] == [(1, True), (2, False)]
    actions.erase(holder=ann["buyer"], classes=ALL, realm=realm, at=AT)
    hand = actions.AtOnce(source="shop", realm=realm, at=AT)
    assert hand.surrogates_for(names=[BUYER])[BUYER] != ann["buyer"]


@pytest.mark.django_db
def test_an_event_whose_words_were_erased_is_known_and_no_conflict(realm, ann):
    actions.erase(holder=ann["buyer"], classes=["content"], realm=realm, at=AT)
    other = actions.Words(ann["review"], "words", ann["buyer"], "content", "Another text.", b"2" * 16)
    assert actions.other_words(texts=[other], realm=realm) == []


@pytest.mark.django_db
def test_the_realm_and_unknown_classes_are_not_erased(realm, ann):
    for holder, classes in ((ann["order"], ALL), ("realm", ALL), (ann["buyer"], ["payments"]), (ann["buyer"], [])):
        with pytest.raises(Malformed):
            actions.erase(holder=holder, classes=classes, realm=realm, at=AT)
    assert not Key.objects.filter(wrapped=None).exists()


@pytest.mark.django_db
def test_a_key_row_that_is_lost_is_told(realm, ann):
    Key.objects.filter(holder=ann["buyer"], retention="content").delete()
    with pytest.raises(KeyMissing, match="restore it whole"):
        words(realm, ann["review"])


@pytest.mark.django_db
@pytest.mark.parametrize("moved", ["words", "owner", "key"])
def test_a_ciphertext_moved_in_the_database_does_not_open(realm, ann, moved):
    mine, other = Text.objects.get(pk=f"{ann['review']}/words"), Text.objects.get(pk=f"{ann['buyer']}/name")
    if moved == "words":
        Text.objects.filter(pk=other.pk).update(words=mine.words)
    elif moved == "owner":
        Text.objects.filter(pk=other.pk).update(owner=ann["merchant"], retention="transaction")
    else:
        Text.objects.filter(pk=other.pk).update(key="bother/name")
    with pytest.raises(NotOpened):
        words(realm, ann["buyer"], "bother", name="name")


@pytest.mark.django_db
@pytest.mark.parametrize("spoilt", [{"wrapped": None}, {"destroyed": 5}], ids=["no-date", "not-destroyed"])
def test_a_key_is_there_or_destroyed_and_never_neither(ann, spoilt):
    with pytest.raises(IntegrityError), transaction.atomic():
        Key.objects.filter(holder="realm").update(**spoilt)


@pytest.mark.django_db
def test_renewed_data_keys_seal_what_is_written_next(realm, ann):
    later = AT + timedelta(days=1)
    actions.renew_data_keys(actor=SYSTEM, realm=realm, at=later)
    assert words(realm, ann["review"]) == {ann["review"]: "Very good."}
    hand = actions.AtOnce(source="shop", realm=realm, at=later)
    order = hand.surrogates_for(names=[("order", "A-2")])["order", "A-2"]
    rows_ = hand.text_rows(
        texts=[actions.Words(ann["review"], "words", ann["buyer"], "content", "Still good.", b"5" * 16)], recorded=2
    )
    actions.keep_text_rows(rows_)
    assert Key.objects.filter(holder="realm", retention="transaction").count() == 2
    assert Key.objects.filter(holder=ann["buyer"], retention="content").count() == 2
    assert words(realm, ann["review"]) == {ann["review"]: "Still good."}
    found = queries.source_ids_of(surrogates=[order, ann["order"]], realm=realm)
    assert found == {order: ("shop", "A-2"), ann["order"]: ("shop", "A-1")}


@pytest.mark.usefixtures("lasting")
def test_a_new_wrapping_key_wraps_everything_and_opens_the_same(realm, ann):
    old = realm.keys.current().id
    seen = []
    new = actions.rotate(actor=SYSTEM, realm=realm, progress=lambda done, total: seen.append((done, total)))
    assert set(Key.objects.values_list("wrapping", flat=True)) == {new.id}
    assert seen == [(4, 4)]
    assert words(realm, ann["review"]) == {ann["review"]: "Very good."}
    status = queries.key_status(viewer=SYSTEM, realm=realm)
    assert status.wrapping == {old: 0, new.id: 4}
    assert {count.retention: count.in_force for count in status.classes} == {"profile": 1, "content": 1, "transaction": 2}
    actions.erase(holder=ann["buyer"], classes=ALL, realm=realm, at=AT)
    actions.rotate(actor=SYSTEM, realm=realm)
    assert Key.objects.filter(wrapped=None).count() == 3          # what is destroyed stays so
    assert len(realm.keys.erased()) == 1


@pytest.mark.django_db
def test_only_the_operator_rotates_or_looks(realm):
    for forbidden in (
        lambda: actions.rotate(actor=PUBLIC, realm=realm), lambda: actions.renew_data_keys(actor=PUBLIC, realm=realm, at=AT),
        lambda: queries.key_status(viewer=PUBLIC, realm=realm),
    ):
        with pytest.raises(NotAllowed):
            forbidden()
    assert len(realm.keys.ids()) == 1


@pytest.mark.django_db
def test_a_database_with_keys_refuses_to_start_without_its_wrapping_key(realm, ann):
    actions.open_keys(realm=realm, at=AT)
    for keys in (KeysInMemory(), KeysInMemory(b"x" * 32)):
        before = keys.ids()
        with pytest.raises(KeyMissing, match="Restore that folder"):
            actions.open_keys(realm=Realm(key=realm.key, entropy=realm.entropy, keys=keys), at=AT)
        assert keys.ids() == before
    Key.objects.all().delete()
    empty = KeysInMemory()
    actions.open_keys(realm=Realm(key=realm.key, entropy=realm.entropy, keys=empty), at=AT)
    assert len(empty.ids()) == 1


@pytest.mark.usefixtures("lasting")
def test_what_was_foreseen_opens_and_an_erasure_between_is_noticed(realm):
    foresight = actions.Foresight(source="shop", realm=realm, at=AT)
    foresight.begin()
    buyer = foresight.surrogates_for(names=[BUYER])[BUYER]
    text = actions.Words("r1", "words", buyer, "content", "Good.", b"1" * 16)
    ready = foresight.text_rows(texts=[text], recorded=1)
    with transaction.atomic():
        assert actions.keep_foreseen(foresight.foreseen)
        actions.keep_text_rows(ready)
    assert words(realm, "r1") == {"r1": "Good."}
    foresight.begin()
    foresight.text_rows(texts=[text], recorded=2)
    assert foresight.foreseen.keys == []                    # its key was made, and is remembered
    actions.erase(holder=buyer, classes=["content"], realm=realm, at=AT)
    assert not actions.keep_foreseen(foresight.foreseen)
    foresight.begin()
    foresight.text_rows(texts=[text], recorded=3)
    assert [row[:3] for row in foresight.foreseen.keys] == [(buyer, "content", 2)]


@pytest.mark.usefixtures("lasting")
def test_a_key_that_was_rolled_back_is_not_remembered(realm):
    actions.forget_surrogates(surrogates=[])               # begins an epoch, in which processes remember

    def fail():
        with transaction.atomic():
            actions.AtOnce(source="shop", realm=realm, at=AT).surrogates_for(names=[ORDER])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    for name in (ORDER, MERCHANT):
        with transaction.atomic():
            actions.AtOnce(source="shop", realm=realm, at=AT).surrogates_for(names=[name])
    made = list(Surrogate.objects.values_list("surrogate", flat=True))
    assert set(queries.source_ids_of(surrogates=made, realm=realm).values()) == {("shop", "A-1"), ("shop", "M-1")}


KILLED = """
import json, sys
from yinuo.cli import set_up
set_up()
from datetime import UTC, datetime
from django.db import transaction
from yinuo.config.realm import realm
from yinuo.kit.actors import SYSTEM
from yinuo.vault import actions, queries
from yinuo.vault.models import Key, Surrogate
sys.modules["yinuo.vault.actions.rotate"].REWRAP_BATCH = 50
here, at = realm(), datetime(2026, 6, 1, tzinfo=UTC)
if Surrogate.objects.count() == 0:
    with transaction.atomic():
        actions.AtOnce(source="shop", realm=here, at=at).surrogates_for(names=[("buyer", str(n)) for n in range(2000)])

def show(done, total):
    print(done, flush=True)
    sys.stdin.readline()

actions.rotate(actor=SYSTEM, realm=here, progress=show)
every = list(Surrogate.objects.values_list("surrogate", flat=True))
ids = queries.source_ids_of(surrogates=every, realm=here).values()
print(json.dumps([len(here.keys.ids()), sorted(Key.objects.values_list("wrapping", flat=True).distinct()) == [
    here.keys.current().id], sorted(int(name) for _, name in ids) == list(range(2000))]))
"""


def test_a_rotation_that_was_killed_is_finished_by_the_next(tmp_path):
    environment = os.environ | {"YINUO_DATA": str(tmp_path), "YINUO_DATABASE": ""}
    command = [sys.executable, "-c", KILLED]
    chance = random.Random(4)
    for _ in range(3):
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(chance.randrange(2, 8)):
            process.stdout.readline()
            process.stdin.write("\n")
            process.stdin.flush()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [2, True, True]


@pytest.mark.parametrize("jurisdiction", rules.JURISDICTIONS)
@pytest.mark.parametrize("retention", rules.RETENTIONS)
def test_every_class_has_a_rule_with_purpose_ground_and_period(jurisdiction, retention):
    keeping = rules.keeping_of(jurisdiction=jurisdiction, retention=retention)
    assert keeping.purpose
    assert keeping.grounds
    assert all(
        ground.article and ground.version and ground.source and ground.last_verified for ground in keeping.grounds
    )


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)))
def test_what_a_law_wants_kept_is_kept_that_long(day):
    china = rules.kept_until(jurisdiction="cn", retention="transaction", since=day)
    assert china.year - day.year == 3
    assert china >= day.replace(year=day.year + 3, day=min(day.day, 28))
    europe = rules.kept_until(jurisdiction="eu", retention="transaction", since=day)
    assert (europe.year - day.year, europe.month, europe.day) == (11, 1, 1)
    assert rules.kept_until(jurisdiction="eu", retention="content", since=day) == day


def test_an_unknown_jurisdiction_or_class_is_refused():
    for given_ in ({"jurisdiction": "xx", "retention": "profile"}, {"jurisdiction": "cn", "retention": "other"}):
        with pytest.raises(Malformed):
            rules.keeping_of(**given_)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.usefixtures("lasting")
def test_two_that_make_the_same_key_at_once_agree(realm):
    def keep(subject):
        text = actions.Words(subject, "reply", subject, "content", subject, b"9" * 16)
        actions.keep_words(texts=[text], realm=realm, recorded=1)

    def other():
        with transaction.atomic():
            keep("r2")
        connection.close()

    second = threading.Thread(target=other)
    with transaction.atomic():
        keep("r1")
        second.start()
        with connection.cursor() as cursor:
            waits = False
            while not waits:
                cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
                waits = cursor.fetchone()[0]
    second.join()
    assert queries.words_of(name="reply", subjects=["r1", "r2"], realm=realm) == {"r1": "r1", "r2": "r2"}
    assert Key.objects.filter(holder="realm", retention="content").count() == 1


@pytest.mark.usefixtures("lasting")
def test_words_are_kept_whole_also_outside_a_transaction(realm):
    actions.keep_words(texts=[actions.Words("r1", "reply", "m1", "content", "Kept.", b"9" * 16)], realm=realm, recorded=1)
    assert words(realm, "r1", name="reply") == {"r1": "Kept."}

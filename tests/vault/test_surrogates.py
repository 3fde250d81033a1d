"""Surrogates: the same for the same name, another for anything else, and gone for good once forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction

from yinuo.vault import actions, queries
from yinuo.vault.marks import Misfiled
from yinuo.vault.memory import NAMES_MAX, Memory, Remembered
from yinuo.vault.models import Surrogate

NAME = ("order", "A-1")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def give(realm, names, source="shop"):
    with transaction.atomic():
        return actions.AtOnce(source=source, realm=realm, at=NOW).surrogates_for(names=names)


@pytest.mark.django_db
def test_the_same_name_gets_the_same_surrogate(realm):
    first = give(realm, [NAME, NAME, ("buyer", "A-1")])
    assert give(realm, [NAME])[NAME] == first[NAME]
    assert first[NAME][0] == "o"
    assert first["buyer", "A-1"][0] == "b"


@pytest.mark.django_db
def test_another_source_means_somebody_else(realm):
    assert give(realm, [NAME])[NAME] != give(realm, [NAME], source="other")[NAME]


@pytest.mark.django_db
def test_asking_makes_nothing(realm):
    asked = actions.known_surrogates(source="shop", names=[NAME], key=realm.key, entropy=realm.entropy)
    assert asked == {NAME: ""}
    assert queries.surrogate_of(kind="order", source="shop", source_id="A-1", key=realm.key) is None


def exchange(column, one, other):
    """Exchange a column of two subjects' rows, as an owner of the database or a bad repair may."""
    mine, theirs = (Surrogate.objects.filter(surrogate=each).values_list(column, flat=True).get() for each in (one, other))
    nobodys = b"-" * 16 if column == "digest" else "-"
    for value, row in ((nobodys, one), (mine, other), (theirs, one)):
        Surrogate.objects.filter(surrogate=row).update(**{column: value})


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["digest", "source"])
def test_rows_that_were_exchanged_answer_for_nobody(realm, column):
    ann = give(realm, [("buyer", "ann")])["buyer", "ann"]
    bob = give(realm, [("buyer", "bob")], source="other")["buyer", "bob"]
    exchange(column, ann, bob)
    for source, name in (("shop", "ann"), ("other", "bob")):
        with pytest.raises(Misfiled, match="was altered"):
            queries.surrogate_of(kind="buyer", source=source, source_id=name, key=realm.key)
        with pytest.raises(Misfiled):
            actions.known_surrogates(source=source, names=[("buyer", name)], key=realm.key, entropy=realm.entropy)
        with pytest.raises(Misfiled):
            give(realm, [("buyer", name)], source=source)
    with pytest.raises(Misfiled):
        queries.source_ids_of(surrogates=[ann], realm=realm)
    assert Surrogate.objects.filter(surrogate__startswith="b").count() == 2


@pytest.mark.usefixtures("lasting")
def test_a_forgotten_surrogate_is_not_remembered_by_the_process(realm):
    actions.forget_surrogates(surrogates=[])           # begins an epoch, if an earlier test emptied the table
    first = give(realm, [NAME])[NAME]
    assert give(realm, [NAME])[NAME] == first          # from memory
    actions.forget_surrogates(surrogates=[first])
    assert give(realm, [NAME])[NAME] != first
    assert queries.source_ids_of(surrogates=[first], realm=realm) == {}


@pytest.mark.usefixtures("lasting")
def test_what_was_rolled_back_is_not_remembered(realm):
    actions.forget_surrogates(surrogates=[])

    def fail():
        with transaction.atomic():
            give(realm, [NAME])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    made = give(realm, [NAME])[NAME]
    assert queries.source_ids_of(surrogates=[made], realm=realm) == {made: ("shop", "A-1")}


def test_memory_is_bounded_and_lets_the_oldest_go():
    remembered = Remembered()
    remembered.learn({("order", str(number)): "o" for number in range(NAMES_MAX)})
    remembered.learn({("order", "new"): "x"})
    known, unknown = remembered.sort_out([("order", "new"), ("order", "0")])
    assert known == {("order", "new"): "x"}
    assert unknown == [("order", "0")]


def test_a_new_epoch_begins_with_an_empty_memory():
    memory = Memory()
    memory.of(b"k", "shop", "one").learn({NAME: "o"})
    memory.of(b"k", "shop", "").learn({NAME: "o"})
    assert not memory.of(b"k", "shop", "").sort_out([NAME])[0]
    assert memory.of(b"k", "shop", "one").sort_out([NAME])[0]
    assert not memory.of(b"k", "shop", "two").sort_out([NAME])[0]


@pytest.mark.django_db
def test_the_later_words_stand_and_only_the_same_event_is_held_to_its_own(realm):
    def words(text, key):
        return actions.Words("r1", "words", "b1", "content", text, key)

    actions.keep_words(texts=[words("one", b"1" * 16)], realm=realm, recorded=1)
    assert actions.other_words(texts=[words("two", b"1" * 16)], realm=realm)
    assert not actions.other_words(texts=[words("one", b"1" * 16), words("two", b"2" * 16)], realm=realm)
    actions.keep_words(texts=[words("two", b"2" * 16)], realm=realm, recorded=2)
    assert queries.words_of(name="words", subjects=["r1"], realm=realm) == {"r1": "two"}
    assert not actions.other_words(texts=[words("three", b"1" * 16)], realm=realm)     # what it said can no longer be told


@pytest.mark.django_db
def test_fingerprints_agree_where_the_payer_is_the_same(realm):
    prints = [actions.Print(*told) for told in (
        ("o1", "payer", "p", "m1"), ("o2", "payer", "p", "m1"), ("o3", "payer", "q", "m1"), ("o4", "payer", "p", "m2"),
    )]
    actions.keep_fingerprint_rows(actions.fingerprint_rows(prints=prints, key=realm.key))
    kept = queries.fingerprints_of(names=["payer"], subjects=["o1", "o2", "o3", "o4"])
    found = {subject: digest for (subject, _), digest in kept.items()}
    assert found["o1"] == found["o2"] != found["o3"]
    assert found["o4"] != found["o1"]       # with another merchant

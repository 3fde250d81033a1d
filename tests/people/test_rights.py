"""What a person may ask: see, take along, correct, restrict, agree and take it back, be erased."""

from __future__ import annotations

import io
import json
import random
import zipfile
from datetime import UTC, date, datetime, timedelta

import msgspec
import pyrage
import pytest
from django.apps import apps
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as rigour
from hypothesis import strategies as st

from yinuo.cli.person import told
from yinuo.credit.queries import own_level
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.evidence import check_fact_proof
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.log import log_of
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotAllowed, NotFound
from yinuo.people import actions, queries, rules
from yinuo.people.events import PeopleErased
from yinuo.pipelines import persons
from yinuo.pipelines.react import react, rebuild
from yinuo.record import actions as record
from yinuo.record import queries as recorded
from yinuo.record.models import Mention, Pending, PersonOpening, RefusedEvent
from yinuo.reviews.queries import newest_reviews
from yinuo.timers.actions import run_due
from yinuo.timers.models import Timer
from yinuo.vault.models import Erasure, Fingerprint, Key, Text
from yinuo.vault.queries import surrogate_of, words_of
from yinuo.vault.rules import PASSING

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
OFFICER = Actor("Wu", frozenset({"data_protection"}))
LAW = {"jurisdiction": "cn", "domains": settings.DOMAINS}


@pytest.fixture
def realm(tmp_path):
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    return Realm(key=b"k" * 32, entropy=random.Random(1).randbytes, keys=KeysInMemory(b"w" * 32), log=log)


@pytest.fixture
def find(realm):
    """The surrogate of somebody or something by its id at the shop."""
    return lambda kind, name: surrogate_of(kind=kind, source="shop", source_id=name, key=realm.key)


@pytest.fixture
def order(event):
    """The events of a buyer's order of some year, with a name and a review."""

    def ordering(buyer="ann", number=1, year=2026, merchant="tea"):
        time = f"{year}-05-01T00:00:00Z"
        return [
            event("people.buyer_joined", id=f"j{buyer}", time="2020-01-01T00:00:00Z", buyer=buyer, name=f"Name of {buyer}"),
            event("trade.order_placed", id=f"o{number}", time=time, order=f"o{number}", merchant=merchant, buyer=buyer,
                  amount_minor=500, currency="CNY", payer=f"p-{buyer}", address=f"a-{buyer}"),
            event("trade.order_paid", id=f"p{number}", time=time, order=f"o{number}"),
            event("reviews.review_published", id=f"r{number}", time=time, review=f"r{number}", stars=4, buyer=buyer,
                  order=f"o{number}", merchant=merchant, words=f"Words of {buyer}"),
        ]

    return ordering


@pytest.fixture
def ann(take, order, find):
    """Somebody who ordered a month ago; and another who did."""
    take([*order(), *order("bob", 2)])
    return find("buyer", "ann")


def see_of(person, realm):
    return persons.see(actor=OFFICER, person=person, realm=realm, at=NOW, **LAW)


def erase(person, realm, *, actor=SYSTEM, at=NOW, jurisdiction="cn"):
    return persons.erase(
        actor=actor, person=person, realm=realm, at=at, jurisdiction=jurisdiction, domains=settings.DOMAINS
    )


def mirrored():
    names = ("people.Buyer", "trade.Order", "reviews.Review", "care.Complaint", "credit.Dispatch")
    return {name: sorted(map(repr, apps.get_model(name).objects.values_list())) for name in names}


@pytest.mark.django_db
def test_somebody_sees_everything_that_is_kept_about_them(realm, ann, find):
    actions.give_consent(actor=OFFICER, person=ann, purpose="publish_name", at=NOW)
    about = persons.see(actor=OFFICER, person=ann, realm=realm, at=NOW, **LAW)
    json.dumps(about)
    assert about["known_as"] == {"source": "shop", "id": "ann"}
    assert about["words"] == {f"{ann}/name": "Name of ann", f"{find('review', 'r1')}/words": "Words of ann"}
    assert [fact["fact"]["kind"] for fact in about["facts"]] == [
        "people.buyer_joined", "trade.order_placed", "trade.order_paid", "reviews.review_published",
    ]
    assert {fact["fact"].get("buyer") for fact in about["facts"]} == {ann, None}
    assert about["hashes_kept"] == [f"{find('order', 'o1')}/{name}" for name in ("address", "payer")]
    assert [kept["kept_by_law_until"] for kept in about["kept"]] == [None, None, "2029-05-01"]
    assert about["level"] is None
    assert [consent["purpose"] for consent in about["consents"]] == ["publish_name"]
    assert about["looked_at"] == [{"at": NOW.isoformat(), "by": "Wu", "what": "seen", "why": "rights"}]
    assert find("buyer", "bob") not in json.dumps(about)
    with pytest.raises(NotAllowed):
        persons.see(actor=PUBLIC, person=ann, realm=realm, at=NOW, **LAW)


@pytest.mark.django_db
def test_a_review_of_somebody_elses_order_opens_nothing_of_theirs(realm, ann, take, event, find):
    take([event("reviews.review_published", id="nosy", review="nosy", stars=1, buyer="eve", order="o1")])
    about = persons.see(actor=OFFICER, person=find("buyer", "eve"), realm=realm, at=NOW, **LAW)
    assert [fact["fact"]["kind"] for fact in about["facts"]] == ["reviews.review_published"]
    erase(find("buyer", "eve"), realm)
    assert Fingerprint.objects.filter(key__startswith=find("order", "o1")).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("locked", [False, True])
def test_a_package_to_take_along_holds_a_proof_of_each_fact(realm, ann, locked):
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public()) if locked else None
    package = persons.take_along(actor=OFFICER, person=ann, realm=realm, at=NOW, recipient=recipient, **LAW)
    if locked:
        assert b"Name of ann" not in package
        package = pyrage.decrypt(package, [identity])
    with zipfile.ZipFile(io.BytesIO(package)) as files:
        about = json.loads(files.read("about-you.json"))
        proven = [check_fact_proof(files.read(fact["proof"]), realm.log.policy) for fact in about["facts"]]
    assert [each.facts[0].index for each in proven] == [fact["number"] for fact in about["facts"]]
    assert sum(each.facts[0].person is not None for each in proven) == 3        # their own part of it is open


@pytest.mark.django_db
def test_a_key_that_is_none_is_refused_before_anything_is_looked_at(realm, ann):
    with pytest.raises(Malformed, match="begin with age1"):
        persons.take_along(actor=OFFICER, person=ann, realm=realm, at=NOW, recipient="age1nonsense", **LAW)
    assert not apps.get_model("people.Access").objects.exists()


@pytest.mark.django_db
def test_a_correction_replaces_the_words_and_is_stated(realm, ann):
    actions.correct(actor=OFFICER, person=ann, text="name", words="安娜", asked="person", realm=realm, at=NOW)
    react(domains=settings.DOMAINS, realm=realm, at=NOW)
    assert words_of(name="name", subjects=[ann], realm=realm) == {ann: "安娜"}
    last = persons.see(actor=OFFICER, person=ann, realm=realm, at=NOW, **LAW)["facts"][-1]
    assert last["fact"] == {"kind": "people.buyer_corrected", "buyer": ann, "asked": "person"}
    assert recorded.audit(log=realm.log).faults == []
    for text, words, actor, refusal in (
        ("words", "x", OFFICER, Malformed), ("name", " ", OFFICER, Malformed), ("name", "x", PUBLIC, NotAllowed),
    ):
        with pytest.raises(refusal):
            actions.correct(actor=actor, person=ann, text=text, words=words, asked="person", realm=realm, at=NOW)
    assert words_of(name="name", subjects=[ann], realm=realm) == {ann: "安娜"}


@pytest.mark.django_db
def test_what_is_restricted_is_kept_and_not_shown(realm, ann, find):
    def shown():
        found = newest_reviews(viewer=PUBLIC, merchant=find("merchant", "tea"), realm=realm, before=None, limit=9)
        return sorted((review.words, review.withheld) for review in found)

    assert shown() == [("Words of ann", False), ("Words of bob", False)]
    actions.restrict(actor=OFFICER, person=ann, ground="accuracy_contested", at=NOW)
    actions.restrict(actor=OFFICER, person=ann, ground="accuracy_contested", at=NOW)
    assert shown() == [("", True), ("Words of bob", False)]
    assert queries.usable_among([ann, find("buyer", "bob"), "bnever"]) == {find("buyer", "bob")}
    assert persons.see(actor=OFFICER, person=ann, realm=realm, at=NOW, **LAW)["words"]
    assert actions.lift_restriction(actor=OFFICER, person=ann, at=NOW) == 1
    assert shown() == [("Words of ann", False), ("Words of bob", False)]
    with pytest.raises(Malformed, match="no ground"):
        actions.restrict(actor=OFFICER, person=ann, ground="whim", at=NOW)
    with pytest.raises(NotAllowed):
        actions.restrict(actor=PUBLIC, person=ann, ground="objection", at=NOW)


@pytest.mark.django_db
def test_a_consent_is_withdrawn_as_easily_as_it_is_given(ann):
    for _ in range(2):
        actions.give_consent(actor=OFFICER, person=ann, purpose="publish_name", at=NOW)
    assert queries.consented(person=ann, purpose="publish_name")
    assert actions.withdraw_consent(actor=OFFICER, person=ann, purpose="publish_name", at=NOW)
    assert not actions.withdraw_consent(actor=OFFICER, person=ann, purpose="publish_name", at=NOW)
    assert not queries.consented(person=ann, purpose="publish_name")
    assert [consent.withdrawn for consent in queries.consents_of(viewer=OFFICER, person=ann)] == [NOW]
    with pytest.raises(Malformed, match="asks consent"):
        actions.give_consent(actor=OFFICER, person=ann, purpose="lending", at=NOW)
    with pytest.raises(NotAllowed):
        actions.withdraw_consent(actor=PUBLIC, person=ann, purpose="publish_name", at=NOW)


def state():
    names = ("people.Consent", "people.Restriction", "people.Access", "vault.Text", "record.Entry", "record.PersonOpening")
    return {name: sorted(map(repr, apps.get_model(name).objects.values_list())) for name in names}


RIGHTS = {
    "see": lambda actor, person, realm: persons.see(actor=actor, person=person, realm=realm, at=NOW, **LAW),
    "take_along": lambda actor, person, realm: persons.take_along(actor=actor, person=person, realm=realm, at=NOW, **LAW),
    "planned": lambda actor, person, realm: persons.planned(actor=actor, person=person, at=NOW, jurisdiction="cn"),
    "note_look": lambda actor, person, realm: actions.note_look(actor=actor, person=person, what="seen", at=NOW),
    "consents_of": lambda actor, person, realm: queries.consents_of(viewer=actor, person=person),
    "give_consent": lambda actor, person, realm: actions.give_consent(
        actor=actor, person=person, purpose="publish_name", at=NOW),
    "withdraw_consent": lambda actor, person, realm: actions.withdraw_consent(
        actor=actor, person=person, purpose="publish_name", at=NOW),
    "restrict": lambda actor, person, realm: actions.restrict(actor=actor, person=person, ground="objection", at=NOW),
    "lift_restriction": lambda actor, person, realm: actions.lift_restriction(actor=actor, person=person, at=NOW),
    "correct": lambda actor, person, realm: actions.correct(
        actor=actor, person=person, text="name", words="New", asked="person", realm=realm, at=NOW),
    "erase": lambda actor, person, realm: erase(person, realm, actor=actor),
}


@pytest.mark.django_db
@pytest.mark.parametrize("right", RIGHTS)
def test_a_buyer_has_each_right_for_themselves_and_for_nobody_else(realm, ann, find, right):
    bob, before = find("buyer", "bob"), state()
    who = Actor("account:5", own={ann: frozenset({"buyer"}), find("merchant", "tea"): frozenset({"merchant_owner"})})
    with pytest.raises(NotAllowed):
        RIGHTS[right](who, bob, realm)
    for staff in ("steward", "auditor", "administrator", "finance", "authority"):
        with pytest.raises(NotAllowed):
            RIGHTS[right](Actor("account:6", frozenset({staff})), ann, realm)
    assert state() == before
    RIGHTS[right](who, ann, realm)
    RIGHTS[right](OFFICER, bob, realm)          # the office keeps its rights


@pytest.mark.django_db
def test_what_only_the_operator_may_say_a_buyer_does_not(realm, ann):
    who, before = Actor("account:5", own={ann: frozenset({"buyer"})}), state()
    with pytest.raises(NotAllowed):
        actions.correct(actor=who, person=ann, text="name", words="New", asked="operator", realm=realm, at=NOW)
    with pytest.raises(NotAllowed):
        actions.restrict(actor=who, person=ann, ground="erasure", at=NOW)
    with pytest.raises(NotAllowed):
        actions.forget_person(actor=who, person=ann)
    assert state() == before


@pytest.mark.django_db
def test_a_level_is_seen_by_its_buyer_alone(ann, find):
    def level(viewer):
        return own_level(viewer=viewer, buyer=ann)

    assert level(Actor("account:5", own={ann: frozenset({"buyer"})})) is None
    others = [Actor("account:7", own={find("buyer", "bob"): frozenset({"buyer"})}), OFFICER, SYSTEM, PUBLIC]
    for viewer in [*others, Actor("account:6", frozenset({"steward", "auditor", "administrator"}))]:
        with pytest.raises(NotAllowed):
            level(viewer)


@given(st.dates(date(2019, 1, 1), date(2040, 1, 1)), st.none() | st.dates(date(2019, 1, 1), date(2040, 1, 1)))
def test_only_transactions_are_kept_and_never_shorter_than_a_law_wants(today, last):
    for jurisdiction, years in (("cn", 3), ("eu", 10)):
        plan = rules.plan_erasure(jurisdiction=jurisdiction, last_transaction=last, today=today)
        assert {"profile", "content"} <= set(plan.gone)
        assert ("transaction" in plan.gone) == (not plan.kept)
        if last is None:
            assert not plan.kept
        elif today.year < last.year + years:
            assert plan.kept[0].until > today
        elif today.year > last.year + years + 1:
            assert not plan.kept


@pytest.mark.django_db
def test_what_a_law_keeps_is_told_restricted_and_goes_at_its_day(realm, ann, find, take, order):
    erased = erase(ann, realm, actor=OFFICER)
    assert erased.gone == ("profile", "content")
    ((kept,), ground) = erased.kept, erased.kept[0].keeping.grounds[0]
    assert (kept.retention, kept.until, ground.article) == ("transaction", date(2029, 5, 1), "E-Commerce Law art. 31")
    assert queries.restricted_among([ann]) == {ann}
    assert actions.lift_restriction(actor=OFFICER, person=ann, at=NOW) == 0
    assert find("buyer", "ann") == ann
    bound = [about.classes for about in recorded.facts_of_person(person=ann)]
    assert bound == [set()]         # of the name and the review's words not even a digest is left; the order is known still
    live = mirrored()
    rebuild(domains=settings.DOMAINS, realm=realm)
    assert mirrored() == live

    def due(at):
        handle = {rules.ERASE: lambda person, at: persons.erase_due(person=person, realm=realm, at=at, **LAW)}
        return run_due(handlers=handle, at=at)

    take(order("ann", 3, 2027)[1:2], at=datetime(2027, 6, 1, tzinfo=UTC))       # and so the day moves
    assert due(datetime(2029, 4, 30, tzinfo=UTC)) == (0, 0)
    assert due(datetime(2029, 5, 1, tzinfo=UTC)) == (1, 0)
    assert find("buyer", "ann") == ann
    assert Timer.objects.get(kind=rules.ERASE, done=None).due == datetime(2030, 5, 1, tzinfo=UTC)
    assert due(datetime(2030, 5, 1, tzinfo=UTC)) == (1, 0)
    assert find("buyer", "ann") is None
    assert not Timer.objects.filter(subject=ann).exists()
    assert not PersonOpening.objects.filter(person=ann).exists()
    assert erase(ann, realm).before == datetime(2030, 5, 1, tzinfo=UTC)


@pytest.mark.django_db
def test_erased_again_with_nothing_new_is_told_so_and_noted_once(realm, ann, take, event):
    erase(ann, realm)
    noted = list(Erasure.objects.values_list())
    again = erase(ann, realm, at=NOW + timedelta(days=1))
    assert (again.gone, again.before, len(again.kept)) == ((), NOW, 1)
    assert list(Erasure.objects.values_list()) == noted
    assert told(again)[0].endswith("erased on 2026-06-01 already; nothing came since, and nothing was erased now.")
    assert "Kept until 2029-05-01" in told(again)[1]
    take([event("reviews.review_published", id="later", review="later", stars=1, buyer="ann", merchant="tea", words="since")])
    since = erase(ann, realm, at=NOW + timedelta(days=2))
    assert (since.gone, since.before) == (("profile", "content"), None)
    assert Erasure.objects.count() == len(noted) + 1


@pytest.mark.django_db
def test_who_is_not_to_be_erased_is_refused_and_nothing_changes(realm, ann, find):
    before = [Text.objects.exclude(words=None).count(), PersonOpening.objects.count()]
    for person, refusal, says in (
        (find("merchant", "tea"), Malformed, "is a merchant"), (find("order", "o1"), Malformed, "is no person"),
        ("bnobodyeverheardo", NotFound, "ever known"),
    ):
        with pytest.raises(refusal, match=says):
            erase(person, realm)
    with pytest.raises(NotAllowed):
        erase(ann, realm, actor=Actor("Li", frozenset({"steward"})))
    assert [Text.objects.exclude(words=None).count(), PersonOpening.objects.count()] == before


@pytest.mark.django_db
def test_facts_that_wait_are_sealed_about_nobody_and_later_ones_are_about_somebody_new(realm, take, order, find):
    record.take_events(actor=SYSTEM, source="shop", raws=[*order(year=2021), *order("bob", 2, 2021)], realm=realm, at=NOW)
    ann = find("buyer", "ann")
    assert erase(ann, realm).kept == ()
    assert not any(ann.encode() in bytes(waiting.subjects) for waiting in Pending.objects.all())
    take(order("ann", 3, 2021)[1:])
    again = find("buyer", "ann")
    assert again != ann
    assert recorded.mentions_of(subject=again, size=recorded.size())
    assert not Mention.objects.filter(subject=ann).exists()
    assert recorded.audit(log=realm.log).faults == []
    live = mirrored()
    rebuild(domains=settings.DOMAINS, realm=realm)
    assert mirrored() == live
    taken = take(order(year=2021))                                  # known, and no conflict for want of the person
    assert (taken.known, taken.refused) == (4, [])


NAME = "Zebediah Quillfeather"


def refusals(event):
    """Refused events that speak of the buyer CUST-SECRET-42 in one way each, by what they are called."""
    buyer = "CUST-SECRET-42"
    escaped = buyer.replace("-", "\\u002d").encode()
    order = {"order": "ORD-2", "merchant": "M1", "amount_minor": -1, "currency": "CNY"}
    joined = msgspec.json.decode(event("people.buyer_joined", id="whole", buyer=buyer))
    return {
        "misspelt": event("people.buyer_joined", id="a", buyer_id=buyer, name=NAME),
        "nested": event("trade.order_placed", id="b", **order, customer={"id": buyer, "name": NAME}),
        "in a list": msgspec.json.encode(joined | {"data": [{"buyer": buyer, "name": NAME}]}),
        "as a name": event("trade.order_placed", id="c", **order, who={buyer: NAME}),
        "subject": msgspec.json.encode(joined | {"data": None, "subject": buyer, "name": NAME}),
        "about their order": event("reviews.review_published", id="d", review="R9", stars=9, order="ORD-1", words=NAME),
        "about their review": event("reviews.review_published", id="e", review="REV-1", stars=9, words=NAME),
        "under their event's id": event("reviews.review_published", id="r1", review="R8", stars=9, words=NAME),
        "supersedes their event": event("reviews.review_published", id="f", supersedes="r1", review="R8", stars=9, words=NAME),
        "in a text": event("trade.order_placed", id="g", **order, note=f"for {NAME} (customer CUST-SECRET-42)."),
        "cut off and escaped": b'{"id":"h","data":{"buyer":"' + escaped + b'","name":"' + NAME.encode(),
        "a name twice": b'{"id":"i","data":{"buyer":"' + buyer.encode() + b'","name":"' + NAME.encode() + b'"},"data":{}}',
        "no JSON": b"buyer=CUST-SECRET-42;name=" + NAME.encode() + b"\xff",
        "UTF-16": f'{{"buyer":"{buyer}","name":"{NAME}"}}'.encode("utf-16"),
        "nested deep": b'{"a":' + b"[" * 9_000 + b'"' + buyer.encode() + b'"',
    }


@pytest.fixture
def zebediah(take, event, find):
    """A buyer with a name, an order and a review, told by the ids CUST-SECRET-42, ORD-1 and REV-1."""
    taken = take([
        event("people.buyer_joined", id="j1", time="2020-05-01T00:00:00Z", buyer="CUST-SECRET-42", name=NAME),
        event("trade.order_placed", id="o1", time="2020-05-01T00:00:00Z", order="ORD-1", merchant="M1", amount_minor=100,
              currency="CNY", buyer="CUST-SECRET-42"),
        event("reviews.review_published", id="r1", time="2020-05-02T00:00:00Z", review="REV-1", stars=1, words="so so",
              buyer="CUST-SECRET-42", order="ORD-1", merchant="M1"),
    ])
    assert (taken.accepted, taken.refused) == (3, [])
    return find("buyer", "CUST-SECRET-42")


def kept_refused(realm):
    return {kept.raw for kept in recorded.refused_waiting(viewer=SYSTEM, realm=realm)}


@pytest.mark.django_db
def test_refused_events_that_speak_of_the_person_anywhere_go_too(realm, take, event, zebediah):
    every = refusals(event)
    others = [
        event("trade.order_placed", id="x1", order="ORD-11", buyer="CUST-SECRET-421", merchant="M1", amount_minor=-1,
              currency="CNY"),
        event("people.buyer_joined", id="x2", buyer="BOB", age=3), b'{"id": "x3", cut',
    ]
    assert len(take([*every.values(), *others]).refused) == len(every) + len(others)
    sealed_before = {bytes(kept.raw) for kept in RefusedEvent.objects.all()}
    shown = {about["number"] for about in see_of(zebediah, realm)["refused_events"] if about["surely_about_them"]}
    waiting = recorded.refused_waiting(viewer=SYSTEM, realm=realm)
    assert {kept.raw for kept in waiting if kept.pk in shown} == set(every.values())
    erase(zebediah, realm)
    assert kept_refused(realm) == set(others)
    assert sealed_before.isdisjoint(bytes(kept.raw) for kept in RefusedEvent.objects.all())      # no old copy opens any more
    destroyed = Key.objects.filter(retention=PASSING).order_by("version").values_list("wrapped", flat=True)
    assert [wrapped is None for wrapped in destroyed] == [True, False]


@pytest.mark.django_db
def test_an_id_that_is_short_is_erased_when_in_doubt_and_told_as_doubtful(realm, take, event, find):
    take([event("people.buyer_joined", id="j", buyer="42")])
    wrong = {"order": "o", "merchant": "m", "currency": "CNY"}
    take([event("trade.order_placed", id="a", buyer=42, amount_minor=1, **wrong),
          event("trade.order_placed", id="b", buyer="bob", amount_minor=-42, **wrong),
          event("trade.order_placed", id="c", buyer="bob", amount_minor="1", note="42 pieces", **wrong)])
    about = see_of(find("buyer", "42"), realm)["refused_events"]
    assert [each["surely_about_them"] for each in about] == [False]
    erase(find("buyer", "42"), realm)
    assert sorted(kept.event_id for kept in recorded.refused_waiting(viewer=SYSTEM, realm=realm)) == ["b", "c"]


@pytest.mark.django_db
def test_a_day_is_told_once_by_a_number_and_what_binds_the_list(realm, ann, take, order, find):
    take(order("cid", 4, 2021))
    erase(find("buyer", "cid"), realm)
    erase(ann, realm, at=NOW + timedelta(hours=3))
    day = (NOW.date() - date(1970, 1, 1)).days
    assert [timer.subject for timer in Timer.objects.filter(kind=rules.SWEEP)] == [str(day)]
    assert [actions.tell_erasures(actor=SYSTEM, day=d, realm=realm, at=NOW) for d in (day - 1, day, day)] == [0, 2, 2]
    react(domains=settings.DOMAINS, realm=realm, at=NOW)
    (told,) = [r.fact for facts in recorded.every_fact() for r in facts if isinstance(r.fact, PeopleErased)]
    assert told.people == 2
    assert len(told.commitment) == 64
    with pytest.raises(NotAllowed):
        actions.tell_erasures(actor=OFFICER, day=day, realm=realm, at=NOW)


class Undone(Exception):
    """Ends a trial, so that the next one finds an empty database."""


STEP = st.one_of(
    st.tuples(st.just("order"), st.sampled_from("abc"), st.sampled_from([2021, 2026])),
    st.tuples(st.just("erase"), st.sampled_from("abc"), st.none()),
    st.tuples(st.just("correct"), st.sampled_from("abc"), st.none()),
    st.tuples(st.just("follow"), st.none(), st.none()),
)


@pytest.mark.django_db
@rigour(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=14))
def test_whatever_happens_in_between_nothing_comes_back_and_all_agrees(order, steps):
    quiet = Realm(key=b"k" * 32, entropy=random.Random(2).randbytes, keys=KeysInMemory(b"w" * 32))
    gone = []

    def someone(name):
        return surrogate_of(kind="buyer", source="shop", source_id=name, key=quiet.key)

    try:
        with transaction.atomic():
            for number, (what, name, year) in enumerate(steps):
                if what == "order":
                    raws = order(name, number, year)
                    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=quiet, at=NOW)
                elif what == "follow":
                    react(domains=settings.DOMAINS, realm=quiet, at=NOW)
                elif (person := someone(name)) is not None and what == "correct":
                    corrected = {"text": "name", "words": "New", "asked": "operator"}
                    actions.correct(actor=SYSTEM, person=person, realm=quiet, at=NOW, **corrected)
                elif person is not None and not erase(person, quiet).kept:
                    gone.append(person)
            react(domains=settings.DOMAINS, realm=quiet, at=NOW)
            assert recorded.audit().faults == []
            live = mirrored()
            rebuild(domains=settings.DOMAINS, realm=quiet)
            assert mirrored() == live
            assert not any(person in text for person in gone for rows in live.values() for text in rows)
            assert not Mention.objects.filter(subject__in=gone).exists()
            assert not PersonOpening.objects.filter(person__in=gone).exists()
            numbers = list(Mention.objects.filter(subject__startswith="m").order_by("number").values_list("number", flat=True))
            assert numbers == list(range(len(numbers)))
            raise Undone
    except Undone:
        pass

"""A shop's own decisions: with the reasons it states, the same as those taken here; without, refused."""

from __future__ import annotations

import msgspec
import pytest
from django.conf import settings

from yinuo.catalogue import queries as catalogue
from yinuo.catalogue.models import Finding
from yinuo.decisions import actions, queries
from yinuo.decisions.actions import stated
from yinuo.decisions.models import Decision
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.pipelines.persons import erase
from yinuo.record import actions as record
from yinuo.record.models import Mention, RefusedEvent
from yinuo.record.rules import WITHHELD
from yinuo.reviews.models import Review
from yinuo.vault.queries import surrogate_of

STEWARD = Actor("account:2", frozenset({"steward"}))
REASONS = "The brand examined a sample from a buyer: the seams and the label are not its own."
UNLAWFUL = {"decision": "d1", "act": "goods_unlawful", "ground": "counterfeit", "automated": "partly", "merchant": "m1",
            "listing": "l1", "reasons": REASONS}
HIDING = {"decision": "d2", "act": "review_hidden", "ground": "insult", "automated": "wholly", "buyer": "b1", "review": "r1",
          "reasons": "It calls the shopkeeper names and says nothing about the goods."}


@pytest.fixture
def state(take, event):
    """States a shop's decision, or takes it back."""

    def stating(said, *, id="stated", time="2026-05-20T00:00:00Z"):
        kind = "decision_stated" if "act" in said else "decision_withdrawn"
        return take([event(f"decisions.{kind}", id=id, time=time, **said)])

    return stating


@pytest.fixture
def shown(realm):
    """Gives the ground on which a listing is off sale; "" where it is not."""
    return lambda listing: catalogue.listing(viewer=PUBLIC, listing=listing, realm=realm).withdrawn_ground


@pytest.fixture
def review(take, event):
    take([event("reviews.review_published", id="r", review="r1", buyer="b1", merchant="m1", stars=1)])


def test_it_is_a_decision_with_its_reasons_and_its_consequences(state, realm):
    state(UNLAWFUL)
    made = Decision.objects.get()
    assert (made.act, made.ground, made.automated) == ("goods_unlawful", "counterfeit", "partly")
    assert made.decided_by == "source:shop"
    assert (made.since.isoformat(), (made.until - made.since).days) == ("2026-05-20T00:00:00+00:00", 365)
    assert queries.words(name="reasons", subjects=[made.pk], realm=realm) == {made.pk: REASONS}
    finding = Finding.objects.get()
    assert (finding.merchant, finding.listing, finding.overturned_at) == (made.merchant, made.listing, None)


def test_it_is_appealed_and_reversed_like_any_other(state, realm, now, due, take):
    state(UNLAWFUL)
    made = Decision.objects.get()
    owner = Actor("account:9", own={made.merchant: frozenset({"merchant_owner"})})
    appeal = actions.open_appeal(actor=owner, decision_id=made.pk, objection=Objection(REASONS, due), realm=realm, at=now)
    actions.settle_appeal(
        actor=STEWARD, appeal_id=appeal.pk, upheld=True, words="The brand withdrew what it had said.", realm=realm, at=now
    )
    take([])
    assert Finding.objects.get().overturned_at is not None


def test_a_listing_is_taken_off_sale_and_comes_back_when_the_shop_says_so(state, take, event, shown):
    take([event("catalogue.listing_published", id="l", listing="l1", merchant="m1", time="2026-05-01T00:00:00Z")])
    state(UNLAWFUL | {"act": "listing_removed", "ground": "terms"})
    listing = Decision.objects.get().listing
    assert shown(listing) == "terms"
    state({"decision": "d1"}, id="back", time="2026-05-21T00:00:00Z")
    assert shown(listing) == ""
    assert Decision.objects.get().reversed_at is not None


def test_a_listing_comes_back_only_when_no_decision_about_it_stands(state, take, event, shown):
    take([event("catalogue.listing_published", id="l", listing="l1", merchant="m1", time="2026-05-01T00:00:00Z")])
    for name in ("d1", "d2"):
        state(UNLAWFUL | {"act": "listing_removed", "ground": "terms", "decision": name}, id=name)
    listing = Decision.objects.first().listing
    state({"decision": "d1"}, id="back1", time="2026-05-21T00:00:00Z")
    assert shown(listing) == "terms"
    state({"decision": "d2"}, id="back2", time="2026-05-22T00:00:00Z")
    assert shown(listing) == ""


def test_a_review_stays_hidden_while_another_decision_stands(state, review):
    for name in ("d2", "d3"):
        state(HIDING | {"decision": name}, id=name)
    state({"decision": "d3"}, id="back3", time="2026-05-23T00:00:00Z")
    assert Review.objects.get().restored_at is None
    state({"decision": "d2"}, id="back2", time="2026-05-24T00:00:00Z")
    assert Review.objects.get().restored_at is not None


def test_a_review_is_hidden_and_shown_from_the_moments_the_shop_states(state, review):
    state(HIDING)
    assert Review.objects.get().hidden_ground == "insult"
    state({"decision": "d2"}, id="back", time="2026-05-23T00:00:00Z")
    found = Review.objects.get()
    assert (found.restored_at - found.hidden_at) == 3 * 86_400_000_000


def test_what_is_withdrawn_as_a_mistake_is_reversed_from_its_beginning(state, review, take, event):
    state(HIDING)
    take([event("record.fact_withdrawn", id="w", event="stated", time="2026-05-25T00:00:00Z")])
    found = Review.objects.get()
    assert found.restored_at == found.hidden_at
    assert Decision.objects.get().reversed_at is not None


def test_what_was_withdrawn_before_anybody_read_it_is_never_taken(take, event):
    take([
        event("decisions.decision_stated", id="one", **UNLAWFUL),
        event("record.fact_withdrawn", id="w", event="one"),
    ])
    assert not Decision.objects.exists()
    assert not Finding.objects.exists()


def test_of_two_under_one_id_the_first_stands_and_correcting_it_takes_it_back(state):
    state(UNLAWFUL)
    state(UNLAWFUL | {"ground": "safety"}, id="second")
    assert Decision.objects.get().ground == "counterfeit"
    assert Decision.objects.get().reversed_at is None
    state({"decision": "d1"}, id="back")
    state({"decision": "d1"}, id="back again")
    assert Decision.objects.get().reversed_at is not None


@pytest.mark.parametrize(("changes", "path"), [
    ({"reasons": None}, "data.reasons"), ({"reasons": "Bad."}, "data.reasons"), ({"reasons": "." * 40}, "data.reasons"),
    ({"ground": "insult"}, "data.ground"), ({"ground": "because"}, "data.ground"), ({"merchant": None}, "data.merchant"),
    ({"buyer": "b1"}, "data.merchant"), ({"act": "listing_removed", "listing": None}, "data.listing"),
    ({"merchant": None, "buyer": "b1", "act": "warning", "ground": "terms"}, "data.merchant"),
    ({"act": "review_hidden", "ground": "insult", "review": "r1"}, "data.buyer"),
    ({"act": "contest_upheld"}, "data.act"), ({"act": "exile"}, "data.act"), ({"automated": None}, "data.automated"),
], ids=str)
def test_without_what_whoever_is_decided_about_is_owed_it_is_refused(state, changes, path):
    said = {name: value for name, value in (UNLAWFUL | changes).items() if value is not None}
    taken = state(said)
    assert (taken.accepted, [refused.path for refused in taken.refused]) == (0, [path])
    assert not Decision.objects.exists()
    assert not Finding.objects.exists()


@pytest.mark.parametrize(("kind", "said"), [
    ("catalogue.finding_upheld", {"finding": "f", "merchant": "m1", "ground": "safety"}),
    ("catalogue.finding_overturned", {"finding": "f", "merchant": "m1"}),
    ("catalogue.listing_withdrawn", {"listing": "l1", "ground": "unlawful"}),
    ("catalogue.listing_withdrawn", {"listing": "l1", "ground": "terms"}),
    ("catalogue.listing_restored", {"listing": "l1"}),
    ("reviews.review_hidden", {"review": "r1", "ground": "insult"}),
    ("reviews.review_restored", {"review": "r1"}),
    ("decisions.decision_taken", {"decision": "d", "act": "warning", "ground": "terms", "automated": "no", "facts": 1,
                                  "since": "2026-05-01T00:00:00Z", "merchant": "m1"}),
    ("decisions.decision_reversed", {"decision": "d", "act": "warning", "ground": "terms"}),
])
def test_no_consequence_is_stated_without_the_decision(take, event, kind, said):
    taken = take([event(kind, id="bare", **said)])
    assert (taken.accepted, len(taken.refused)) == (0, 1)
    assert RefusedEvent.objects.count() == 1
    assert not msgspec.to_builtins(list(Finding.objects.values()))


def test_what_comes_after_whoever_it_was_about_is_forgotten_stops_nobody(state, review, realm, now, take, event):
    state(HIDING)
    erase(actor=SYSTEM, person=Decision.objects.get().buyer, realm=realm, at=now, jurisdiction="cn", domains=settings.DOMAINS)
    state({"decision": "d2"}, id="back", time="2026-05-23T00:00:00Z")
    assert Decision.objects.get().reversed_at is not None
    assert Review.objects.get().restored_at is not None
    assert not Mention.objects.filter(subject=WITHHELD).exists()


def test_words_of_another_do_not_make_up_for_whoever_it_was_about(realm, review, now, take, event, monkeypatch):
    """However it comes about: what cannot be taken is left, and does not stop the follower for good."""
    record.take_events(
        actor=SYSTEM, source="shop", realm=realm, at=now, raws=[event("decisions.decision_stated", id="one", **HIDING)]
    )
    buyer = surrogate_of(kind="buyer", source="shop", source_id="b1", key=realm.key)
    erase(actor=SYSTEM, person=buyer, realm=realm, at=now, jurisdiction="cn", domains=settings.DOMAINS)
    monkeypatch.setattr(stated, "words_of", lambda *, subjects, **_: dict.fromkeys(subjects, REASONS))
    take([event("decisions.decision_stated", id="other", **(UNLAWFUL | {"decision": "d9"}))])
    assert Decision.objects.get().act == "goods_unlawful"


def test_a_listing_of_another_merchant_stays_on_sale_and_is_not_told_to_be_unlawful(state, take, event, shown, now):
    take([event("catalogue.listing_published", id="l", listing="l1", merchant="m2", time="2026-05-01T00:00:00Z")])
    state(UNLAWFUL | {"act": "listing_removed"})
    state(UNLAWFUL | {"decision": "d3"}, id="again")
    listing = Decision.objects.first().listing
    assert shown(listing) == ""
    assert Finding.objects.get().listing is None
    state(UNLAWFUL | {"decision": "d4", "act": "listing_removed", "merchant": "m2"}, id="theirs")
    state({"decision": "d1"}, id="back", time="2026-05-21T00:00:00Z")
    assert shown(listing) == "unlawful"     # taking back what removed nothing brings nothing back


def test_a_review_that_another_wrote_stays_shown(state, review):
    state(HIDING | {"buyer": "b2"})
    assert Review.objects.get().hidden_at is None
    state(HIDING | {"decision": "d3"}, id="right")
    state({"decision": "d2"}, id="back")
    found = Review.objects.get()
    assert (found.hidden_ground, found.restored_at) == ("insult", None)


def test_an_appeal_is_upheld_also_where_the_shop_took_the_decision_back_meanwhile(state, realm, now, due):
    state(UNLAWFUL)
    made = Decision.objects.get()
    owner = Actor("account:9", own={made.merchant: frozenset({"merchant_owner"})})
    appeal = actions.open_appeal(actor=owner, decision_id=made.pk, objection=Objection(REASONS, due), realm=realm, at=now)
    state({"decision": "d1"}, id="back")
    settled = actions.settle_appeal(
        actor=STEWARD, appeal_id=appeal.pk, upheld=True, words="The shop itself has taken it back.", realm=realm, at=now
    )
    assert settled.state == "upheld"


def test_another_shop_cannot_take_it_back(state, take, event):
    state(UNLAWFUL)
    take([event("decisions.decision_withdrawn", id="theirs", source="other", decision="d1")], source="other")
    assert Decision.objects.get().reversed_at is None

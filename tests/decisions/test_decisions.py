"""Nothing bad happens to anybody without a statement of reasons: through every action and table."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import DatabaseError, connection, transaction

import yinuo
from yinuo.catalogue.models import Finding
from yinuo.credit import actions as credit
from yinuo.decisions import actions, queries
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import ACTS, ADVERSE_DAYS, GROUNDS, Objection, Statement
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.facts import kinds
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound, Refusal
from yinuo.people.models import Account, Grant, Membership
from yinuo.people.queries import actor_of
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record.queries import contents_by_number, entry_count, mentions_of, size
from yinuo.reviews.models import Review
from yinuo.vault.queries import surrogate_of

pytestmark = pytest.mark.django_db

STEWARD = Actor("account:1", frozenset({"steward"}))
OTHER = Actor("account:2", frozenset({"steward"}))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = "The parcels of three orders were handed over a day after the promise."


@pytest.fixture
def key(late):
    """The key of a fact about the merchant."""
    return contents_by_number(numbers=late.numbers[:1])[late.numbers[0]].key


@pytest.fixture
def warning(late, key, now):
    return Statement(
        act="warning", ground="terms", facts=(key,), words=WORDS, automated="no", since=now, merchant=late.merchant
    )


@pytest.fixture
def decide(realm, now):
    def deciding(statement, actor=STEWARD, at=now):
        return actions.decide(actor=actor, statement=statement, realm=realm, at=at)

    return deciding


@pytest.fixture
def follow(realm, now):
    return lambda at=now: react(domains=settings.DOMAINS, realm=realm, at=at)


def test_a_decision_has_reasons_that_whoever_it_is_about_can_read(decide, warning, late, realm, follow):
    made = decide(warning)
    assert queries.decision(viewer=late.owner, decision_id=made.pk) == made
    assert queries.words(name="reasons", subjects=[made.pk], realm=realm) == {made.pk: WORDS}
    assert queries.decisions_about(viewer=late.reader, merchant=late.merchant) == [made]
    follow()
    told = [fact.fact for fact in late.facts(numbers=range(size())) if type(fact.fact).__name__ == "DecisionTaken"]
    assert [(fact.act, fact.ground, fact.automated, fact.facts) for fact in told] == [("warning", "terms", "no", 1)]


@pytest.mark.parametrize("viewer", [PUBLIC, Actor("account:7", own={"mother": frozenset({"merchant_owner"})}), Actor("source")])
def test_nobody_else_learns_that_there_is_a_decision(decide, warning, viewer, late):
    made = decide(warning)
    with pytest.raises(NotFound):
        queries.decision(viewer=viewer, decision_id=made.pk)
    with pytest.raises(NotAllowed):
        queries.decisions_about(viewer=viewer, merchant=late.merchant)


@pytest.mark.parametrize(
    "changes",
    [
        {"act": "exile"}, {"ground": "counterfeit-ish"}, {"ground": "insult"}, {"facts": ()}, {"facts": ("0" * 32,)},
        {"facts": ("not hex",)}, {"words": ""}, {"words": "too short"}, {"words": " " * 40}, {"words": "x" * 5001},
        {"words": "with a NUL \0 in the middle of it"}, {"merchant": None}, {"act": "review_hidden", "ground": "insult"},
        {"act": "goods_unlawful", "ground": "safety"}, {"until": "later"}, {"since": "later"},
    ],
    ids=str,
)
def test_a_statement_that_lacks_something_is_refused_and_nothing_is_written(decide, warning, now, changes):
    changes = {name: now + timedelta(days=3) if value == "later" else value for name, value in changes.items()}
    before = size()
    with pytest.raises(Malformed) as refused:
        decide(replace(warning, **changes))
    assert refused.value.path
    assert not Decision.objects.exists()
    assert size() == before


@pytest.mark.parametrize("act", [act for act in ACTS.values() if act.adverse], ids=lambda act: act.code)
def test_the_database_refuses_every_adverse_act_without_its_statement(act, now, late, key):
    ground = next(ground.code for ground in GROUNDS.values() if act.code in ground.acts)
    until = now + timedelta(days=ADVERSE_DAYS) if act.ends else None
    whole = {
        "id": "jwhole", "act": act.code, "ground": ground, "automated": "no", "merchant": late.merchant, "facts": key,
        "words": "a" * 32, "decided_by": "account:1", "decided_at": now, "since": now, "until": until,
        "appeal_until": now + timedelta(days=183),
    }
    for number, (column, value) in enumerate([
        ("act", ""), ("act", "exile"), ("ground", ""), ("ground", "because"), ("facts", ""), ("facts", "abc"), ("words", ""),
        ("automated", ""), ("automated", "wholly"), ("decided_by", ""), ("decided_by", "system"), ("merchant", None),
        ("since", None), ("appeal_until", None), ("appeal_until", now), ("decided_at", None), ("act", None), ("facts", None),
        ("words", None), ("until", None if act.ends else now + timedelta(days=1)),
    ]):
        with pytest.raises(DatabaseError), transaction.atomic():
            Decision.objects.create(**whole | {"id": f"j{number}", column: value})
        with pytest.raises(DatabaseError), transaction.atomic():
            Decision.objects.bulk_create([Decision(**whole | {"id": f"k{number}", column: value})])
    assert not Decision.objects.exists()
    Decision.objects.create(**whole)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE decisions_decision SET ground = 'safety'", "UPDATE decisions_decision SET facts = facts || ' '",
        "UPDATE decisions_decision SET decided_by = 'account:2'", "UPDATE decisions_decision SET words = 'b'",
        "UPDATE decisions_decision SET buyer = 'b2'", "UPDATE decisions_decision SET appeal_until = decided_at",
        "DELETE FROM decisions_decision", "UPDATE decisions_decision SET reversed_at = NULL",
    ],
)
def test_a_decision_stays_as_it_was_taken(decide, warning, late, realm, now, due, change):
    made = decide(warning)
    appeal = actions.open_appeal(actor=late.owner, decision_id=made.pk, objection=Objection(WORDS, due), realm=realm, at=now)
    actions.settle_appeal(actor=OTHER, appeal_id=appeal.pk, upheld=True, words=WORDS + " It was a strike.", realm=realm, at=now)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    stands = Decision.objects.get()
    assert (stands.ground, stands.decided_by, stands.reversed_at) == ("terms", "account:1", now)


@pytest.mark.parametrize(
    ("actor", "automated"),
    [
        (PUBLIC, "no"), (PUBLIC, "wholly"), (SYSTEM, "no"), (SYSTEM, "partly"), (STEWARD, "wholly"),
        (Actor("shop", frozenset({"source"})), "no"), (Actor("robot", frozenset({"steward"})), "no"),
        (Actor("account:3", frozenset({"auditor"})), "no"), (Actor("account:3", frozenset({"administrator"})), "no"),
    ],
    ids=str,
)
def test_only_a_steward_decides_and_only_the_system_by_machine(decide, warning, actor, automated):
    with pytest.raises(NotAllowed):
        decide(replace(warning, automated=automated), actor=actor)
    assert not Decision.objects.exists()


def test_a_steward_who_acts_for_the_merchant_does_not_decide_about_it(decide, warning, late):
    with pytest.raises(NotAllowed):
        decide(warning, actor=replace(late.reader, roles=STEWARD.roles))
    assert not Decision.objects.exists()


def test_unlawful_goods_become_a_finding_and_a_reversal_overturns_it(decide, warning, late, realm, now, due, follow):
    until = now + timedelta(days=ADVERSE_DAYS)
    made = decide(replace(warning, act="goods_unlawful", ground="counterfeit", until=until))
    follow()
    finding = Finding.objects.get()
    assert (finding.merchant, finding.ground, finding.overturned_at) == (late.merchant, "counterfeit", None)
    appeal = actions.open_appeal(actor=late.owner, decision_id=made.pk, objection=Objection(WORDS, due), realm=realm, at=now)
    actions.settle_appeal(actor=OTHER, appeal_id=appeal.pk, upheld=True, words=WORDS + " The lab erred.", realm=realm, at=now)
    follow()
    assert Finding.objects.get().overturned_at is not None


def test_a_decision_hides_a_review_and_its_reversal_shows_it(take, event, decide, warning, realm, now, due, follow):
    take([event("reviews.review_published", id="r", review="r1", buyer="b1", merchant="m1", stars=1)])
    review = Review.objects.get()
    number = mentions_of(subject=review.pk, size=size())[0]
    about = contents_by_number(numbers=[number])[number].key
    made = decide(replace(
        warning, act="review_hidden", ground="insult", merchant=None, buyer=review.buyer, review=review.pk, facts=(about,)
    ))
    follow()
    assert Review.objects.get().hidden_ground == "insult"
    buyer = Actor("account:5", own={review.buyer: frozenset({"buyer"})})
    appeal = actions.open_appeal(actor=buyer, decision_id=made.pk, objection=Objection(WORDS, due), realm=realm, at=now)
    later = now + timedelta(hours=1)
    actions.settle_appeal(actor=OTHER, appeal_id=appeal.pk, upheld=True, words=WORDS + " It is mild.", realm=realm, at=later)
    follow(later)
    assert Review.objects.get().restored_at > Review.objects.get().hidden_at
    actions.forget_person(actor=SYSTEM, person=review.buyer)
    assert Decision.objects.get().buyer == "-"


class TestAppeals:
    """Another person answers, in words of their own, once."""

    @pytest.fixture
    def appealed(self, decide, warning, late, realm, now, due):
        made = decide(warning)
        return actions.open_appeal(
            actor=late.owner, decision_id=made.pk, objection=Objection(WORDS, due), realm=realm, at=now
        )

    @pytest.mark.parametrize("actor", [
        STEWARD, SYSTEM, PUBLIC, Actor("robot", frozenset({"steward"})), Actor("account:9", frozenset({"steward"})),
        Actor("account:4", frozenset({"auditor"})),
    ], ids=str)
    def test_who_decided_opened_or_is_nobody_cannot_hear_it(self, appealed, realm, now, actor):
        with pytest.raises(NotAllowed):
            actions.settle_appeal(actor=actor, appeal_id=appealed.pk, upheld=False, words=WORDS * 2, realm=realm, at=now)
        assert Appeal.objects.get().state == "open"
        assert Decision.objects.get().reversed_at is None

    @pytest.mark.parametrize("settled_by", ["account:1", "account:9", "system", ""])
    def test_the_database_refuses_them_too(self, appealed, now, settled_by):
        with pytest.raises(DatabaseError), transaction.atomic():
            Appeal.objects.update(state="rejected", settled_by=settled_by, settled_at=now, reply="a" * 32)

    def test_it_is_answered_once(self, appealed, realm, now):
        answer = {"appeal_id": appealed.pk, "words": WORDS * 2, "realm": realm, "at": now}
        actions.settle_appeal(actor=OTHER, upheld=False, **answer)
        with pytest.raises(Conflict):
            actions.settle_appeal(actor=OTHER, upheld=True, **answer)
        assert Decision.objects.get().reversed_at is None

    def test_a_reply_given_before_is_no_reply(self, appealed, decide, warning, late, realm, now, due):
        actions.settle_appeal(actor=OTHER, appeal_id=appealed.pk, upheld=False, words=WORDS * 2, realm=realm, at=now)
        second = decide(warning)
        again = actions.open_appeal(
            actor=late.owner, decision_id=second.pk, objection=Objection(WORDS, due), realm=realm, at=now
        )
        with pytest.raises(Malformed):
            actions.settle_appeal(actor=OTHER, appeal_id=again.pk, upheld=False, words=f" {WORDS * 2}.. ", realm=realm, at=now)
        assert Appeal.objects.get(pk=again.pk).state == "open"

    def test_six_months_and_no_longer(self, decide, warning, late, realm, now, due):
        made = decide(warning)
        say = {"actor": late.owner, "decision_id": made.pk, "objection": Objection(WORDS, due), "realm": realm}
        with pytest.raises(Conflict):
            actions.open_appeal(at=made.appeal_until + timedelta(seconds=1), **say)
        actions.open_appeal(at=made.appeal_until, **say)
        with pytest.raises(Conflict):
            actions.open_appeal(at=now, **say)
        assert made.appeal_until - now >= timedelta(days=183)

    def test_others_cannot_appeal(self, decide, warning, late, realm, now, due):
        made = decide(warning)
        for actor in (late.reader, STEWARD, PUBLIC, Actor("account:7", own={"mother": frozenset({"merchant_owner"})})):
            with pytest.raises(NotAllowed):
                actions.open_appeal(actor=actor, decision_id=made.pk, objection=Objection(WORDS, due), realm=realm, at=now)
        assert not Appeal.objects.exists()

    def test_a_machines_decision_comes_to_a_person(self, decide, warning, late, realm, now, due):
        made = decide(replace(warning, automated="wholly"), actor=SYSTEM)
        appeal = actions.open_appeal(
            actor=late.owner, decision_id=made.pk, objection=Objection(WORDS, due), realm=realm, at=now
        )
        with pytest.raises(Refusal):
            actions.settle_appeal(actor=SYSTEM, appeal_id=appeal.pk, upheld=False, words=WORDS * 2, realm=realm, at=now)
        actions.settle_appeal(actor=STEWARD, appeal_id=appeal.pk, upheld=True, words=WORDS * 2, realm=realm, at=now)
        assert Decision.objects.get().reversed_at == now

    def test_late_ones_are_told_and_rates_are_public_from_thirty_on(self, appealed, realm, now, due):
        assert queries.clock_counts(at=due + timedelta(minutes=1)) == {
            "contests": 0, "contests_late": 0, "appeals": 1, "appeals_late": 1,
        }
        assert not actions.note_late_appeal(actor=SYSTEM, appeal_id=appealed.pk, at=now)
        assert actions.note_late_appeal(actor=SYSTEM, appeal_id=appealed.pk, at=due)
        actions.settle_appeal(actor=OTHER, appeal_id=appealed.pk, upheld=True, words=WORDS * 2, realm=realm, at=due)
        assert queries.public_rates() == {"terms": {"decided": 1, "appealed": 1, "reversed": 1, "overturned_permille": None}}
        assert queries.steward_rates(viewer=OTHER)["account:1"]["reversed"] == 1


def test_who_raised_a_contest_does_not_hear_its_appeal(late, realm, now, due):
    (contest,) = credit.contest_causes(
        actor=late.owner, merchant=late.merchant, orders=late.orders[:1], aspect="dispatch", claimed="carrier",
        objection=Objection(WORDS, due), realm=realm, at=now,
    )
    actions.settle_contests(
        actor=STEWARD, ids=[contest.pk], upheld=False, ground="evidence", words=WORDS, cause=None, realm=realm, at=now
    )
    colleague = Actor("account:10", own=late.owner.own)
    decision_id = Decision.objects.get().pk
    appeal = actions.open_appeal(
        actor=colleague, decision_id=decision_id, objection=Objection(WORDS, due), realm=realm, at=now
    )
    with pytest.raises(NotAllowed):
        actions.settle_appeal(
            actor=Actor("account:9", frozenset({"steward"})), appeal_id=appeal.pk, upheld=True, words=WORDS * 2, realm=realm,
            at=now, cause="carrier",
        )
    assert Appeal.objects.get().state == "open"


def test_a_decision_rests_on_facts_about_whom_it_is_about(decide, warning, take, event, late):
    take([event("trade.order_placed", id="x", order="ox", merchant="m2", amount_minor=100, currency="CNY")])
    placed = contents_by_number(numbers=range(size()))
    foreign = next(content for content in placed.values() if getattr(content.fact, "merchant", late.merchant) != late.merchant)
    for changes in (
        {"facts": (foreign.key,)}, {"facts": warning.facts * 2}, {"merchant": "mother"}, {"merchant": "<script>"},
        {"merchant": late.orders[0]}, {"buyer": "bsomebody"},
    ):
        with pytest.raises(Malformed):
            decide(replace(warning, **changes))
    assert not Decision.objects.exists()


def test_words_are_sealed_and_known_ids_only(decide, warning, realm, late):
    decide(warning)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM decisions_decision")
        assert WORDS not in str(cursor.fetchall())
    assert surrogate_of(kind="merchant", source="shop", source_id="m1", key=realm.key) == late.merchant


class TestTakenBack:
    """An appeal that was taken back may be made again, until the decision's own day; there are never two."""

    @pytest.fixture
    def made(self, decide, warning):
        return decide(warning)

    @pytest.fixture
    def appeal(self, made, late, realm, now, due):
        return lambda at=now, actor=late.owner: actions.open_appeal(
            actor=actor, decision_id=made.pk, objection=Objection(WORDS, due), realm=realm, at=at
        )

    @pytest.fixture
    def take_back(self, late, realm, now):
        return lambda appeal, at=now: actions.withdraw_appeal(actor=late.owner, appeal_id=appeal.pk, realm=realm, at=at)

    def test_until_the_deadline_and_never_two_at_once(self, made, appeal, take_back, late):
        first = appeal()
        with pytest.raises(Conflict):
            appeal()
        take_back(first)
        second = appeal(at=made.appeal_until)
        assert queries.appeal_against(viewer=late.owner, decision_id=made.pk) == second
        with pytest.raises(Conflict):
            appeal()
        take_back(second)
        with pytest.raises(Conflict):
            appeal(at=made.appeal_until + timedelta(seconds=1))
        assert list(Appeal.objects.values_list("state", flat=True)) == ["withdrawn"] * 2
        assert queries.appeal_against(viewer=late.owner, decision_id=made.pk) == second

    def test_once_answered_it_is_not_appealed_again(self, appeal, take_back, realm, now):
        take_back(appeal())
        actions.settle_appeal(actor=OTHER, appeal_id=appeal().pk, upheld=False, words=WORDS * 2, realm=realm, at=now)
        with pytest.raises(Conflict):
            appeal()

    def test_who_appealed_before_does_not_answer(self, appeal, take_back, late, realm, now):
        take_back(appeal())
        again = appeal(actor=Actor("account:10", own=late.owner.own))
        with pytest.raises(NotAllowed):
            actions.settle_appeal(
                actor=Actor(late.owner.name, STEWARD.roles), appeal_id=again.pk, upheld=False, words=WORDS * 2, realm=realm,
                at=now,
            )
        assert Appeal.objects.get(pk=again.pk).state == "open"


OWN_FACTS = sorted(f"decisions.{name}" for name in (
    "appeal_opened", "appeal_settled", "contest_lapsed", "contest_opened", "contest_settled", "decision_reversed",
    "decision_taken",
))


class TestOnlyDecisionsState:
    """A fact about a decision comes with its row, and from nowhere else."""

    BODY = {
        "decision": "j1", "act": "warning", "ground": "terms", "automated": "no", "facts": 1, "since": "2026-05-01T00:00:00Z",
        "merchant": "m1", "contest": "t1", "event": "0" * 32, "aspect": "fact", "due": "2026-05-01T00:00:00Z",
        "appeal": "p1", "outcome": "upheld", "order": "o1",
    }

    @pytest.fixture
    def key_of_shop(self, realm):
        return record.make_key(actor=SYSTEM, source="shop", expires=None, realm=realm, at=NOW)

    @pytest.mark.parametrize("kind", OWN_FACTS)
    def test_no_source_states_it(self, client, event, key_of_shop, kind):
        before = (entry_count(), Decision.objects.count())
        body = event(kind, id="forged", **self.BODY)
        told = client.post(
            "/api/facts", data=body, content_type="application/cloudevents+json",
            headers={"Authorization": f"Bearer {key_of_shop}"},
        ).json()
        assert told["refused"][0]["path"] == "type", told
        assert (entry_count(), Decision.objects.count()) == before

    @pytest.mark.parametrize("source", ["yinuo", "Yinuo", " yinuo"])
    def test_no_source_has_our_name(self, source, realm, now):
        with pytest.raises(Refusal):
            record.make_key(actor=SYSTEM, source=source, expires=None, realm=realm, at=now)

    def test_they_are_made_in_this_domain_only(self):
        ours = {kind for kind, known in kinds().items() if kind.startswith("decisions.") and not known.external}
        assert ours == set(OWN_FACTS)
        names = {kinds()[kind].cls.__name__ for kind in OWN_FACTS}
        root = Path(yinuo.__file__).parent
        makers = {
            (path.relative_to(root).parts[0], name)
            for path in root.rglob("*.py") for name in names if re.search(rf"(?<!class )\b{name}\(", path.read_text())
        }
        assert makers == {("decisions", name) for name in names}


class TestRolesAreReadAnew:
    """Whoever lost a role since the request began, in another process, does not act by it."""

    @pytest.fixture
    def people(self, late, now):
        steward = Account.objects.create(pk=41, handle="wang", created=now)
        grant = Grant.objects.create(account=steward, role="steward", granted_by="system", granted=now)
        Authenticator.objects.create(user_id=steward.pk, type="totp", data={})
        owner = Account.objects.create(pk=42, handle="li", created=now)
        membership = Membership.objects.create(
            account=owner, subject=late.merchant, role="merchant_owner", granted_by="system", granted=now
        )
        return SimpleNamespace(
            steward=actor_of(steward, at=now), owner=actor_of(owner, at=now), grant=grant, membership=membership,
            accounts=(steward, owner),
        )

    def acts(self, people, late, warning, realm, now, due):
        """Every act of due process, by the roles that the two held when their requests began."""
        say = {"realm": realm, "at": now}
        objection = Objection(WORDS, due)
        (contest,) = credit.contest_causes(
            actor=late.owner, merchant=late.merchant, orders=late.orders[:1], aspect="dispatch", claimed="carrier",
            objection=objection, **say,
        )
        made = actions.decide(actor=OTHER, statement=warning, **say)
        appealed = actions.decide(actor=OTHER, statement=warning, **say)
        appeal = actions.open_appeal(actor=late.owner, decision_id=appealed.pk, objection=objection, **say)
        return {
            "decide": lambda: actions.decide(actor=people.steward, statement=warning, **say),
            "settle": lambda: actions.settle_contests(
                actor=people.steward, ids=[contest.pk], upheld=True, ground="evidence", words=WORDS, cause="carrier", **say
            ),
            "answer": lambda: actions.settle_appeal(
                actor=people.steward, appeal_id=appeal.pk, upheld=True, words=WORDS * 2, **say
            ),
            "contest": lambda: credit.contest_causes(
                actor=people.owner, merchant=late.merchant, orders=late.orders[1:2], aspect="dispatch", claimed="carrier",
                objection=objection, **say,
            ),
            "appeal": lambda: actions.open_appeal(actor=people.owner, decision_id=made.pk, objection=objection, **say),
            "take the contest back": lambda: actions.withdraw_contest(actor=people.owner, contest_id=contest.pk, **say),
            "take the appeal back": lambda: actions.withdraw_appeal(actor=people.owner, appeal_id=appeal.pk, **say),
        }

    @pytest.mark.parametrize("end", ["role", "account", "second factor"])
    def test_a_role_that_ended_a_moment_ago_is_none(self, people, late, warning, realm, now, due, end):
        acts = self.acts(people, late, warning, realm, now, due)
        if end == "role":
            Grant.objects.filter(pk=people.grant.pk).update(ended=now)
            Membership.objects.filter(pk=people.membership.pk).update(ended=now)
        elif end == "account":
            Account.objects.update(disabled=now)
        else:
            Authenticator.objects.all().delete()
        held = {"decide", "settle", "answer"} if end == "second factor" else set(acts)
        def written():
            states = [sorted(model.objects.values_list("pk", "state")) for model in (Contest, Appeal)]
            return entry_count(), Decision.objects.count(), states

        before = written()
        for name in sorted(held):
            with pytest.raises(NotAllowed):
                acts[name]()
            assert written() == before, name

    @pytest.mark.parametrize("name", [
        "decide", "settle", "answer", "contest", "appeal", "take the contest back", "take the appeal back",
    ])
    def test_with_the_role_each_is_done(self, people, late, warning, realm, now, due, name):
        self.acts(people, late, warning, realm, now, due)[name]()

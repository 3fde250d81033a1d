"""Contests and appeals stay as they were raised and settled: tried through the ORM, in bulk, and by raw SQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from yinuo.credit import actions as credit
from yinuo.decisions import actions
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import Actor

pytestmark = pytest.mark.django_db

STEWARD = Actor("account:1", frozenset({"steward"}))
OTHER = Actor("account:2", frozenset({"steward"}))
WORDS = "The carrier did not come to collect, see the booking of 2 May."
REPLY = "The booking of the second of May was looked at, and it was for another parcel."
ANOTHER = {
    "id": "x", "merchant": "mother", "event": "e" * 32, "aspect": "delivery", "order": "oother",
    "complaint": "cother", "outcome": "damaged", "matter": "dispatch/oother/late", "claimed": "buyer", "words": "w" * 32,
    "opened_by": "account:77",
}
CONTEST, APPEAL = "decisions_contest", "decisions_appeal"


@pytest.fixture
def contests(late, realm, now, due):
    """Four contests of three orders by one person: open, rejected and appealed, upheld, withdrawn."""
    def contest(order):
        (made,) = credit.contest_causes(
            actor=late.owner, merchant=late.merchant, orders=[order], aspect="dispatch", claimed="carrier",
            objection=Objection(WORDS, due), realm=realm, at=now,
        )
        return made

    def settle(contest, upheld):
        actions.settle_contests(
            actor=STEWARD, ids=[contest.pk], upheld=upheld, ground="evidence", words=WORDS,
            cause="carrier" if upheld else None, realm=realm, at=now,
        )

    withdrawn = contest(late.orders[0])
    actions.withdraw_contest(actor=late.owner, contest_id=withdrawn.pk, realm=realm, at=now)
    opened, rejected, upheld = (contest(order) for order in late.orders)
    settle(rejected, False)
    settle(upheld, True)
    return {"open": opened.pk, "rejected": rejected.pk, "upheld": upheld.pk, "withdrawn": withdrawn.pk}


@pytest.fixture
def appeals(contests, late, realm, now, due):
    """An open appeal against the rejection, after one that was taken back."""
    decision = Contest.objects.get(pk=contests["rejected"]).decision_id
    say = {"actor": late.owner, "decision_id": decision, "realm": realm, "at": now}
    taken_back = actions.open_appeal(objection=Objection(WORDS, due), **say)
    actions.withdraw_appeal(actor=late.owner, appeal_id=taken_back.pk, realm=realm, at=now)
    opened = actions.open_appeal(objection=Objection(WORDS, due), **say)
    return {"withdrawn": taken_back.pk, "open": opened.pk}


def whole(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return cursor.fetchall()


def refused_every_way(model, pk, **changes):
    """Each way to write these changes to a row is refused, and changes nothing."""
    table, before = model._meta.db_table, whole(model._meta.db_table)

    def saved():
        row = model.objects.get(pk=pk)
        for name, value in changes.items():
            setattr(row, name, value)
        row.save()

    def updated():
        model.objects.filter(pk=pk).update(**changes)

    def in_bulk():
        row = model.objects.get(pk=pk)
        for name, value in changes.items():
            setattr(row, name, value)
        model.objects.bulk_update([row], list(changes))

    def raw():
        columns = {model._meta.get_field(name).column: getattr(value, "pk", value) for name, value in changes.items()}
        with connection.cursor() as cursor:
            sets = ", ".join(f'"{column}" = %s' for column in columns)
            cursor.execute(f"UPDATE {table} SET {sets} WHERE id = %s", [*columns.values(), pk])

    ways = (updated, raw) if "id" in changes else (saved, updated, in_bulk, raw)
    for way in ways:
        with pytest.raises(IntegrityError), transaction.atomic():     # a trigger or a constraint, and no mistake of ours
            way()
        assert whole(table) == before, way.__name__


@pytest.mark.parametrize("state", ["open", "rejected", "upheld", "withdrawn"])
def test_what_was_contested_by_whom_when_and_in_which_words_stays(contests, now, state):
    for name, value in (ANOTHER | {"opened_at": now - timedelta(days=1), "due": now + timedelta(days=99)}).items():
        refused_every_way(Contest, contests[state], **{name: value})


@pytest.mark.parametrize("state", ["rejected", "upheld", "withdrawn"])
def test_a_contest_ends_once(contests, now, state):
    for other in {"rejected", "upheld", "withdrawn", "open"} - {state}:
        refused_every_way(Contest, contests[state], state=other)
        refused_every_way(Contest, contests[state], state=other, decision=None, settled_at=None, cause="")
    refused_every_way(Contest, contests[state], cause="buyer")
    refused_every_way(Contest, contests[state], settled_at=now + timedelta(days=1))
    refused_every_way(Contest, contests[state], settled_at=None)
    refused_every_way(Contest, contests[state], lapsed_at=now)
    refused_every_way(Contest, contests[state], decision=_spare(contests[state], "rejected" if state == "withdrawn" else state))


def test_a_contest_ends_only_by_a_decision_of_its_own_of_somebody_without_a_part(contests, late, now):
    opened = contests["open"]
    for state, other in (("upheld", contests["upheld"]), ("rejected", contests["rejected"])):
        foreign = Contest.objects.get(pk=other).decision
        cause = "carrier" if state == "upheld" else ""
        refused_every_way(Contest, opened, state=state, settled_at=now, cause=cause, decision=foreign)
    by_opener = _spare(opened, "upheld", by=late.owner.name)
    refused_every_way(Contest, opened, state="upheld", settled_at=now, cause="carrier", decision=by_opener)
    wrong_act = _spare(opened, "rejected")
    refused_every_way(Contest, opened, state="upheld", settled_at=now, cause="carrier", decision=wrong_act)
    right = _spare(opened, "upheld")
    refused_every_way(Contest, opened, state="upheld", settled_at=now, cause="", decision=right)
    refused_every_way(Contest, opened, state="upheld", settled_at=None, cause="carrier", decision=right)
    refused_every_way(Contest, opened, state="withdrawn", settled_at=now, cause="carrier")
    refused_every_way(Contest, opened, state="open", settled_at=now)
    refused_every_way(Contest, opened, state="done", settled_at=now)
    Contest.objects.filter(pk=opened).update(state="upheld", settled_at=now, cause="carrier", decision=right)


def test_who_settled_it_before_does_not_settle_it_again_in_the_database(contests, late, realm, now, due):
    rejected = Contest.objects.get(pk=contests["rejected"])
    (again,) = credit.contest_causes(
        actor=late.owner, merchant=late.merchant, orders=[rejected.order], aspect="dispatch", claimed="carrier",
        objection=Objection(WORDS, due), realm=realm, at=now,
    )
    ending = {"state": "rejected", "settled_at": now}
    refused_every_way(Contest, again.pk, **ending, decision=_spare(again.pk, "rejected", by="account:1"))
    Contest.objects.filter(pk=again.pk).update(**ending, decision=_spare(again.pk, "rejected", by="account:2"))


def test_a_clock_runs_out_once(contests, due):
    Contest.objects.filter(pk=contests["open"]).update(lapsed_at=due)
    refused_every_way(Contest, contests["open"], lapsed_at=due + timedelta(days=1))
    refused_every_way(Contest, contests["open"], lapsed_at=None)


def test_what_was_appealed_stays(appeals, now):
    other = Decision.objects.exclude(pk=Appeal.objects.first().decision_id).first()
    changes = {
        "id": "x", "decision": other, "decision_by": "account:3", "words": "w" * 32, "opened_by": "account:77",
        "opened_at": now - timedelta(days=1), "due": now + timedelta(days=99),
    }
    for state in ("open", "withdrawn"):
        for name, value in changes.items():
            refused_every_way(Appeal, appeals[state], **{name: value})


@pytest.mark.parametrize("by", ["account:1", "account:9", "account:10", "system", ""])
def test_nobody_who_had_a_part_answers_an_appeal_in_the_database(contests, late, realm, now, due, by):
    """Account 1 decided, 9 raised the objection and appealed once, 10 appealed at last."""
    decision = Contest.objects.get(pk=contests["rejected"]).decision
    first = actions.open_appeal(
        actor=late.owner, decision_id=decision.pk, objection=Objection(WORDS, due), realm=realm, at=now
    )
    actions.withdraw_appeal(actor=late.owner, appeal_id=first.pk, realm=realm, at=now)
    appeal = actions.open_appeal(
        actor=Actor("account:10", own=late.owner.own), decision_id=decision.pk, objection=Objection(WORDS, due), realm=realm,
        at=now,
    )
    for state in ("upheld", "rejected"):
        refused_every_way(Appeal, appeal.pk, state=state, settled_by=by, settled_at=now, reply="r" * 32)
    Appeal.objects.filter(pk=appeal.pk).update(state="rejected", settled_by="account:2", settled_at=now, reply="r" * 32)


def test_an_answer_stays(appeals, realm, now):
    actions.settle_appeal(actor=OTHER, appeal_id=appeals["open"], upheld=False, words=REPLY, realm=realm, at=now)
    for changes in (
        {"state": "upheld"}, {"state": "open", "settled_by": "", "settled_at": None, "reply": ""}, {"state": "withdrawn"},
        {"settled_by": "account:3"}, {"settled_at": now + timedelta(days=1)}, {"settled_at": None}, {"reply": "r" * 32},
        {"late": True},
    ):
        refused_every_way(Appeal, appeals["open"], **changes)
    for changes in ({"state": "open", "settled_at": None}, {"state": "rejected", "settled_by": "account:2", "reply": "r" * 32}):
        refused_every_way(Appeal, appeals["withdrawn"], **changes)


def test_an_appeal_that_was_late_was_late(appeals):
    Appeal.objects.filter(pk=appeals["open"]).update(late=True)
    refused_every_way(Appeal, appeals["open"], late=False)


def test_a_rejected_contest_is_upheld_by_an_upheld_appeal_only(contests, appeals, realm, now):
    upheld = {"state": "upheld", "cause": "carrier", "settled_at": now}
    refused_every_way(Contest, contests["rejected"], **upheld)
    actions.settle_appeal(
        actor=OTHER, appeal_id=appeals["open"], upheld=True, words=REPLY, cause="carrier", realm=realm, at=now
    )
    assert Contest.objects.get(pk=contests["rejected"]).state == "upheld"


@pytest.mark.parametrize("model", [Contest, Appeal, Decision])
def test_nothing_of_it_is_deleted_emptied_or_replaced(contests, appeals, model):
    table, before = model._meta.db_table, whole(model._meta.db_table)
    statements = [f"DELETE FROM {table}"]
    if connection.vendor == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    else:
        statements.append(f"REPLACE INTO {table} SELECT * FROM {table}")
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert whole(table) == before
    for delete in (lambda: model.objects.all()._raw_delete("default"), lambda: model.objects.first().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            delete()
    assert whole(table) == before


@pytest.mark.parametrize("changes", [
    {"state": "upheld", "cause": "carrier"}, {"state": "rejected"}, {"state": "withdrawn"}, {"lapsed_at": True},
    {"settled_at": True}, {"cause": "carrier"},
], ids=str)
def test_a_contest_begins_open(contests, now, changes):
    made = Contest.objects.get(pk=contests["upheld"])
    made.id, made.matter, made.decision, made.state, made.settled_at, made.cause = "tnew", "other", None, "open", None, ""
    for name, value in changes.items():
        setattr(made, name, now if value is True else value)
    if made.state in ("upheld", "rejected"):
        made.decision, made.settled_at = _spare("tnew", made.state), now
    for insert in (lambda: made.save(force_insert=True), lambda: Contest.objects.bulk_create([made])):
        with pytest.raises(DatabaseError), transaction.atomic():
            insert()
    assert not Contest.objects.filter(pk="tnew").exists()


@pytest.mark.parametrize("changes", [
    {"state": "rejected", "settled_by": "account:2", "reply": "r" * 32, "settled_at": True}, {"state": "withdrawn"},
    {"late": True}, {"decision_by": "account:4"}, {"settled_at": True}, {"opened_at": False}, {},
], ids=str)
def test_an_appeal_begins_open_in_time_and_there_is_one(contests, appeals, now, changes):
    """The last case changes nothing: there is an open one already."""
    made = Appeal.objects.get(pk=appeals["open"])
    made.id = "pnew"
    for name, value in changes.items():
        setattr(made, name, {True: now, False: now + timedelta(days=200)}[value] if name.endswith("_at") else value)
    if changes:
        made.decision = _spare(contests["open"], "rejected")
    for insert in (lambda: made.save(force_insert=True), lambda: Appeal.objects.bulk_create([made])):
        with pytest.raises(DatabaseError), transaction.atomic():
            insert()
    assert not Appeal.objects.filter(pk="pnew").exists()


def _spare(contest, state, by="account:1"):
    """A decision that would settle a contest, written past the actions."""
    like = Decision.objects.filter(act="contest_rejected").first()
    like.id, like.act, like.contest, like.decided_by = f"jspare{Decision.objects.count()}", f"contest_{state}", contest, by
    like.save(force_insert=True)
    return like

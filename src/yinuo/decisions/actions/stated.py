"""What shops decided in systems of their own: with the reasons they stated, it becomes a decision like those taken here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from yinuo.decisions.actions.decide import reverse, write_rows
from yinuo.decisions.events import DecisionStated, DecisionWithdrawn
from yinuo.decisions.models import Decision
from yinuo.decisions.rules import ACTS, ADVERSE_DAYS, Statement, check_statement
from yinuo.kit.actors import SOURCE, Actor, allow
from yinuo.kit.facts import Recorded
from yinuo.kit.moments import from_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed
from yinuo.record.queries import contents_by_number, facts_about
from yinuo.vault.queries import words_of


@transaction.atomic
def settle_stated(*, actor: Actor, decisions: Collection[str], realm: Realm, at: datetime) -> None:
    """Bring these decisions to what shops' standing facts say of them: taken with the reasons stated, or taken back.

    One whose fact was withdrawn, corrected or contested away is reversed as well; what replaces it is stated under another id.
    One whose reasons were erased before they were read, or whoever it was about, is never taken.
    """
    allow(actor, "decisions.take_stated")
    stated: dict[str, Recorded] = {}
    taken_back: dict[str, datetime] = {}
    for recorded in facts_about(subjects=sorted(decisions)):
        if isinstance(recorded.fact, DecisionStated):
            stated.setdefault(recorded.fact.decision, recorded)
        elif isinstance(recorded.fact, DecisionWithdrawn):
            taken_back.setdefault(recorded.fact.decision, min(from_micros(recorded.at), at))
    known = {decision.pk: decision for decision in Decision.objects.filter(pk__in=decisions)}
    reasons = words_of(name="reasons", subjects=sorted(stated.keys() - known.keys()), realm=realm)
    contents = contents_by_number(numbers=[recorded.seq for recorded in stated.values()])
    taken: dict[str, dict[str, Statement]] = {}
    for decision_id, recorded in stated.items():
        if decision_id not in known and (words := reasons.get(decision_id)):
            statement = _statement(recorded, contents[recorded.seq].key, words, at)
            if _holds(statement, at):
                taken.setdefault(SOURCE + recorded.source, {})[decision_id] = statement
    for by, statements in taken.items():
        known |= {decision.pk: decision for decision in write_rows(statements, by=by, realm=realm, at=at)}
    for decision_id, decision in known.items():
        stands = decision_id in stated and contents[stated[decision_id].seq].key == decision.facts
        since = taken_back.get(decision_id) if stands else decision.since
        if since is not None and decision.reversed_at is None:
            reverse(decision=decision, appeal=None, realm=realm, at=at, since=max(since, decision.since))


def _holds(statement: Statement, at: datetime) -> bool:
    """Whether it still says all that is owed. Intake saw to that; since then whoever it is about may have been erased, and a
    fact that the follower refused would stop it for good.
    """
    try:
        check_statement(statement, at=at)
    except Malformed:
        return False
    return True


def _statement(recorded: Recorded, key: str, words: str, at: datetime) -> Statement:
    """The statement of reasons in a shop's fact, which is itself what the decision relies on."""
    stated = recorded.fact
    assert isinstance(stated, DecisionStated)
    since = min(from_micros(recorded.at), at)
    return Statement(
        act=stated.act, ground=stated.ground, facts=(key,), words=words, automated=stated.automated, since=since,
        until=since + timedelta(days=ADVERSE_DAYS) if ACTS[stated.act].ends else None, merchant=stated.merchant,
        buyer=stated.buyer, review=stated.review, listing=stated.listing,
    )

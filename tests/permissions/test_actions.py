"""The permission table of every action: who may, by role, own and another's affair; whoever may not changes nothing."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from django.conf import settings
from django.db import connection, transaction

from yinuo.decisions.actions import Proof
from yinuo.decisions.rules import Statement
from yinuo.kit.refusals import Refusal
from yinuo.people.rules import RoomRequest

STAFF = "steward, second steward, finance, auditor, data_protection, authority, administrator"
SPEAKERS = "merchant_owner, merchant_operations"
# The steward asked for the room in the table's world, so that the others below approve it: four eyes.

MAY = {     # action: who may do it about the first merchant and the first buyer. Nobody else, and nobody of another's.
    "vault.renew_data_keys": "system",
    "vault.rotate": "system",
    "record.add_webhook": "source, administrator, system",
    "record.anchor": "system",
    "record.append": "system",
    "record.archive": "system",
    "record.begin_log": "system",
    "record.deliver_next": "system",
    "record.drop_refused": "steward, second steward, system",
    "record.drop_stale": "steward, second steward, system",
    "record.export": "system",
    "record.follow_webhooks": "system",
    "record.forget": "data_protection, system",
    "record.forget_refused": "data_protection, system",
    "record.lease_webhooks": "system",
    "record.make_key": "system",
    "record.pause_webhook": "source, administrator, system",
    "record.publish": "system",
    "record.recognise": "system",
    "record.release_webhook": "system",
    "record.remove_webhook": "source, administrator, system",
    "record.replay_each": "steward, second steward, system",
    "record.replay_refused": "steward, second steward, system",
    "record.replay_webhook": "source, administrator, system",
    "record.resume_webhook": "source, administrator, system",
    "record.revoke_key": "system",
    "record.rotate_webhook": "source, administrator, system",
    "record.seal": "system",
    "record.stamp": "system",
    "record.still_refused": "steward, second steward, system",
    "record.take": "source, system",
    "record.take_events": "source, system",
    "record.take_stream": "source, system",
    "record.try_webhook": "source, administrator, system",
    "record.witness": "system",
    "people.approve": "second steward, data_protection",
    "people.approve_room": "second steward, data_protection",
    "people.ask_room": "steward, second steward, data_protection",
    "people.close_account": "data_protection, system",
    "people.close_room": "steward, second steward, data_protection",
    "people.correct": "buyer, data_protection, system",
    "people.decline": "second steward, data_protection",
    "people.decline_room": "second steward, data_protection",
    "people.disable_account": "administrator, system",
    "people.end_grant": "administrator, system",
    "people.end_membership": "merchant_owner, system",
    "people.end_room": "system",
    "people.enter_room": "authority",
    "people.forget_filter": "steward, second steward, auditor",
    "people.forget_person": "data_protection, system",
    "people.give_consent": "buyer, data_protection, system",
    "people.invite_staff": "administrator, system",
    "people.invite_subject": "source, system",
    "people.invite_team": "merchant_owner, system",
    "people.lift_restriction": "buyer, data_protection, system",
    "people.look_into_room": "authority",
    "people.note_look": "buyer, data_protection, system",
    "people.note_staff_look": f"{STAFF}, system",
    "people.propose": "steward, second steward, data_protection",
    "people.reset_second_factor": "system",
    "people.restrict": "buyer, data_protection, system",
    "people.save_filter": "steward, second steward, auditor",
    "people.tell_erasures": "system",
    "people.tell_room": "system",
    "people.withdraw_consent": "buyer, data_protection, system",
    "people.withdraw_invitation": "administrator, system",
    "people.withdraw_proposal": "steward",
    "people.withdraw_room": "steward",
    "decisions.decide": "steward, second steward",
    "decisions.forget_person": "data_protection, system",
    "decisions.lapse_contest": "system",
    "decisions.note_late_appeal": "system",
    "decisions.open_appeal": SPEAKERS,
    "decisions.open_contests": SPEAKERS,
    "decisions.preview_settling": "steward, second steward",
    "decisions.settle_appeal": "steward",                       # the second one took the decision that was appealed
    "decisions.settle_contests": "steward, second steward",
    "decisions.settle_each": "steward, second steward",
    "decisions.settle_proved": "system",
    "decisions.settle_stated": "system",
    "decisions.take_appeals": "steward, second steward",
    "decisions.take_contests": "steward, second steward",
    "decisions.withdraw_appeal": SPEAKERS,
    "decisions.withdraw_contest": SPEAKERS,
    "credit.add_scorecard": "steward, second steward, system",
    "credit.announce": "steward, second steward, system",
    "credit.ask_recompute": "steward, second steward, auditor, system",
    "credit.ask_release": "steward, second steward",
    "credit.begin_job": "system",
    "credit.card_in_force": "steward, second steward, system",   # to put the shipped one in force, where there is none yet
    "credit.contest_causes": SPEAKERS,
    "credit.contest_complaints": SPEAKERS,
    "credit.contest_each": SPEAKERS,
    "credit.contest_fact": SPEAKERS,
    "credit.end_job": "system",
    "credit.forget_person": "data_protection, system",
    "credit.judge_complaints": "system",
    "credit.judge_orders": "system",
    "credit.judge_reviews": "system",
    "credit.keep_past": "steward, second steward, system",
    "credit.level_buyers": "steward, second steward, system",
    "credit.note_progress": "system",
    "credit.publish": "steward, second steward, system",
    "credit.put_in_force": "steward, second steward, system",
    "credit.settle_proved": "system",
    "credit.rate_listings": "steward, second steward, system",
    "credit.release": "steward, second steward, system",
}


class Past(Exception):
    """The action let the actor by, and began to work on what it was given."""


class Beyond:
    """Stands for whatever an action needs only once the actor may: any use of it says that the permission was passed."""

    def __getattr__(self, name: str) -> NoReturn:
        raise Past(name)

    def _used(self, *_: Any, **__: Any) -> NoReturn:
        raise Past

    __iter__ = __len__ = __bool__ = __str__ = __int__ = __index__ = __call__ = _used
    __add__ = __sub__ = __mul__ = __truediv__ = __lt__ = __le__ = __gt__ = __ge__ = _used
    __eq__ = __hash__ = _used       # type: ignore[assignment]


BEYOND = Beyond()
GIVEN: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    # What the permission depends on. An argument that is not named here is taken from the world by its name, or is BEYOND.
    "record.add_webhook": lambda w: {"source": "shop"},
    "record.take": lambda w: {"source": "shop", "events": [], "refused": [], "waiting_max": None},
    "record.take_events": lambda w: {"source": "shop", "raws": [b"{}"], "waiting_max": None},
    "record.take_stream": lambda w: {"source": "shop", "raws": [b"{}"]},
    "record.make_key": lambda w: {"source": "shop", "expires": None},
    "people.approve": lambda w: {"proposal": w.room.proposal.pk, "digest": w.room.proposal.digest},
    "people.decline": lambda w: {"proposal": w.room.proposal.pk},
    "people.withdraw_proposal": lambda w: {"proposal": w.room.proposal.pk},
    "people.propose": lambda w: {
        "permission": "people.ask_room", "approval": "people.approve_room", "subject": "x", "digest": "ab" * 32,
        "lasts": timedelta(days=1),
    },
    "people.approve_room": lambda w: {"room_id": w.room.pk, "digest": w.room.proposal.digest},
    "people.decline_room": lambda w: {"room_id": w.room.pk},
    "people.withdraw_room": lambda w: {"room_id": w.room.pk},
    "people.close_room": lambda w: {"room_id": w.open_room.pk},
    "people.enter_room": lambda w: {"room_id": w.open_room.pk},
    "people.look_into_room": lambda w: {"room_id": w.open_room.pk, "thing": w.warning.pk, "what": "seen"},
    "people.ask_room": lambda w: {
        "request": RoomRequest("A Court", "Law 25", "3", "What the letter asks for.", w.at + timedelta(days=9)),
        "cases": w.cases, "guests": ["authority"],
    },
    "people.note_look": lambda w: {"what": "seen"},
    "people.note_staff_look": lambda w: {"why": "decides", "page": "decision", "thing": "j1"},
    "people.correct": lambda w: {"text": "name", "words": "Ann", "asked": "person"},
    "people.restrict": lambda w: {"ground": "objection"},
    "people.give_consent": lambda w: {"purpose": "publish_name"},
    "people.withdraw_consent": lambda w: {"purpose": "publish_name"},
    "people.invite_staff": lambda w: {"role": "steward", "until": None},
    "people.invite_team": lambda w: {"role": "merchant_reader"},
    "people.invite_subject": lambda w: {"source": "shop", "kind": "buyer", "source_id": "ann"},
    "people.disable_account": lambda w: {"handle": "finance"},
    "people.reset_second_factor": lambda w: {"handle": "finance"},
    "decisions.decide": lambda w: {"statement": Statement(
        act="warning", ground="safety", facts=(w.key,), words="The goods burn at once, as the test shows.", automated="no",
        since=w.at, merchant=w.tea,
    )},
    "decisions.open_appeal": lambda w: {"decision_id": w.warning.pk},
    "decisions.settle_appeal": lambda w: {
        "appeal_id": w.appeal.pk, "upheld": False, "words": "The test was looked at again and stands.", "cause": None,
    },
    "decisions.withdraw_appeal": lambda w: {"appeal_id": w.appeal.pk},
    "decisions.withdraw_contest": lambda w: {"contest_id": w.contest.pk},
    "decisions.settle_contests": lambda w: {
        "ids": [w.contest.pk], "upheld": True, "ground": "evidence", "cause": "carrier",
        "words": "The carrier's own scans show that it came late.",
    },
    "decisions.settle_proved": lambda w: {"proofs": {w.contest.pk: Proof("carrier", w.contest.event)}},
    "credit.contest_fact": lambda w: {"number": w.handed_over},
    "credit.contest_complaints": lambda w: {"complaints": [w.complaint], "claimed": "carrier"},
    "credit.contest_each": lambda w: {"outcomes": {"dispatch": [w.orders[2]]}, "claimed": "carrier"},
}
FROM_WORLD = {      # by an argument's name: the first merchant, the first buyer, and what is theirs
    "realm": "realm", "at": "at", "merchant": "tea", "person": "ann", "webhook": "webhook", "membership": "membership",
    "invitation": "invitation", "grant": "grant", "objection": "objection",
}


def actions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public action that takes an actor, by domain and name."""
    for domain in settings.DOMAINS:
        if find_spec(f"yinuo.{domain}.actions") is None:
            continue
        module = import_module(f"yinuo.{domain}.actions")
        own = [name for name, each in vars(module).items() if getattr(each, "__module__", "") == module.__name__]
        for name in getattr(module, "__all__", own):
            action = getattr(module, name)
            if inspect.isfunction(action) and not name.startswith("_") and "actor" in inspect.signature(action).parameters:
                yield f"{domain}.{name}", action


def test_every_action_that_takes_an_actor_has_its_row():
    there = dict(actions())
    missing = [
        f'{name}: add to MAY in {__name__}.py  "{name}": "<role>, <role>",  and to GIVEN what the permission needs, beside '
        f"{', '.join(sorted(FROM_WORLD))}. It takes {', '.join(inspect.signature(action).parameters)}."
        for name, action in there.items() if name not in MAY
    ]
    assert not missing, "\n".join(missing)
    assert not [name for name in (*MAY, *GIVEN) if name not in there], "rows of actions that there are no more"


def test_the_table_names_only_roles_that_there_are(world):
    assert {role for row in MAY.values() for role in row.split(", ")} <= world.actors.keys()


def test_who_may_do_what_and_a_denial_changes_nothing(world):
    wrong: list[str] = []
    before = digest()
    for name, action in actions():
        if name not in MAY:
            continue            # the test above says so
        may = MAY[name].split(", ")
        arguments = arguments_of(name, action, world)
        for role, actor in world.actors.items():
            if role in may:
                continue
            outcome = tried(action, actor, arguments)
            if not denied(outcome):
                wrong.append(f"{name}: {role} is not in its row, and was not denied but {told(outcome)}")
        if digest() != before:
            wrong.append(f"{name}: somebody was denied, and something changed all the same")
            before = digest()
        for role in may:
            outcome = tried(action, world.actors[role], arguments, undone=True)
            if not passed(outcome):
                wrong.append(f"{name}: {role} is in its row, and was not let by but {told(outcome)}")
    assert not wrong, "\n".join(wrong)


def test_the_world_has_something_to_lose(world):
    """What the digest guards is there: a change of one letter anywhere shows."""
    before = digest()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_account SET handle = 'nobody.else' WHERE handle = 'nobody'")
    assert digest() != before


def arguments_of(name: str, action: Callable[..., Any], world: SimpleNamespace) -> dict[str, Any]:
    """What the action is called with, beside the actor."""
    given = GIVEN.get(name, lambda _: {})(world)
    return {
        parameter: given[parameter] if parameter in given
        else getattr(world, FROM_WORLD[parameter]) if parameter in FROM_WORLD else BEYOND
        for parameter in inspect.signature(action).parameters if parameter != "actor"
    }


def tried(action: Callable[..., Any], actor: Any, arguments: dict[str, Any], *, undone: bool = False) -> BaseException | None:
    """What the action raised. What a refused one wrote stays written, unless the action itself takes it back."""
    with transaction.atomic():
        try:
            result = action(actor=actor, **arguments)
            if inspect.isgenerator(result):
                list(result)
        except Exception as raised:  # noqa: BLE001 - looked at by whoever asks
            if undone:
                transaction.set_rollback(True)
            return raised
        if undone:
            transaction.set_rollback(True)
        return None


def denied(outcome: BaseException | None) -> bool:
    """Whether the actor was turned away: not allowed, or told that there is no such thing."""
    return isinstance(outcome, Refusal) and outcome.status in (403, 404)


def passed(outcome: BaseException | None) -> bool:
    """Whether the actor was let by: it was done, or refused for another reason than who they are."""
    return outcome is None or isinstance(outcome, Past) or (isinstance(outcome, Refusal) and not denied(outcome))


def told(outcome: BaseException | None) -> str:
    return "done" if outcome is None else f"met {type(outcome).__name__}: {outcome}"


def digest() -> str:
    """A hash of every row of every table."""
    hashing = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT * FROM "{table}"')
            hashing.update(repr((table, sorted(map(repr, map(_plain, cursor.fetchall()))))).encode())
    return hashing.hexdigest()


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


@pytest.mark.parametrize(("outcome", "is_denied", "is_passed"), [
    (None, False, True), (Past(), False, True), (Refusal("no"), False, True), (KeyError("x"), False, False),
])
def test_only_a_clear_answer_counts(outcome, is_denied, is_passed):
    assert (denied(outcome), passed(outcome)) == (is_denied, is_passed)

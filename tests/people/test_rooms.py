"""Case rooms: nobody opens one alone, an authority reads what was named until the day, and every look stays written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import IntegrityError, transaction

from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound
from yinuo.people import actions, queries, rules
from yinuo.people.models import Access, Account, CaseRoom, CaseRoomCase, Grant, Membership, Proposal
from yinuo.people.reactions import TIMERS
from yinuo.pipelines import persons, rooms
from yinuo.record.queries import facts_numbered, size
from yinuo.timers import actions as timers
from yinuo.timers.models import Timer
from yinuo.vault.models import Text
from yinuo.vault.queries import surrogate_of

pytestmark = pytest.mark.django_db

ASKER, SECOND = Actor("account:1001", frozenset({"steward"})), Actor("account:1002", frozenset({"data_protection"}))
ASKED = "All facts about the order that is named below, with their proofs."


@pytest.fixture
def here(take, event, realm, now):
    """Two orders of two buyers, and an authority's account."""
    for name in ("ann", "bob"):
        take([event("trade.order_placed", id=f"o-{name}", order=f"order-{name}", merchant="tea", buyer=name, amount_minor=500,
                    currency="CNY")])
    court = Account.objects.create(handle="court", password="!", created=now)
    Grant.objects.create(account=court, role="authority", granted_by="system", granted=now, until=now + timedelta(days=60))
    Authenticator.objects.create(user=court, type="totp", data={})

    class Here:
        account = court
        authority = queries.actor_of(court, at=now)

        def of(self, kind, name):
            return surrogate_of(kind=kind, source="shop", source_id=name, key=realm.key)

        def ask(self, *, actor=ASKER, named=("order shop order-ann",), guests=("court",), **changes):
            given = {"authority": "District Court of Nowhere", "basis": "E-Commerce Law 25", "reference": "(2026) 17",
                     "asked": ASKED, "until": now + timedelta(days=30), "with_persons": True} | changes
            return rooms.ask(
                actor=actor, request=rules.RoomRequest(**given), named=named, guests=guests, realm=realm, at=now
            )

        def approve(self, room, *, actor=SECOND, at=now):
            return actions.approve_room(actor=actor, room_id=room.pk, digest=room.proposal.digest, realm=realm, at=at)

    return Here()


def stated(take, room):
    take([])
    every = [told.fact for told in facts_numbered(numbers=range(size()))]
    return [fact for fact in every if getattr(fact, "room", "") == room.pk]


def test_a_room_opens_by_two_people_and_shows_what_was_named(here, realm, now, take):
    order, other = here.of("order", "order-ann"), here.of("order", "order-bob")
    room = here.ask()
    with pytest.raises(actions.RoomOver):
        actions.enter_room(actor=here.authority, room_id=room.pk, at=now)
    assert queries.own_rooms(viewer=here.authority, realm=realm, at=now) == []
    here.approve(room)
    (case,) = actions.enter_room(actor=here.authority, room_id=room.pk, at=now)
    assert (case.kind, case.thing, case.merchant, case.buyer) == (
        "order", order, here.of("merchant", "tea"), here.of("buyer", "ann")
    )
    assert rooms.show(actor=here.authority, room=room.pk, thing=order, realm=realm, at=now).order == "order-ann"
    for thing in (other, "j234567", here.of("merchant", "tea"), ""):
        with pytest.raises(NotFound):
            rooms.show(actor=here.authority, room=room.pk, thing=thing, realm=realm, at=now)
    assert [type(fact).__name__ for fact in stated(take, room)] == ["CaseRoomAsked", "CaseRoomOpened"]
    asked = stated(take, room)[0]
    assert (asked.cases, asked.told) == (1, "at_once")


def test_nothing_of_a_request_stands_in_clear_anywhere(here):
    room = here.ask(silence="Criminal Procedure Law 54", tell_from=here.account.created + timedelta(days=90))
    kept = {text.key: bytes(text.words) for text in Text.objects.filter(key__startswith=room.pk)}
    assert sorted(kept) == [f"{room.pk}/{name}" for name in ("asked", "authority", "basis", "reference", "silence")]
    assert not any(word in sealed for sealed in kept.values() for word in (b"Court", b"Law", b"2026", b"facts"))


def test_whoever_asks_cannot_approve_and_a_denial_changes_nothing(here, realm, now):
    both = Actor(ASKER.name, frozenset({"steward", "data_protection", "administrator"}))
    room = here.ask()
    before = list(CaseRoom.objects.values()) + list(Proposal.objects.values())
    for act in (here.approve, lambda room, actor: actions.decline_room(actor=actor, room_id=room.pk, realm=realm, at=now)):
        with pytest.raises(actions.FourEyes):
            act(room, actor=both)
    for actor in (SYSTEM, PUBLIC, here.authority, Actor("account:7", frozenset({"administrator", "finance", "auditor"}))):
        with pytest.raises(NotAllowed):
            here.approve(room, actor=actor)
    with pytest.raises(NotAllowed):
        actions.withdraw_room(actor=Actor("account:7", frozenset({"steward"})), room_id=room.pk, realm=realm, at=now)
    assert list(CaseRoom.objects.values()) + list(Proposal.objects.values()) == before
    with pytest.raises(IntegrityError), transaction.atomic():       # nor past the actions
        Proposal.objects.filter(pk=room.proposal.pk).update(state="approved", settled_by=ASKER.name, settled_at=now)


def test_what_was_approved_is_what_was_asked(here, realm, now):
    room = here.ask()
    with pytest.raises(Conflict, match="not what was proposed"):
        actions.approve_room(actor=SECOND, room_id=room.pk, digest="0" * 64, realm=realm, at=now)
    for change in (
        lambda: CaseRoomCase.objects.filter(room=room).update(thing=here.of("order", "order-bob")),
        lambda: CaseRoom.objects.filter(pk=room.pk).update(until=now + timedelta(days=80)),
    ):
        with transaction.atomic():
            change()
            with pytest.raises(Conflict, match="not what was proposed"):
                here.approve(room)
            transaction.set_rollback(True)
    here.approve(room)
    with pytest.raises(Conflict, match="already"):
        here.approve(room)


def test_whoever_acts_for_somebody_concerned_has_no_part(here):
    own = {here.of("merchant", "tea"): frozenset({"merchant_owner"})}
    with pytest.raises(NotAllowed):
        here.ask(actor=Actor("account:5", frozenset({"steward"}), own))
    room = here.ask()
    with pytest.raises(NotAllowed):
        here.approve(room, actor=Actor("account:5", frozenset({"steward"}), own))


def test_a_room_is_open_until_its_day_whether_or_not_the_timer_ran(here, realm, now, take):
    room = here.ask()
    here.approve(room)
    last = now + timedelta(days=30)
    actions.enter_room(actor=here.authority, room_id=room.pk, at=last - timedelta(seconds=1))
    for later in (last, last + timedelta(days=1)):
        with pytest.raises(actions.RoomOver):
            actions.look_into_room(actor=here.authority, room_id=room.pk, thing="x", what="seen", at=later)
    assert queries.own_rooms(viewer=here.authority, realm=realm, at=last)[0].state == "expired"
    timers.run_due(handlers={kind: lambda s, at, h=h: h(s, at, realm=realm) for kind, h in TIMERS.items()}, at=last)
    assert CaseRoom.objects.get().closed_how == "expired"
    assert stated(take, room)[-1].how == "expired"


def test_a_room_is_closed_early_declined_withdrawn_or_lapses(here, realm, now, take):
    given = {"realm": realm, "at": now}
    opened, declined, withdrawn, lapsed = (here.ask(reference=f"No. {number}") for number in range(4))
    here.approve(opened)
    actions.close_room(actor=ASKER, room_id=opened.pk, **given)
    actions.decline_room(actor=SECOND, room_id=declined.pk, **given)
    actions.withdraw_room(actor=ASKER, room_id=withdrawn.pk, **given)
    late = now + rules.FOUR_EYES_LASTS
    with pytest.raises(Conflict, match="in time"):
        here.approve(lapsed, at=late)
    assert not actions.end_room(actor=SYSTEM, room_id=lapsed.pk, realm=realm, at=late - timedelta(seconds=1))
    assert actions.end_room(actor=SYSTEM, room_id=lapsed.pk, realm=realm, at=late)
    ends = [stated(take, room)[-1].how for room in (opened, declined, withdrawn, lapsed)]
    assert ends == ["early", "declined", "withdrawn", "lapsed"]
    for room in (opened, declined, withdrawn, lapsed):
        with pytest.raises(actions.RoomOver):
            actions.enter_room(actor=here.authority, room_id=room.pk, at=now)
    assert not Timer.objects.filter(done=None, dead=None, kind=rules.ROOM_ENDS).exists()
    assert queries.room_counts(at=now) == {"asked": 4, "granted": 1, "refused": 3, "open": 0, "waiting": 0, "told_later": 0}


def test_nobody_else_enters(here, realm, now):
    room = here.ask()
    here.approve(room)
    other = Account.objects.create(handle="other.court", created=now)
    Grant.objects.create(account=other, role="authority", granted_by="system", granted=now, until=now + timedelta(days=9))
    Authenticator.objects.create(user=other, type="totp", data={})
    with pytest.raises(NotFound):
        actions.enter_room(actor=queries.actor_of(other, at=now), room_id=room.pk, at=now)
    for actor in (ASKER, SECOND, SYSTEM, PUBLIC, Actor(here.authority.name, frozenset({"steward"}))):
        with pytest.raises(NotAllowed):
            actions.enter_room(actor=actor, room_id=room.pk, at=now)
    actions.disable_account(actor=SYSTEM, handle="court", at=now)
    here.account.refresh_from_db()
    with pytest.raises(NotAllowed):
        actions.enter_room(actor=queries.actor_of(here.account, at=now), room_id=room.pk, at=now)
    assert not Access.objects.exists()


@pytest.mark.parametrize("changes", [
    {"authority": " "}, {"basis": ""}, {"reference": "\u200b"}, {"asked": "All of it."}, {"until": timedelta(0)},
    {"until": timedelta(days=91)}, {"silence": "Law 1"}, {"tell_from": timedelta(days=9)},
    {"silence": "Law 1", "tell_from": timedelta(days=366)}, {"silence": "Law 1", "tell_from": timedelta(0)},
    {"named": []}, {"named": ["order shop order-ann", "order shop order-ann"]}, {"named": ["order shop nothing"]},
    {"named": ["jnothing"]}, {"named": ["bsomebody"]}, {"named": ["everything"]}, {"guests": []}, {"guests": ["nobody.here"]},
], ids=str)
def test_a_request_says_all_that_the_law_asks_to_be_noted(changes, here, now):
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises((Malformed, Conflict, NotFound)):
        here.ask(**given)
    assert not CaseRoom.objects.exists()
    assert not Proposal.objects.exists()


def test_only_an_authority_is_let_in_and_its_account_is_nothing_else(here, realm, now):
    steward = Account.objects.create(handle="worker", created=now)
    Grant.objects.create(account=steward, role="steward", granted_by="system", granted=now)
    with pytest.raises(Conflict):
        here.ask(guests=["worker"])
    tea = here.of("merchant", "tea")

    def accept(account, invited):
        with pytest.raises(Conflict, match="no other"):
            actions.accept_invitation(account=account, token=invited.token, at=now)

    accept(here.account, actions.invite_staff(actor=SYSTEM, role="steward", until=None, realm=realm, at=now))
    accept(here.account, actions.invite_team(actor=SYSTEM, merchant=tea, role="merchant_owner", realm=realm, at=now))
    until = now + timedelta(days=9)
    accept(steward, actions.invite_staff(actor=SYSTEM, role="authority", until=until, realm=realm, at=now))
    member = Account.objects.create(handle="member", created=now)
    Membership.objects.create(account=member, subject=tea, role="merchant_owner", granted_by="system", granted=now)
    accept(member, actions.invite_staff(actor=SYSTEM, role="authority", until=until, realm=realm, at=now))


def test_the_person_is_told_at_once_or_when_the_silence_ends(here, realm, now):
    ann, day = here.of("buyer", "ann"), now + timedelta(days=40)
    self_ = Actor("account:77", own={ann: frozenset({"buyer"})})
    silent = here.ask(silence="Criminal Procedure Law 54", tell_from=day)
    here.approve(silent)
    rooms.show(actor=here.authority, room=silent.pk, thing=here.of("order", "order-ann"), realm=realm, at=now)

    def told(at=now):
        return [one.request.reference for one, _ in queries.rooms_about(viewer=self_, subject=ann, realm=realm, at=at)]

    assert told() == []
    about = queries.kept_about(person=ann)
    assert (about["looked_at"], about["shown_to_authorities"]) == ([], [])
    spoken = here.ask(reference="(2026) 18")
    here.approve(spoken)
    assert told() == ["(2026) 18"]
    actions.close_room(actor=SECOND, room_id=silent.pk, realm=realm, at=now)     # which does not end the silence
    assert not actions.tell_room(actor=SYSTEM, room_id=silent.pk, at=day - timedelta(seconds=1))
    assert told() == ["(2026) 18"]
    timers.run_due(handlers={kind: lambda s, at, h=h: h(s, at, realm=realm) for kind, h in TIMERS.items()}, at=day)
    assert sorted(told(day)) == ["(2026) 17", "(2026) 18"]
    assert [look["why"] for look in queries.kept_about(person=ann)["looked_at"]] == ["authority"]
    bob = here.of("buyer", "bob")
    other = Actor("account:78", own={bob: frozenset({"buyer"})})
    assert queries.rooms_about(viewer=other, subject=bob, realm=realm, at=day) == []
    with pytest.raises(NotAllowed):
        queries.rooms_about(viewer=self_, subject=bob, realm=realm, at=day)


def test_a_buyer_is_concerned_only_if_the_request_names_buyers(here):
    here.approve(here.ask(with_persons=False))
    assert CaseRoomCase.objects.get().buyer is None


def test_every_look_is_listed_to_the_officer_by_account_subject_and_day(here, realm, now):
    officer = Actor("account:1", frozenset({"data_protection"}))
    room = here.ask()
    here.approve(room)
    ann, tea, order = here.of("buyer", "ann"), here.of("merchant", "tea"), here.of("order", "order-ann")
    actions.enter_room(actor=here.authority, room_id=room.pk, at=now)
    actions.look_into_room(actor=here.authority, room_id=room.pk, thing=order, what="taken", at=now + timedelta(days=1))
    persons.see(actor=SYSTEM, person=ann, realm=realm, at=now, jurisdiction="cn", domains=settings.DOMAINS)
    actions.note_staff_look(actor=ASKER, person=ann, why="decides", page="decision", thing="j1", at=now)

    def found(**wanted):
        shown = queries.looks(viewer=officer, wanted=queries.LookFilter(**wanted)).looks
        return sorted((who, look.person, look.what, look.why, look.page) for look, who in shown)

    every = sorted([
        ("court", ann, "seen", "authority", "room"), ("court", tea, "seen", "authority", "room"),
        ("court", ann, "taken", "authority", "case"), ("court", tea, "taken", "authority", "case"),
        ("system", ann, "seen", "rights", ""), ("account:1001", ann, "seen", "decides", "decision"),
    ])
    assert found() == every
    assert found(account="Court") == [each for each in every if each[0] == "court"]
    assert found(account="system") == [("system", ann, "seen", "rights", "")]
    assert found(subject=tea) == [each for each in every if each[1] == tea]
    assert found(subject=order) == [each for each in every if each[2] == "taken"]
    assert found(day=now - timedelta(hours=1)) == [each for each in every if each[2] == "seen"]
    assert found(room=room.pk) == [each for each in every if each[0] == "court"]
    assert found(account="nobody.here") == found(subject="b") == []
    for actor in (ASKER, here.authority, PUBLIC, Actor("account:2", frozenset({"administrator", "auditor"}))):
        with pytest.raises(NotAllowed):
            queries.looks(viewer=actor, wanted=queries.LookFilter())


def test_an_erased_persons_mark_is_taken_out_of_the_room(here, realm, now):
    here.approve(here.ask())
    ann = here.of("buyer", "ann")
    actions.forget_person(actor=SYSTEM, person=ann)
    assert CaseRoomCase.objects.get().buyer is None


def test_four_eyes_for_anything_else_too(now):
    """What whatever moves money will stand on: the permission is the proposal's own, and each proposal is settled once."""
    owner = Actor("account:1", frozenset({"steward"}))
    given = {"permission": "people.ask_room", "approval": "people.approve_room", "digest": "ab" * 32}
    first = actions.propose(actor=owner, subject="x1", at=now, **given)
    with pytest.raises(Conflict, match="waits for a second"):
        actions.propose(actor=SECOND, subject="x1", at=now, **given)
    with pytest.raises(NotAllowed, match="machine"):
        actions.propose(actor=Actor("system", frozenset({"steward"})), subject="x2", at=now, **given)
    with pytest.raises(NotAllowed):
        actions.propose(actor=Actor("account:2", frozenset({"finance"})), subject="x2", at=now, **given)
    with pytest.raises(NotFound):
        actions.approve(actor=SECOND, proposal=first.pk + 1, digest="ab" * 32, at=now)
    with pytest.raises(Conflict, match="not what was proposed"):
        actions.approve(actor=SECOND, proposal=first.pk, digest="cd" * 32, at=now)
    actions.decline(actor=SECOND, proposal=first.pk, at=now)
    for act in (actions.decline, lambda **given: actions.approve(digest="ab" * 32, **given)):
        with pytest.raises(Conflict, match="already"):
            act(actor=SECOND, proposal=first.pk, at=now)
    again = actions.propose(actor=owner, subject="x1", at=now, **given)
    with pytest.raises(Conflict, match="in time"):
        actions.approve(actor=SECOND, proposal=again.pk, digest="ab" * 32, at=now + rules.FOUR_EYES_LASTS)
    with pytest.raises(NotAllowed):
        actions.withdraw_proposal(actor=SECOND, proposal=again.pk, at=now)
    assert actions.withdraw_proposal(actor=owner, proposal=again.pk, at=now).state == "withdrawn"

"""Accounts: who is let in as what, by whom, and how that ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound, Refusal
from yinuo.people import actions, queries, rules
from yinuo.people.models import Account, Grant, Invitation, Membership
from yinuo.pipelines import persons
from yinuo.vault.queries import surrogate_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(take, event, realm):
    """A merchant and a buyer of the shop, and a merchant of another one, by what they are called there."""
    order = {"order": "o1", "amount_minor": 500, "currency": "CNY"}
    take([event("trade.order_placed", id="o1", merchant="tea", buyer="ann", **order)])
    take([event("trade.order_placed", id="o1", merchant="silk", buyer="bob", source="bazaar", **order)], source="bazaar")

    def find(kind, name, source="shop"):
        return surrogate_of(kind=kind, source=source, source_id=name, key=realm.key)

    return find


@pytest.fixture
def invite(realm, now):
    """Makes an invitation: invite("steward"), invite("merchant_reader", merchant); returns its token."""

    def make(role, subject="", *, actor=SYSTEM, at=now, until=None):
        if subject:
            return actions.invite_team(actor=actor, merchant=subject, role=role, realm=realm, at=at).token
        until = until or (at + timedelta(days=30) if role == "authority" else None)
        return actions.invite_staff(actor=actor, role=role, until=until, realm=realm, at=at).token

    return make


@pytest.fixture
def somebody(invite, now):
    """Makes an account with a role, and with a second factor unless told otherwise."""

    def make(handle, role="", subject="", *, factor=True):
        account = Account.objects.create(handle=handle, password="!", created=now)
        if role:
            actions.accept_invitation(account=account, token=invite(role, subject), at=now)
        if factor:
            Authenticator.objects.create(user=account, type="totp", data={})
        return account

    return make


def acting(account, now):
    return queries.actor_of(account, at=now)


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Account, Grant, Membership, Invitation)]


WHO = ("public", "source", "system", *rules.STAFF_ROLES, *rules.TEAM_ROLES, "buyer")
MAY = {
    "invite_staff": {"system", "administrator"},
    "invite_team": {"system", "merchant_owner"},
    "invite_subject": {"system", "source"},
    "withdraw_staff": {"system", "administrator"},
    "end_grant": {"system", "administrator"},
    "end_membership": {"system", "merchant_owner"},
    "disable": {"system", "administrator"},
    "reset_second_factor": {"system"},
    "close_account": {"system", "data_protection"},
    "see_accounts": {"system", "administrator", "auditor"},
    "see_team": {"system", *rules.TEAM_ROLES},
}


@pytest.fixture
def actor_as(known, somebody, now):
    """The actor that holds just this role, for the merchant or buyer of the shop where it is held for somebody."""

    def make(role):
        if role in {"public", "system"}:
            return PUBLIC if role == "public" else SYSTEM
        if role == "source":
            return Actor("shop", frozenset({"source"}))
        account = somebody("acting")
        if role == "buyer":
            ann = known("buyer", "ann")
            Membership.objects.create(account=account, subject=ann, role="buyer", granted_by="shop", granted=now)
        elif role in rules.STAFF_ROLES:
            until = now + timedelta(days=1) if role == "authority" else None
            Grant.objects.create(account=account, role=role, granted_by="system", granted=now, until=until)
        else:
            subject = known("merchant", "tea")
            Membership.objects.create(account=account, subject=subject, role=role, granted_by="shop", granted=now)
        return queries.actor_of(account, at=now)

    return make


@pytest.mark.parametrize("role", WHO)
def test_who_may_do_what_and_a_denial_changes_nothing(role, known, somebody, invite, actor_as, realm, now):
    actor, tea = actor_as(role), known("merchant", "tea")
    somebody("first.admin", "administrator")
    somebody("other.admin", "administrator")
    owner = somebody("owner", "merchant_owner", tea)
    reader = Membership.objects.filter(account=somebody("reader", "merchant_reader", tea)).get()
    steward = Grant.objects.get(account=somebody("steward", "steward"))
    invite("finance")
    invitation = Invitation.objects.get(role="finance", used=None)
    here = {"actor": actor, "realm": realm, "at": now}
    there = {"actor": actor, "at": now}
    acts = {
        "invite_staff": lambda: actions.invite_staff(role="steward", until=None, **here),
        "invite_team": lambda: actions.invite_team(merchant=tea, role="merchant_reader", **here),
        "invite_subject": lambda: actions.invite_subject(source="shop", kind="buyer", source_id="ann", **here),
        "withdraw_staff": lambda: actions.withdraw_invitation(invitation=invitation.pk, **there),
        "end_grant": lambda: actions.end_grant(grant=steward.pk, **there),
        "end_membership": lambda: actions.end_membership(membership=reader.pk, **there),
        "disable": lambda: actions.disable_account(handle="steward", **there),
        "reset_second_factor": lambda: actions.reset_second_factor(actor=actor, handle="steward"),
        "close_account": lambda: actions.close_account(actor=actor, person=known("buyer", "ann")),
        "see_accounts": lambda: queries.accounts(viewer=actor, at=now),
        "see_team": lambda: queries.team_of(viewer=actor, merchant=tea, at=now),
    }
    assert acts.keys() == MAY.keys()
    for name, act in acts.items():
        before = everything()
        if role in MAY[name]:
            with transaction.atomic():
                act()
                transaction.set_rollback(True)
        else:
            with pytest.raises(NotAllowed):
                act()
            assert everything() == before, name
    assert owner.is_active


def test_an_owner_is_nobody_to_another_merchant(known, somebody, realm, now):
    owner = acting(somebody("owner", "merchant_owner", known("merchant", "tea")), now)
    silk = known("merchant", "silk", "bazaar")
    before = everything()
    for act in (
        lambda: actions.invite_team(actor=owner, merchant=silk, role="merchant_reader", realm=realm, at=now),
        lambda: queries.team_of(viewer=owner, merchant=silk, at=now),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert everything() == before


def test_an_invitation_makes_an_account_once_and_within_a_week(invite, now):
    token = invite("steward")
    assert token not in repr(everything())
    account = actions.join(token=token, handle="Wang.Fang", password="!", language="zh-hans", at=now)
    assert (account.handle, account.language) == ("wang.fang", "zh-hans")
    assert [grant.granted_by for grant in queries.grants_of(account, at=now)] == ["system"]
    before = everything()
    late = invite("steward", at=now - rules.INVITATION_LASTS)
    withdrawn = invite("steward")
    actions.withdraw_invitation(actor=SYSTEM, invitation=Invitation.objects.latest("pk").pk, at=now)
    for bad, refusal in (
        (token, "used already"), (late, "expired"), (withdrawn, "withdrawn"), ("guess", "not known"), ("", "not known"),
    ):
        with pytest.raises(Refusal, match=refusal):
            actions.join(token=bad, handle="li.na", password="!", language="", at=now)
        with pytest.raises(Refusal, match=refusal):
            actions.accept_invitation(account=account, token=bad, at=now)
    assert everything()[:3] == before[:3]


def test_a_source_hands_over_its_own_and_nobody_elses(known, realm, now):
    shop = Actor("shop", frozenset({"source"}))
    here = {"actor": shop, "realm": realm, "at": now}
    with pytest.raises(NotFound):
        actions.invite_subject(source="shop", kind="merchant", source_id="silk", **here)
    with pytest.raises(NotAllowed):
        actions.invite_subject(source="bazaar", kind="merchant", source_id="silk", **here)
    assert not Invitation.objects.exists()
    first = actions.invite_subject(source="shop", kind="merchant", source_id="tea", **here)
    second = actions.invite_subject(source="shop", kind="merchant", source_id="tea", **here)
    with pytest.raises(queries.InvitationOver):
        actions.join(token=first.token, handle="tea.owner", password="!", language="", at=now)
    owner = actions.join(token=second.token, handle="tea.owner", password="!", language="", at=now)
    assert acting(owner, now).own == {known("merchant", "tea"): {"merchant_owner"}}


def test_nobody_lets_themselves_in(somebody, invite, known, now):
    admin = somebody("admin", "administrator")
    owner = somebody("owner", "merchant_owner", known("merchant", "tea"))
    own = [
        (admin, invite("finance", actor=acting(admin, now))),
        (owner, invite("merchant_reader", known("merchant", "tea"), actor=acting(owner, now))),
    ]
    for account, token in own:
        with pytest.raises(actions.FourEyes):
            actions.accept_invitation(account=account, token=token, at=now)
        assert Invitation.objects.get(digest=rules.token_digest(token)).used is None


@pytest.mark.parametrize("how", ["ended", "disabled", "no factor"])
def test_an_invitation_is_worth_no_more_than_whoever_made_it(how, somebody, invite, now):
    admin = somebody("admin", "administrator")
    somebody("other", "administrator")
    token = invite("steward", actor=acting(admin, now))
    if how == "ended":
        actions.end_grant(actor=SYSTEM, grant=Grant.objects.get(account=admin).pk, at=now)
    elif how == "disabled":
        actions.disable_account(actor=SYSTEM, handle="admin", at=now)
    else:
        actions.reset_second_factor(actor=SYSTEM, handle="admin")
    with pytest.raises(actions.NoLongerInvited):
        actions.join(token=token, handle="li.na", password="!", language="", at=now)
    assert not Account.objects.filter(handle="li.na").exists()


def test_the_last_administrator_and_the_last_owner_stay(somebody, known, now):
    tea = known("merchant", "tea")
    admin, owner = somebody("admin", "administrator"), somebody("owner", "merchant_owner", tea)
    grant, membership = Grant.objects.get(account=admin), Membership.objects.get(account=owner)
    before = everything()
    for act in (
        lambda: actions.end_grant(actor=acting(admin, now), grant=grant.pk, at=now),
        lambda: actions.disable_account(actor=SYSTEM, handle="admin", at=now),
        lambda: actions.disable_account(actor=acting(admin, now), handle="admin", at=now),
        lambda: actions.end_membership(actor=acting(owner, now), membership=membership.pk, at=now),
        lambda: actions.end_membership(actor=SYSTEM, membership=membership.pk, at=now),
    ):
        with pytest.raises(Conflict):
            act()
        assert everything() == before
    somebody("second.admin", "administrator")
    somebody("second.owner", "merchant_owner", tea)
    actions.end_grant(actor=acting(admin, now), grant=grant.pk, at=now)
    actions.end_membership(actor=acting(owner, now), membership=membership.pk, at=now)
    assert (acting(admin, now).roles, acting(owner, now).own) == (frozenset(), {})


def test_a_disabled_owner_does_not_count_as_one_who_is_left(somebody, known, now):
    tea = known("merchant", "tea")
    gone = somebody("gone", "merchant_owner", tea)
    actions.disable_account(actor=SYSTEM, handle="gone", at=now)
    gone.refresh_from_db()
    assert acting(gone, now).own == {}
    left = Membership.objects.get(account=somebody("left", "merchant_owner", tea))
    with pytest.raises(actions.LastOfKind):
        actions.end_membership(actor=SYSTEM, membership=left.pk, at=now)


def test_a_reader_leaves_but_ends_nobody_else(somebody, known, now):
    tea = known("merchant", "tea")
    owner = Membership.objects.get(account=somebody("owner", "merchant_owner", tea))
    account = somebody("reader", "merchant_reader", tea)
    with pytest.raises(NotAllowed):
        actions.end_membership(actor=acting(account, now), membership=owner.pk, at=now)
    actions.end_membership(actor=acting(account, now), membership=Membership.objects.get(account=account).pk, at=now)
    assert acting(account, now).own == {}


def test_staff_without_a_second_factor_hold_nothing(somebody, known, invite, now):
    account = somebody("li.na", "steward", factor=False)
    actions.accept_invitation(account=account, token=invite("merchant_owner", known("merchant", "tea")), at=now)
    assert queries.lacks_second_factor(account, at=now)
    assert (acting(account, now).roles, acting(account, now).own) == (frozenset(), {})
    Authenticator.objects.create(user=account, type="recovery_codes", data={})      # no factor of its own
    assert queries.lacks_second_factor(account, at=now)
    Authenticator.objects.create(user=account, type="webauthn", data={})
    assert acting(account, now) == Actor(
        f"account:{account.pk}", frozenset({"steward"}), {known("merchant", "tea"): frozenset({"merchant_owner"})}
    )


def test_an_authority_is_let_in_until_a_day(somebody, invite, now):
    for until in (None, now, now + rules.AUTHORITY_LASTS_MAX + timedelta(days=1)):
        with pytest.raises(Malformed):
            rules.check_until(role="authority", until=until, at=now)
    with pytest.raises(Malformed):
        rules.check_until(role="steward", until=now + timedelta(days=1), at=now)
    short = invite("authority", until=now + timedelta(days=1))
    with pytest.raises(queries.InvitationOver):
        actions.join(token=short, handle="late", password="!", language="", at=now + timedelta(days=1))
    account = somebody("court", "authority")
    until = queries.grants_of(account, at=now)[0].until
    assert queries.actor_of(account, at=until - timedelta(seconds=1)).roles == {"authority"}
    assert queries.actor_of(account, at=until).roles == frozenset()
    actions.accept_invitation(account=account, token=invite("authority", at=until), at=until)     # another case, later
    assert queries.actor_of(account, at=until).roles == {"authority"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(account=somebody("other"), role="authority", granted_by="system", granted=now)


@pytest.mark.parametrize(("role", "subject"), [("buyer", "mabc"), ("merchant_owner", "babc"), ("steward", "mabc")])
def test_the_database_refuses_a_role_for_the_wrong_kind_of_subject(role, subject, somebody, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(account=somebody("x.y"), subject=subject, role=role, granted_by="system", granted=now)


def test_the_database_refuses_the_same_role_twice(somebody, known, invite, now):
    account = somebody("li.na", "steward")
    token = invite("steward")
    with pytest.raises(Conflict):
        actions.accept_invitation(account=account, token=token, at=now)
    assert Invitation.objects.get(digest=rules.token_digest(token)).used is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(account=account, role="steward", granted_by="system", granted=now)


NAMES = [
    ("wang.fang", "wang.fang"), ("Wang.Fang", "wang.fang"), ("ＷＡＮＧ．ＦＡＮＧ", "wang.fang"), (" wang.fang ", "wang.fang"),
    ("王小明", "王小明"), ("一诺商城2", "一诺商城2"), ("⺠生银行", None), ("Straße", "strasse"), ("ﬁnance", "finance"),
    ("аdmin", None), ("αdmin", None), ("admın", None), ("ad\u200bmin", None), ("admin\u0301", None), ("a-b丨c", None),
    ("张丨丨", None), ("wang一fang", None), ("ab", None), (".abc", None), ("abc.", None), ("a" * 41, None), ("wang fang", None),
    ("a\0b", None), ("", None), ("\u202eabc", None), ("ab\nc", None),
]


@pytest.mark.parametrize(("written", "kept"), NAMES)
def test_a_sign_in_name_passes_for_no_other(written, kept):
    if kept is None:
        with pytest.raises(rules.NotAName):
            rules.check_handle(written)
    else:
        assert rules.check_handle(written) == kept


@given(st.text(max_size=45))
def test_a_name_that_is_kept_stays_as_it_is(text):
    try:
        handle = rules.check_handle(text)
    except rules.NotAName:
        return
    assert rules.check_handle(handle) == rules.normal_handle(handle) == handle
    assert rules.check_handle(handle.upper()) == handle


def test_a_name_is_taken_however_it_is_written(invite, somebody, now):
    somebody("wang.fang")
    token = invite("steward")
    with pytest.raises(Conflict):
        actions.join(token=token, handle="ＷＡＮＧ.fang", password="!", language="", at=now)
    assert Account.objects.get_by_natural_key("WANG.FANG").handle == "wang.fang"
    assert actions.join(token=token, handle="wang.fang2", password="!", language="", at=now)


def test_an_erased_buyers_account_goes_with_them(known, realm, somebody, invite, now):
    ann = known("buyer", "ann")
    shop = {"actor": Actor("shop", frozenset({"source"})), "source": "shop", "kind": "buyer", "source_id": "ann"}
    account = actions.join(
        token=actions.invite_subject(**shop, realm=realm, at=now).token, handle="ann", password="!", language="", at=now
    )
    worker = somebody("worker", "steward")
    actions.accept_invitation(account=worker, token=actions.invite_subject(**shop, realm=realm, at=now).token, at=now)
    told = queries.kept_about(person=ann)["accounts"]
    assert [one["sign_in_name"] for one in told] == ["ann", "worker"]
    open_one = actions.invite_subject(**shop, realm=realm, at=now).token
    persons.erase(actor=SYSTEM, person=ann, realm=realm, at=now, jurisdiction="cn", domains=settings.DOMAINS)
    assert not Account.objects.filter(pk=account.pk).exists()
    assert not Membership.objects.filter(subject=ann).exists()
    assert acting(worker, now).roles == {"steward"}
    with pytest.raises(NotFound):
        actions.join(token=open_one, handle="ann2", password="!", language="", at=now)

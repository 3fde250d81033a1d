"""Access tokens: a program acts as an account, with the roles that it has at each moment and nothing more."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, Q
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import Actor
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotAllowed, NotFound, TooMany, Unauthenticated
from yinuo.people import queries
from yinuo.people.models import AccessToken, Account, Grant
from yinuo.people.rules import TOKEN_NOTED_EVERY, TOKEN_PREFIX, TOKENS_MAX, check_token_wish, token_digest

TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token, which is shown this once; its name, and until when it can be used."""

    token: str
    name: str
    expires: datetime


@transaction.atomic
def make_token(
    *, account: Account, name: str, days: int, second_factor: bool, realm: Realm, at: datetime
) -> MadeToken:
    """Make a token for the owner of an account, who has just shown that it is them.

    `second_factor` says whether their session has shown one: whoever has one, or needs one as staff, gets no token without.
    Where a role of theirs ends by itself, the token ends then.
    """
    wanted = check_token_wish(name=name, days=days)
    Account.objects.select_for_update().get(pk=account.pk)
    if queries.needs_second_factor(account, at=at) and not (second_factor and queries.had_second_factor(account, since=at)):
        raise NotAllowed(_("Show your second factor first; a token is made only in a session that has."))
    if len(queries.tokens_of(account, at=at)) >= TOKENS_MAX:
        raise TooMany(_("You have as many tokens as one account may have. Revoke one first."))
    ends = Grant.objects.filter(Q(until__gt=at), account=account, ended=None).aggregate(first=Min("until"))["first"]
    expires = at + timedelta(days=days)
    expires = expires if ends is None else min(expires, ends)
    token = TOKEN_PREFIX + realm.entropy(TOKEN_BYTES).hex()
    AccessToken.objects.create(
        digest=token_digest(token), account=account, name=wanted, made=at, expires=expires, second_factor=second_factor,
        password=account.get_session_auth_hash(),
    )
    return MadeToken(token, wanted, expires)


@transaction.atomic
def revoke_token(*, account: Account, token: int, at: datetime) -> None:
    """Make one of somebody's own tokens worthless; refuses another person's as if there were none."""
    if not AccessToken.objects.filter(pk=token, account=account, revoked=None).update(revoked=at):
        raise NotFound(_("There is no such token in force."))


def revoke_every_token(*, account: Account, at: datetime) -> None:
    """Make all tokens of an account worthless, in the caller's transaction."""
    AccessToken.objects.filter(account=account, revoked=None).update(revoked=at)


def check_token(*, token: str, at: datetime) -> Actor:
    """The account whose token this is, as an actor with the roles in force now; refuses a token that counts no more.

    What is compared is a hash of the token, found by an index: how long that takes tells nothing of the token itself.
    """
    found = AccessToken.objects.select_related("account").filter(digest=token_digest(token)).first()
    if found is None:
        raise Unauthenticated("This token is not known here.")
    if found.revoked is not None:
        raise Unauthenticated(f"This token was revoked on {found.revoked:%Y-%m-%d}.")
    if found.expires <= at:
        raise Unauthenticated(f"This token expired on {found.expires:%Y-%m-%d}; make a new one on the page of your account.")
    account = found.account
    if not account.is_active:
        raise Unauthenticated("The account of this token is disabled.")
    if not hmac.compare_digest(found.password, account.get_session_auth_hash()):
        raise Unauthenticated("The password was changed since this token was made; make a new one.")
    if found.second_factor and not queries.had_second_factor(account, since=found.made):
        raise Unauthenticated("The second factor was changed since this token was made; make a new one.")
    if not found.second_factor and queries.needs_second_factor(account, at=at):
        raise Unauthenticated("This token was made without the second factor that the account has by now; make a new one.")
    if found.used is None or at - found.used > TOKEN_NOTED_EVERY:
        AccessToken.objects.filter(pk=found.pk).update(used=at)
    return queries.actor_of(account, at=at)

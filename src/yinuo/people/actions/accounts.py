"""What is done with accounts: disabled, closed, their language and second factor."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import Actor, allow
from yinuo.kit.refusals import Conflict
from yinuo.people.actions.roles import check_administrator_left
from yinuo.people.actions.sessions import end_every_session
from yinuo.people.actions.tokens import revoke_every_token
from yinuo.people.models import AccessToken, Account, Grant, Invitation, Membership
from yinuo.people.queries import account_called, actor_named


@transaction.atomic
def disable_account(*, actor: Actor, handle: str, at: datetime) -> Account:
    """Let an account in no more, and end its sessions and tokens. Nobody locks themselves out, nor the last administrator."""
    allow(actor, "people.disable_account")
    account = account_called(handle)
    if actor.name == actor_named(account):
        raise Conflict(_("You cannot disable the account that you use."))
    if not account.is_active:
        raise Conflict(_("This account is disabled already."))
    check_administrator_left(without=account)
    account.disabled = at
    account.save(update_fields=["disabled"])
    end_every_session(account=account)
    revoke_every_token(account=account, at=at)
    return account


@transaction.atomic
def reset_second_factor(*, actor: Actor, handle: str) -> Account:
    """Forget an account's second factor, for somebody who lost it, and end its sessions and tokens."""
    allow(actor, "people.reset_second_factor")
    account = account_called(handle)
    Authenticator.objects.filter(user_id=account.pk).delete()
    end_every_session(account=account)
    AccessToken.objects.filter(account=account).delete()
    return account


@transaction.atomic
def set_language(*, account: Account, language: str) -> None:
    """Remember the language in which somebody reads."""
    account.language = language
    account.save(update_fields=["language"])


@transaction.atomic
def close_account(*, actor: Actor, person: str) -> int:
    """Delete what ties accounts to an erased buyer, and every account that has nothing else; returns how many went."""
    allow(actor, "people.close_account")
    Invitation.objects.filter(subject=person).delete()
    held = Membership.objects.filter(subject=person)
    accounts = list(Account.objects.filter(pk__in=held.values("account")))
    held.delete()
    closed = 0
    for account in accounts:
        if not (Grant.objects.filter(account=account).exists() or Membership.objects.filter(account=account).exists()):
            end_every_session(account=account)
            account.delete()
            closed += 1
    return closed

"""Give roles and end them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import Actor, allow
from yinuo.kit.refusals import Conflict, NotFound
from yinuo.people.actions.tokens import revoke_every_token
from yinuo.people.models import Account, Grant, Membership
from yinuo.people.queries import actor_named
from yinuo.people.rules import AUTHORITY, OWNER, kind_of_role

_APART = _("An authority’s account holds that one role and no other. Use the invitation with another account.")


class LastOfKind(Conflict):
    """Somebody must be left who can let others in."""

    code = "last-of-kind"


def give(*, account: Account, role: str, subject: str, until: datetime | None, given_by: str, at: datetime) -> None:
    """Give an account a role, in the caller's transaction; refuses one that it holds already."""
    if kind_of_role(role) == "staff":
        _check_apart(account, role, at)
        Grant.objects.filter(account=account, role=role, ended=None, until__lte=at).update(ended=at, ended_by="system")
        if Grant.objects.filter(account=account, role=role, ended=None).exists():
            raise Conflict(_("This account has that role already; the invitation can still be used by another one."))
        Grant.objects.create(account=account, role=role, granted_by=given_by, granted=at, until=until)
        return
    _check_apart(account, role, at)
    if Membership.objects.filter(account=account, subject=subject, role=role, ended=None).exists():
        raise Conflict(_("This account has that role already; the invitation can still be used by another one."))
    Membership.objects.create(account=account, subject=subject, role=role, granted_by=given_by, granted=at)


def _check_apart(account: Account, role: str, at: datetime) -> None:
    """Refuse to mix: an authority's account holds nothing else, so that it sees its case rooms and nothing else."""
    Account.objects.select_for_update().get(pk=account.pk)
    others = Grant.objects.filter(account=account, ended=None).exclude(until__lte=at)
    mixed = others.exclude(role=AUTHORITY) if role == AUTHORITY else others.filter(role=AUTHORITY)
    member = role == AUTHORITY and Membership.objects.filter(account=account, ended=None).exists()
    if member or mixed.exists():
        raise Conflict(_APART)


@transaction.atomic
def end_grant(*, actor: Actor, grant: int, at: datetime) -> Grant:
    """End a staff role, and with it the account's tokens. The last administrator stays, so that somebody can let others in."""
    allow(actor, "people.end_grant")
    found = Grant.objects.filter(pk=grant, ended=None).select_related("account").first()
    if found is None:
        raise NotFound("There is no such role in force.")
    check_administrator_left(without=found.account, role=found.role)
    found.ended, found.ended_by = at, actor.name[:80]
    found.save(update_fields=["ended", "ended_by"])
    revoke_every_token(account=found.account, at=at)
    return found


@transaction.atomic
def end_membership(*, actor: Actor, membership: int, at: datetime) -> Membership:
    """End what somebody may do for a merchant, or one's own part in it. A merchant's last owner stays."""
    found = Membership.objects.filter(pk=membership, ended=None).select_related("account").first()
    if found is None:
        raise NotFound("There is no such role in force.")
    leaving = actor.name == actor_named(found.account)
    allow(actor, "people.leave" if leaving else "people.end_membership", found.subject)
    if found.role == OWNER:
        owners = Membership.objects.select_for_update(of=("self",)).filter(subject=found.subject, role=OWNER, ended=None)
        active = [held.account_id for held in owners.select_related("account").order_by("pk") if held.account.is_active]
        if found.account.is_active and active == [found.account_id]:
            raise LastOfKind(_("A merchant’s last owner stays. Invite another owner first."))
    found.ended, found.ended_by = at, actor.name[:80]
    found.save(update_fields=["ended", "ended_by"])
    return found


def check_administrator_left(*, without: Account, role: str = "administrator") -> None:
    """Refuse if nobody could let staff in once this account's role were gone. Locks the administrators' rows, in order."""
    if role != "administrator":
        return
    grants = Grant.objects.select_for_update(of=("self",)).filter(role="administrator", ended=None)
    active = [grant.account_id for grant in grants.select_related("account").order_by("pk") if grant.account.is_active]
    if active == [without.pk]:
        raise LastOfKind(_("The last administrator stays. Invite another administrator first."))

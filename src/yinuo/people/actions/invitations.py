"""Let people in: an invitation is made, passed on by whoever made it, and used once."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import HUMAN, Actor, allow
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound, Refusal, TooMany
from yinuo.people.actions.four_eyes import FourEyes
from yinuo.people.actions.roles import give
from yinuo.people.models import Account, Invitation
from yinuo.people.queries import actor_named, actor_of, invitation_of
from yinuo.people.rules import (
    BUYER,
    INVITATION_LASTS,
    INVITATIONS_MAX,
    OWNER,
    STAFF_ROLES,
    TEAM_ROLES,
    check_handle,
    check_until,
    token_digest,
)
from yinuo.vault.queries import known_among, surrogate_of

TOKEN_BYTES = 32


class NoLongerInvited(Refusal):
    """Whoever made the invitation may no longer give that role."""

    status = 403
    code = "no-longer-invited"


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation: the token that is shown this once, for which role, for whom, and until when it can be used."""

    token: str
    role: str
    subject: str
    expires: datetime


@transaction.atomic
def invite_staff(*, actor: Actor, role: str, until: datetime | None, realm: Realm, at: datetime) -> Invited:
    """Invite somebody to a staff role; an authority's ends by itself on a day."""
    allow(actor, "people.invite_staff")
    if role not in STAFF_ROLES:
        raise Malformed(f"{role!r} is no staff role; there are {', '.join(STAFF_ROLES)}.", path="role")
    check_until(role=role, until=until, at=at)
    return _invite(actor, role, "", realm, at, until)


@transaction.atomic
def invite_team(*, actor: Actor, merchant: str, role: str, realm: Realm, at: datetime) -> Invited:
    """Invite somebody to a merchant's team: its owner does, or the operator."""
    allow(actor, "people.invite_team", merchant)
    if role not in TEAM_ROLES:
        raise Malformed(f"{role!r} is no role in a team; there are {', '.join(TEAM_ROLES)}.", path="role")
    if not known_among([merchant]):
        raise NotFound(f"No merchant is known as {merchant}.")
    if Invitation.objects.filter(subject=merchant, used=None, withdrawn=None, expires__gt=at).count() >= INVITATIONS_MAX:
        raise TooMany(_("Too many invitations to this team are open. End some, or wait until they expire."))
    return _invite(actor, role, merchant, realm, at)


@transaction.atomic
def invite_subject(
    *, actor: Actor, source: str, kind: Literal["merchant", "buyer"], source_id: str, realm: Realm, at: datetime
) -> Invited:
    """Hand a shop's own user over: its merchant as owner, or its buyer. An earlier invitation of the same is worthless then.

    The id is the one that the source states facts by, so that a source can invite nobody but its own.
    """
    allow(actor, "people.invite_subject")
    if not actor.holds("system") and actor.name != source:
        raise NotAllowed(f"{actor.name} may not invite those of {source}.")
    subject = surrogate_of(kind=kind, source=source, source_id=source_id, key=realm.key)
    if subject is None:
        raise NotFound(
            f"No fact of {source} told of a {kind} {source_id!r} yet, or they were erased. State a fact that names them first.",
            path=kind,
        )
    role = OWNER if kind == "merchant" else BUYER
    earlier = Invitation.objects.filter(subject=subject, role=role, made_by=actor.name[:80], used=None, withdrawn=None)
    earlier.update(withdrawn=at)
    return _invite(actor, role, subject, realm, at)


@transaction.atomic
def withdraw_invitation(*, actor: Actor, invitation: int, at: datetime) -> None:
    """Make an invitation worthless before it is used."""
    found = Invitation.objects.select_for_update().filter(pk=invitation, used=None, withdrawn=None).first()
    if found is None:
        raise NotFound("There is no such invitation that is still open.")
    allow(actor, _permission(found), found.subject or None)
    found.withdrawn = at
    found.save(update_fields=["withdrawn"])


@transaction.atomic
def join(*, token: str, handle: str, password: str, language: str, at: datetime) -> Account:
    """Make an account with an invitation, and give it the role. `password` is as Django's hashers encode it."""
    invitation = _hold(token, at)
    name = check_handle(handle)
    try:
        with transaction.atomic():
            account = Account.objects.create(handle=name, password=password, created=at, language=language)
    except IntegrityError:
        raise Conflict(_("This sign-in name is taken. Choose another one."), path="handle") from None
    _use(invitation, account, at)
    return account


@transaction.atomic
def accept_invitation(*, account: Account, token: str, at: datetime) -> Invitation:
    """Give the role of an invitation to an account that there is already."""
    invitation = _hold(token, at)
    if invitation.made_by == actor_named(account):
        raise FourEyes(_("You made this invitation yourself. A role is given to somebody by somebody else."))
    _use(invitation, account, at)
    return invitation


def _invite(
    actor: Actor, role: str, subject: str, realm: Realm, at: datetime, until: datetime | None = None
) -> Invited:
    token = base64.urlsafe_b64encode(realm.entropy(TOKEN_BYTES)).decode().rstrip("=")
    expires = at + INVITATION_LASTS
    Invitation.objects.create(
        digest=token_digest(token), role=role, subject=subject, until=until, made_by=actor.name[:80], made=at, expires=expires
    )
    return Invited(token, role, subject, expires)


def _hold(token: str, at: datetime) -> Invitation:
    """The invitation, which nobody else can use meanwhile."""
    Invitation.objects.select_for_update().filter(digest=token_digest(token)).first()
    invitation = invitation_of(token=token, at=at)
    if invitation.made_by.startswith(HUMAN):
        _check_inviter(invitation, at)
    if invitation.subject and not known_among([invitation.subject]):
        raise NotFound("Whom this invitation is about is no longer known here.")
    return invitation


def _check_inviter(invitation: Invitation, at: datetime) -> None:
    """Refuse where somebody invited who has lost the right to since."""
    inviter = Account.objects.filter(pk=int(invitation.made_by.removeprefix(HUMAN)), disabled=None).first()
    try:
        if inviter is None:
            raise NotAllowed("The account was disabled.")
        allow(actor_of(inviter, at=at), _permission(invitation), invitation.subject or None)
    except NotAllowed:
        raise NoLongerInvited(_("Whoever invited you may no longer do so. Ask for a new invitation.")) from None


def _permission(invitation: Invitation) -> str:
    if invitation.role in STAFF_ROLES:
        return "people.invite_staff"
    return "people.invite_subject" if invitation.role == BUYER else "people.invite_team"


def _use(invitation: Invitation, account: Account, at: datetime) -> None:
    give(
        account=account, role=invitation.role, subject=invitation.subject, until=invitation.until,
        given_by=invitation.made_by, at=at,
    )
    invitation.used, invitation.account = at, account
    invitation.save(update_fields=["used", "account"])

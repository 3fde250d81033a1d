"""Questions about people's rights, and about who signs in as what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext_noop as _

from yinuo.kit import rows
from yinuo.kit.actors import HUMAN, PUBLIC, Actor, allow
from yinuo.kit.refusals import NotFound, Refusal
from yinuo.people.models import (
    AccessToken,
    Account,
    Consent,
    Grant,
    Invitation,
    Membership,
    Restriction,
    SavedFilter,
)
from yinuo.people.queries.looks import looks_told
from yinuo.people.queries.rooms import rooms_told
from yinuo.people.rules import BUYER, RESTRICTION_GROUNDS, normal_handle, purpose_of, token_digest
from yinuo.vault.queries import known_among


def consents_of(*, viewer: Actor, person: str) -> list[Consent]:
    """Every consent that a person gave, also those withdrawn, oldest first."""
    allow(viewer, "people.see", about=person)
    return list(Consent.objects.filter(person=person).order_by("given", "pk"))


def consented(*, person: str, purpose: str) -> bool:
    """Whether a person agrees to a purpose now, in the words of its present version."""
    wanted = purpose_of(purpose)
    return Consent.objects.filter(person=person, purpose=wanted.code, version=wanted.version, withdrawn=None).exists()


def restricted_among(persons: Collection[str]) -> set[str]:
    """Those of the persons whose data is kept and not used."""
    found = rows.select_in(
        connection, "SELECT person FROM people_restriction WHERE lifted IS NULL AND person {keys}", list(set(persons))
    )
    return {person for (person,) in found}


def usable_among(persons: Collection[str]) -> set[str]:
    """Those of the persons who were not erased, and whose use nothing restricts; so it stays until the transaction ends."""
    return known_among(persons) - restricted_among(persons)


def kept_about(*, person: str) -> dict[str, Any]:
    """What this domain keeps about a person, for themselves to see."""
    return {
        "consents": [
            {
                "purpose": consent.purpose, "version": consent.version, "given": consent.given.isoformat(),
                "withdrawn": consent.withdrawn and consent.withdrawn.isoformat(),
            }
            for consent in Consent.objects.filter(person=person).order_by("given", "pk")
        ],
        "restrictions": [
            {
                "ground": restriction.ground, "because": RESTRICTION_GROUNDS[restriction.ground],
                "since": restriction.since.isoformat(), "lifted": restriction.lifted and restriction.lifted.isoformat(),
            }
            for restriction in Restriction.objects.filter(person=person).order_by("since", "pk")
        ],
        "looked_at": [
            {"at": access.at.isoformat(), "by": access.actor, "what": access.what, "why": access.why}
            for access in looks_told(person)
        ],
        "shown_to_authorities": rooms_told(person),
        "accounts": [_account_told(membership) for membership in
                     Membership.objects.filter(subject=person).select_related("account").order_by("granted", "pk")],
    }


def _account_told(membership: Membership) -> dict[str, Any]:
    """An account by which a person signs in, as they may see it: its name, since when, and where it is in use."""
    account = membership.account
    return {
        "sign_in_name": account.handle, "created": account.created.isoformat(), "language": account.language,
        "role": membership.role, "since": membership.granted.isoformat(), "given_by": membership.granted_by,
        "ended": membership.ended and membership.ended.isoformat(),
        "second_factors": sorted(Authenticator.objects.filter(user_id=account.pk).values_list("type", flat=True)),
        "signed_in": [
            {"since": session.created_at.isoformat(), "seen": session.last_seen_at.isoformat(), "address": session.ip,
             "browser": session.user_agent}
            for session in UserSession.objects.filter(user_id=account.pk).order_by("created_at")
        ],
        "access_tokens": [
            {"name": token.name, "made": token.made.isoformat(), "expires": token.expires.isoformat(),
             "used": token.used and token.used.isoformat(), "revoked": token.revoked and token.revoked.isoformat()}
            for token in AccessToken.objects.filter(account=account).order_by("made", "pk")
        ],
        "filters": [
            {"queue": saved.queue, "name": saved.name, "query": saved.query}
            for saved in SavedFilter.objects.filter(account=account).order_by("queue", "name")
        ],
    }


class InvitationOver(Refusal):
    """The invitation can no longer be used."""

    status = 410
    code = "invitation-over"


def actor_named(account: Account) -> str:
    """What an account is called where it acts."""
    return f"{HUMAN}{account.pk}"


def grants_of(account: Account, *, at: datetime) -> list[Grant]:
    """The staff roles that an account was given and that are in force, whether or not its second factor is set up."""
    return list(_grants(at).filter(account=account).order_by("granted", "pk"))


def memberships_of(account: Account) -> list[Membership]:
    """For whom an account acts, and as what."""
    return list(Membership.objects.filter(account=account, ended=None).order_by("granted", "pk"))


def filters_of(*, viewer: Actor, queue: str) -> list[SavedFilter]:
    """The filters that the viewer keeps for a queue, by name."""
    allow(viewer, "people.save_filter")
    return list(SavedFilter.objects.filter(account=int(viewer.name.removeprefix(HUMAN)), queue=queue).order_by("name"))


def team_sizes(*, merchants: Collection[str]) -> dict[str, int]:
    """How many people act for each of these merchants: who reads what is decided."""
    found = Membership.objects.filter(subject__in=merchants, ended=None, account__disabled=None).values_list("subject")
    counted = found.annotate(people=Count("account", distinct=True)).order_by()
    return {str(merchant): int(people) for merchant, people in counted}


def is_staff(account: Account, *, at: datetime) -> bool:
    """Whether an account has a staff role in force."""
    return bool(_grants(at).filter(account=account).exists())


def lacks_second_factor(account: Account, *, at: datetime) -> bool:
    """Whether an account was given a staff role and has no second factor yet, so that none of its roles counts."""
    return is_staff(account, at=at) and not _has_second_factor(account)


def actor_of(account: Account, *, at: datetime) -> Actor:
    """An account as it acts, with the roles in force. One with a staff role and without a second factor holds none.

    An action that moves points reads them anew (`kit.actors.read_anew`).
    """
    return replace(_in_force(account, at), again=lambda: _in_force(Account.objects.filter(pk=account.pk).first(), at))


def _in_force(account: Account | None, at: datetime) -> Actor:
    if account is None:
        return PUBLIC
    name = actor_named(account)
    roles = frozenset(_grants(at).filter(account=account).values_list("role", flat=True))
    if not account.is_active or (roles and not _has_second_factor(account)):
        return Actor(name)
    own: dict[str, frozenset[str]] = defaultdict(frozenset)
    for subject, role in Membership.objects.filter(account=account, ended=None).values_list("subject", "role"):
        own[subject] |= {role}
    return Actor(name, roles, dict(own))


def tied_to(actor: Actor, *, since: datetime) -> set[str]:
    """For whom somebody acts, or did after a moment: whoever leaves a team to decide about it is no stranger to it."""
    subjects = set(actor.own)
    if actor.is_human:
        held = Membership.objects.filter(Q(ended=None) | Q(ended__gt=since), account=int(actor.name.removeprefix(HUMAN)))
        subjects.update(held.values_list("subject", flat=True))
    return subjects


def tokens_of(account: Account, *, at: datetime) -> list[AccessToken]:
    """An account's access tokens that were not revoked and have not expired, oldest first."""
    return list(AccessToken.objects.filter(account=account, revoked=None, expires__gt=at).order_by("made", "pk"))


def sessions_of(account: Account) -> list[Any]:
    """Where an account is signed in, oldest first."""
    return list(UserSession.objects.filter(user_id=account.pk).order_by("created_at", "pk"))


def account_acting(actor: Actor) -> Account:
    """The account that acts; refuses an actor that is no person."""
    found = Account.objects.filter(pk=actor.name.removeprefix(HUMAN)).first() if actor.is_human else None
    if found is None:
        raise NotFound("There is no such account.")
    return found


def had_second_factor(account: Account, *, since: datetime) -> bool:
    """Whether a second factor that an account had at that moment is still its own."""
    return bool(_factors().filter(user_id=account.pk, created_at__lte=since).exists())


def needs_second_factor(account: Account, *, at: datetime) -> bool:
    """Whether whatever acts as an account must have shown a second factor: it has one, or a staff role that asks for one."""
    return _has_second_factor(account) or is_staff(account, at=at)


def account_called(handle: str) -> Account:
    """The account of that sign-in name, however it is written."""
    found = Account.objects.filter(handle=normal_handle(handle)).first()
    if found is None:
        raise NotFound(f"Nobody signs in as {handle!r}.")
    return found


def invitation_of(*, token: str, at: datetime) -> Invitation:
    """The invitation of that token, still to be used; refuses otherwise, and says why to whoever has the token."""
    found = Invitation.objects.filter(digest=token_digest(token)).first()
    if found is None:
        raise NotFound(_("This invitation is not known here. Look whether the whole link was copied."))
    if found.used is not None:
        raise InvitationOver(_("This invitation was used already. If it was not you, tell whoever sent it."))
    if found.withdrawn is not None:
        raise InvitationOver(_("This invitation was withdrawn, or a newer one took its place."))
    if found.expires <= at or (found.until is not None and found.until <= at):
        raise InvitationOver(_("This invitation has expired. Ask for a new one."))
    return found


@dataclass(frozen=True, slots=True)
class Team:
    """Who acts for a merchant, and which invitations are open."""

    members: list[Membership]
    invitations: list[Invitation]


def team_of(*, viewer: Actor, merchant: str, at: datetime) -> Team:
    """A merchant's team, to those in it."""
    allow(viewer, "people.see_team", merchant)
    members = Membership.objects.filter(subject=merchant, ended=None).select_related("account")
    return Team(list(members.order_by("granted", "pk")), list(_open(at).filter(subject=merchant)))


@dataclass(frozen=True, slots=True)
class Listed:
    """An account with its roles in force, and whether it has a second factor."""

    account: Account
    grants: list[Grant]
    memberships: list[Membership]
    second_factor: bool


def accounts(*, viewer: Actor, at: datetime, staff_only: bool = False) -> list[Listed]:
    """Every account, by sign-in name, with what it may do."""
    allow(viewer, "people.see_accounts")
    grants: dict[int, list[Grant]] = defaultdict(list)
    for grant in _grants(at).order_by("granted", "pk"):
        grants[grant.account_id].append(grant)
    found = Account.objects.filter(pk__in=grants) if staff_only else Account.objects.all()
    memberships: dict[int, list[Membership]] = defaultdict(list)
    for membership in Membership.objects.filter(account__in=found, ended=None).order_by("granted", "pk"):
        memberships[membership.account_id].append(membership)
    with_factor = set(_factors().values_list("user_id", flat=True))
    return [
        Listed(account, grants[account.pk], memberships[account.pk], account.pk in with_factor)
        for account in found.order_by("handle")
    ]


def team_invitation(*, viewer: Actor, merchant: str, invitation: int, at: datetime) -> Invitation:
    """An open invitation to a merchant's team; another team's is not there."""
    allow(viewer, "people.see_team", merchant)
    found = _open(at).filter(subject=merchant, pk=invitation).first()
    if found is None:
        raise NotFound("There is no such invitation that is still open.")
    return found  # type: ignore[no-any-return]


def team_member(*, viewer: Actor, merchant: str, member: int) -> Membership:
    """Somebody's part in a merchant's team; another team's is not there."""
    allow(viewer, "people.see_team", merchant)
    found = Membership.objects.filter(subject=merchant, pk=member, ended=None).first()
    if found is None:
        raise NotFound("There is no such role in force.")
    return found


def own_membership(account: Account, *, membership: int) -> Membership:
    """An account's own part in a team, or tie to a buyer; another person's is not there."""
    found = Membership.objects.filter(account=account, pk=membership, ended=None).first()
    if found is None:
        raise NotFound("There is no such role in force.")
    return found


def check_themselves(actor: Actor, person: str) -> None:
    """Refuse whoever is not that buyer, as if there were none: nobody uses these rights for somebody else."""
    if BUYER not in actor.own.get(person, ()):
        raise NotFound("There is nothing under this address for your account.")


def staff_invitations(*, viewer: Actor, at: datetime) -> list[Invitation]:
    """The open invitations to staff roles."""
    allow(viewer, "people.see_accounts")
    return list(_open(at).filter(subject=""))


def names_of(names: Collection[str]) -> dict[str, str]:
    """The sign-in names behind actors that are people, by the actor's name."""
    numbers = [int(name.removeprefix(HUMAN)) for name in names if name.startswith(HUMAN)]
    return {f"{HUMAN}{pk}": handle for pk, handle in Account.objects.filter(pk__in=numbers).values_list("pk", "handle")}


def _grants(at: datetime) -> Any:
    return Grant.objects.filter(Q(until=None) | Q(until__gt=at), ended=None, account__disabled=None)


def _open(at: datetime) -> Any:
    return Invitation.objects.filter(used=None, withdrawn=None, expires__gt=at).order_by("made", "pk")


def _factors() -> Any:
    return Authenticator.objects.filter(type__in=(Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN))


def _has_second_factor(account: Account) -> bool:
    return bool(_factors().filter(user_id=account.pk).exists())

"""A merchant's team, and who works here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema, Status

from yinuo.kit.carried import actor_of, at_of, here_of
from yinuo.people import actions, queries
from yinuo.people.api.account import Number
from yinuo.people.api.invitations import InvitationOut

router = Router(tags=["team"])


class MemberOut(Schema):
    """Somebody who acts for the merchant, as what, since when, and whether their account is disabled."""

    id: int
    name: str
    role: str
    since: datetime
    disabled: bool


class OpenInvitationOut(Schema):
    """An invitation that can still be used. Its link was shown once."""

    id: int
    role: str
    expires: datetime


class TeamOut(Schema):
    """Who acts for a merchant, and which invitations are open."""

    members: list[MemberOut]
    invitations: list[OpenInvitationOut]


class TeamInvitationIn(Schema):
    """As what to invite somebody."""

    model_config = {"json_schema_extra": {"example": {"role": "merchant_operations"}}}
    role: Literal["merchant_owner", "merchant_operations", "merchant_reader"]


class StaffRoleOut(Schema):
    """A staff role in force."""

    role: str
    since: datetime
    until: datetime | None


class StaffOut(Schema):
    """Somebody who works here: sign-in name, roles, second factor, and whether the account is disabled."""

    name: str
    roles: list[StaffRoleOut]
    second_factor: bool
    disabled: bool


@router.get("/teams/{merchant}", response=TeamOut, summary="A merchant's team")
def get_team(request: HttpRequest, merchant: str) -> dict[str, Any]:
    """Everybody who acts for the merchant, to those in the team."""
    found = queries.team_of(viewer=actor_of(request), merchant=merchant, at=at_of(request))
    return {
        "members": [
            {"id": one.pk, "name": one.account.handle, "role": one.role, "since": one.granted,
             "disabled": not one.account.is_active}
            for one in found.members
        ],
        "invitations": [{"id": one.pk, "role": one.role, "expires": one.expires} for one in found.invitations],
    }


@router.post("/teams/{merchant}/invitations", response={201: InvitationOut}, summary="Invite somebody to a team")
def post_team_invitation(request: HttpRequest, merchant: str, wanted: TeamInvitationIn) -> Status[InvitationOut]:
    """Make a link that works once, within a week, for somebody else. Only an owner can. Each call makes another link."""
    invited = actions.invite_team(merchant=merchant, role=wanted.role, **here_of(request))
    link = request.build_absolute_uri(reverse("join", args=[invited.token]))
    return Status(201, InvitationOut(link=link, role=invited.role, expires=invited.expires))


@router.delete("/teams/{merchant}/invitations/{invitation}", response={204: None}, summary="Withdraw an invitation")
def delete_team_invitation(request: HttpRequest, merchant: str, invitation: Number) -> Status[None]:
    """Make an open invitation to the team worthless."""
    queries.team_invitation(viewer=actor_of(request), merchant=merchant, invitation=invitation, at=at_of(request))
    actions.withdraw_invitation(actor=actor_of(request), invitation=invitation, at=at_of(request))
    return Status(204, None)


@router.delete("/teams/{merchant}/members/{member}", response={204: None}, summary="End what somebody may do")
def delete_member(request: HttpRequest, merchant: str, member: Number) -> Status[None]:
    """End what somebody may do for the merchant. Only an owner can, and the last owner stays."""
    queries.team_member(viewer=actor_of(request), merchant=merchant, member=member)
    actions.end_membership(actor=actor_of(request), membership=member, at=at_of(request))
    return Status(204, None)


@router.get("/staff", response=list[StaffOut], summary="Who works here", tags=["account"])
def get_staff(request: HttpRequest) -> list[dict[str, Any]]:
    """Everybody with a staff role, for administrators and auditors. Roles are given and ended on the page alone."""
    return [
        {
            "name": one.account.handle, "second_factor": one.second_factor, "disabled": not one.account.is_active,
            "roles": [{"role": grant.role, "since": grant.granted, "until": grant.until} for grant in one.grants],
        }
        for one in queries.accounts(viewer=actor_of(request), at=at_of(request), staff_only=True)
    ]

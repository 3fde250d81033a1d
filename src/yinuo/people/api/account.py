"""One's own account: what it may do, where it is signed in, its tokens, its language.

What decides who gets into an account (tokens, passwords, second factors) is made and changed on its pages alone, by somebody
who has just shown that it is them; so are staff roles. A token can only look at these, and take away.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status

from yinuo.kit.carried import actor_of, at_of
from yinuo.people import actions, queries

router = Router(tags=["account"])
Number = Annotated[int, Path(ge=0, le=2**53)]
"""The number of something in an address."""


class RoleOut(Schema):
    """A role: of staff, held everywhere (`subject` is empty), or for a merchant or as a buyer. `id` ends one for a subject."""

    id: int | None
    role: str
    subject: str
    since: datetime
    until: datetime | None


class AccountOut(Schema):
    """Who acts: the sign-in name, the language, the roles in force, and whether a staff role waits for a second factor."""

    name: str
    language: str
    created: datetime
    roles: list[RoleOut]
    lacks_second_factor: bool


class SessionOut(Schema):
    """A browser in which the account is open."""

    id: int
    since: datetime
    seen: datetime
    address: str
    browser: str


class TokenOut(Schema):
    """An access token: what its owner calls it, since and until when, and when it was used last (to about five minutes)."""

    id: int
    name: str
    made: datetime
    expires: datetime
    used: datetime | None


class LanguageIn(Schema):
    """In which language the account reads."""

    model_config = {"json_schema_extra": {"example": {"language": "zh-hans"}}}
    language: Literal["en", "zh-hans"]


@router.get("/account", response=AccountOut, summary="Who I am here")
def get_account(request: HttpRequest) -> dict[str, Any]:
    """The account of the token, with its roles in force at this moment."""
    account, at = queries.account_acting(actor_of(request)), at_of(request)
    staff = [
        {"id": None, "role": grant.role, "subject": "", "since": grant.granted, "until": grant.until}
        for grant in queries.grants_of(account, at=at)
    ]
    own = [
        {"id": held.pk, "role": held.role, "subject": held.subject, "since": held.granted, "until": None}
        for held in queries.memberships_of(account)
    ]
    return {
        "name": account.handle, "language": account.language, "created": account.created, "roles": staff + own,
        "lacks_second_factor": queries.lacks_second_factor(account, at=at),
    }


@router.put("/account/language", response={204: None}, summary="In which language I read")
def put_language(request: HttpRequest, wanted: LanguageIn) -> Status[None]:
    """Remember the language in which the account reads, wherever it signs in next."""
    actions.set_language(account=queries.account_acting(actor_of(request)), language=wanted.language)
    return Status(204, None)


@router.delete("/account/roles/{role}", response={204: None}, summary="Leave a team")
def delete_role(request: HttpRequest, role: Number) -> Status[None]:
    """End one's own part in a merchant's team, or one's tie to a buyer. A merchant's last owner stays."""
    queries.own_membership(queries.account_acting(actor_of(request)), membership=role)
    actions.end_membership(actor=actor_of(request), membership=role, at=at_of(request))
    return Status(204, None)


@router.get("/account/sessions", response=list[SessionOut], summary="Where I am signed in")
def get_sessions(request: HttpRequest) -> list[dict[str, Any]]:
    """Every browser in which the account is open."""
    return [
        {"id": session.pk, "since": session.created_at, "seen": session.last_seen_at, "address": str(session.ip),
         "browser": session.user_agent}
        for session in queries.sessions_of(queries.account_acting(actor_of(request)))
    ]


@router.delete("/account/sessions/{session}", response={204: None}, summary="End a session")
def delete_session(request: HttpRequest, session: Number) -> Status[None]:
    """End one of one's own sessions."""
    actions.end_session(account=queries.account_acting(actor_of(request)), session=session)
    return Status(204, None)


@router.get("/account/tokens", response=list[TokenOut], summary="My access tokens")
def get_tokens(request: HttpRequest) -> list[dict[str, Any]]:
    """The tokens in force. None is ever shown again; a new one is made on the account's page, never by a token."""
    found = queries.tokens_of(queries.account_acting(actor_of(request)), at=at_of(request))
    return [
        {"id": token.pk, "name": token.name, "made": token.made, "expires": token.expires, "used": token.used}
        for token in found
    ]


@router.delete("/account/tokens/{token}", response={204: None}, summary="Revoke an access token")
def delete_token(request: HttpRequest, token: Number) -> Status[None]:
    """Make one of one's own tokens worthless, also the one that asks."""
    actions.revoke_token(account=queries.account_acting(actor_of(request)), token=token, at=at_of(request))
    return Status(204, None)

"""Accounts over HTTP: a running shop hands its own users over with a link."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema, Status
from ninja.security import HttpBearer

from yinuo.kit.actors import Actor
from yinuo.kit.carried import actor_of, at_of, realm_of
from yinuo.kit.refusals import Malformed, Unauthenticated
from yinuo.people import actions
from yinuo.record import actions as record

router = Router(tags=["accounts"])


class SourceKey(HttpBearer):
    """A source's key, `Authorization: Bearer yk_...`; made by `yinuo key`."""

    openapi_description = "A source's key, yk_..., which the operator makes with `yinuo key make`."

    def __call__(self, request: HttpRequest) -> Actor:
        """The source whose key the request carries; refuses otherwise."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthenticated("Send your source's key in the header 'Authorization: Bearer yk_...'.")
        return self.authenticate(request, key.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """The source whose key this is."""
        return record.check_key(key=token, at=at_of(request))


class InvitationIn(Schema):
    """Whom to invite, by the id that your events have: one merchant, or one buyer."""

    model_config = {"json_schema_extra": {"example": {"merchant": "seller-7"}}}
    merchant: str | None = None
    buyer: str | None = None


class InvitationOut(Schema):
    """The link to hand to that user and to nobody else, shown this once; in which role it lets them in; until when."""

    link: str
    role: str
    expires: datetime


@router.post("/people/invitations", auth=SourceKey(), response={201: InvitationOut}, summary="Invite one of your users")
def post_invitation(request: HttpRequest, whom: InvitationIn) -> Status[InvitationOut]:
    """Make a link with which a merchant (as owner of its team) or a buyer of yours opens an account here.

    Ids are those of your events; only who was named in one of them can be invited. The link works once, within a week. Asking
    again makes a new one and the earlier one worthless.
    """
    if (whom.merchant is None) == (whom.buyer is None):
        raise Malformed("Name one merchant or one buyer.", path="merchant")
    source = actor_of(request)
    invited = actions.invite_subject(
        actor=source,
        source=source.name,
        kind="merchant" if whom.buyer is None else "buyer",
        source_id=whom.merchant or whom.buyer or "",
        realm=realm_of(request),
        at=at_of(request),
    )
    link = request.build_absolute_uri(reverse("join", args=[invited.token]))
    return Status(201, InvitationOut(link=link, role=invited.role, expires=invited.expires))

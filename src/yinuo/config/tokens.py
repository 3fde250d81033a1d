"""How a person's program proves over HTTP for whom it acts. A session's cookie proves nothing here."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.http import HttpRequest
from ninja.security import HttpBearer

from yinuo.kit.actors import Actor
from yinuo.kit.refusals import TooMany, Unauthenticated
from yinuo.people import actions
from yinuo.people.rules import TOKEN_PREFIX

FAILED_TRIES = "30/5m/ip"
"""How many unknown or dead tokens one address may send before it is told to wait. Good ones are not counted, nor held up."""


class TooManyTries(TooMany):
    """An address has sent too many tokens that are not good."""

    code = "too-many-tries"
    retry_after = 300


class AccessToken(HttpBearer):
    """A person's access token, `Authorization: Bearer yt_...`; made on the page of their account."""

    openapi_description = (
        "A person's access token, yt_..., which they make on the page of their account. It has the rights of the account at "
        "each moment, and no others."
    )

    def __init__(self, *, or_key: bool = False) -> None:
        super().__init__()
        self.or_key = or_key

    def __call__(self, request: HttpRequest) -> Actor | None:
        """The account whose token the request carries; None where `or_key` and it carries a source's key; refuses otherwise."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip().startswith(TOKEN_PREFIX):
            return self.authenticate(request, token.strip())
        if self.or_key:
            return None
        raise Unauthenticated("Send an access token of your account in the header 'Authorization: Bearer yt_...'.")

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """The account whose token this is."""
        try:
            return actions.check_token(token=token, at=request.now)  # type: ignore[attr-defined] # set by config.realm.hand_down
        except Unauthenticated:
            config = {"token": FAILED_TRIES}
            if not ratelimit.consume(request, app="yinuo", action="token", config=config, limit_get=True):
                raise TooManyTries("Too many tokens that are not good came from your address. Wait five minutes.") from None
            raise

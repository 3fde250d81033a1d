"""How a source proves over HTTP who it is."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from yinuo.kit.actors import Actor
from yinuo.kit.carried import at_of
from yinuo.kit.refusals import Unauthenticated
from yinuo.record import actions


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
        return actions.check_key(key=token, at=at_of(request))

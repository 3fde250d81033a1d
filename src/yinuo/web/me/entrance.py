"""Who may come in: the person themselves, and nobody for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from yinuo.kit.actors import Actor
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
from yinuo.people.rules import BUYER, Kept, Plan
from yinuo.web.console.entrance import Here


class Erased(Protocol):
    """What an erasure did: the classes that went, those that a law keeps, when all of it went if that was before."""

    gone: Sequence[str]
    kept: Sequence[Kept]
    before: datetime | None


class Rights(Protocol):
    """What carries out a person's rights across all domains: `yinuo.pipelines.persons`, which pages cannot import."""

    def see(
        self, *, actor: Actor, person: str, realm: Realm, at: datetime, jurisdiction: str, domains: Sequence[str]
    ) -> dict[str, Any]:
        """Everything kept about a person."""

    def take_along(
        self, *, actor: Actor, person: str, realm: Realm, at: datetime, jurisdiction: str, domains: Sequence[str],
        recipient: str | None,
    ) -> bytes:
        """The same as a package, locked for a public key if one is given."""

    def planned(self, *, actor: Actor, person: str, at: datetime, jurisdiction: str) -> Plan:
        """What an erasure would take."""

    def erase(
        self, *, actor: Actor, person: str, realm: Realm, at: datetime, jurisdiction: str, domains: Sequence[str]
    ) -> Erased:
        """Erase what the law lets go."""


class Mine(Here):
    """What the request of a buyer carries: who they are here. One account may be a buyer of several shops."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.everyone = sorted(subject for subject, roles in self.actor.own.items() if BUYER in roles)
        wanted = request.POST.get("who") or request.GET.get("who") or next(iter(self.everyone), "")
        if wanted not in self.everyone:
            raise NotFound("There is nothing under this address for your account.")
        self.person = wanted
        self.jurisdiction: str = settings.YINUO["YINUO_JURISDICTION"]

    def asked(self) -> dict[str, Any]:
        """With what a right is carried out."""
        return {
            "actor": self.actor, "person": self.person, "realm": self.realm, "at": self.at,
            "jurisdiction": self.jurisdiction, "domains": settings.DOMAINS,
        }

    def frame(self, tab: str) -> dict[str, Any]:
        """What every page shows: which tab, and as whom among the buyers that the account is."""
        return {"tab": tab, "person": self.person, "everyone": self.everyone if len(self.everyone) > 1 else []}


def for_buyer(view: Callable[[HttpRequest, Mine, Rights], HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for somebody who is a buyer, about themselves; for others it does not exist, whatever their role."""

    @login_required
    @wraps(view)
    def handle(request: HttpRequest, rights: Rights) -> HttpResponse:
        return view(request, Mine(request), rights)

    return handle

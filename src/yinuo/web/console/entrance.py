"""Who may come in: a page for people who are signed in, and the clocks that start with what they send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from yinuo.decisions.rules import CLOCKS, Objection
from yinuo.kit.actors import Actor
from yinuo.kit.calendars import Calendar
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.people import actions as people
from yinuo.people.rules import LookReason, why_looked

View = Callable[..., HttpResponse]
STAFF = frozenset({"steward", "auditor"})
TEAM = frozenset({"merchant_owner", "merchant_operations", "merchant_reader"})


class Here:
    """What a console's request carries: who acts, when, in which realm, by which working hours."""

    def __init__(self, request: HttpRequest) -> None:
        carried: Any = request
        self.actor: Actor = carried.actor
        self.at: datetime = carried.now
        self.realm: Realm = carried.realm
        self._calendar: Calendar = carried.calendar

    def noted(self, *, person: str | None, page: str, thing: str, why: LookReason | None = None) -> None:
        """Write down that staff see something about a buyer; nothing where no buyer is concerned, or it is their own affair."""
        if reason := why_looked(self.actor, person):
            people.note_staff_look(
                actor=self.actor, person=person or "", why=why or reason, page=page, thing=thing, at=self.at
            )

    def objection(self, words: str, *, appeal: bool = False) -> Objection:
        """What was objected, due by the clock of this jurisdiction."""
        clocks = CLOCKS[settings.YINUO["YINUO_JURISDICTION"]]
        return Objection(words, self._calendar.deadline_days(self.at, clocks.appeal_days if appeal else clocks.contest_days))


def outcome_of(request: HttpRequest) -> bool:
    """Whether a form says to uphold; refuses one that says neither this nor to reject, so that no broken form decides."""
    given = request.POST.get("outcome")
    if given not in ("upheld", "rejected"):
        raise Malformed("Say whether to uphold or to reject.", path="outcome")
    return given == "upheld"


def for_staff(view: View) -> View:
    """A page for stewards and auditors; for others it does not exist."""

    @login_required
    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not Here(request).actor.roles & STAFF:
            raise NotFound("There is nothing under this address for your account.")
        return view(request, *args, **kwargs)

    return handle


def for_stewards(view: View) -> View:
    """A page on which stewards act; for others, auditors too, it does not exist."""

    @login_required
    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not Here(request).actor.holds("steward"):
            raise NotFound("There is nothing under this address for your account.")
        return view(request, *args, **kwargs)

    return handle


def for_team(view: View) -> View:
    """A page about a merchant, for its own people and for staff; for others it does not exist."""

    @login_required
    @wraps(view)
    def handle(request: HttpRequest, merchant: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not Here(request).actor.roles_for(merchant) & (STAFF | TEAM):
            raise NotFound("There is nothing under this address for your account.")
        return view(request, merchant, *args, **kwargs)

    return handle

"""For those who keep rooms: the list with its clocks, a request to enter, one room to approve, decline, withdraw or close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from yinuo.merchants import queries as merchants
from yinuo.people import actions, queries
from yinuo.people.rules import AUTHORITY, ROOM_LASTS_MAX, SILENCE_MAX, RoomRequest
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here
from yinuo.web.rooms.entrance import Cases
from yinuo.web.rooms.inside import enter

KEEPERS = frozenset({"steward", "data_protection"})


@login_required
@require_safe
def rooms(request: HttpRequest, cases: Cases) -> HttpResponse:
    """Every room for those who keep them; for an authority those that were opened for it."""
    here = Here(request)
    is_guest = here.actor.holds(AUTHORITY)
    ask = queries.own_rooms if is_guest else queries.rooms
    found = ask(viewer=here.actor, realm=here.realm, at=here.at)
    context = {"rooms": found, "is_guest": is_guest, "may_ask": bool(here.actor.roles & KEEPERS), "me": here.actor.name}
    return render(request, "rooms/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, cases: Cases) -> HttpResponse:
    """Enter an authority's written request; a second person reads it before anything is shown."""
    here = Here(request)
    authorities = queries.authorities(viewer=here.actor, at=here.at)
    if request.method == "POST":
        made = told(request, lambda: _ask(request, here, cases), gettext("Entered. A second person must approve it."))
        if made is not None:
            return redirect("room", room=made.pk)
    context = {
        "authorities": authorities, "given": request.POST, "chosen": request.POST.getlist("guest"),
        "cases": request.POST.get("cases", "\n".join(request.GET.getlist("case"))), "days": ROOM_LASTS_MAX.days,
        "first": _date(here.at), "last": _date(here.at + ROOM_LASTS_MAX - timedelta(days=1)),
        "silent_last": _date(here.at + SILENCE_MAX - timedelta(days=1)),
    }
    return render(request, "rooms/ask.html", context)


def _ask(request: HttpRequest, here: Here, cases: Cases) -> Any:
    given = request.POST
    asked = RoomRequest(
        authority=given.get("authority", "").strip(), basis=given.get("basis", "").strip(),
        reference=given.get("reference", "").strip(), asked=given.get("asked", "").strip(),
        until=_end_of(given.get("until", "")) or here.at, with_persons="with_persons" in given,
        silence=given.get("silence", "").strip(), tell_from=_end_of(given.get("tell_from", "")),
    )
    named = [line for line in given.get("cases", "").splitlines() if line.strip()]
    return cases.ask(
        actor=here.actor, request=asked, named=named, guests=given.getlist("guest"), realm=here.realm, at=here.at
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, room: str, cases: Cases) -> HttpResponse:
    """One room: to its keepers whole, with what can be done; to the authority what it shows."""
    here = Here(request)
    if here.actor.holds(AUTHORITY):
        return HttpResponseNotAllowed(["GET", "HEAD"]) if request.method == "POST" else enter(request, here, room)
    found = queries.room(viewer=here.actor, room_id=room, realm=here.realm, at=here.at)
    if request.method == "POST":
        _do(request, here, room)
        return redirect("room", room=room)
    why = "room" if here.actor.roles & KEEPERS else "audits"
    actions.note_staff_look(actor=here.actor, person="", why=why, page="room", thing=room, at=here.at)  # type: ignore[arg-type]
    called = merchants.merchants(viewer=here.actor, ids={case.merchant for case in found.cases if case.merchant})
    context = {
        "room": found, "cases": [(case, called.get(case.merchant or "")) for case in found.cases],
        "is_keeper": bool(here.actor.roles & KEEPERS), "is_mine": found.room.proposal.proposed_by == here.actor.name,
        "acts_for_one": any(who in here.actor.own for case in found.cases for who in (case.merchant, case.buyer)),
        "looks": queries.looks_in(viewer=here.actor, room=room), "may_see_looks": here.actor.holds("data_protection"),
    }
    return render(request, "rooms/room.html", context)


def _do(request: HttpRequest, here: Here, room: str) -> None:
    """Do what the pressed button says; a form that says nothing known does nothing."""
    asked: dict[str, Any] = {"actor": here.actor, "room_id": room, "realm": here.realm, "at": here.at}
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "approve": (
            lambda: actions.approve_room(digest=request.POST.get("digest", ""), **asked),
            gettext("The room is open. The authority can read the cases from now on."),
        ),
        "decline": (lambda: actions.decline_room(**asked), gettext("Declined. Nothing was shown.")),
        "withdraw": (lambda: actions.withdraw_room(**asked), gettext("Taken back. Nothing was shown.")),
        "close": (lambda: actions.close_room(**asked), gettext("The room is closed.")),
    }
    act = acts.get(request.POST.get("do", ""))
    if act is not None:
        told(request, *act)


def _end_of(text: str) -> datetime | None:
    """The end of a day that a form names, in the installation's time zone."""
    try:
        following = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return timezone.make_aware(datetime.combine(following, time()))


def _date(moment: datetime) -> str:
    return timezone.localtime(moment).date().isoformat()

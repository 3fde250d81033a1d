"""Everything kept about a buyer, to read; and what they may do about it there: take along, correct, agree, restrict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from yinuo.kit.facts import kinds
from yinuo.kit.moments import from_micros
from yinuo.people import actions, queries
from yinuo.people.rules import PURPOSES, RESTRICTION_GROUNDS, THEMSELVES
from yinuo.vault.queries import source_ids_of
from yinuo.web.account.told import told
from yinuo.web.me.entrance import Mine, Rights, for_buyer

FACTS_SHOWN = 10
"""How many facts of a kind the page shows. All of them are in the package to take along."""
GROUNDS = tuple(ground for ground in RESTRICTION_GROUNDS if ground != "erasure")
_THINGS = ("order", "review", "complaint", "shipment", "refund")


@require_safe
@for_buyer
def data(request: HttpRequest, mine: Mine, rights: Rights) -> HttpResponse:
    """What is kept, by kind, what for and until when; who looked."""
    about = rights.see(**mine.asked())
    looks = [{**look, "at": _moment(look["at"])} for look in about["looked_at"]]
    own = [look for look in looks if look["by"] == THEMSELVES]       # at least this very look
    restrictions = [{**one, "since": _moment(one["since"]), "lifted": _moment(one["lifted"])} for one in about["restrictions"]]
    words = [(*key.split("/", 1), text) for key, text in about["words"].items()]
    context = mine.frame("data") | {
        "about": about,
        "known_since": _moment(about["known_since"]),
        "name": next((text for subject, what, text in words if subject == mine.person and what == "name"), ""),
        "words": [(what, text) for subject, what, text in words if (subject, what) != (mine.person, "name")],
        "kinds": _by_kind(about["facts"], mine),
        "shown": FACTS_SHOWN,
        "kept": [
            {**each, "until": each["kept_by_law_until"] and date.fromisoformat(each["kept_by_law_until"]),
             "grounds": [ground.split(": ", 1) for ground in each["grounds"]]}
            for each in about["kept"]
        ],
        "purposes": [(purpose, _in_force(about["consents"], purpose.code)) for purpose in PURPOSES.values()],
        "consents": [
            {**one, "given": _moment(one["given"]), "withdrawn": _moment(one["withdrawn"])} for one in about["consents"]
        ],
        "restrictions": restrictions,
        "in_force": [one for one in restrictions if one["lifted"] is None],
        "grounds": GROUNDS,
        "others": [look for look in looks if look["by"] != THEMSELVES][::-1],
        "rooms": queries.rooms_about(viewer=mine.actor, subject=mine.person, realm=mine.realm, at=mine.at),
        "own_looks": len(own),
        "own_last": own[-1]["at"],
        "accounts": [_account(each) for each in about["accounts"]],
    }
    return render(request, "me/data.html", context)


@require_POST
@for_buyer
def package(request: HttpRequest, mine: Mine, rights: Rights) -> HttpResponse:
    """The package to take along as a download, locked if a public key was given."""
    recipient = request.POST.get("recipient", "").strip() or None
    made = told(request, lambda: rights.take_along(**mine.asked(), recipient=recipient), "")
    if made is None:
        return _back(mine)
    response = HttpResponse(made, content_type="application/octet-stream" if recipient else "application/zip")
    response["Content-Disposition"] = f'attachment; filename="about-you.zip{".age" if recipient else ""}"'
    return response


@require_POST
@for_buyer
def name(request: HttpRequest, mine: Mine, rights: Rights) -> HttpResponse:
    """Correct the name."""
    words = request.POST.get("name", "").strip()
    _do(request, lambda: actions.correct(
        actor=mine.actor, person=mine.person, text="name", words=words, asked="person", realm=mine.realm, at=mine.at,
    ), gettext("The name is corrected."))
    return _back(mine)


@require_POST
@for_buyer
def consent(request: HttpRequest, mine: Mine, rights: Rights) -> HttpResponse:
    """Agree to a purpose, or take that back: each is one press."""
    purpose = request.POST.get("purpose", "")
    asked: dict[str, Any] = {"actor": mine.actor, "person": mine.person, "at": mine.at}
    if "withdraw" in request.POST:
        _do(request, lambda: actions.withdraw_consent(purpose=purpose, **asked), gettext("Your consent is taken back."))
    else:
        _do(request, lambda: actions.give_consent(purpose=purpose, **asked), gettext("You agree to it from now on."))
    return _back(mine)


@require_POST
@for_buyer
def use(request: HttpRequest, mine: Mine, rights: Rights) -> HttpResponse:
    """Have everything kept and not used, or used again."""
    asked: dict[str, Any] = {"actor": mine.actor, "person": mine.person, "at": mine.at}
    if "lift" in request.POST:
        _do(request, lambda: actions.lift_restriction(**asked), gettext("Your data may be used again."))
    else:
        ground = request.POST.get("ground", "")
        _do(request, lambda: actions.restrict(ground=ground, **asked), gettext("Your data is kept and not used from now on."))
    return _back(mine)


def _do(request: HttpRequest, act: Callable[[], object], done: str) -> None:
    """Do it, and say so: an action that returns nothing was done, too."""
    told(request, lambda: (act(), True), done)


def _back(mine: Mine) -> HttpResponse:
    return redirect(f"{reverse('my_data')}?who={mine.person}")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _in_force(consents: Collection[dict[str, Any]], purpose: str) -> datetime | None:
    """Since when a purpose is agreed to in its present words."""
    version = PURPOSES[purpose].version
    given = [one for one in consents if (one["purpose"], one["version"], one["withdrawn"]) == (purpose, version, None)]
    return _moment(given[0]["given"]) if given else None


def _by_kind(facts: list[dict[str, Any]], mine: Mine) -> list[dict[str, Any]]:
    """The facts by kind, the kind with the newest first, each with the thing it is about as its shop calls it."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for fact in sorted(facts, key=lambda told: told["at"], reverse=True):
        groups[fact["fact"]["kind"]].append(fact)
    shown = [fact for group in groups.values() for fact in group[:FACTS_SHOWN]]
    things = {fact["fact"][thing] for fact in shown for thing in _THINGS if fact["fact"].get(thing)}
    called = source_ids_of(surrogates=things, realm=mine.realm)
    return [
        {"kind": kind, "count": len(group), "more": max(0, len(group) - FACTS_SHOWN),
         "facts": [_shown(fact, called) for fact in group[:FACTS_SHOWN]]}
        for kind, group in groups.items()
    ]


def _shown(fact: dict[str, Any], called: dict[str, tuple[str, str] | None]) -> dict[str, Any]:
    """A fact as the page shows it: when, about what, by whom, where in the record, and word for word."""
    told_of: dict[str, Any] = fact["fact"]
    thing = next((thing for thing in _THINGS if told_of.get(thing)), None)
    moments = kinds()[told_of["kind"]].moments
    known = called.get(told_of[thing]) if thing else None
    return {
        "at": _moment(fact["at"]), "thing": thing, "id": known[1] if known else "", "stated_by": fact["stated_by"],
        "number": fact["number"],
        "fields": [(field, _plain(field, value, moments)) for field, value in told_of.items() if field != "kind"],
    }


def _plain(field: str, value: Any, moments: frozenset[str]) -> Any:
    """A field's value; a moment in the form in which shops state it."""
    return from_micros(value).isoformat() if field in moments and isinstance(value, int) else value


def _account(account: dict[str, Any]) -> dict[str, Any]:
    sessions = [{**one, "seen": _moment(one["seen"])} for one in account["signed_in"]]
    tokens = [{**one, "used": _moment(one["used"])} for one in account["access_tokens"]]
    return {**account, "created": _moment(account["created"]), "signed_in": sessions, "access_tokens": tokens}

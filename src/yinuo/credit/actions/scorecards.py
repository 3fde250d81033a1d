"""Keep scorecards: add a version, put it in force, read the one in force. A version never changes."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from typing import Any

import msgspec
from django.db import transaction

from yinuo.credit.models import Scorecard
from yinuo.credit.rules.kept import body_of, card_in
from yinuo.credit.rules.scorecard import Card
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import day_of, from_day, to_micros
from yinuo.kit.refusals import Conflict, Malformed, NotFound

SHIPPED = "standard-1"


@transaction.atomic
def add_scorecard(*, actor: Actor, card: Card, report: dict[str, Any], at: datetime) -> Scorecard:
    """Add a version, announced but not in force; the same name with another content is a conflict."""
    allow(actor, "credit.add_scorecard")
    found = Scorecard.objects.filter(pk=card.name).first()
    if found is not None:
        if found.digest != card.digest():
            raise Conflict(f"There is a scorecard {card.name!r} already, and versions never change; choose another name.")
        return found
    return Scorecard.objects.create(
        name=card.name, state="announced", digest=card.digest(), body=body_of(card), report=report, added=at
    )


@transaction.atomic
def announce(*, actor: Actor, name: str, day: int, at: datetime) -> Scorecard:
    """Say on which day a version is to come into force, so that everybody can look at their standing by it before."""
    allow(actor, "credit.put_in_force")
    found = Scorecard.objects.select_for_update().filter(pk=name).first()
    if found is None:
        raise NotFound(f"There is no scorecard {name!r}.")
    if found.state != "announced":
        raise Conflict(f"The scorecard {name!r} is {found.state.replace('_', ' ')}; only an announced one has a day to come.")
    if day <= day_of(to_micros(at)):
        raise Malformed("Name a day after today.", path="from")
    found.in_force_from = day
    found.save(update_fields=["in_force_from"])
    return found


@transaction.atomic
def put_in_force(*, actor: Actor, name: str, at: datetime) -> Scorecard:
    """Let a version decide from now on, not before the day announced; the one before is retired and stays readable."""
    allow(actor, "credit.put_in_force")
    found = Scorecard.objects.select_for_update().filter(pk=name).first()
    if found is None:
        raise NotFound(f"There is no scorecard {name!r}.")
    if found.in_force_from is not None and day_of(to_micros(at)) < found.in_force_from:
        raise Conflict(
            f"The scorecard {name!r} was announced for {from_day(found.in_force_from)}: until then merchants were told that it "
            "decides nothing. Announce an earlier day first."
        )
    Scorecard.objects.filter(state="in_force").exclude(pk=name).update(state="retired")
    found.state, found.in_force_since = "in_force", at
    found.save(update_fields=["state", "in_force_since"])
    return found


def card_named(name: str) -> Card:
    """The scorecard of that name; refuses one that was changed since it was added."""
    found = Scorecard.objects.filter(pk=name).first()
    if found is None:
        raise NotFound(f"There is no scorecard {name!r}; `yinuo fit` makes one.")
    return _checked(found)


def card_in_force(*, actor: Actor, at: datetime) -> Card:
    """The scorecard in force; the shipped one is put in force where there is none yet. Refuses one that was changed."""
    found = Scorecard.objects.filter(state="in_force").first()
    if found is not None:
        return _checked(found)
    card = shipped_card()
    add_scorecard(actor=actor, card=card, report={}, at=at)
    put_in_force(actor=actor, name=card.name, at=at)
    return card


def shipped_card() -> Card:
    """The scorecard that comes with Yinuo, fitted on simulated markets: it ranks, and tells no probability."""
    text = (files("yinuo.credit") / "scorecards" / f"{SHIPPED}.json").read_text()
    return msgspec.json.decode(text, type=Card)


def _checked(found: Scorecard) -> Card:
    """The card in its row; an altered scorecard would be an altered score, so nobody is scored by one."""
    return card_in(name=found.name, digest=found.digest, body=found.body)

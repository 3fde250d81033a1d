"""Keep scorecards: add a version, put it in force, read the one in force. A version never changes."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.resources import files
from typing import Any

import msgspec
from django.db import transaction

from yinuo.credit.models import Scorecard
from yinuo.credit.rules.bands import BANDS
from yinuo.credit.rules.scorecard import Card
from yinuo.credit.rules.tables import BINS_EACH_SIDE
from yinuo.kit.actors import Actor, allow
from yinuo.kit.refusals import Conflict, NotFound

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
        name=card.name, state="announced", digest=card.digest(), body=_body(card), report=report, added=at
    )


@transaction.atomic
def put_in_force(*, actor: Actor, name: str, at: datetime) -> Scorecard:
    """Let a version decide from now on; the one before is retired and stays readable."""
    allow(actor, "credit.put_in_force")
    found = Scorecard.objects.select_for_update().filter(pk=name).first()
    if found is None:
        raise NotFound(f"There is no scorecard {name!r}.")
    Scorecard.objects.filter(state="in_force").exclude(pk=name).update(state="retired")
    found.state, found.in_force_since = "in_force", at
    found.save(update_fields=["state", "in_force_since"])
    return found


def card_named(name: str) -> Card:
    """The scorecard of that name."""
    found = Scorecard.objects.filter(pk=name).values_list("body", flat=True).first()
    if found is None:
        raise NotFound(f"There is no scorecard {name!r}; `yinuo fit` makes one.")
    return msgspec.convert(found, Card)


def card_in_force(*, actor: Actor, at: datetime) -> Card:
    """The scorecard in force; the shipped one is put in force where there is none yet."""
    found = Scorecard.objects.filter(state="in_force").values_list("body", flat=True).first()
    if found is not None:
        return msgspec.convert(found, Card)
    card = shipped_card()
    add_scorecard(actor=actor, card=card, report={}, at=at)
    put_in_force(actor=actor, name=card.name, at=at)
    return card


def shipped_card() -> Card:
    """The scorecard that comes with Yinuo, fitted on simulated markets: it ranks, and tells no probability."""
    text = (files("yinuo.credit") / "scorecards" / f"{SHIPPED}.json").read_text()
    return msgspec.json.decode(text, type=Card)


def _body(card: Card) -> dict[str, Any]:
    """The card as stored: itself, and its tables spelt out for readers."""
    body: dict[str, Any] = json.loads(msgspec.json.encode(card))
    body["minimum_outcomes"] = card.outcomes_min
    body["bands"] = [{"band": band.key, "lowest": band.lowest} for band in BANDS]
    for feature in body["features"]:
        steps = range(-BINS_EACH_SIDE, BINS_EACH_SIDE + 1)
        feature["bins"] = [
            {"upto": None if step == BINS_EACH_SIDE else round(1000 * 2 ** ((step + 0.5) / 4)), "points": points}
            for step, points in zip(steps, feature["points"], strict=True)
        ]
    return body

"""What is sent and what comes back, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any


@dataclass(frozen=True)
class Event:
    """One thing that happened in your shop: its kind, its id at your source, when, and the kind's fields.

    Moments among the fields may be datetimes with a time zone. `supersedes` is the id of an event that this one corrects.
    """

    kind: str
    id: str
    time: datetime
    data: Mapping[str, Any]
    supersedes: str | None = None


@dataclass(frozen=True)
class RefusedEvent:
    """An event that was refused alone: its place among all that were stated, its id, where the fault lies, and what it is."""

    index: int
    id: str
    path: str
    sentence: str


@dataclass(frozen=True)
class Receipt:
    """The record's signed promise to seal what was new, and by each new event's id the two hashes that bind it."""

    note: str
    bound: Mapping[str, str]


@dataclass(frozen=True)
class Stated:
    """What became of the events: counts, those refused (the first 100 of each batch), and a receipt for each batch."""

    accepted: int
    known: int
    refused_count: int
    refused: tuple[RefusedEvent, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True)
class Field:
    """A field of a kind of fact: what it holds, whether it must be there, and its values where they are listed."""

    name: str
    holds: str
    required: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of fact that a shop may state."""

    kind: str
    sentence: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Health:
    """How far the record is: facts sealed, waiting and since when, sealed but not yet followed, and under the signed head."""

    size: int
    pending: int
    waiting_seconds: int
    late: bool
    lag: int
    signed: int
    stopped: str = ""       # why nothing is sealed until somebody has looked; empty while the record goes on


@dataclass(frozen=True)
class Step:
    """A count as the public learns it: at least `low`, and below `end` unless that is None."""

    low: int
    end: int | None


@dataclass(frozen=True)
class Facet:
    """How a merchant stands on one side."""

    name: str
    band: str
    score: int | None
    outcomes: Step


@dataclass(frozen=True)
class Reason:
    """What a feature adds to a score or takes from it. `meaning` is filled in by `Client.explain`."""

    feature: str
    points: int
    half_life_days: int | None
    permille_of_expected: int | None
    meaning: str = ""


@dataclass(frozen=True)
class WayBack:
    """When a better band is reached again: after so many faultless orders or on a day, whichever is first."""

    band: str
    orders: int | None
    day: date | None
    feature: str


@dataclass(frozen=True)
class Reviews:
    """How many reviews a standing saw, and how many of them are shown and hidden."""

    received: int
    shown: int
    hidden: int


@dataclass(frozen=True)
class Standing:
    """What a merchant can be trusted with, why, and everything that pins it. `score` is None before there is enough history."""

    merchant: str
    band: str
    band_before: str | None
    score: int | None
    low: int | None
    high: int | None
    odds_ppm: int | None
    measured_on: int | None
    outcomes: Step
    override: str
    facts: Step
    reviews: Reviews
    facets: tuple[Facet, ...]
    reasons: tuple[Reason, ...]
    way_back: WayBack | None
    scorecard: str
    run: str
    size: int
    as_of: date


@dataclass(frozen=True)
class Listed:
    """A merchant in the directory; the figures are None where there is no standing, or none that you may see."""

    merchant: str
    name: str
    region: str
    band: str | None
    score: int | None
    low: int | None
    high: int | None
    outcomes: Step | None


@dataclass(frozen=True)
class Feature:
    """A feature of the scorecard in force: what it means, how long it remembers, and its points."""

    name: str
    measure: str
    meaning: str
    facet: str
    half_life_days: int | None
    bins: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Method:
    """The scorecard in force with its fingerprint and how well it keeps its word."""

    scorecard: str
    digest: str
    in_force_since: datetime | None
    features: tuple[Feature, ...]
    body: Mapping[str, Any]
    report: Mapping[str, Any]


@dataclass(frozen=True)
class Webhook:
    """A webhook, about which source's subjects (empty: everybody's): how many messages wait and are dead, whether it is paused.

    `paused_ground` is asked, failing or gone.
    """

    id: int
    url: str
    source: str
    kinds: tuple[str, ...]
    made: datetime
    waiting: int
    dead: int
    failing_since: datetime | None
    paused: datetime | None
    paused_ground: str


@dataclass(frozen=True)
class Delivery:
    """One message to a webhook: waiting, delivered or dead, and the last answer."""

    id: str
    kind: str
    state: str
    attempts: int
    tried: datetime | None
    status: int | None
    answer: str


def moment(text: str) -> datetime:
    """An RFC 3339 text as a datetime; Python 3.10 reads no Z and only 3 or 6 digits of a second."""
    head, dot, rest = text.replace("Z", "+00:00").partition(".")
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        head += f".{digits[:6]:0<6}{rest[len(digits):]}"
    return datetime.fromisoformat(head)


def moment_or_none(text: str | None) -> datetime | None:
    """The same, of what may be null."""
    return None if text is None else moment(text)


def written(value: datetime) -> str:
    """A moment as an event carries it; refuses one without a time zone."""
    if value.tzinfo is None:
        raise ValueError(f"{value} needs a time zone, such as datetime(..., tzinfo=timezone.utc)")
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def step_of(told: Any) -> Step:
    """A step of the API."""
    return Step(told["low"], told["end"])


def standing_of(told: Any) -> Standing:
    """A standing of the API."""
    back = told["way_back"]
    return Standing(
        merchant=told["merchant"], band=told["band"], band_before=told["band_before"], score=told["score"], low=told["low"],
        high=told["high"], odds_ppm=told["odds_ppm"], measured_on=told["measured_on"], outcomes=step_of(told["outcomes"]),
        override=told["override"], facts=step_of(told["facts"]), scorecard=told["scorecard"], run=told["run"],
        reviews=Reviews(told["reviews"]["received"], told["reviews"]["shown"], told["reviews"]["hidden"]),
        facets=tuple(Facet(one["name"], one["band"], one["score"], step_of(one["outcomes"])) for one in told["facets"]),
        reasons=tuple(
            Reason(one["feature"], one["points"], one["half_life_days"], one["permille_of_expected"])
            for one in told["reasons"]
        ),
        way_back=None if back is None else WayBack(
            back["band"], back["orders"], None if back["day"] is None else date.fromisoformat(back["day"]), back["feature"]
        ),
        size=told["size"], as_of=date.fromisoformat(told["as_of"]),
    )


def listed_of(told: Any) -> Listed:
    """A merchant of the API's directory."""
    return Listed(
        told["merchant"], told["name"], told["region"], told["band"], told["score"], told["low"], told["high"],
        None if told["outcomes"] is None else step_of(told["outcomes"]),
    )


def feature_of(told: Any) -> Feature:
    """A feature of the API."""
    return Feature(
        told["name"], told["measure"], told["meaning"], told["facet"], told["half_life_days"], tuple(told["bins"])
    )


def kind_of(told: Any) -> Kind:
    """A kind of fact of the API."""
    fields = tuple(Field(one["name"], one["holds"], one["required"], tuple(one["values"])) for one in told["fields"])
    return Kind(told["kind"], told["sentence"], fields)


def webhook_of(told: Any) -> Webhook:
    """A webhook of the API."""
    return Webhook(
        told["id"], told["url"], told["source"], tuple(told["kinds"]), moment(told["made"]), told["waiting"], told["dead"],
        moment_or_none(told["failing_since"]), moment_or_none(told["paused"]), told["paused_ground"],
    )


def delivery_of(told: Any) -> Delivery:
    """A message of the API's list."""
    return Delivery(
        told["id"], told["kind"], told["state"], told["attempts"], moment_or_none(told["tried"]), told["status"],
        told["answer"],
    )

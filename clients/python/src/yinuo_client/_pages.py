"""Public pages as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from yinuo_client._answers import Step


@dataclass(frozen=True)
class Listing:
    """Something for sale; empty and None where nobody stated it. `title` is None where the words were erased."""

    listing: str
    merchant: str
    title: str | None
    category: str
    price_minor: int | None
    currency: str
    published: datetime | None
    withdrawn: datetime | None
    withdrawn_ground: str


@dataclass(frozen=True)
class Rating:
    """What a third party says of a merchant, on which scale, both in hundredths."""

    publisher: str
    value_hundredths: int
    scale_hundredths: int
    observed: datetime | None


@dataclass(frozen=True)
class ReviewCounts:
    """How many reviews came in, are shown and hidden; those shown by their stars ("5" to "1")."""

    received: int
    shown: int
    hidden: int
    by_stars: Mapping[str, int]


@dataclass(frozen=True)
class Review:
    """A review as anybody may read it; a hidden one has a ground and no words."""

    review: str
    stars: int
    published: datetime
    hidden_ground: str
    title: str
    words: str
    reply: str
    erased: bool
    withheld: bool


@dataclass(frozen=True)
class CauseCount:
    """How many orders went wrong in one way through one cause, and per thousand where enough are known."""

    cause: str
    outcome: str
    count: Step
    permille: int | None


@dataclass(frozen=True)
class Point:
    """How a merchant stood as of a day."""

    as_of: date
    band: str
    score: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Finding:
    """A decision that goods were unlawful, and when it was overturned."""

    ground: str
    upheld: datetime
    overturned: datetime | None


@dataclass(frozen=True)
class MerchantPage:
    """A merchant's public page, beside the standing."""

    merchant: str
    name: str
    form: str
    region: str
    is_public: bool
    ratings: tuple[Rating, ...]
    reviews: ReviewCounts
    causes: tuple[CauseCount, ...]
    course: tuple[Point, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Rate:
    """How many of a listing's orders ended in a complaint through the merchant's fault, as far as the public may know."""

    orders: Step
    complaints: Step
    permille: int | None
    as_of: date


@dataclass(frozen=True)
class StatedFact:
    """A fact about a listing: for when it was stated, whether long after, and since when it can be proved."""

    kind: str
    at: datetime
    is_late: bool
    proved_since: datetime | None
    proved_at_size: int | None


@dataclass(frozen=True)
class ListingPage(Listing):
    """A listing's public page."""

    is_public: bool
    rate: Rate | None
    findings: tuple[Finding, ...]
    reviews: ReviewCounts
    hidden_by_ground: Mapping[str, int]
    proofs: tuple[StatedFact, ...]


@dataclass(frozen=True)
class RuleRate:
    """A listed ground and the rule behind it: decisions, appeals answered, reversed; the rate from 30 answers on."""

    ground: str
    sentence: str
    rule: str
    decided: int
    appealed: int
    reversed: int
    overturned_permille: int | None


@dataclass(frozen=True)
class OpenCases:
    """How many objections and appeals are open, and how many of them late."""

    contests: int
    contests_late: int
    appeals: int
    appeals_late: int


@dataclass(frozen=True)
class Transparency:
    """How people are judged, in numbers."""

    rules: tuple[RuleRate, ...]
    clocks: OpenCases
    scorecard: str | None
    reliability: tuple[Mapping[str, Any], ...]
    run: str | None


@dataclass(frozen=True)
class Head:
    """The newest head that was signed; `root` is base64."""

    size: int
    root: str
    at: datetime


@dataclass(frozen=True)
class Vouched:
    """The newest head that a witness or an authority vouched for; None where nothing of theirs was found."""

    name: str
    size: int | None
    at: datetime | None


@dataclass(frozen=True)
class Anchor:
    """The newest head whose proof reaches a block of Bitcoin."""

    size: int
    at: datetime
    block: int


@dataclass(frozen=True)
class Record:
    """How many facts are sealed, signed and wait, and who vouched for that."""

    origin: str
    sealed: int
    signed: int
    pending: int
    started: datetime | None
    head: Head | None
    witnesses: tuple[Vouched, ...]
    witnessed: int | None
    stamps: tuple[Vouched, ...]
    anchored: Anchor | None

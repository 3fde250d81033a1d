"""What concerns people: accounts, teams, due process, their own figures and data, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from yinuo_client._answers import WayBack
from yinuo_client._pages import Point


@dataclass(frozen=True)
class Role:
    """A role: of staff, held everywhere (`subject` is empty), or for a merchant or as a buyer. `id` is for leaving."""

    id: int | None
    role: str
    subject: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Account:
    """Who acts: the sign-in name, and the roles in force."""

    name: str
    language: str
    created: datetime
    roles: tuple[Role, ...]
    lacks_second_factor: bool


@dataclass(frozen=True)
class Session:
    """A browser in which the account is open."""

    id: int
    since: datetime
    seen: datetime
    address: str
    browser: str


@dataclass(frozen=True)
class AccessToken:
    """A token in force, and when it was used last, to about five minutes. The token itself is never told again."""

    id: int
    name: str
    made: datetime
    expires: datetime
    used: datetime | None


@dataclass(frozen=True)
class Member:
    """Somebody who acts for a merchant."""

    id: int
    name: str
    role: str
    since: datetime
    disabled: bool


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that can still be used."""

    id: int
    role: str
    expires: datetime


@dataclass(frozen=True)
class Team:
    """Who acts for a merchant, and which invitations are open."""

    members: tuple[Member, ...]
    invitations: tuple[OpenInvitation, ...]


@dataclass(frozen=True)
class Invitation:
    """A link that lets one person in, once; shown this once."""

    link: str
    role: str
    expires: datetime


@dataclass(frozen=True)
class StaffRole:
    """A staff role in force."""

    role: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class StaffMember:
    """Somebody who works here."""

    name: str
    roles: tuple[StaffRole, ...]
    second_factor: bool
    disabled: bool


@dataclass(frozen=True)
class Appeal:
    """An appeal: its clock, both sides' words (None where there are none), its end; whether you had a part in the matter.

    `taken_by`: which steward looks at it, to staff alone.
    """

    id: str
    decision: str
    state: str
    opened: datetime
    due: datetime
    late: bool
    objection: str | None
    settled: datetime | None
    reply: str | None
    had_part: bool
    taken_by: str


@dataclass(frozen=True)
class Decision:
    """A decision: what, on which ground, by a person or a machine, since and until when, and until when to appeal."""

    id: str
    act: str
    ground: str
    rule: str
    automated: str
    adverse: bool
    merchant: str | None
    buyer: str | None
    review: str | None
    contest: str | None
    decided: datetime
    since: datetime
    until: datetime | None
    appeal_until: datetime
    reversed: datetime | None


@dataclass(frozen=True)
class Statement(Decision):
    """A decision with its statement of reasons, and the appeal against it if there is one."""

    facts: int
    reasons: str | None
    appeal: Appeal | None


@dataclass(frozen=True)
class RelyOn:
    """A sealed fact that a decision may rely on, by its key."""

    key: str
    number: int
    kind: str
    at: datetime


@dataclass(frozen=True)
class Contest:
    """An objection: what is disputed, of which order or complaint (`order_id`, `complaint_id`: as its shop calls it), its
    clock, how it ended.

    `taken_by`: which steward looks at it, to staff alone.
    """

    id: str
    merchant: str
    aspect: str
    order: str | None
    order_id: str
    complaint: str | None
    complaint_id: str
    outcome: str
    claimed: str
    state: str
    opened: datetime
    due: datetime
    late: bool
    lapsed: datetime | None
    settled: datetime | None
    cause: str
    decision: str | None
    taken_by: str


@dataclass(frozen=True)
class Objection(Contest):
    """An objection with its words, and the reasons of whoever settled it."""

    objection: str | None
    reasons: str | None


@dataclass(frozen=True)
class Opened:
    """An objection that shows as disputed from now on, and by when somebody answers."""

    id: str
    order: str | None
    complaint: str | None
    due: datetime


@dataclass(frozen=True)
class Complained:
    """A complaint whose cause is contested, as it is told now; `stands`: one is still blamed for what was contested."""

    complaint: str
    complaint_id: str
    order: str | None
    order_id: str
    topic: str
    opened: datetime | None
    answered: datetime | None
    closed: datetime | None
    outcome: str
    cause: str
    stands: bool


@dataclass(frozen=True)
class Side:
    """A side of a standing before and without what was corrected."""

    facet: str
    score_before: int | None
    score_without: int | None


@dataclass(frozen=True)
class Lost:
    """A published standing that rested on what did not stand: what it was, and what it would have been; `sides` that a
    complaint changed.
    """

    as_of: date
    run: str
    score: int | None
    band: str
    score_without: int | None
    band_without: str
    points: int
    sides: tuple[Side, ...]


@dataclass(frozen=True)
class MadeWhole:
    """What an upheld objection gives back."""

    contest: str
    lost: tuple[Lost, ...]
    points_max: int
    days_in_lower_band: int


@dataclass(frozen=True)
class OwnReason:
    """What one feature adds to the score or takes from it, with the sums it was computed from."""

    feature: str
    half_life_days: int | None
    points: int
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class OwnStanding:
    """The standing as its subject sees it: exact figures, in whatever mode."""

    merchant: str
    scorecard: str
    run: str
    size: int
    as_of: date
    band: str
    score: int | None
    low: int | None
    high: int | None
    odds_ppm: int | None
    measured_on: int | None
    override: str
    outcomes: int
    facts: int
    reasons: tuple[OwnReason, ...]
    facets: Mapping[str, Any]
    way_back: WayBack | None
    course: tuple[Point, ...]


@dataclass(frozen=True)
class Held:
    """An outcome through one's own fault; `weight` in sixteenths of an order, `contest` the state of the newest objection.

    Of a complaint `outcome` is the topic, and `order` the one that it names, if any. What weighs nothing costs no points.
    """

    order: str | None
    order_id: str
    complaint: str | None
    complaint_id: str
    aspect: str
    outcome: str
    at: datetime
    weight: int
    used_permille: int | None
    contest: str


@dataclass(frozen=True)
class LevelStep:
    """What a level takes: so many orders, and at most such a share of spoilt ones."""

    level: int
    orders_min: int
    spoilt_permille_max: int


@dataclass(frozen=True)
class Level:
    """A buyer's level, from what it was reckoned (None before it was), and what each level takes."""

    level: int | None
    orders: int | None
    cancelled: int | None
    complaints_rejected: int | None
    as_of: date | None
    levels: tuple[LevelStep, ...]


@dataclass(frozen=True)
class Consent:
    """A purpose that rests on consent, in which words, and since when it is agreed to."""

    purpose: str
    version: int
    words: str
    given: datetime | None


@dataclass(frozen=True)
class Restriction:
    """Since when, and on which ground, what is kept is not used."""

    ground: str
    because: str
    since: datetime


@dataclass(frozen=True)
class KeptByLaw:
    """A class of data that a law keeps, and until when."""

    retention: str
    until: date


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure would take now, and what a law keeps until when."""

    gone: tuple[str, ...]
    kept: tuple[KeptByLaw, ...]


@dataclass(frozen=True)
class Erased(ErasurePlan):
    """What an erasure took; `before`: since when it was gone already."""

    before: datetime | None

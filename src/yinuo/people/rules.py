"""Decisions about people's rights on plain values: what depends on consent, what an erasure takes now, what a law keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from yinuo.kit.facts import SUBJECT_PREFIXES
from yinuo.kit.refusals import Malformed
from yinuo.vault.rules import RETENTIONS, TRANSACTION, Keeping, keeping_of, kept_until

_OFFICE = frozenset({"data_protection", "system"})
PERMISSIONS = {
    "people.see": _OFFICE,
    "people.correct": _OFFICE,
    "people.restrict": _OFFICE,
    "people.keep_consents": _OFFICE,
    "people.erase": _OFFICE,
    "people.tell_erasures": frozenset({"system"}),
}

RestrictionGround = Literal["accuracy_contested", "unlawful", "legal_claim", "objection", "erasure"]
RESTRICTION_GROUNDS: dict[str, str] = {
    "accuracy_contested": "the person contests that it is right, until that was looked into",
    "unlawful": "it should not have been processed, and the person wants it kept rather than erased",
    "legal_claim": "the person needs it kept for a legal claim",
    "objection": "the person objects to its use",
    "erasure": "erasure was asked for, and a law still keeps some of it",
}
CORRECTABLE = {"name": "profile"}
"""The words about a person that are corrected here, with their class. What a fact says is corrected by who stated it."""
NAME_LENGTH_MAX = 200
ERASE = "people.erase"
"""The timer that erases what a law kept, once it does so no more. Its subject is the person."""
SWEEP = "people.sweep"
"""The timer that tells of a day's erasures and cleans the copies. Its subject is the day's number."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is asked consent for: in which words, which version of them, and what is done only with it."""

    code: str
    version: int
    words: str
    depends: str


PURPOSES = {
    purpose.code: purpose
    for purpose in (
        Purpose(
            "publish_name", 1, "My name may be shown beside what I write.",
            "A person's name on any page that others see. No page shows one today.",
        ),
    )
}
"""Everything that rests on consent. All else rests on a contract or a law (docs/reference/personal-data.md)."""


def purpose_of(code: str) -> Purpose:
    """The purpose of that code; refuses an unknown one."""
    if code not in PURPOSES:
        raise Malformed(f"Nothing here asks consent for {code!r}; there is {', '.join(sorted(PURPOSES))}.", path="purpose")
    return PURPOSES[code]


def check_person(surrogate: str) -> None:
    """Refuse whoever is no natural person with rights of this kind: a merchant is told what applies."""
    if surrogate.startswith(SUBJECT_PREFIXES["merchant"]):
        raise Malformed(
            f"{surrogate} is a merchant. Facts about a legal person's or a sole trader's trade are not erased, restricted or "
            "taken along here: they are kept as the law on trade records asks, and leave the score after a year. A wrong fact "
            "is corrected by whoever stated it; the name of a sole trader is changed by a new registration."
        )
    if not surrogate.startswith(SUBJECT_PREFIXES["buyer"]):
        raise Malformed(f"{surrogate} is no person: rights over personal data belong to buyers, whose ids begin with b.")


def check_words(name: str, words: str) -> None:
    """Refuse to correct what is no text about a person, or words that cannot be right."""
    if name not in CORRECTABLE:
        raise Malformed(
            f"{name!r} is not corrected here; {', '.join(CORRECTABLE)} is. What a fact says is corrected by its source, "
            "with a new event that supersedes it.", path="text",
        )
    if not words.strip() or len(words) > NAME_LENGTH_MAX or "\0" in words:
        raise Malformed(f"A {name} has 1 to {NAME_LENGTH_MAX} characters.", path="words")


@dataclass(frozen=True, slots=True)
class Kept:
    """A class of data that a law keeps for now: until which day, and by which rule."""

    retention: str
    until: date
    keeping: Keeping


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a person's data may go now, and what a law keeps until when."""

    gone: tuple[str, ...]
    kept: tuple[Kept, ...]


def plan_erasure(*, jurisdiction: str, last_transaction: date | None, today: date) -> Plan:
    """Decide by class. Only transactions keep anything: who never ordered is forgotten whole."""
    gone: list[str] = []
    kept: list[Kept] = []
    for retention in RETENTIONS:
        since = last_transaction if retention == TRANSACTION else None
        keeping = keeping_of(jurisdiction=jurisdiction, retention=retention)
        until = today if since is None else kept_until(jurisdiction=jurisdiction, retention=retention, since=since)
        if until <= today:
            gone.append(retention)
        else:
            kept.append(Kept(retention, until, keeping))
    return Plan(tuple(gone), tuple(kept))


def commitment(salt: bytes, digests: list[bytes]) -> str:
    """What binds a day's list of erasures without showing it: SHA-256 over a salt and the sorted keyed hashes."""
    return sha256(b"yinuo/erased/v1" + salt + b"".join(sorted(digests))).hexdigest()

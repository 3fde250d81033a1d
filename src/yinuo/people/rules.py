"""Decisions on plain values about people's rights (what depends on consent, what an erasure takes now, what a law keeps)
and about their accounts: sign-in names, roles, invitations.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Literal

from yinuo.kit.actors import Actor
from yinuo.kit.facts import SUBJECT_PREFIXES
from yinuo.kit.refusals import Malformed
from yinuo.vault.rules import RETENTIONS, TRANSACTION, Keeping, keeping_of, kept_until

AUTHORITY = "authority"
"""Somebody of a court, the police or a regulator: sees the cases of rooms opened for them, until a day, and nothing else."""
FINANCE = "finance"
"""Whoever moves money: will propose and approve payments out, refunds by hand and corrections of the ledger, each by two people
(`people.actions.four_eyes`); nobody moves any alone. Until there is a ledger the role holds no permission but to be noted.
"""
STAFF_ROLES = ("steward", FINANCE, "auditor", "data_protection", AUTHORITY, "administrator")
"""What the marketplace's own people, its auditors and authorities may be. Held everywhere."""
OWNER = "merchant_owner"
TEAM_ROLES = (OWNER, "merchant_operations", "merchant_reader")
"""What somebody may be for a merchant: a legal person with all its shops."""
BUYER = "buyer"
INVITABLE = (*STAFF_ROLES, *TEAM_ROLES, BUYER)

_OFFICE = frozenset({"data_protection", "system"})
_ADMINISTRATION = frozenset({"administrator", "system"})
_ROOM_KEEPERS = frozenset({"steward", "data_protection"})
PERMISSIONS = {
    "people.see": _OFFICE | {BUYER},
    "people.correct": _OFFICE | {BUYER},
    "people.restrict": _OFFICE | {BUYER},
    "people.keep_consents": _OFFICE | {BUYER},
    "people.erase": _OFFICE | {BUYER},
    "people.tell_erasures": frozenset({"system"}),
    "people.invite_staff": _ADMINISTRATION,
    "people.invite_team": frozenset({OWNER, "system"}),
    "people.invite_subject": frozenset({"source", "system"}),
    "people.end_grant": _ADMINISTRATION,
    "people.end_membership": frozenset({OWNER, "system"}),
    "people.leave": frozenset({*TEAM_ROLES, BUYER}),
    "people.see_team": frozenset({*TEAM_ROLES, "system"}),
    "people.see_accounts": frozenset({"administrator", "auditor", "system"}),
    "people.disable_account": _ADMINISTRATION,
    "people.reset_second_factor": frozenset({"system"}),
    "people.close_account": _OFFICE,
    "people.save_filter": frozenset({"steward", "auditor"}),
    "people.see_looks": frozenset({"data_protection", "system"}),
    "people.note_staff_look": frozenset({*STAFF_ROLES, "system"}),
    "people.ask_room": _ROOM_KEEPERS,
    "people.approve_room": _ROOM_KEEPERS,
    "people.close_room": _ROOM_KEEPERS,
    "people.see_rooms": _ROOM_KEEPERS | {"auditor"},
    "people.enter_room": frozenset({AUTHORITY}),
    "people.see_rooms_about": frozenset({*TEAM_ROLES, BUYER}),
    "people.keep_room_clock": frozenset({"system"}),
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
THEMSELVES = "themselves"
"""Who looked, where it was the person whose data it is: no look by staff."""
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


FILTERS_MAX = 20
"""How many filters somebody keeps for one queue."""
FILTER_NAME_MAX, FILTER_QUERY_MAX = 40, 500


def check_filter(name: str, query: str) -> None:
    """Refuse a filter without a name to find it by, or with one that does not fit on a button."""
    if not name or len(name) > FILTER_NAME_MAX or not name.isprintable():
        raise Malformed(f"Call the filter by 1 to {FILTER_NAME_MAX} characters.", path="name")
    if len(query) > FILTER_QUERY_MAX or not query.isprintable():
        raise Malformed("There is too much in this filter to be kept.", path="query")


INVITATION_LASTS = timedelta(days=7)
INVITATIONS_MAX = 50
"""How many invitations to one team may be open."""
AUTHORITY_LASTS_MAX = timedelta(days=180)
TIES_LAST = timedelta(days=365)
"""For how long whoever acted for somebody decides nothing about them: as long as what was found counts."""
STAFF_IDLE_MAX = timedelta(hours=12)
"""After so long without a request the session of somebody with a staff role ends."""
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,38})[a-z0-9]|[\u4e00-\u9fff][\u4e00-\u9fff0-9]{2,39}")
_STROKES = re.compile("[\u4e28\u4e36\u4e3f\u4e85]")     # of Chinese, what passes for a stop, a slash or the digit 1


class NotAName(Malformed):
    """The sign-in name cannot be taken."""


def normal_handle(text: str) -> str:
    """A sign-in name in the one form in which it is kept: full-width and capital letters are the same as plain ones."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def check_handle(text: str) -> str:
    """The sign-in name to keep; refuses one that is too short, too long, or could pass for another by look-alike letters."""
    handle = normal_handle(text)
    if not _HANDLE.fullmatch(handle) or _STROKES.search(handle):
        raise NotAName(
            "A sign-in name has 3 to 40 characters: either a to z and digits, with dots, hyphens and underscores between them, "
            "or Chinese characters and digits.", path="handle",
        )
    return handle


def kind_of_role(role: str) -> Literal["staff", "merchant", "buyer"]:
    """For whom a role is held: everywhere, for a merchant, or for the buyer one is."""
    if role in STAFF_ROLES:
        return "staff"
    if role in TEAM_ROLES:
        return "merchant"
    if role == BUYER:
        return "buyer"
    raise Malformed(f"{role!r} is no role; there are {', '.join(INVITABLE)}.", path="role")


def check_until(*, role: str, until: datetime | None, at: datetime) -> None:
    """Refuse an authority without a near end, and an end for anybody else."""
    if role != "authority":
        if until is not None:
            raise Malformed("Only the role of an authority ends by itself.", path="until")
        return
    if until is None or not at < until <= at + AUTHORITY_LASTS_MAX:
        raise Malformed(
            f"An authority is let in until a day, at most {AUTHORITY_LASTS_MAX.days} days ahead; name it.", path="until"
        )


def token_digest(token: str) -> bytes:
    """Under what an invitation or an access token is kept: its hash, since whoever has the token may use it."""
    return sha256(token.encode()).digest()


TOKEN_PREFIX = "yt_"  # noqa: S105 - how tokens begin is no secret
"""So that scanners find a token that leaked, and nobody takes it for a source's key."""
TOKEN_DAYS, TOKEN_DAYS_MAX = 90, 365
TOKENS_MAX = 20
"""How many tokens of one account may be in force."""
TOKEN_NAME_LENGTH_MAX = 60
TOKEN_NOTED_EVERY = timedelta(minutes=5)
"""How exactly it is kept when a token was used last."""


def check_token_wish(*, name: str, days: int) -> str:
    """The name to keep of a token; refuses one that says nothing, and a life that is too long."""
    wanted = " ".join(name.split())
    if not 1 <= len(wanted) <= TOKEN_NAME_LENGTH_MAX or any(unicodedata.category(sign)[0] == "C" for sign in wanted):
        raise Malformed(f"Name the token in 1 to {TOKEN_NAME_LENGTH_MAX} characters, so that you know it again.", path="name")
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise Malformed(f"A token lives 1 to {TOKEN_DAYS_MAX} days.", path="days")
    return wanted
FOUR_EYES_LASTS = timedelta(days=14)
"""For how long something proposed waits for a second person; then it is to be proposed anew."""
ROOM_LASTS_MAX = timedelta(days=90)
"""For how long a case room can be asked for at most. Whoever needs longer writes again."""
SILENCE_MAX = timedelta(days=365)
"""For how long those concerned may be left untold at most, where the request names a ground of law for it."""
ROOM_CASES_MAX = 100
ROOM_GUESTS_MAX = 10
ROOM_ENDS = "people.case_room_ends"
"""The timer by which a room that nobody approved lapses, and an open one expires. Its subject is the room."""
ROOM_TELLS = "people.case_room_tells"
"""The timer by which those concerned are told of a room that was kept from them. Its subject is the room."""
CaseKind = Literal["decision", "contest", "order", "merchant"]
CASE_KINDS: dict[str, CaseKind] = {
    SUBJECT_PREFIXES["decision"]: "decision", SUBJECT_PREFIXES["contest"]: "contest", SUBJECT_PREFIXES["order"]: "order",
    SUBJECT_PREFIXES["merchant"]: "merchant",
}
"""What can be shown in a case room, by the letter with which its id begins."""
LookReason = Literal["rights", "decides", "audits", "corrects", "authority", "room"]
LOOK_REASONS: dict[LookReason, str] = {
    "rights": "to answer the person about their own data",
    "decides": "to decide about the case",
    "audits": "to check how it was decided",
    "corrects": "to correct an event that was refused",
    "authority": "as an authority, in a case room",
    "room": "to judge what an authority asks for",
}
"""Why staff look at what concerns a person."""


def why_looked(actor: Actor, person: str | None) -> LookReason | None:
    """Why one of the staff looks at a case about this person; None where there is no person, or it is their own affair."""
    if person is None or not actor.roles or person in actor.own:
        return None
    return "decides" if actor.holds("steward") else "audits"


@dataclass(frozen=True, slots=True)
class Case:
    """One case that a room shows: its kind and id, and the merchant and buyer whom it concerns."""

    kind: CaseKind
    thing: str
    merchant: str | None = None
    buyer: str | None = None


@dataclass(frozen=True, slots=True)
class RoomRequest:
    """An authority's written request, as it was entered: who asks, on which basis, under which number, for what, until when.

    `with_persons`: it names the buyers of the orders too. `silence`: the ground of law on which those concerned are not told
    before `tell_from`; empty where they are told at once.
    """

    authority: str
    basis: str
    reference: str
    asked: str
    until: datetime
    with_persons: bool = False
    silence: str = ""
    tell_from: datetime | None = None


REQUEST_WORDS = {"authority": (2, 200), "basis": (2, 300), "reference": (1, 100), "asked": (20, 5_000)}
"""The words of a request, each with how many characters it has at least and at most."""


def check_request(request: RoomRequest, *, at: datetime) -> None:
    """Refuse a request that does not say what the law asks to be noted, or asks for longer than a room lasts."""
    for name, (least, most) in REQUEST_WORDS.items():
        _check_text(getattr(request, name), name, least, most)
    if not at < request.until <= at + ROOM_LASTS_MAX:
        raise Malformed(f"A case room is open until a day at most {ROOM_LASTS_MAX.days} days ahead; name it.", path="until")
    if bool(request.silence) != (request.tell_from is not None):
        raise Malformed("To tell those concerned later takes both a ground of law and the day from which they are told.",
                        path="silence")
    if request.tell_from is not None:
        _check_text(request.silence, "silence", 2, 300)
        if not at < request.tell_from <= at + SILENCE_MAX:
            raise Malformed(f"Those concerned are told at most {SILENCE_MAX.days} days later; name the day.", path="tell_from")


def check_cases(cases: Sequence[Case]) -> None:
    """Refuse a room without cases, with too many, or with one named twice."""
    if not 1 <= len(cases) <= ROOM_CASES_MAX or len({case.thing for case in cases}) < len(cases):
        raise Malformed(f"Name 1 to {ROOM_CASES_MAX} cases, each once.", path="cases")


def request_digest(room: str, request: RoomRequest, cases: Iterable[Case], guests: Iterable[int]) -> str:
    """What binds an approval to all that was asked for: SHA-256 over the request, its cases, and who is let in."""
    said = [request.authority, request.basis, request.reference, request.asked, request.silence, request.with_persons]
    days = [request.until.timestamp(), request.tell_from and request.tell_from.timestamp()]
    named = sorted([case.kind, case.thing, case.merchant or "", case.buyer or ""] for case in cases)
    return sha256(json.dumps([room, said, days, named, sorted(guests)]).encode()).hexdigest()


def _check_text(text: str, path: str, least: int, most: int) -> None:
    hidden = any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co") for sign in text if sign not in "\r\n\t")
    if hidden or not least <= len(text.strip()) <= most or not any(map(str.isalnum, text)):
        raise Malformed(f"Say it in {least} to {most:,} characters.", path=path)

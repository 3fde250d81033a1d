"""Decisions on plain values: which acts and grounds there are, how long each clock runs, what a statement must hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from yinuo.decisions.acts import ACTS, GROUNDS, WORDS_MAX, WORDS_MIN, Act, check_act, check_words
from yinuo.decisions.events import Automated, SettledCause
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed

__all__ = [
    "ACTS",
    "ADVERSE_DAYS",
    "APPEAL_MONTHS_DAYS",
    "AT_ONCE_MAX",
    "CAUSES",
    "CLOCKS",
    "GROUNDS",
    "OPEN_CONTESTS_MAX",
    "PERMISSIONS",
    "WORDS_MAX",
    "WORDS_MIN",
    "Act",
    "Clocks",
    "Objection",
    "Statement",
    "check_another",
    "check_cause",
    "check_new_words",
    "check_open",
    "check_statement",
    "check_words",
    "letters_of",
    "matter_of",
    "rates",
]

_STEWARDS = frozenset({"steward"})
_SPEAKERS = frozenset({"merchant_owner", "merchant_operations", "buyer"})
PERMISSIONS = {
    "decisions.decide": _STEWARDS,
    "decisions.decide_by_machine": frozenset({"system"}),
    "decisions.take_stated": frozenset({"system"}),
    "decisions.contest": _SPEAKERS,
    "decisions.settle_contest": _STEWARDS,
    "decisions.appeal": _SPEAKERS,
    "decisions.settle_appeal": _STEWARDS,
    "decisions.see": _SPEAKERS | {"merchant_reader", "steward", "auditor", "system"},
    "decisions.lapse": frozenset({"system"}),
}

APPEAL_MONTHS_DAYS = 183
"""For how long a decision may be appealed: six months (Digital Services Act 20(1)), wherever the marketplace is."""
ADVERSE_DAYS = 365
"""For how long what was found against somebody counts; after that it leaves the standing by itself."""
CAUSES = tuple(cause for cause in get_args(SettledCause) if cause != "merchant")
"""The causes that an upheld contest may give: the merchant's own is what was contested."""
AT_ONCE_MAX = 200
"""How many facts one person contests at once."""
OPEN_CONTESTS_MAX = 1_000
"""How many contests of one merchant may be open: five times as many as fit one form; people must look at each."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """How many working days a contest and an appeal may take at most."""

    contest_days: int
    appeal_days: int


CLOCKS: Mapping[str, Clocks] = {
    "cn": Clocks(contest_days=10, appeal_days=10),
    "eu": Clocks(contest_days=10, appeal_days=10),
    "us": Clocks(contest_days=10, appeal_days=10),
    "uk": Clocks(contest_days=10, appeal_days=10),
}
"""By jurisdiction. Ten working days lie within every law's limit that we know of (credit reporting in China: 20 days)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons: the act, its ground, the keys of the facts relied on, reasons in words, since and until when.

    At least one of `merchant` and `buyer` is who it is about.
    """

    act: str
    ground: str
    facts: tuple[str, ...]
    words: str
    automated: Automated
    since: datetime
    until: datetime | None = None
    merchant: str | None = None
    buyer: str | None = None
    review: str | None = None
    listing: str | None = None
    contest: str | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody says against a fact, a cause or a decision, and by when it must be answered."""

    words: str
    due: datetime


def check_statement(statement: Statement, *, at: datetime) -> None:
    """Refuse a statement that lacks what whoever is decided about is owed, saying what."""
    act = check_act(statement)
    _check_holding(statement, act, at)
    check_words(statement.words, "words")


def _check_holding(statement: Statement, act: Act, at: datetime) -> None:
    """Refuse an adverse act that relies on no fact, or does not say since and until when it holds."""
    if act.adverse and not statement.facts:
        raise Malformed("Name at least one fact of the record that the decision relies on.", path="facts")
    if act.ends and statement.until != statement.since + timedelta(days=ADVERSE_DAYS):
        raise Malformed(f"It holds for {ADVERSE_DAYS} days from when it takes effect; say so.", path="until")
    if not act.ends and statement.until is not None:
        raise Malformed(f"{act.code} has no end of its own.", path="until")
    if statement.since > at:
        raise Malformed("A decision takes effect now, or did before; it cannot wait.", path="since")


def matter_of(aspect: str, subject: str | None, outcome: str | None) -> str:
    """What a contest of a cause is about, and must not be contested twice: one outcome of an order, or topic of a complaint."""
    return f"{aspect}/{subject}/{outcome}"


def check_another(name: str, had_a_part: Collection[str]) -> None:
    """Refuse whoever had a part in the matter: another person must decide."""
    if name in had_a_part:
        raise NotAllowed("You had a part in this matter: another person must decide it.")


def check_open(state: str) -> None:
    """Refuse to settle what is settled."""
    if state != "open":
        raise Conflict(f"This was {state} already.")


def letters_of(words: str) -> str:
    """What tells one text from another: its letters and digits, however they are written and set apart."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", words).casefold() if sign.isalnum())


def check_cause(aspect: str, cause: str | None) -> None:
    """Refuse to uphold a contest without the cause that stands now, or with one that cannot."""
    if aspect == "fact":
        if cause is not None:
            raise Malformed("An upheld contest of a fact names no cause: the fact is withdrawn.", path="cause")
    elif cause not in CAUSES:
        raise Malformed(f"Name the cause that stands now: one of {', '.join(CAUSES)}.", path="cause")


def check_new_words(*, given_before: bool) -> None:
    """Refuse a reply that stood word for word under another case: each is owed an answer of its own."""
    if given_before:
        raise Malformed(
            "These words were given as a reply before. Say what this case turns on, in words of your own.", path="words"
        )


def rates(*, decided: int, appealed: int, reversed_: int) -> dict[str, int | None]:
    """Counts, and the share of appeals upheld in permille; None below 30 answered ones: nobody reads chance as a rate."""
    return {
        "decided": decided, "appealed": appealed, "reversed": reversed_,
        "overturned_permille": 1000 * reversed_ // appealed if appealed >= 30 else None,
    }

"""Decisions on plain values: which acts and grounds there are, how long each clock runs, what a statement must hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from yinuo.decisions.events import Automated, SettledCause
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed

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

WORDS_MIN, WORDS_MAX = 20, 5_000
"""How long reasons, objections and replies are, in characters: a code alone explains nothing."""
APPEAL_MONTHS_DAYS = 183
"""For how long a decision may be appealed: six months (Digital Services Act 20(1)), wherever the marketplace is."""
ADVERSE_DAYS = 365
"""For how long what was found against somebody counts; after that it leaves the standing by itself."""
LETTERS_MIN = 10
"""How many letters or digits of them there must be: signs and spaces explain nothing either."""
CAUSES = tuple(cause for cause in get_args(SettledCause) if cause != "merchant")
"""The causes that an upheld contest may give: the merchant's own is what was contested."""
AT_ONCE_MAX = 200
"""How many facts one person contests at once."""
OPEN_CONTESTS_MAX = 1_000
"""How many contests of one merchant may be open: five times as many as fit one form; people must look at each."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done by a decision: whether it is against somebody, what it is about, and whether it must end."""

    code: str
    adverse: bool
    sentence: str
    about: Literal["merchant", "listing", "review", "contest"]
    ends: bool = False


ACTS: Mapping[str, Act] = {
    act.code: act
    for act in (
        Act("warning", True, "A warning; nothing else follows from it.", "merchant"),
        Act("goods_unlawful", True, "Goods were found unlawful, which overrides the standing.", "merchant", ends=True),
        Act("listing_removed", True, "A listing was taken off sale; the standing stays as it was.", "listing"),
        Act("review_hidden", True, "A review is no longer shown; it stays counted.", "review"),
        Act("contest_rejected", True, "A contested fact or cause stays as it is.", "contest"),
        Act("contest_upheld", False, "A contested fact was withdrawn, or has another cause.", "contest"),
    )
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A listed ground: for which acts, in a sentence, and the rule behind it."""

    code: str
    acts: frozenset[str]
    sentence: str
    rule: str


def _grounds(*every: tuple[str, str, str, str]) -> dict[str, Ground]:
    return {code: Ground(code, frozenset(acts.split()), sentence, rule) for code, acts, sentence, rule in every}


_GOODS = "goods_unlawful listing_removed"
GROUNDS: Mapping[str, Ground] = _grounds(
    ("counterfeit", f"{_GOODS} warning", "The goods are counterfeit.", "E-Commerce Law 13, 45; Trademark Law 57"),
    ("safety", f"{_GOODS} warning", "The goods are unsafe.", "E-Commerce Law 13, 38; GPSR 22"),
    ("licence", f"{_GOODS} warning", "The goods were sold without the licence they need.", "E-Commerce Law 12, 29"),
    ("terms", "listing_removed warning", "A rule of this marketplace was broken.", "E-Commerce Law 32-36; DSA 14"),
    ("not_this_purchase", "review_hidden", "The review is not about this purchase.", "Zhejiang E-Commerce Regulation 19"),
    ("advertising", "review_hidden", "The review advertises something else.", "Zhejiang E-Commerce Regulation 19"),
    ("personal_data", "review_hidden", "The review shows somebody's data.", "Zhejiang E-Commerce Regulation 19; PIPL 25"),
    ("insult", "review_hidden", "The review insults somebody.", "Zhejiang E-Commerce Regulation 19"),
    ("unlawful", "review_hidden", "The review's content is unlawful.", "Zhejiang E-Commerce Regulation 19; DSA 9"),
    ("bought", "review_hidden", "The review was paid for.", "E-Commerce Law 17, 39; 16 CFR 465.4"),
    ("evidence", "contest_upheld contest_rejected", "What the evidence shows.", "PIPL 24; DSA 20"),
    ("no_evidence", "contest_rejected", "Nothing was brought that speaks against the fact.", "PIPL 24; DSA 20"),
    ("source_mistaken", "contest_upheld", "Whoever stated the fact was mistaken.", "PIPL 46; GDPR 16"),
)
"""Every ground that a decision may rest on. Overturn rates are published for each."""


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
    act = _check_act(statement)
    _check_holding(statement, act, at)
    check_words(statement.words, "words")


def check_stated(wire: Any) -> None:
    """Refuse a shop's own decision that lacks its ground, whom and what it is about, or its reasons."""
    try:
        _check_act(wire)
        check_words(wire.reasons or "", "reasons")
    except Malformed as lacking:
        raise Malformed(lacking.sentence, path=f"data.{lacking.path}") from None


def _check_act(stated: Any) -> Act:
    """Refuse an unlisted act or ground, or one about nobody or nothing."""
    act = ACTS.get(stated.act)
    if act is None:
        raise Malformed(f"{stated.act!r} is no act; there are {', '.join(ACTS)}.", path="act")
    ground = GROUNDS.get(stated.ground)
    if ground is None or act.code not in ground.acts:
        listed = ", ".join(code for code, each in GROUNDS.items() if act.code in each.acts)
        raise Malformed(f"{stated.ground!r} is no ground for {act.code}; there are {listed}.", path="ground")
    if (stated.merchant is None) == (stated.buyer is None):
        raise Malformed("Say who is decided about: a merchant or a buyer, and not both.", path="merchant")
    if getattr(stated, act.about) is None:
        raise Malformed(f"Say which {act.about} it is about.", path=act.about)
    return act


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


def check_words(words: str, path: str) -> None:
    """Refuse words that explain nothing, or are no words: too few letters, or signs that nobody sees."""
    hidden = any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co") for sign in words if sign not in "\r\n\t")
    if hidden or not WORDS_MIN <= len(words.strip()) <= WORDS_MAX or sum(map(str.isalnum, words)) < LETTERS_MIN:
        raise Malformed(f"Say it in {WORDS_MIN} to {WORDS_MAX:,} characters of your own.", path=path)


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

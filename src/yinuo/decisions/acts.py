"""Which acts and grounds there are, and what is owed to whoever is decided about: the words that facts and rules share."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from yinuo.kit.refusals import Malformed

WORDS_MIN, WORDS_MAX = 20, 5_000
"""How long reasons, objections and replies are, in characters: a code alone explains nothing."""
LETTERS_MIN = 10
"""How many letters or digits of them there must be: signs and spaces explain nothing either."""


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
    ("proved", "contest_upheld", "A carrier or another provider proved another cause.", "PIPL 24; DSA 20"),
    ("source_mistaken", "contest_upheld", "Whoever stated the fact was mistaken.", "PIPL 46; GDPR 16"),
)
"""Every ground that a decision may rest on. Overturn rates are published for each."""


def check_stated(wire: Any) -> None:
    """Refuse a shop's own decision that lacks its ground, whom and what it is about, or its reasons."""
    try:
        check_act(wire)
        check_words(wire.reasons or "", "reasons")
    except Malformed as lacking:
        raise Malformed(lacking.sentence, path=f"data.{lacking.path}") from None


def check_act(stated: Any) -> Act:
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
    against = "buyer" if act.about == "review" else "merchant"
    if getattr(stated, against) is None:
        raise Malformed(f"{act.code} is against a {against}: tell them, and nobody else.", path=against)
    if getattr(stated, act.about) is None:
        raise Malformed(f"Say which {act.about} it is about.", path=act.about)
    return act


def check_words(words: str, path: str) -> None:
    """Refuse words that explain nothing, or are no words: too few letters, or signs that nobody sees."""
    hidden = any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co") for sign in words if sign not in "\r\n\t")
    if hidden or not WORDS_MIN <= len(words.strip()) <= WORDS_MAX or sum(map(str.isalnum, words)) < LETTERS_MIN:
        raise Malformed(f"Say it in {WORDS_MIN} to {WORDS_MAX:,} characters of your own.", path=path)

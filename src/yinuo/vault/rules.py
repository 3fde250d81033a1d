"""Decisions of the vault on plain values: whose key seals what, and the register of what is kept, why and how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from yinuo.kit.facts import SUBJECT_PREFIXES
from yinuo.kit.refusals import Malformed

PERMISSIONS = {
    "vault.rotate_keys": frozenset({"system"}),
    "vault.see_keys": frozenset({"steward", "system"}),
}

Retention = Literal["profile", "content", "transaction"]
PROFILE, CONTENT, TRANSACTION = "profile", "content", "transaction"
RETENTIONS = (PROFILE, CONTENT, TRANSACTION)
PASSING = "passing"
"""The class of what is kept for some days only, by keys of those days: events that were refused."""
REALM = "realm"
"""The holder of the keys for things and legal persons."""
PERSONS = frozenset({"buyer"})
"""The types of subject that are natural persons, each with keys of its own."""
_PERSON_PREFIXES = tuple(SUBJECT_PREFIXES[person] for person in PERSONS)


def holder_of(surrogate: str) -> str:
    """Whose keys seal what belongs to this subject: a person's own, or the realm's."""
    return surrogate if surrogate.startswith(_PERSON_PREFIXES) else REALM


def holding_of_day(day: int) -> tuple[str, str]:
    """Whose key of which class seals what came on a day and goes with it."""
    return f"day-{day}", PASSING


def check_classes(classes: frozenset[str]) -> str:
    """The classes in one text, in their order; refuses an unknown one, or none."""
    if not classes or not classes <= set(RETENTIONS):
        raise Malformed(f"Name classes among {', '.join(RETENTIONS)}, not {', '.join(sorted(classes)) or 'none'}.")
    return ",".join(name for name in RETENTIONS if name in classes)


@dataclass(frozen=True, slots=True)
class Ground:
    """A provision that a rule rests on: where it holds, for whom, which version, and how well we know its text."""

    jurisdiction: str
    article: str
    says: str
    version: str
    source: str
    applies_to: str
    last_verified: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one class of personal data is kept in a jurisdiction, what for, and on which grounds."""

    retention: Retention
    purpose: str
    begins: str
    months: int
    """After `begins`, for how long it must not be erased; 0: it goes as soon as it is asked for or no longer needed."""
    from_year_end: bool
    then: str
    grounds: tuple[Ground, ...]


_READ = "text of the law, read"
_KNOWN = "general knowledge; check the article before relying on it"
_EVERYBODY = "everybody who processes personal information"
_PLATFORMS = "operators of e-commerce platforms"

_PIPL = ("CN", "2021-11-01", _READ, _EVERYBODY, "2025")
_ECL = ("CN", "2019-01-01", _READ, _PLATFORMS, "2025")
_GDPR = ("EU", "2016/679, 2018-05-25", _KNOWN, "controllers", "not yet")


def _ground(law: tuple[str, str, str, str, str], article: str, says: str) -> Ground:
    jurisdiction, version, source, applies_to, verified = law
    return Ground(jurisdiction, article, says, version, source, applies_to, verified)


REGISTER: dict[str, tuple[Keeping, ...]] = {
    "cn": (
        Keeping(
            "profile", "To know who has an account, and to address them.", "the account is closed, or erasure is asked for", 0,
            False, "erased at once",
            (
                _ground(_PIPL, "PIPL art. 13(1)(2)", "needed to conclude and perform a contract with the person"),
                _ground(_PIPL, "PIPL art. 47", "erase when the purpose is reached, or consent is withdrawn"),
                _ground(_ECL, "E-Commerce Law art. 24", "erase on request and when the account is closed, without conditions"),
            ),
        ),
        Keeping(
            "content", "So that other buyers can read what was found about goods and service.", "its author asks", 0,
            False, "the words are erased; the stars stay counted",
            (
                _ground(_ECL, "E-Commerce Law art. 39", "a credit evaluation system; the platform deletes no review by itself"),
                _ground(_PIPL, "PIPL arts. 13, 15, 47", "the author may withdraw what they wrote"),
            ),
        ),
        Keeping(
            "transaction", "To prove orders, payments and deliveries, to settle disputes about them, and to attribute faults.",
            "the transaction is completed", 36, False, "erased on request, or once no claim is open",
            (
                _ground(_ECL, "E-Commerce Law art. 31", "keep goods, service and transaction data at least three years"),
                _ground(_PIPL, "PIPL art. 47(2)", "until a legal period ends, keep it stored and do nothing else with it"),
            ),
        ),
    ),
    "eu": (
        Keeping(
            "profile", "To know who has an account, and to address them.", "the account is closed, or erasure is asked for", 0,
            False, "erased at once",
            (
                _ground(_GDPR, "GDPR art. 6(1)(b)", "needed for a contract with the person"),
                _ground(_GDPR, "GDPR arts. 5(1)(e), 17(1)", "no longer than needed; erase without undue delay"),
            ),
        ),
        Keeping(
            "content", "So that other buyers can read what was found about goods and service.", "its author asks", 0,
            False, "the words are erased; the stars stay counted",
            (
                _ground(_GDPR, "GDPR arts. 6(1)(b), 17(1)", "the author may withdraw what they wrote"),
                Ground(
                    "EU", "UCPD art. 7(6), Annex I 23c", "say how reviews are checked; show no selection of them",
                    "Directive (EU) 2019/2161, 2022-05-28", "secondary source", "traders who show reviews", "2026-08",
                ),
            ),
        ),
        Keeping(
            "transaction", "To prove orders, payments and deliveries, to settle disputes about them, and to attribute faults.",
            "the transaction is completed", 120, True, "erased on request, or once no claim is open",
            (
                Ground(
                    "EU", "VAT Directive 2006/112/EC art. 242a", "marketplaces keep records of supplies for ten years",
                    "Directive (EU) 2017/2455, 2021-07-01", _KNOWN, "electronic interfaces that facilitate supplies", "not yet",
                ),
                _ground(_GDPR, "GDPR arts. 6(1)(c), 17(3)(b)", "a legal obligation to keep goes before erasure"),
            ),
        ),
    ),
}
JURISDICTIONS = tuple(REGISTER)


def keeping_of(*, jurisdiction: str, retention: str) -> Keeping:
    """The rule for a class of data in a jurisdiction; refuses an unknown one."""
    for keeping in REGISTER.get(jurisdiction, ()):
        if keeping.retention == retention:
            return keeping
    raise Malformed(f"There is no rule for {retention!r} data in {jurisdiction!r}.")


def kept_until(*, jurisdiction: str, retention: str, since: date) -> date:
    """The first day on which data of this class may be erased, its period having begun on a day."""
    keeping = keeping_of(jurisdiction=jurisdiction, retention=retention)
    begins = date(since.year + 1, 1, 1) if keeping.from_year_end else since
    months = begins.month - 1 + keeping.months
    first = date(begins.year + months // 12, months % 12 + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(date.fromordinal(first.toordinal() + begins.day - 1), following)

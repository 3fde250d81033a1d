"""What a verifier tells, in plain sentences, in English or Chinese."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from yinuo.cli._chinese import in_chinese
from yinuo.cli._verify_words import BANDS, FEATURES, KINDS, SUBJECTS, WHYS, WORDS
from yinuo.kit.evidence import Proven, numbers_about
from yinuo.kit.moments import from_day, from_micros
from yinuo.kit.notes import Unsigned
from yinuo.kit.opening import Part, RevealedFact
from yinuo.kit.refusals import Malformed, Refusal

if TYPE_CHECKING:
    from yinuo.credit.proofs import CheckedReport, CheckedReviews
    from yinuo.credit.proofs.runs import Run
    from yinuo.kit.receipts import Receipt
    from yinuo.record.proofs import Kept

_MICROS_MAX = 8_000_000_000_000_000
KEY_SHOWN_MAX = 160
class Teller:
    """Tells in one language what was found."""

    def __init__(self, language: str) -> None:
        self.chinese = language == "zh-hans"

    def __call__(self, what: str, **values: Any) -> str:
        """The sentence of that name."""
        values = {name: harmless(value) if isinstance(value, str) else value for name, value in values.items()}
        return WORDS[what][self.chinese].format(**values)

    def not_checked(self, fault: Exception) -> str:
        """That the question was not put rightly."""
        return self("not-checked", fault=self._of(fault))

    def not_proven(self, fault: Exception) -> str:
        """That the file does not prove what it says, where it fails, and what to do about it."""
        told = self("not-proven", fault=self._of(fault))
        if isinstance(fault, Unsigned):     # more likely the policy is the wrong one
            return told
        return f"{told}{'' if self.chinese else ' '}{self('another-copy')}"

    def proof(self, proven: Proven) -> list[str]:
        """What a proof file shows."""
        return [*self._head(proven), *self._facts(proven.facts, {}), self("proof-proven")]

    def order(self, proven: Proven, pack: Any, *, trusted: bool) -> list[str]:
        """What evidence about an order shows."""
        from yinuo.record.proofs import replaced_by  # noqa: PLC0415

        last = numbers_about(proven.facts, "order", pack["about"]["order"])[-1]
        return [
            *self._head(proven, pack, trusted=trusted), *self._facts(proven.facts, replaced_by(proven)),
            self("order-proven", count=len(proven.facts), order=pack["about"]["order"], last=last),
        ]

    def promised(self, receipt: Receipt) -> list[str]:
        """What a receipt alone shows: the promise, and not yet whether it was kept."""
        return [
            self("receipt", origin=receipt.origin, count=receipt.count, received=_second(receipt.received),
                 sealed_by=_second(receipt.sealed_by)),
            self("receipt-proven"),
        ]

    def kept(self, kept: Kept, pack: Any, *, trusted: bool) -> list[str]:
        """What a receipt shows together with the facts that it promised."""
        receipt, facts = kept.receipt, {fact.index: fact for fact in kept.proven.facts}
        lines = [
            *self._head(kept.proven, pack, trusted=trusted),
            self("receipt", origin=receipt.origin, count=receipt.count, received=_second(receipt.received),
                 sealed_by=_second(receipt.sealed_by)),
        ]
        for event_id, index in sorted(kept.indexes.items(), key=lambda pair: pair[1]):
            fact = facts[index]
            said = fact.main.content if fact.main else {}
            lines.append("  " + self("event", id=event_id, index=index, kind=self._kind(said), when=_moment(said.get("at"))))
        lines += [self("receipt-forgotten", count=kept.forgotten)] if kept.forgotten else []
        return [*lines, self("kept-proven", count=receipt.count)]

    def credit(self, checked: CheckedReport, pack: Any, *, trusted: bool) -> list[str]:
        """What a credit report shows."""
        run, result, leaf = checked.run, checked.result, checked.run.leaf
        lines = [*self._head(checked.proven, pack, trusted=trusted), *self._run(run)]
        count, replaced = checked.facts, checked.replaced
        lines.append(self("facts", count=count, merchant=leaf.merchant, last=count - 1, replaced=replaced))
        known = {"band": self._band(result.band), "outcomes": result.outcomes}
        if result.score is None:
            lines.append(self("no-score", **known))
        else:
            lines.append(self("score", score=result.score, low=result.low, high=result.high, **known))
        lines += [self("before", before=self._band(result.before))] if result.before else []
        lines += [self("override", override=result.override)] if result.override else []
        lines += [self("odds", odds=result.odds_ppm)] if result.odds_ppm is not None else []
        if result.reasons:
            lines += [self("reasons"), *(self._reason(reason) for reason in result.reasons)]
        return [*lines, self("credit-proven", run=run.fact.run)]

    def reviews(self, checked: CheckedReviews, pack: Any, *, trusted: bool) -> list[str]:
        """What counts of reviews show."""
        merchant = checked.second.leaf.merchant
        return [
            *self._head(checked.proven, pack, trusted=trusted), *self._run(checked.first), *self._run(checked.second),
            self("reviews-proven", between=checked.between, merchant=merchant),
        ]

    def _head(self, proven: Proven, pack: Any = None, *, trusted: bool = True) -> list[str]:
        accepted = proven.accepted
        lines = [self("record", origin=accepted.checkpoint.origin, size=accepted.checkpoint.size, keys=len(accepted.keys))]
        for name, seconds in sorted(accepted.witnessed.items()):
            lines.append(self("witness", name=name, when=_moment(seconds * 1_000_000)))
        lines += [self("lacking", who=_short(each)) for each in accepted.lacking]
        if not trusted:
            lines += [self("own-policy"), *(f"  {_short(key.vkey)}" for key in accepted.keys)]
        if pack is not None:
            english, _, chinese = pack["note"].partition(" / ")     # the marking was checked; each reader reads their half
            lines.append(self("marked", note=chinese if self.chinese and chinese else english))
        return lines

    def _run(self, run: Run) -> list[str]:
        fact, counts = run.fact, run.leaf.reviews
        told = self("run", run=fact.run, index=run.index, day=from_day(fact.as_of), size=fact.size, card=fact.scorecard,
                    merchants=fact.merchants)
        back = counts.received - counts.shown - counts.hidden
        return [told, "  " + self("reviews", received=counts.received, shown=counts.shown, hidden=counts.hidden, back=back)]

    def _facts(self, facts: Iterable[RevealedFact], replaced: dict[int, int]) -> list[str]:
        lines = []
        for fact in facts:
            said = fact.main.content if fact.main else {}
            lines.append(self("fact", index=fact.index, kind=self._kind(said), when=_moment(said.get("at")),
                              source=str(said.get("source", "?"))))
            lines += self._part(fact.main, "")
            lines += self._part(fact.person, "person")
            if fact.person is None and fact.has_person:
                lines.append("  " + self("person-closed"))
            if fact.index in replaced:
                lines.append("  " + self("replaced", by=replaced[fact.index]))
        return lines

    def _kind(self, said: Any) -> str:
        """The kind of a fact, as its main part names it."""
        stated = said.get("fact")
        kind = str(stated.get("kind", "?")) if isinstance(stated, dict) else "?"
        return f"{KINDS[kind]}（{kind}）" if self.chinese and kind in KINDS else kind

    def _part(self, part: Part | None, words: str) -> list[str]:
        if part is None:
            return []
        content = harmless(json.dumps(part.content, ensure_ascii=False, sort_keys=True))
        named = sorted(part.numbers.items())
        numbers = ", ".join(f"{name} {number}" for name, number in named)
        if self.chinese:
            numbers = "，".join(f"{SUBJECTS.get(name, name)} {number}" for name, number in named)
        told = [f"  {self(words, content=content)}" if words else f"  {content}"]
        return told + ([f"  {self('numbers', numbers=numbers)}"] if numbers else [])

    def _band(self, band: str) -> str:
        return BANDS.get(band, band) if self.chinese else band

    def _of(self, fault: Exception) -> str:
        if isinstance(fault, RecursionError):
            fault = Malformed("The pack is nested too deep.")
        if not isinstance(fault, Refusal | OSError):
            fault = Malformed(f"The file cannot be read: something in it has not its form ({type(fault).__name__}).")
        if isinstance(fault, Refusal):
            return harmless(in_chinese(fault) if self.chinese else str(fault))
        if isinstance(fault, OSError):
            why = WHYS.get(type(fault).__name__, fault.strerror) if self.chinese else fault.strerror
            return self("no-file", file=str(fault.filename), why=str(why))
        return harmless(str(fault))

    def _reason(self, reason: dict[str, Any]) -> str:
        name = str(reason["feature"])
        what = FEATURES.get(name, name) if self.chinese else name.replace("_", " ")
        if "half_life_days" in reason:
            days = self("half-life", days=reason["half_life_days"])
            between, colon = ("", "：") if self.chinese else (" ", ": ")
            what += f"{between}{days}{colon}{reason['observed']} / {reason['expected']}"
        return f"  {reason['points']:+5d}  {what}"


def harmless(text: str) -> str:
    """Text from a file, shortened and made harmless to a terminal."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[:20_000])
    return shown + ("..." if len(text) > 20_000 else "")


def _short(vkey: str) -> str:
    """A key in at most one line: an Ed25519 key whole, and the beginning of the longer ones that must have signed beside it."""
    return harmless(vkey if len(vkey) <= KEY_SHOWN_MAX else vkey[:KEY_SHOWN_MAX] + "...")


def _moment(micros: Any) -> str:
    """A moment in UTC, as far as the calendar goes."""
    if type(micros) is not int or not 0 <= micros <= _MICROS_MAX:
        return "?"
    return f"{from_micros(micros):%Y-%m-%d %H:%M} UTC"


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

"""What a verifier tells, in plain sentences, in English or Chinese."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from yinuo.cli._chinese import in_chinese
from yinuo.kit.evidence import Proven, numbers_about
from yinuo.kit.moments import from_day, from_micros
from yinuo.kit.opening import Part, RevealedFact
from yinuo.kit.refusals import Malformed, Refusal

if TYPE_CHECKING:
    from yinuo.credit.proofs import CheckedReport, CheckedReviews
    from yinuo.credit.proofs.runs import Run

_MICROS_MAX = 8_000_000_000_000_000
WORDS = {
    "record": ("From the record {origin} when it had {size:,} entries, signed by {keys} of its keys.",
               "出自账本 {origin},当时共 {size:,} 条,由其 {keys} 个密钥签署。"),
    "witness": ("Witnessed by {name} at {when}.", "由 {name} 于 {when} 见证。"),
    "own-policy": ("Whom to trust was read from the file itself. Compare these keys with those that the record publishes, or "
                   "give --policy:",
                   "信任对象取自文件本身。请将下列密钥与账本公布的比对,或用 --policy 指定:"),
    "marked": ("Marked: {note}", "标注:{note}"),
    "fact": ("Fact {index}: {kind}, {when}, told by {source}", "第 {index} 号事实:{kind},{when},由 {source} 陈述"),
    "numbers": ("its numbers: {numbers}", "编号:{numbers}"),
    "person": ("the person's part: {content}", "个人部分:{content}"),
    "person-closed": ("A person's part is not shown.", "个人部分未开示。"),
    "replaced": ("It no longer stands: fact {by} replaced it.", "它已不成立:被第 {by} 号事实替换。"),
    "proof-proven": ("PROVEN: the record holds this fact at this place, unchanged.", "已证实:账本在此处载有这一事实,未经改动。"),
    "order-proven": ("PROVEN: the record holds these {count:,} facts, unchanged. Those about order {order} are numbers 0 to "
                     "{last:,}; none is left out between them.",
                     "已证实:账本载有这 {count:,} 条事实,未经改动。关于订单 {order} 的是第 0 至 {last:,} 条,其间无遗漏。"),
    "run": ("Run {run} (fact {index}): as of {day}, over the first {size:,} facts, scorecard {card}, {merchants:,} merchants.",
            "评分 {run}(第 {index} 号事实):截至 {day},据前 {size:,} 条事实,评分卡 {card},共 {merchants:,} 个商家。"),
    "facts": ("It saw {count:,} facts about merchant {merchant}, numbers 0 to {last:,}; all are here, none left out. {replaced:,} "
              "of them were superseded or withdrawn and do not count.",
              "其中关于商家 {merchant} 的有 {count:,} 条,编号 0 至 {last:,};全部在此,无遗漏。有 {replaced:,} 条已被替换或撤回,不计。"),
    "reviews": ("Reviews received {received:,}, shown {shown:,}, hidden {hidden:,}, taken back {back:,}.",
                "评价:收到 {received:,},展示 {shown:,},隐藏 {hidden:,},撤回 {back:,}。"),
    "score": ("Computed again from these facts: {score} ({low} to {high}), band {band!r}, on {outcomes:,} judged orders.",
              "据这些事实重新计算:{score} 分({low} 至 {high}),等级“{band}”,依据 {outcomes:,} 笔已判定订单。"),
    "no-score": ("Computed again from these facts: too little history for a score ({outcomes:,} judged orders), band {band!r}.",
                 "据这些事实重新计算:历史不足,暂无分数({outcomes:,} 笔已判定订单),等级“{band}”。"),
    "before": ("The band before was {before!r}; near an edge it stays.", "之前的等级是“{before}”;在界限附近保持不变。"),
    "override": ("The band follows from an upheld finding: {override}.", "等级出于一项成立的认定:{override}。"),
    "odds": ("Of a million orders about {odds:,} go wrong through this merchant's fault.", "每百万笔订单约有 {odds:,} 笔因商家过错出问题。"),
    "reasons": ("From 500, what is to be expected of anyone:", "从 500 分(一般应有的水平)起:"),
    "credit-proven": ("PROVEN: the score is the one that run {run} committed to, to the point.",
                      "已证实:分数与评分 {run} 所承诺的一致,分毫不差。"),
    "reviews-proven": ("PROVEN: no review vanished. Between the two runs lie {between:,} facts about reviews of merchant "
                       "{merchant}; with those before them they give the counts of both.",
                       "已证实:没有评价消失。两次评分之间有 {between:,} 条关于商家 {merchant} 评价的事实;连同之前的,得出两次的数目。"),
    "no-policy": ("Nothing was checked. A proof file does not say whom to trust: give --policy.",
                  "未作验证。证明文件没有写明信任谁:请给出 --policy。"),
    "not-checked": ("Nothing was checked. {fault}", "未作验证。{fault}"),
    "not-proven": ("NOT PROVEN: {fault}", "未证实:{fault}"),
}


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
        """That the file does not prove what it says, and where it fails."""
        return self("not-proven", fault=self._of(fault))

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

    def credit(self, checked: CheckedReport, pack: Any, *, trusted: bool) -> list[str]:
        """What a credit report shows."""
        run, result, leaf = checked.run, checked.result, checked.run.leaf
        lines = [*self._head(checked.proven, pack, trusted=trusted), *self._run(run)]
        lines.append(self("facts", count=checked.facts, merchant=leaf.merchant, last=checked.facts - 1, replaced=checked.replaced))
        if result.score is None:
            lines.append(self("no-score", outcomes=result.outcomes, band=result.band))
        else:
            lines.append(self("score", score=result.score, low=result.low, high=result.high, band=result.band,
                              outcomes=result.outcomes))
        lines += [self("before", before=result.before)] if result.before else []
        lines += [self("override", override=result.override)] if result.override else []
        lines += [self("odds", odds=result.odds_ppm)] if result.odds_ppm is not None else []
        if result.reasons:
            lines += [self("reasons"), *(_reason(reason) for reason in result.reasons)]
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
        if not trusted:
            lines += [self("own-policy"), *(f"  {harmless(key.vkey)}" for key in accepted.keys)]
        if pack is not None:
            lines.append(self("marked", note=pack["note"]))
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
            stated = said.get("fact")
            kind = stated.get("kind", "?") if isinstance(stated, dict) else "?"
            lines.append(self("fact", index=fact.index, kind=str(kind), when=_moment(said.get("at")),
                              source=str(said.get("source", "?"))))
            lines += self._part(fact.main, "")
            lines += self._part(fact.person, "person")
            if fact.person is None and fact.has_person:
                lines.append("  " + self("person-closed"))
            if fact.index in replaced:
                lines.append("  " + self("replaced", by=replaced[fact.index]))
        return lines

    def _part(self, part: Part | None, words: str) -> list[str]:
        if part is None:
            return []
        content = harmless(json.dumps(part.content, ensure_ascii=False, sort_keys=True))
        numbers = ", ".join(f"{name} {number}" for name, number in sorted(part.numbers.items()))
        told = [f"  {self(words, content=content)}" if words else f"  {content}"]
        return told + ([f"  {self('numbers', numbers=numbers)}"] if numbers else [])

    def _of(self, fault: Exception) -> str:
        if isinstance(fault, RecursionError):
            fault = Malformed("The pack is nested too deep.")
        if isinstance(fault, Refusal):
            return harmless(in_chinese(fault) if self.chinese else str(fault))
        return harmless(str(fault))


def harmless(text: str) -> str:
    """Text from a file, shortened and made harmless to a terminal."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[:20_000])
    return shown + ("..." if len(text) > 20_000 else "")


def _moment(micros: Any) -> str:
    """A moment in UTC, as far as the calendar goes."""
    if type(micros) is not int or not 0 <= micros <= _MICROS_MAX:
        return "?"
    return f"{from_micros(micros):%Y-%m-%d %H:%M} UTC"


def _reason(reason: dict[str, Any]) -> str:
    what = str(reason["feature"]).replace("_", " ")
    if "half_life_days" in reason:
        what += f" ({reason['half_life_days']} d): {reason['observed']} / {reason['expected']}"
    return f"  {reason['points']:+5d}  {what}"

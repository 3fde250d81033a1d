"""What may be found wrong with a report: each fault by its name, in English and Chinese."""

from __future__ import annotations

from yinuo.kit.refusals import Refusal

FAULTS: dict[str, tuple[str, str]] = {
    "form": (
        "The report's {part!r} is missing, or has not its form.",
        "报告的 {part!r} 部分缺失或格式不对。",
    ),
    "fact-form": (
        "Fact {index} does not say what a fact of its kind says: {detail}",
        "第 {index} 号事实的内容不合其种类的格式：{detail}",
    ),
    "run-fact": (
        "Fact {index} is not a completed run that the marketplace itself stated.",
        "第 {index} 号事实不是平台自己记录的一次评分。",
    ),
    "run-missing": (
        "The fact of the run ({index}) is not among the facts of the report.",
        "报告里没有该次评分的事实（第 {index} 号）。",
    ),
    "scorecard": (
        "The scorecard is not the one that run {run} used: it was changed.",
        "评分卡与评分 {run} 所用的不同：它被改动过。",
    ),
    "climate": (
        "The climate is not the one that run {run} committed to: it was changed.",
        "大盘与评分 {run} 所承诺的不同：它被改动过。",
    ),
    "version": (
        "The {part} counts what this version of Yinuo does not know: check the report with the version that made it.",
        "报告的 {part} 部分用到了此版本一诺所不知的计量：请用生成报告的版本来验证。",
    ),
    "standing": (
        "The standing, its place or its path does not lead to the root over all standings of run {run}: it was changed, or is "
        "of another run.",
        "信用结果、其位置或其路径推不出评分 {run} 的信用总根：它被改动过，或属于另一次评分。",
    ),
    "band-unknown": (
        "The standing names as the band before what is no band: {found!r}.",
        "信用结果所写的“之前的等级”并不存在：{found!r}。",
    ),
    "merchant": (
        "The standing is that of {found}, the report is about {wanted}.",
        "信用结果属于 {found}，而报告说的是 {wanted}。",
    ),
    "fact-left-out": (
        "Fact number {number} about merchant {merchant} is left out, or another one has its place.",
        "关于商家 {merchant} 的第 {number} 条事实被漏掉，或被别的事实顶替。",
    ),
    "fact-count": (
        "The run says that {wanted} facts are about merchant {merchant}; the report shows {found}.",
        "该次评分写明有 {wanted} 条关于商家 {merchant} 的事实；报告给出了 {found} 条。",
    ),
    "fact-late": (
        "Fact {index} came after the run: it stands at or behind the size {size} that the run saw.",
        "第 {index} 号事实晚于该次评分：它不在评分所见的前 {size} 条之内。",
    ),
    "fact-strange": (
        "Fact {index} does not belong here: it is not about merchant {merchant}, nor about a review of theirs, and replaces "
        "nothing that is.",
        "第 {index} 号事实不应在此：它与商家 {merchant} 及其评价无关，也没有替换这些事实。",
    ),
    "review-left-out": (
        "Fact number {number} about review {review} is left out, or another one has its place.",
        "关于评价 {review} 的第 {number} 条事实被漏掉，或被别的事实顶替。",
    ),
    "reviews": (
        "Run {run} says: {wanted}. The facts give: {found} (reviews received, shown, hidden).",
        "评分 {run} 写的是 {wanted}；按事实应为 {found}（收到、展示、隐藏的评价数）。",
    ),
    "recomputed": (
        "The step {step!r} differs: the standing says {wanted}, the facts, climate and scorecard give {found}.",
        "“{step}”这一步不符：信用结果写的是 {wanted}，按事实、大盘与评分卡应为 {found}。",
    ),
    "explained": (
        "What the report tells as {step!r} is not what the facts, climate and scorecard give; it was changed.",
        "报告中“{step}”的说明与按事实、大盘、评分卡所得不符；它被改动过。",
    ),
    "runs": (
        "The two runs do not follow each other: the first saw {first} facts, the second {second}.",
        "两次评分前后不接：前一次见到 {first} 条事实，后一次 {second} 条。",
    ),
}


STEPS = {
    "outcomes": "订单数", "score": "分数", "low": "区间下限", "high": "区间上限", "override": "认定", "band": "等级",
    "odds_ppm": "概率", "reasons": "理由", "facets": "各方面", "way_back": "回升之路",
}


class Differs(Refusal):
    """A part of a report, or a step of its reckoning, is not what the record committed to."""

    status = 422
    code = "differs"

    def __init__(self, what: str, **values: object) -> None:
        english, chinese = FAULTS[what]
        super().__init__(english.format(**values))
        self.what = what
        self.chinese = chinese.format(**values | {"step": STEPS.get(str(values.get("step")), "")})

"""The report's nine sections: each from findings to paragraphs, charts and tables; nothing where nothing was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from django.utils.html import format_html
from django.utils.safestring import SafeString

from yinuo.pipelines.preview import charts
from yinuo.pipelines.preview.accuracy import Accuracy, Monthly
from yinuo.pipelines.preview.findings import Findings
from yinuo.pipelines.preview.hindsight import Aftermath, BandLater, Hindsight, Turn, ratio_interval
from yinuo.pipelines.preview.movement import (
    SHOWN_OUTCOMES_MIN,
    THIN,
    Course,
    Move,
    Movement,
    Run,
    Unjudged,
)
from yinuo.pipelines.preview.pages import Speech, band, figure, folded, heading, merchant, paragraph, table, together
from yinuo.pipelines.preview.reckoning import CAUSES, CONTESTS_PERCENT, REFUSED_SHOWN, Gap, Work

LISTED = 12
RATIO_MOST = 400            # per cent, where a bar ends
MEASURED_FACTS_MIN = 10_000  # with fewer, an empty database's own size and start are most of what is measured
Parts = Iterator[str]


def judged_and_failed(findings: Findings) -> tuple[int, int]:
    """Orders whose dispatch was judged the merchant's to answer for, and those of them that failed by the merchant's fault."""
    judged = failed = 0
    for fault in findings.faults:
        if fault.what in ("sent_late", "cancelled"):
            judged = fault.judged
            failed += fault.causes["merchant"]
    return judged, failed


def leads(turns: Sequence[Turn]) -> dict[str, int]:
    """How many bands fell before, on, after and not around the day on which it showed."""
    return {
        "before": sum(turn.lead_days is not None and turn.lead_days > 0 for turn in turns),
        "same": sum(turn.lead_days == 0 for turn in turns),
        "after": sum(turn.lead_days is not None and turn.lead_days < 0 for turn in turns),
        "never": sum(turn.lead_days is None for turn in turns),
    }


def accuracy(s: Speech, f: Findings) -> Parts:
    """Section 1."""
    found = f.accuracy
    if found is None:
        return
    yield paragraph(s("p1", orders=s.number(found.orders), failures=s.number(found.failures)))
    yield paragraph(s("p1_groups", n=len(found.groups), within=found.groups_within))
    chart = charts.reliability(found.groups, s("chart_reliability"), s("axis_told"), s("axis_measured"))
    yield figure(s("chart_reliability"), chart)
    yield folded(s("table_groups"), table(
        [s("g_told"), s("g_measured"), s("g_interval"), s("g_orders")],
        ([s.per_thousand(g.predicted_ppm), s.per_thousand(g.observed_ppm),
          f"{s.per_thousand(g.low_ppm)} – {s.per_thousand(g.high_ppm)}", s.number(g.orders)] for g in found.groups),
    ))
    yield heading(s("compare"))
    yield _compared(s, found)
    yield paragraph(s("p1_auc"), "small")
    if (found.stars_auc_permille or 0) >= (found.auc_permille or 0):
        yield paragraph(s("p1_stars_win"), "note")
    yield figure(s("chart_months"), _foretold(s, _usual(found.months)))
    yield folded(s("table_months"), table(
        [s("m_month"), s("m_orders"), s("m_foretold"), s("m_failures"), s("m_auc")],
        ([s.month(m.month), s.number(m.orders), s.number(m.foretold), s.number(m.failures),
          "–" if m.auc_permille is None else round(m.auc_permille / 10)] for m in found.months),
    ))


def _compared(s: Speech, found: Accuracy) -> SafeString:
    pairs = (
        ("by_score", found.auc_permille, found.worst_permille),
        ("by_stars", found.stars_auc_permille, found.stars_worst_permille),
    )
    return table(
        [s("ranked_by"), s("c_auc"), s("c_worst")],
        ([s(name), *("––" if auc is None else (s.tenths(auc), s.share(worst, 1000)))] for name, auc, worst in pairs),
    )


def _foretold(s: Speech, months: Sequence[Monthly]) -> SafeString:
    most = max((max(m.foretold, m.failures) for m in months), default=0) or 1
    ticks = _ticks(most)
    top = ticks[-1]
    across = [(i / max(1, len(months) - 1), m) for i, m in enumerate(months)]
    drawn = charts.line([(x, m.foretold / top) for x, m in across], "broken")
    drawn += charts.line([(x, m.failures / top) for x, m in across])
    return charts.plot(
        s("chart_months"), drawn, up=[(t / top, s.number(t)) for t in ticks],
        across=[(across[i][0], s.month(across[i][1].month)) for i in _some(len(months))],
    )


def _usual(months: Sequence[Monthly]) -> list[Monthly]:
    """The months with more than hardly an order."""
    usual = median(month.orders for month in months)
    return [month for month in months if month.orders * THIN >= usual]


def courses(s: Speech, f: Findings) -> Parts:
    """Section 2."""
    found = f.movement
    if found is None or f.hindsight is None:
        return
    yield paragraph(s("p2", as_of=s.day(f.header.as_of), min=SHOWN_OUTCOMES_MIN))
    every = sum(found.bands.values())
    yield table(
        [s("b_band"), s("b_merchants"), s("b_share")],
        ([band(key, s(key)), s.number(count), s.share(count, every)] for key, count in found.bands.items() if count),
    )
    for title, listed in (("worst", found.worst), ("best", found.best)):
        if listed:
            yield heading(s(title))
            yield _courses(s, f, listed)
    yield heading(s("turns"))
    yield paragraph(s("p2_turns"))
    yield from _turns(s, f, f.hindsight.turns)


def _courses(s: Speech, f: Findings, listed: Sequence[Course]) -> SafeString:
    heads = [s("c_merchant"), s("c_course"), s("c_band"), s("c_score"), s("c_orders"), s("c_failures"), s("c_expected")]
    shown = table(heads, ([
        merchant(f.names[c.merchant]), _spark(s, c), band(c.band, s(c.band)), f"{c.score} ({c.low}–{c.high})",
        s.number(c.orders), s.number(c.failures), s.tenths(c.expected_tenths),
    ] for c in listed), text=3)
    months = _month_heads(s, f)
    inside = table([s("c_merchant"), *months], (
        [merchant(f.names[c.merchant]), *("–" if score is None else score for score in c.by_month)] for c in listed
    ))
    return shown + folded(s("by_month"), inside)


def _spark(s: Speech, course: Course) -> SafeString:
    told = [score for score in course.scores if score is not None]
    return charts.sparkline(course.scores, s("spark", first=told[0], last=told[-1]))


def _month_heads(s: Speech, f: Findings) -> list[str]:
    assert f.movement is not None
    days = f.movement.days[:-1]
    firsts = [day for place, day in enumerate(days) if place == 0 or day[:7] != days[place - 1][:7]]
    return [s.month(day) for day in firsts]


def _turns(s: Speech, f: Findings, turns: Sequence[Turn]) -> Parts:
    if not turns:
        yield paragraph(s("p2_none"))
        return
    counts = leads(turns)
    yield paragraph(s("p2_leads", **counts | {"before": s.number(counts["before"])}))
    yield table(
        [s("c_merchant"), s("l_lead"), s("l_shown"), s("l_before"), s("l_now"), s("c_failures")],
        ([merchant(f.names[t.merchant]), _lead(s, t), together(s.short_day(t.shown)), t.before_permille, t.now_permille,
          f"{t.failures} / {t.orders}"] for t in sorted(turns, key=lambda t: -t.failures)[:LISTED]),
        text=3,
    )
    yield from _more(s, f, len(turns))


def _lead(s: Speech, turn: Turn) -> str:
    if turn.lead_days is None:
        return s("lead_never")
    if turn.already:
        return s("lead_already", days=s.number(turn.lead_days)) if turn.lead_days else s("lead_start")
    if turn.lead_days == 0:
        return s("lead_same")
    return s("lead_before" if turn.lead_days > 0 else "lead_after", days=s.number(abs(turn.lead_days)))


def hindsight(s: Speech, f: Findings) -> Parts:
    """Section 3."""
    found = f.hindsight
    if found is None or not found.bands:
        return
    yield paragraph(s("p3"))
    yield figure(s("chart_bands"), table(
        [s("h_band"), s("h_ratio"), s("h_judgements"), s("h_told"), s("h_no_worse")],
        ([band(b.band, s(b.band)), _ratio(s, b), s.number(b.judgements), s.number(b.told), s.share(b.no_worse, b.told)]
         for b in found.bands), text=2,
    ))
    yield heading(s("wrong"))
    yield from _wrongly(s, f, found)
    yield heading(s("missed"))
    yield paragraph(s("p3_missed", missed=s.number(found.missed_judgements), praised=s.number(found.praised)))
    if found.missed:
        yield _aftermaths(s, f, found.missed)
        yield from _more(s, f, len(found.missed))


def _ratio(s: Speech, b: BandLater) -> SafeString:
    due = max(b.expected, 1)
    low, high = ratio_interval(b.failures, due)
    share = s.percent(100 * b.failures / due)
    label = f"{share} ({s.percent(100 * low)} – {s.percent(100 * high)})"
    drawn = charts.interval_bar(round(100 * b.failures / due), round(100 * low), round(100 * high), RATIO_MOST, label)
    return format_html("{}{} ({} / {})", drawn, share, s.number(b.failures), s.number(b.expected))


def _wrongly(s: Speech, f: Findings, found: Hindsight) -> Parts:
    if not found.wrongly:
        yield paragraph(s("p3_none"))
        return
    yield paragraph(s(
        "p3_wrong", wrong=s.number(found.wrong_judgements), accused=s.number(found.accused),
        merchants=s.number(len(found.wrongly)), clearly=s.number(found.wrong_clearly), unsure=s.number(found.wrong_unsure),
    ))
    yield paragraph(s("p3_listed", n=min(LISTED, len(found.wrongly)), of=len(found.wrongly)), "small")
    yield _aftermaths(s, f, found.wrongly)
    yield from _more(s, f, len(found.wrongly))


def _aftermaths(s: Speech, f: Findings, listed: Sequence[Aftermath]) -> SafeString:
    return table(
        [s("c_merchant"), s("w_day"), s("c_band"), s("w_interval"), s("w_later"), s("w_ratio")],
        ([merchant(f.names[a.merchant]), together(s.short_day(a.day)), band(a.band, s(a.band)), f"{a.score} ({a.low}–{a.high})",
          f"{a.failures} / {a.orders} ({s.tenths(a.expected_tenths)})",
          f"{s.percent(a.ratio_percent)} ({s.percent(a.ratio_low_percent)} – {s.percent(a.ratio_high_percent)})"]
         for a in listed[:LISTED]), text=3,
    )


def movers(s: Speech, f: Findings) -> Parts:
    """Section 4."""
    found = f.movement
    if found is None:
        return
    yield paragraph(s("p4", down=s.number(found.moves_down), up=s.number(found.moves_up)))
    if found.moves:
        yield table(
            [s("c_merchant"), s("v_month"), s("v_change"), s("v_score"), s("v_between")],
            ([merchant(f.names[m.merchant]), together(s.month(m.month)), _change(s, m), f"{m.score_before} → {m.score_after}",
              f"{m.failures} / {m.orders}"] for m in found.moves), text=3,
        )
    if found.runs:
        yield heading(s("gate"))
        yield paragraph(_gate(s, found))
        yield figure(s("chart_gate"), _gate_chart(s, found.runs))


def _change(s: Speech, move: Move) -> SafeString:
    return format_html("{} → {}", band(move.before, s(move.before)), band(move.after, s(move.after)))


def _gate(s: Speech, found: Movement) -> str:
    held = [run for run in found.runs if run.held]
    return s(
        "p4_gate", runs=s.number(len(found.runs)), held=s.number(len(held)),
        median=s.share(median(run.moved / max(1, run.merchants) for run in found.runs), 1),
        silent=s.number(sum(run.silent for run in held)),
    )


def _gate_chart(s: Speech, runs: Sequence[Run]) -> SafeString:
    shares = [run.moved / max(1, run.merchants) for run in runs]
    gates = [min(1.0, run.allowed / max(1, run.merchants)) for run in runs]
    ticks = _ticks(max(100 * max(*shares, *gates), 4))
    top = ticks[-1] / 100
    drawn = charts.bars([(share / top, "hollow" if run.refitted else "bar") for share, run in zip(shares, runs, strict=True)])
    drawn += charts.line([((i + 0.5) / len(runs), gate / top) for i, gate in enumerate(gates)], "gate")
    drawn += charts.beside(gates[-1] / top, s.percent(100 * gates[-1]))
    return charts.plot(
        s("chart_gate"), drawn, up=[(t / 100 / top, s.percent(t)) for t in ticks],
        across=[((i + 0.5) / len(runs), s.month(runs[i].day)) for i in _some(len(runs))], kind="bars",
    )


def unjudged(s: Speech, f: Findings) -> Parts:
    """Section 5."""
    if not f.unjudged:
        return
    every, theirs = sum(u.orders for u in f.unjudged), sum(u.new_orders for u in f.unjudged)
    yield paragraph(s("p5", orders_share=s.share(theirs, every)))
    if len(f.unjudged) > 1:
        yield figure(s("chart_unjudged"), _unjudged_chart(s, f.unjudged))
    yield folded(s("table_unjudged"), table(
        [s("u_month"), s("u_merchants"), s("u_new"), s("u_orders"), s("u_new_orders")],
        ([s.month(u.month), s.number(u.merchants), s.share(u.new_merchants, u.merchants), s.number(u.orders),
          s.share(u.new_orders, u.orders)] for u in f.unjudged),
    ))


def _unjudged_chart(s: Speech, months: Sequence[Unjudged]) -> SafeString:
    across = [(i / (len(months) - 1), u) for i, u in enumerate(months)]
    drawn = charts.line([(x, u.new_merchants / max(1, u.merchants)) for x, u in across])
    drawn += charts.line([(x, u.new_orders / max(1, u.orders)) for x, u in across], "broken")
    return charts.plot(
        s("chart_unjudged"), drawn, up=[(t / 4, s.percent(25 * t)) for t in range(5)],
        across=[(across[i][0], s.month(months[i].month)) for i in _some(len(months))],
    )


def formula(s: Speech, f: Findings) -> Parts:
    """Section 6."""
    if not f.weighed:
        return
    yield paragraph(s("p6", fitted=f.fitted_on.replace(" to ", " – ")))
    yield table(
        [s("f_feature"), s("f_half"), s("f_halved"), s("f_doubled"), s("f_information")],
        ([s(w.measure), s("days", n=s.number(w.half_life_days)), s.signed(w.halved_points), s.signed(w.doubled_points),
          s.number(w.information_milli / 1000)] for w in f.weighed),
    )
    for measure, meaning in {w.measure: w.meaning for w in f.weighed}.items():
        yield format_html("<p><strong>{}</strong>{}</p>", s("f_name", name=s(measure)), s.meaning(meaning))
    yield paragraph(s("p6_information"), "small")


def faults(s: Speech, f: Findings) -> Parts:
    """Section 7."""
    yield paragraph(s("p7"))
    yield table(
        [s("x_what"), *(s(cause) for cause in CAUSES), s("x_of")],
        ([s(fault.what), *(s.number(n) if n else "–" for n in fault.causes.values()), s.number(fault.judged)]
         for fault in f.faults),
    )
    every = sum(sum(fault.causes.values()) for fault in f.faults)
    own = sum(fault.causes["merchant"] for fault in f.faults)
    judged = judged_and_failed(f)[0]
    open_orders = max(0, f.header.orders - judged)
    yield paragraph(s(
        "p7_nobody", nobody=s.number(every - own), all=s.number(every), unjudged=s.number(open_orders),
        share=s.share(open_orders, f.header.orders),
    ))
    yield heading(s("storms"))
    if not f.storms:
        yield paragraph(s("p7_no_storms"))
        return
    yield paragraph(s("p7_storms"))
    yield table(
        [s("o_week"), s("o_orders"), s("o_failures"), s("o_left_out")],
        ([s.short_day(o.monday), s.number(o.orders), s.number(o.failures), s.number(o.left_out)] for o in f.storms),
    )


def costs(s: Speech, f: Findings) -> Parts:
    """Section 8."""
    if f.movement is None:
        yield paragraph(s("p8_none"))
    else:
        yield paragraph(s("p8"))
        yield _staff(s, f)
    yield heading(s("machine"))
    yield table([s("k_measured"), ""], _machine(s, f))


def _staff(s: Speech, f: Findings) -> SafeString:
    names = {
        "contests": s("contests", percent=s.percent(CONTESTS_PERCENT)), "gate": s("gate_work"), "refused": s("refused_work"),
    }
    return table(
        [s("k_work"), s("k_times"), s("k_minutes"), s("k_hours")],
        ([names[w.what], s.tenths(w.times_tenths), w.minutes, s.tenths(_hours(w))] for w in f.costs.work),
        foot=[s("k_sum"), "", "", s.tenths(f.costs.hours_tenths)],
    )

def _machine(s: Speech, f: Findings) -> Iterator[tuple[str, str]]:
    """What was measured of the machine; what a few facts cannot tell is not extrapolated to a million."""
    found = f.costs
    enough = found.facts >= MEASURED_FACTS_MIN
    disk = s("megabytes", n=s.number(round(found.bytes_per_million / 1e6)))
    yield s("k_facts"), s.number(found.facts)
    yield s("k_disk"), disk if enough else s("not_measured")
    yield s("k_intake"), s("per_second", n=s.number(found.facts_per_second)) if enough else s("not_measured")
    if found.seconds_per_run:
        yield s("k_run"), s("seconds", n=s.number(found.seconds_per_run))
    whole = sum(found.seconds.values())
    minutes = s("minutes", n=s.number(round(whole / 60, 1)))
    yield s("k_whole"), minutes if whole >= 60 else s("seconds", n=s.number(max(1, round(whole))))


def _hours(work: Work) -> int:
    return round(work.times_tenths * work.minutes / 60)


def reading(s: Speech, f: Findings) -> Parts:
    """Section 9."""
    rows = sum(reason.rows for reason in f.refused)
    yield paragraph(s("p9_refused", rows=s.number(rows)) if rows else s("p9_none"))
    if f.header.left_out:
        yield paragraph(s("p9_left_out", files=", ".join(f.header.left_out)))
    if rows:
        yield table(
            [s("r_sentence"), s("r_example"), s("r_rows")],
            ([reason.sentence, reason.example, s.number(reason.rows)] for reason in f.refused[:REFUSED_SHOWN]), text=2,
        )
        yield from _more(s, f, len(f.refused), REFUSED_SHOWN)
    yield heading(s("assumed"))
    yield table([s("a_what"), s("a_means"), s("a_share")], (_gap(s, gap) for gap in f.gaps), text=2)
    if f.derived:
        yield paragraph(s("p9_derived", n=s.number(f.derived)))
    if f.header.form == "olist":
        yield paragraph(s("p9_olist"))
    yield paragraph(s("p9_fingerprints"))


def _gap(s: Speech, gap: Gap) -> list[str]:
    name = f"order_{gap.what}" if gap.what in ("buyer", "carrier") else gap.what
    return [s(name), s(f"no_{name}") if gap.there < gap.of else "", s.share(gap.there, gap.of)]


def _more(s: Speech, f: Findings, count: int, listed: int = LISTED) -> Parts:
    if count > listed:
        yield paragraph(s("and_more", n=s.number(count - listed), json=s.json_name), "small")


def _some(count: int) -> list[int]:
    """Up to five places at the same distance among so many, the first among them."""
    return list(range(0, count, max(1, -(-(count - 1) // 4))))


def _ticks(most: float) -> list[int]:
    """Round values from 0 to at least `most`, four or five of them."""
    step = next(unit * 10**power for power in range(9) for unit in (1, 2, 5) if unit * 10**power * 4 >= most)
    return [step * i for i in range(int(-(-most // step)) + 1)]

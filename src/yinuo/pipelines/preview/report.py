"""The report: one page from the findings, in one language."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from yinuo import __version__
from yinuo.credit.actions.fit import MONTHS_MIN, ORDERS_MIN
from yinuo.pipelines.preview import sections
from yinuo.pipelines.preview.findings import Findings
from yinuo.pipelines.preview.pages import Speech, heading, paragraph, section, whole

SEAL = mark_safe(
    '<svg class="seal" width="40" height="40" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" rx="4"/>'
    '<text x="20" y="29" text-anchor="middle">诺</text></svg>'
)
PARTS = (
    sections.accuracy, sections.courses, sections.hindsight, sections.movers, sections.unjudged, sections.formula,
    sections.faults, sections.costs, sections.reading,
)


def write_report(findings: Findings, *, language: str, json_name: str) -> str:
    """The whole page; what could not be found out is left out, and said so."""
    speech = Speech(language, json_name=json_name)
    parts = [(place, list(part(speech, findings))) for place, part in enumerate(PARTS, start=1)]
    parts = [(place, inside) for place, inside in parts if inside]
    body = format_html(
        '<main class="page">{}{}{}{}<footer>{}</footer></main>', _head(speech, findings), _summary(speech, findings),
        _contents(speech, [place for place, _ in parts]),
        format_html_join("\n", "{}", ((section(place, speech(f"t{place}"), inside),) for place, inside in parts)),
        speech("footer", json=json_name, version=__version__),
    )
    return whole(language, f"{speech('title')} · {findings.header.source}", body)


def _head(speech: Speech, findings: Findings) -> SafeString:
    header = findings.header
    made = speech(
        "made", made=speech.moment(header.made), files=speech.number(len(header.files)), events=speech.number(header.events),
        orders=speech.number(header.orders), merchants=speech.number(header.merchants), first=speech.day(header.first_order),
        last=speech.day(header.last_order), as_of=speech.day(header.as_of),
    )
    only = speech("only_last", n=speech.number(header.last_months)) if header.last_months else ""
    return format_html(
        '<header><p class="brand">{} {}</p><h1>{}</h1><p class="lead">{}</p><p class="made">{} {} {}</p></header>',
        SEAL, speech("brand"), speech("title"), speech("subtitle", source=header.source), made, only, speech("alone"),
    )


def _summary(speech: Speech, findings: Findings) -> SafeString:
    sentences = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in _sentences(speech, findings)))
    needs = {"months": MONTHS_MIN, "orders": speech.number(ORDERS_MIN)}
    short = paragraph(speech("too_short", **needs), "note") if findings.too_short else ""
    return format_html(
        '{}<div class="summary"><h2>{}</h2><ol>{}</ol></div>{}', short, speech("summary"), sentences,
        paragraph(speech("failed_note"), "small"),
    )


def _sentences(speech: Speech, findings: Findings) -> Iterator[str]:
    judged, failed = sections.judged_and_failed(findings)
    yield speech("s_past", orders=speech.number(judged), failed=speech.number(failed), share=speech.share(failed, judged))
    if (accuracy := findings.accuracy) and accuracy.auc_permille is not None:
        stars = accuracy.stars_auc_permille
        yield speech(
            "s_rank_alone" if stars is None else "s_rank", auc=round(accuracy.auc_permille / 10),
            stars=round((stars or 0) / 10), error=speech.number(round(accuracy.error_ppm / 10_000, 1)),
        )
    if hindsight := findings.hindsight:
        yield _wrong(speech, findings) if hindsight.accused else speech("s_wrong_none")
        yield _turned(speech, len(hindsight.turns), sections.leads(hindsight.turns))
    if findings.unjudged:
        last = findings.unjudged[-1]
        yield speech(
            "s_new", month=speech.month(last.month), new=speech.number(last.new_merchants),
            merchants=speech.number(last.merchants), orders_share=speech.share(last.new_orders, last.orders),
        )
    if findings.movement:
        hours = findings.costs.hours_tenths
        yield speech("s_hours" if hours else "s_hours_none", hours=speech.tenths(hours))


def _wrong(speech: Speech, findings: Findings) -> str:
    found = findings.hindsight
    assert found is not None
    return speech(
        "s_wrong", accused=speech.number(found.accused), wrong=speech.number(found.wrong_judgements),
        share=speech.share(found.wrong_judgements, found.accused), missed=speech.number(found.missed_judgements),
        praised=speech.number(found.praised), missed_share=speech.share(found.missed_judgements, found.praised),
    )


def _turned(speech: Speech, turns: int, leads: dict[str, int]) -> str:
    if not turns:
        return speech("s_turn_none")
    before = leads["before"] + leads["same"]
    return speech("s_turn", turns=speech.number(turns), before=before, after=leads["after"], never=leads["never"])


def _contents(speech: Speech, places: list[int]) -> SafeString:
    items = format_html_join("", '<li value="{0}"><a href="#s{0}">{1}</a></li>', ((n, speech(f"t{n}")) for n in places))
    return format_html("<nav>{}<ol>{}</ol></nav>", heading(speech("contents")), items)

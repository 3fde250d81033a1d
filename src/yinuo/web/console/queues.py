"""The lists of what waits for a steward: objections, appeals and refused events, filtered, and many handled at once.

Auditors see the objections and appeals as they are, and change nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yinuo.credit import queries as standings
from yinuo.credit.actions import CLAIMS
from yinuo.decisions import actions, queries
from yinuo.decisions.queries import STATES, Narrowed
from yinuo.decisions.rules import ACTS, AT_ONCE_MAX, GROUNDS
from yinuo.kit.actors import PUBLIC
from yinuo.kit.refusals import Malformed
from yinuo.merchants import queries as merchants
from yinuo.people import queries as people
from yinuo.record import actions as record
from yinuo.record import queries as facts
from yinuo.vault.queries import source_ids_of
from yinuo.web import formats
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here, for_staff, for_stewards, outcome_of
from yinuo.web.console.filters import MERCHANT, Filters
from yinuo.web.wording import translated, words

PAGE = 50
SETTLING = [code for code, ground in GROUNDS.items() if ground.acts & {"contest_upheld", "contest_rejected"}]
_AGES = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=21)}
_CLOCKS = [("", _("any")), ("late", _("late already")), ("today", _("due within a day")), ("week", _("due within a week"))]
_TAKEN = [("", _("anybody")), ("me", _("me")), ("nobody", _("nobody yet"))]
_OLDER = [
    ("", _("any")), ("day", _("waits for over a day")), ("week", _("waits for over a week")),
    ("month", _("waits for over three weeks")),
]


def _coded(codes: Any, vocabulary: str, first: Any = None) -> list[tuple[str, Any]]:
    return [("", first or _("all")), *((code, words(code, vocabulary)) for code in codes)]


def _states(vocabulary: str) -> list[tuple[str, Any]]:
    return [*((code, words(code, vocabulary)) for code in STATES), ("all", _("all"))]


def _narrowed(filters: Filters, here: Here) -> Narrowed:
    taken = {"": None, "me": here.actor.name, "nobody": ""}[filters.of("mine")]
    return Narrowed(
        state="" if filters.of("state") == "all" else filters.of("state"), kind=filters.of("kind"),
        claimed=filters.of("claimed"), ground=filters.of("ground"), clock=filters.of("clock"), taken_by=taken,
        merchants=filters.merchants(here),
    )


def contest_filters(request: HttpRequest) -> Filters:
    """What objections can be filtered by."""
    return Filters(request, "contests", [
        ("state", _("State"), _states("contest_state")),
        ("clock", _("Clock"), _CLOCKS),
        ("kind", _("What it is about"), _coded(("dispatch", "delivery", "complaint", "fact"), "aspect")),
        ("claimed", _("Said to be through"), _coded(CLAIMS, "cause")),
        ("ground", _("Ground it was settled on"), _coded(SETTLING, "ground")),
        ("mine", _("Looked at by"), _TAKEN),
        (MERCHANT, _("Merchant, by name or id"), None),
    ])


@for_staff
@require_safe
def contests(request: HttpRequest) -> HttpResponse:
    """Objections, by their clocks; a steward settles many at once."""
    here, filters = Here(request), contest_filters(request)
    found = queries.contest_queue(
        viewer=here.actor, narrowed=_narrowed(filters, here), at=here.at, after=filters.after, limit=PAGE
    )
    is_steward = here.actor.holds("steward")
    context = {
        "rows": contest_rows(here, found.rows), "after": found.after, "is_steward": is_steward,
        "may_settle": is_steward and any(one.state == "open" for one in found.rows),
        "claims": CLAIMS, "grounds": SETTLING, "most": AT_ONCE_MAX,
    }
    return render(request, "console/contests.html", filters.context(here) | context)


def contest_rows(here: Here, found: list[Any]) -> list[dict[str, Any]]:
    """Objections with whose they are, what they say, of which order or complaint, and who looks at them."""
    called = merchants.merchants(viewer=PUBLIC, ids={one.merchant for one in found})
    names = source_ids_of(surrogates=[one.subject for one in found if one.subject], realm=here.realm)
    said = queries.words(name="objection", subjects=[one.pk for one in found], realm=here.realm)
    handles = people.names_of({one.taken_by for one in found if one.taken_by})
    return [
        {
            "contest": one, "merchant": called[one.merchant], "words": said.get(one.pk) or "",
            "late": one.state == "open" and one.due < here.at,
            "called": (names.get(one.subject) or ("", one.subject))[1], "taken_by": handles.get(one.taken_by or "", ""),
            "about": words(f"complaint/{one.outcome}", "judged") if one.complaint else words(one.aspect, "aspect"),
        }
        for one in found
    ]


@for_staff
@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """Appeals, by their clocks."""
    here = Here(request)
    filters = Filters(request, "appeals", [
        ("state", _("State"), _states("appeal_state")),
        ("clock", _("Clock"), _CLOCKS),
        ("kind", _("Against"), _coded([act.code for act in ACTS.values() if act.adverse], "act")),
        ("ground", _("Ground of the decision"), _coded(GROUNDS, "ground")),
        ("mine", _("Looked at by"), _TAKEN),
        (MERCHANT, _("Merchant, by name or id"), None),
    ])
    found = queries.appeal_queue(
        viewer=here.actor, narrowed=_narrowed(filters, here), at=here.at, after=filters.after, limit=PAGE
    )
    context = {
        "rows": appeal_rows(here, found.rows), "after": found.after, "is_steward": here.actor.holds("steward"),
    }
    return render(request, "console/appeals.html", filters.context(here) | context)


def appeal_rows(here: Here, found: list[Any]) -> list[dict[str, Any]]:
    """Appeals with whose they are, whether the viewer had a part, and who looks at them."""
    called = merchants.merchants(viewer=PUBLIC, ids={one.decision.merchant or "" for one in found} - {""})
    parts = queries.had_part_each(appeals=found)
    handles = people.names_of({one.taken_by for one in found if one.taken_by})
    return [
        {
            "appeal": one, "merchant": called.get(one.decision.merchant or ""),
            "late": one.state == "open" and one.due < here.at, "had_part": here.actor.name in parts[one.pk],
            "taken_by": handles.get(one.taken_by or "", ""),
        }
        for one in found
    ]


@for_stewards
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Say that one looks at the chosen objections or appeals, or not any more."""
    here, is_taken = Here(request), request.POST.get("take") == "yes"
    chosen, against = request.POST.getlist("contest")[:AT_ONCE_MAX], request.POST.getlist("appeal")[:AT_ONCE_MAX]
    many = 0
    if chosen:
        many += actions.take_contests(actor=here.actor, ids=chosen, is_taken=is_taken)
    if against:
        many += actions.take_appeals(actor=here.actor, ids=against, is_taken=is_taken)
    done = gettext("Others see now that you look at them.") if is_taken else gettext("Others see that you do not look at them.")
    told(request, lambda: many, done if many else "")
    return redirect("steward_appeals" if against else "steward_contests")


@for_stewards
@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """Settle the chosen objections for the same reasons: first shown what follows for each, then done, each by itself."""
    here = Here(request)
    chosen = list(dict.fromkeys(request.POST.getlist("contest")))
    upheld = outcome_of(request)
    given = {name: request.POST.get(name, "") for name in ("outcome", "ground", "cause", "words")}
    context: dict[str, Any] = {"given": given, "upheld": upheld, "claims": CLAIMS, "grounds": SETTLING}
    if not chosen:
        return render(request, "console/settle.html", context)
    cause: Any = given["cause"] or None
    settling = actions.Settling(upheld, given["ground"], given["words"], cause if upheld else None)
    if "confirmed" in request.POST:
        settled = actions.settle_each(actor=here.actor, ids=chosen, settling=settling, realm=here.realm, at=here.at)
        context |= {"done": contest_rows(here, settled.done), "refused": _refused(here, settled.refused)}
        return render(request, "console/settled.html", context)
    settled = actions.preview_settling(actor=here.actor, ids=chosen, settling=settling, at=here.at)
    points = standings.points_at_stake(viewer=here.actor, contests=settled.done) if upheld else {}
    teams = people.team_sizes(merchants={one.merchant for one in settled.done})
    rows = contest_rows(here, settled.done)
    for row in rows:
        row |= {"points": points.get(row["contest"].pk), "team": teams.get(row["contest"].merchant, 0)}
    kept = _refused(here, settled.refused)
    lacks_cause = upheld and not cause and any(
        each["row"] and each["row"]["contest"].state == "open" and each["row"]["contest"].aspect != "fact" for each in kept
    )
    return render(request, "console/settle.html", context | {"rows": rows, "refused": kept, "lacks_cause": lacks_cause})


def _refused(here: Here, refused: Any) -> list[dict[str, Any]]:
    """What cannot be settled, with why."""
    found = queries.contests_named(viewer=here.actor, ids=list(refused))
    rows = {row["contest"].pk: row for row in contest_rows(here, found)}
    return [
        {"row": rows.get(contest), "contest": contest, "why": translated(refusal.sentence)}
        for contest, refusal in refused.items()
    ]


@for_stewards
@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    """The events that intake refused, oldest first."""
    here = Here(request)
    totals = facts.refused_totals(viewer=here.actor)
    sources = [(source, f"{source} ({formats.number(count)})") for source, count in totals]
    filters = Filters(request, "refused", [
        ("source", _("Source"), [("", _("all")), *sources]),
        ("age", _("Age"), _OLDER),
    ])
    source = filters.of("source") or None
    before = here.at - _AGES[filters.of("age")] if filters.of("age") else None
    after = int(filters.after) if filters.after.isascii() and filters.after.isdigit() and len(filters.after) < 18 else 0
    found = facts.refused_waiting(
        viewer=here.actor, realm=here.realm, source=source, before=before, after=after, limit=PAGE + 1
    )
    count = facts.refused_count(viewer=here.actor, source=source, before=before)
    context = {
        "rows": found[:PAGE], "count": count, "after": found[PAGE - 1].pk if len(found) > PAGE else "", "is_steward": True,
    }
    return render(request, "console/refused.html", filters.context(here) | context)


@for_stewards
@require_http_methods(["POST"])
def refused_many(request: HttpRequest) -> HttpResponse:
    """Take the chosen events in again as they came, or drop them for good: first shown what follows for each, then done."""
    here = Here(request)
    act = request.POST.get("act", "")
    if act not in ("replay", "drop"):
        raise Malformed("Say whether to take the chosen events in or to drop them.", path="act")
    given = [each for each in request.POST.getlist("event") if each.isascii() and each.isdigit() and len(each) < 18]
    numbers = list(dict.fromkeys(map(int, given)))[:AT_ONCE_MAX]
    known = facts.refused_events(viewer=here.actor, realm=here.realm, numbers=numbers)
    names = {event.pk: event for event in known}
    gone = [number for number in numbers if number not in names]
    if "confirmed" in request.POST:
        if act == "replay":
            wrong = record.replay_each(actor=here.actor, numbers=numbers, realm=here.realm, at=here.at)
        else:
            record.drop_refused(actor=here.actor, numbers=list(names))
            wrong = {number: gettext("It does not wait any more.") for number in gone}
        context = {"act": act, "done": len(numbers) - len(wrong), "wrong": _wrong(wrong, names)}
        return render(request, "console/refused_done.html", context)
    wrong = {number: gettext("It does not wait any more.") for number in gone}
    if act == "replay":
        wrong |= record.still_refused(actor=here.actor, numbers=numbers, realm=here.realm, at=here.at)
    rows = [event for event in known if event.pk not in wrong]
    return render(request, "console/refused_many.html", {"act": act, "rows": rows, "wrong": _wrong(wrong, names)})


def _wrong(wrong: dict[int, str], names: dict[int, Any]) -> list[dict[str, Any]]:
    return [{"number": number, "event": names.get(number), "why": translated(why)} for number, why in sorted(wrong.items())]

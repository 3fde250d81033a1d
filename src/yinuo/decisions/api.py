"""Due process over HTTP: decisions with their reasons, objections to facts and causes, appeals, and their answers.

Objections are raised where the outcome was judged: `yinuo.credit.api`. Words are given only to whom the matter is about and to
staff, like the matter itself; others do not learn that there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from yinuo.decisions import actions, queries
from yinuo.decisions.rules import (
    ACTS,
    ADVERSE_DAYS,
    AT_ONCE_MAX,
    CLOCKS,
    GROUNDS,
    WORDS_MAX,
    WORDS_MIN,
    Objection,
    Statement,
)
from yinuo.kit.carried import actor_of, at_of, here_of, realm_of
from yinuo.kit.facts import Fact
from yinuo.kit.moments import from_micros
from yinuo.kit.refusals import Malformed
from yinuo.people.actions import note_staff_look
from yinuo.people.queries import names_of
from yinuo.people.rules import why_looked
from yinuo.record.rules import kind_of
from yinuo.vault.queries import source_ids_of

if TYPE_CHECKING:
    from yinuo.decisions.models import Appeal, Contest, Decision

FACTS_MAX = 50
"""How many of the newest facts about somebody are listed to be relied on."""

for_people = Router(tags=["due process"])
_OBJECTION = "The carrier did not come on the day that was booked; the booking is with the shipment."
_REASONS = "The bookings show that the carrier missed the collection, and nothing speaks against them."
Words = Annotated[str, Field(min_length=1, max_length=2 * WORDS_MAX, description=(
    f"In words of one's own, {WORDS_MIN} to {WORDS_MAX:,} characters."))]
Upheld = Literal["upheld", "rejected"]
Cause = Literal["carrier", "platform", "buyer", "force_majeure", "unknown"]


class AppealOut(Schema):
    """An appeal: its clock, both sides' words (null where there are none, or they were erased), how it ended, whether you had a
    part in the matter, so that another person must answer, and which steward looks at it (to staff alone).
    """

    id: str
    decision: str
    state: Literal["open", "upheld", "rejected", "withdrawn"]
    opened: datetime
    due: datetime
    late: bool
    objection: str | None
    settled: datetime | None
    reply: str | None
    had_part: bool
    taken_by: str


class DecisionOut(Schema):
    """A decision as lists show it. `adverse`: it is against whom it is about."""

    id: str
    act: str
    ground: str
    rule: str
    automated: Literal["no", "partly", "wholly"]
    adverse: bool
    merchant: str | None
    buyer: str | None
    review: str | None
    contest: str | None
    decided: datetime
    since: datetime
    until: datetime | None
    appeal_until: datetime
    reversed: datetime | None


class StatementOut(DecisionOut):
    """A decision with its statement of reasons: on how many facts, in which words; and the appeal against it, if any."""

    facts: int
    reasons: str | None
    appeal: AppealOut | None


class DecisionIn(Schema):
    """A statement of reasons about a merchant. It takes effect now; `goods_unlawful` ends by itself after a year."""

    model_config = {"json_schema_extra": {"example": {
        "merchant": "ma53nusffoapoi5t4", "act": "warning", "ground": "terms", "facts": ["0f" * 16], "words": _REASONS,
    }}}
    merchant: Annotated[str, Field(max_length=20)]
    act: Literal["warning", "goods_unlawful"]
    ground: Literal["counterfeit", "safety", "licence", "terms"]
    facts: Annotated[list[str], Field(max_length=100, description="Keys of the facts relied on: /api/decisions/facts.")]
    words: Words


class FactOut(Schema):
    """A sealed fact that a decision may rely on: its key, number, kind and moment."""

    key: str
    number: int
    kind: str
    at: datetime


class ContestOut(Schema):
    """An objection as lists show it: what is disputed, of which order or complaint (`order_id`, `complaint_id`: as its shop
    calls it), clock and end.

    `taken_by`: which steward looks at it, to staff alone.
    """

    id: str
    merchant: str
    aspect: Literal["fact", "dispatch", "delivery", "complaint"]
    order: str | None
    order_id: str
    complaint: str | None
    complaint_id: str
    outcome: str
    claimed: str
    state: Literal["open", "upheld", "rejected", "withdrawn"]
    opened: datetime
    due: datetime
    late: bool
    lapsed: datetime | None
    settled: datetime | None
    cause: str
    decision: str | None
    taken_by: str


class ObjectionOut(ContestOut):
    """An objection with its words, and the reasons of whoever settled it (null where there are none, or they were erased)."""

    objection: str | None
    reasons: str | None


class WordsIn(Schema):
    """What one says."""

    model_config = {"json_schema_extra": {"example": {"words": _OBJECTION}}}
    words: Words


class SettleIn(Schema):
    """How to settle objections, all for the same reasons. An upheld cause names the one that stands now."""

    model_config = {"json_schema_extra": {"example": {
        "ids": ["tb2k7xq3zm4wv6y2a"], "outcome": "upheld", "ground": "evidence", "words": _REASONS, "cause": "carrier",
    }}}
    ids: Annotated[list[str], Field(min_length=1, max_length=AT_ONCE_MAX)]
    outcome: Upheld
    ground: Literal["evidence", "no_evidence", "proved", "source_mistaken"]
    words: Words
    cause: Cause | None = None


class TakeIn(Schema):
    """Which open ones one looks at, or not any more."""

    model_config = {"json_schema_extra": {"example": {"ids": ["tb2k7xq3zm4wv6y2a"], "taken": True}}}
    ids: Annotated[list[str], Field(min_length=1, max_length=AT_ONCE_MAX)]
    taken: bool = True


class LookedAtOut(Schema):
    """How many that changed."""

    changed: int


class AnswerIn(Schema):
    """How to answer an appeal. Where an objection to a cause is upheld after all, `cause` is the one that stands now."""

    model_config = {"json_schema_extra": {"example": {"outcome": "rejected", "words": _REASONS}}}
    outcome: Upheld
    words: Words
    cause: Cause | None = None


class AboutQuery(Schema):
    """About whom: a merchant or a buyer. One of them."""

    merchant: Annotated[str, Field(max_length=20)] = ""
    buyer: Annotated[str, Field(max_length=20)] = ""


class MerchantQuery(Schema):
    """About which merchant."""

    merchant: Annotated[str, Field(max_length=20)]


class QueueQuery(Schema):
    """How a queue is narrowed: by state, clock, ground, merchants (ids), who looks at it, and from behind which one."""

    state: Literal["open", "upheld", "rejected", "withdrawn", "all"] = "open"
    clock: Literal["late", "today", "week"] | None = None
    ground: Annotated[str, Field(max_length=40)] = ""
    taken: Literal["me", "nobody"] | None = None
    merchant: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=AT_ONCE_MAX)] = []
    after: Annotated[str, Field(max_length=20)] = ""


class ContestsQuery(QueueQuery):
    """The same, and by what is disputed and whose fault it is said to be."""

    aspect: Literal["fact", "dispatch", "delivery", "complaint"] | None = None
    claimed: Literal["carrier", "platform", "buyer", "force_majeure", "unknown"] | None = None


class AppealsQuery(QueueQuery):
    """The same, and by what the decision did."""

    act: Annotated[str, Field(max_length=40)] = ""


@for_people.get("/decisions", response=list[DecisionOut], summary="Decisions about somebody")
def get_decisions(request: HttpRequest, about: Annotated[AboutQuery, Query()]) -> list[dict[str, Any]]:
    """What was decided about a merchant or a buyer, newest first: for themselves and for staff."""
    if bool(about.merchant) == bool(about.buyer):
        raise Malformed("Name one merchant or one buyer.", path="merchant")
    viewer = actor_of(request)
    if about.merchant:
        return [_decided(one) for one in queries.decisions_about(viewer=viewer, merchant=about.merchant)]
    found = queries.decisions_about_buyer(viewer=viewer, buyer=about.buyer)
    if found:
        _noted(request, about.buyer, "decision", "")
    return [_decided(one) for one in found]


@for_people.get("/decisions/facts", response=list[FactOut], summary="Facts that a decision may rely on")
def get_facts(request: HttpRequest, about: Annotated[MerchantQuery, Query()]) -> list[dict[str, Any]]:
    """The newest sealed facts about a merchant, newest first, for stewards."""
    found = queries.facts_to_rely_on(viewer=actor_of(request), merchant=about.merchant, limit=FACTS_MAX)
    return [
        {"key": told.key, "number": number, "kind": _kind(told.fact), "at": from_micros(told.at)} for number, told in found
    ]


@for_people.get("/decisions/{decision}", response=StatementOut, summary="A decision with its statement of reasons")
def get_decision(request: HttpRequest, decision: str) -> dict[str, Any]:
    """What was decided, why, on which facts, by a person or a machine, since and until when, and until when to appeal."""
    found = queries.decision(viewer=actor_of(request), decision_id=decision)
    _noted(request, found.buyer, "decision", found.pk)
    return _statement(request, found)


@for_people.post("/decisions", response={201: StatementOut, 200: StatementOut}, summary="Decide about a merchant")
def post_decision(request: HttpRequest, wanted: DecisionIn) -> Status[dict[str, Any]]:
    """Decide with a statement of reasons, as a steward. Nothing is written without act, ground, facts and words.

    The same decision again, in the same words by the same person, is taken once: the answer is then 200 and the first one.
    """
    here = here_of(request)
    again = queries.decided_alike(
        viewer=here["actor"], merchant=wanted.merchant, act=wanted.act, ground=wanted.ground, facts=wanted.facts,
        words=wanted.words, realm=here["realm"],
    )
    if again is not None:
        return Status(200, _statement(request, again))
    until = here["at"] + timedelta(days=ADVERSE_DAYS) if ACTS[wanted.act].ends else None
    statement = Statement(
        act=wanted.act, ground=wanted.ground, facts=tuple(wanted.facts), words=wanted.words, automated="no", since=here["at"],
        until=until, merchant=wanted.merchant,
    )
    return Status(201, _statement(request, actions.decide(statement=statement, **here)))


@for_people.post("/decisions/{decision}/appeal", response={201: AppealOut}, summary="Appeal against a decision")
def post_appeal(request: HttpRequest, decision: str, wanted: WordsIn) -> Status[dict[str, Any]]:
    """Ask that another person look again, within six months, free of charge. A decision is appealed once: again is 409."""
    queries.decision(viewer=actor_of(request), decision_id=decision)
    objection = _objection(request, wanted.words, appeal=True)
    made = actions.open_appeal(decision_id=decision, objection=objection, **here_of(request))
    return Status(201, _appealed(request, made))


@for_people.get("/appeals", response=list[AppealOut], summary="Appeals by their clock")
def get_appeals(request: HttpRequest, wanted: Annotated[AppealsQuery, Query()]) -> list[dict[str, Any]]:
    """Open appeals, the one that is due first first, or those in another state; for staff. The last one's id as `after` asks
    for what comes behind 200.
    """
    found = queries.appeal_queue(
        viewer=actor_of(request), narrowed=_narrowed(request, wanted, kind=wanted.act), limit=queries.LISTED_MAX,
        **_behind(request, wanted),
    ).rows
    for one in found:
        _noted(request, one.decision.buyer, "appeal", one.pk)
    return _appeals(request, found)


@for_people.post("/appeals/take", response=LookedAtOut, summary="Say that you look at appeals")
def post_take_appeals(request: HttpRequest, wanted: TakeIn) -> dict[str, int]:
    """Tell the other stewards that you look at these open appeals, or not any more. It binds nobody."""
    return {"changed": actions.take_appeals(actor=actor_of(request), ids=wanted.ids, is_taken=wanted.taken)}


@for_people.get("/appeals/{appeal}", response=AppealOut, summary="An appeal")
def get_appeal(request: HttpRequest, appeal: str) -> dict[str, Any]:
    """An appeal, for whoever opened it and for staff."""
    found = queries.appeal(viewer=actor_of(request), appeal_id=appeal)
    _noted(request, found.decision.buyer, "appeal", found.pk)
    return _appealed(request, found)


@for_people.post("/appeals/{appeal}/settle", response=AppealOut, summary="Answer an appeal")
def post_settle_appeal(request: HttpRequest, appeal: str, wanted: AnswerIn) -> dict[str, Any]:
    """Answer as a steward who had no part in the decision. Upheld, the decision is reversed. An answered one is 409."""
    upheld = wanted.outcome == "upheld"
    settled = actions.settle_appeal(
        appeal_id=appeal, upheld=upheld, words=wanted.words, cause=wanted.cause if upheld else None, **here_of(request)
    )
    return _appealed(request, settled)


@for_people.post("/appeals/{appeal}/withdraw", response=AppealOut, summary="Take an appeal back")
def post_withdraw_appeal(request: HttpRequest, appeal: str) -> dict[str, Any]:
    """Take one's own appeal back while it is open."""
    queries.appeal(viewer=actor_of(request), appeal_id=appeal)
    return _appealed(request, actions.withdraw_appeal(appeal_id=appeal, **here_of(request)))


@for_people.get("/contests", response=list[ContestOut], summary="A merchant's objections")
def get_contests(request: HttpRequest, about: Annotated[MerchantQuery, Query()]) -> list[dict[str, Any]]:
    """A merchant's objections, newest first: for its team and for staff."""
    return _contests(request, queries.contests_of(viewer=actor_of(request), merchant=about.merchant))


@for_people.get("/contests/queue", response=list[ObjectionOut], summary="Objections by their clock")
def get_queue(request: HttpRequest, wanted: Annotated[ContestsQuery, Query()]) -> list[dict[str, Any]]:
    """Open objections with their words, the one that is due first first, or those in another state; for staff. The last one's
    id as `after` asks for what comes behind 200.
    """
    narrowed = _narrowed(request, wanted, kind=wanted.aspect or "", claimed=wanted.claimed or "")
    found = queries.contest_queue(
        viewer=actor_of(request), narrowed=narrowed, limit=queries.LISTED_MAX, **_behind(request, wanted)
    ).rows
    said = _said(request, "objection", [one.pk for one in found])
    reasons = _said(request, "reasons", [one.decision_id for one in found if one.decision_id])
    return [
        row | {"objection": said.get(row["id"]), "reasons": reasons.get(row["decision"] or "")}
        for row in _contests(request, found)
    ]


@for_people.post("/contests/take", response=LookedAtOut, summary="Say that you look at objections")
def post_take_contests(request: HttpRequest, wanted: TakeIn) -> dict[str, int]:
    """Tell the other stewards that you look at these open objections, or not any more. It binds nobody."""
    return {"changed": actions.take_contests(actor=actor_of(request), ids=wanted.ids, is_taken=wanted.taken)}


@for_people.post("/contests/settle", response=list[ContestOut], summary="Settle objections")
def post_settle_contests(request: HttpRequest, wanted: SettleIn) -> list[dict[str, Any]]:
    """Uphold or reject objections for the same reasons, all or none, as a steward who raised none. A settled one is 409."""
    upheld = wanted.outcome == "upheld"
    settled = actions.settle_contests(
        ids=wanted.ids, upheld=upheld, ground=wanted.ground, words=wanted.words, cause=wanted.cause if upheld else None,
        **here_of(request),
    )
    return _contests(request, settled)


@for_people.get("/contests/{contest}", response=ObjectionOut, summary="An objection")
def get_contest(request: HttpRequest, contest: str) -> dict[str, Any]:
    """What is disputed, the words, the clock, and how it ended: for the merchant's team and for staff."""
    return _objected(request, queries.contest(viewer=actor_of(request), contest_id=contest))


@for_people.post("/contests/{contest}/withdraw", response=ObjectionOut, summary="Take an objection back")
def post_withdraw_contest(request: HttpRequest, contest: str) -> dict[str, Any]:
    """Take one's own objection back while it is open."""
    queries.contest(viewer=actor_of(request), contest_id=contest)
    return _objected(request, actions.withdraw_contest(contest_id=contest, **here_of(request)))


def _narrowed(request: HttpRequest, wanted: QueueQuery, *, kind: str, claimed: str = "") -> queries.Narrowed:
    taken = {None: None, "me": actor_of(request).name, "nobody": ""}[wanted.taken]
    return queries.Narrowed(
        state="" if wanted.state == "all" else wanted.state, kind=kind, claimed=claimed, ground=wanted.ground,
        clock=wanted.clock or "", taken_by=taken, merchants=wanted.merchant or None,
    )


def _behind(request: HttpRequest, wanted: QueueQuery) -> dict[str, Any]:
    return {"after": wanted.after, "at": at_of(request)}


def _looking(request: HttpRequest, found: Sequence[Appeal] | Sequence[Contest]) -> dict[str, str]:
    """The sign-in names of the stewards who look at these, for staff; others are not told."""
    if not actor_of(request).roles & {"steward", "auditor"}:
        return {}
    return names_of({one.taken_by for one in found if one.taken_by})


def _noted(request: HttpRequest, buyer: str | None, page: str, thing: str) -> None:
    """Write down that one of the staff looks at what concerns a buyer."""
    if why := why_looked(actor_of(request), buyer):
        note_staff_look(
            actor=actor_of(request), person=buyer or "", why=why, page=page, thing=thing, at=at_of(request)
        )


def _objection(request: HttpRequest, words: str, *, appeal: bool) -> Objection:
    """What was objected, due by the clock of this jurisdiction."""
    clocks = CLOCKS[settings.YINUO["YINUO_JURISDICTION"]]
    days = clocks.appeal_days if appeal else clocks.contest_days
    return Objection(words, request.calendar.deadline_days(request.now, days))  # type: ignore[attr-defined] # config.realm


def _kind(fact: Fact) -> str:
    return kind_of(type(fact)).name


def _said(request: HttpRequest, name: str, subjects: Sequence[str]) -> dict[str, str | None]:
    return queries.words(name=name, subjects=subjects, realm=realm_of(request))


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.pk, "act": decision.act, "ground": decision.ground, "rule": GROUNDS[decision.ground].rule,
        "automated": decision.automated, "adverse": ACTS[decision.act].adverse, "merchant": decision.merchant,
        "buyer": decision.buyer, "review": decision.review, "contest": decision.contest, "decided": decision.decided_at,
        "since": decision.since, "until": decision.until, "appeal_until": decision.appeal_until,
        "reversed": decision.reversed_at,
    }


def _statement(request: HttpRequest, decision: Decision) -> dict[str, Any]:
    appeal = queries.appeal_against(viewer=actor_of(request), decision_id=decision.pk)
    return _decided(decision) | {
        "facts": len(decision.facts.split()), "reasons": _said(request, "reasons", [decision.pk]).get(decision.pk),
        "appeal": None if appeal is None else _appealed(request, appeal),
    }


def _appealed(request: HttpRequest, appeal: Appeal) -> dict[str, Any]:
    return _appeals(request, [appeal])[0]


def _appeals(request: HttpRequest, appeals: Sequence[Appeal]) -> list[dict[str, Any]]:
    ids = [appeal.pk for appeal in appeals]
    said, replies = _said(request, "objection", ids), _said(request, "reply", ids)
    at = at_of(request)
    parts, looking = queries.had_part_each(appeals=appeals), _looking(request, appeals)
    return [
        {
            "id": one.pk, "decision": one.decision_id, "state": one.state, "opened": one.opened_at, "due": one.due,
            "late": one.late or (one.state == "open" and one.due < at), "objection": said.get(one.pk),
            "settled": one.settled_at, "reply": replies.get(one.pk),
            "had_part": actor_of(request).name in parts[one.pk], "taken_by": looking.get(one.taken_by or "", ""),
        }
        for one in appeals
    ]


def _contests(request: HttpRequest, contests: Sequence[Contest]) -> list[dict[str, Any]]:
    realm, at = realm_of(request), at_of(request)
    about = {subject for one in contests for subject in (one.order, one.complaint) if subject}
    called = source_ids_of(surrogates=about, realm=realm)
    looking = _looking(request, contests)
    return [
        {
            "id": one.pk, "merchant": one.merchant, "aspect": one.aspect, "order": one.order,
            "order_id": (called.get(one.order or "") or ("", ""))[1], "complaint": one.complaint,
            "complaint_id": (called.get(one.complaint or "") or ("", ""))[1], "outcome": one.outcome, "claimed": one.claimed,
            "state": one.state, "opened": one.opened_at, "due": one.due, "late": one.state == "open" and one.due < at,
            "lapsed": one.lapsed_at, "settled": one.settled_at, "cause": one.cause, "decision": one.decision_id,
            "taken_by": looking.get(one.taken_by or "", ""),
        }
        for one in contests
    ]


def _objected(request: HttpRequest, contest: Contest) -> dict[str, Any]:
    ended = [contest.decision_id] if contest.decision_id else []
    return _contests(request, [contest])[0] | {
        "objection": _said(request, "objection", [contest.pk]).get(contest.pk),
        "reasons": _said(request, "reasons", ended).get(contest.decision_id or ""),
    }

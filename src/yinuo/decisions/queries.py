"""Questions about decisions, contests and appeals, always on behalf of a viewer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Count, Model, Q, QuerySet

from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import letters_of, rates
from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow, permissions
from yinuo.kit.ids import keyed_digest
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
from yinuo.record import queries as record
from yinuo.record.rules import Content
from yinuo.vault.queries import words_of

LISTED_MAX = 200
_Row = TypeVar("_Row", bound=Model)


def settled_causes(*, matters: Sequence[str]) -> dict[tuple[str, str], str]:
    """By matter and merchant, the cause that an upheld contest gave; "unknown" where the clock of an open one ran out."""
    found = rows.select_in(
        connection,
        "SELECT matter, merchant, cause, state FROM decisions_contest WHERE (state = 'upheld' OR (state = 'open' AND lapsed_at "
        "IS NOT NULL)) AND matter {keys}",
        list(matters),
    )
    return {(matter, merchant): cause if state == "upheld" else "unknown" for matter, merchant, cause, state in found}


def open_contests_about(*, matters: Sequence[str]) -> list[tuple[str, str, str]]:
    """(id, matter, merchant) of every open contest of one of these matters."""
    sql = "SELECT id, matter, merchant FROM decisions_contest WHERE state = 'open' AND matter {keys}"
    return [(contest, matter, merchant) for contest, matter, merchant in rows.select_in(connection, sql, list(matters))]


def another_stands(*, act: str, merchant: str | None, buyer: str | None, **thing: str) -> bool:
    """Whether some decision of this act about the same one and the same thing (listing=... or review=...) stands."""
    return Decision.objects.filter(act=act, merchant=merchant, buyer=buyer, reversed_at=None, **thing).exists()


def disputed(*, matters: Sequence[str]) -> dict[str, str]:
    """Of these matters those that are or were contested: the state of the newest contest of each."""
    sql = "SELECT matter, state, opened_at FROM decisions_contest WHERE matter {keys}"
    found = rows.select_in(connection, sql, list(matters))
    return {matter: state for matter, state, _ in sorted(found, key=lambda row: str(row[2]))}


def decision(*, viewer: Actor, decision_id: str) -> Decision:
    """The decision of that id, for whoever it is about and for staff; nobody else learns that there is one."""
    found = Decision.objects.filter(pk=decision_id).first()
    if found is None or not viewer.roles_for(found.merchant or found.buyer or "") & _who_sees():
        raise NotFound("There is no such decision, or it is not about you.")
    return found


def contest(*, viewer: Actor, contest_id: str) -> Contest:
    """The contest of that id, for whoever opened it and for staff."""
    found = Contest.objects.select_related("decision").filter(pk=contest_id).first()
    if found is None or not viewer.roles_for(found.merchant) & _who_sees():
        raise NotFound("There is no such contest, or it is not yours.")
    return found


def appeal(*, viewer: Actor, appeal_id: str) -> Appeal:
    """The appeal of that id, for whoever opened it and for staff."""
    found = Appeal.objects.select_related("decision").filter(pk=appeal_id).first()
    who = "" if found is None else found.decision.merchant or found.decision.buyer or ""
    if found is None or not viewer.roles_for(who) & _who_sees():
        raise NotFound("There is no such appeal, or it is not yours.")
    return found


def had_part(*, appeal: Appeal) -> set[str]:
    """Who cannot answer an appeal: whoever decided, appealed (also before), or raised or settled a contest of the same."""
    return had_part_each(appeals=[appeal])[appeal.pk]


def took_part(*, matters: Sequence[str]) -> dict[str, set[str]]:
    """By matter everybody who raised or settled a contest of it."""
    found: dict[str, set[str]] = {matter: set() for matter in matters}
    for matter, *names in Contest.objects.filter(matter__in=matters).values_list("matter", "opened_by", "decision__decided_by"):
        found[matter] |= {name for name in names if name}
    return found


def appeal_against(*, viewer: Actor, decision_id: str) -> Appeal | None:
    """The appeal against a decision that the viewer may see; one that was taken back only where there is no other."""
    found = Appeal.objects.filter(decision=decision(viewer=viewer, decision_id=decision_id)).order_by("-opened_at", "pk")
    return found.exclude(state="withdrawn").first() or found.first()


def decisions_about(*, viewer: Actor, merchant: str, after: str = "", limit: int = LISTED_MAX) -> list[Decision]:
    """What was decided about a merchant, newest first, beside what settled a contest, which shows with that.

    From behind the decision `after`, as in each of these lists; one that is not in the list is refused.
    """
    allow(viewer, "decisions.see", about=merchant)
    return _page(Decision.objects.filter(merchant=merchant, contest=None), "-decided_at", after, limit)


def decisions_about_buyer(*, viewer: Actor, buyer: str, after: str = "", limit: int = LISTED_MAX) -> list[Decision]:
    """What was decided about a buyer, newest first."""
    allow(viewer, "decisions.see", about=buyer)
    return _page(Decision.objects.filter(buyer=buyer), "-decided_at", after, limit)


def contests_of(
    *, viewer: Actor, merchant: str, state: str = "", after: str = "", limit: int = LISTED_MAX
) -> list[Contest]:
    """A merchant's contests, all or those in one state, newest first."""
    allow(viewer, "decisions.see", about=merchant)
    every = Contest.objects.select_related("decision").filter(merchant=merchant)
    return _page(every, "-opened_at", after, limit, **({"state": state} if state else {}))


def upheld_contests(*, viewer: Actor, merchant: str) -> list[Contest]:
    """Every upheld contest of a merchant, the one settled first first: what each corrects comes on top of those before it."""
    allow(viewer, "decisions.see", about=merchant)
    return list(Contest.objects.filter(merchant=merchant, state="upheld").order_by("settled_at", "pk"))


def open_contests(*, viewer: Actor, after: str = "", limit: int = LISTED_MAX) -> list[Contest]:
    """Every open contest, the one that is due first first."""
    allow(viewer, "decisions.settle_contest")
    return _page(Contest.objects.all(), "due", after, limit, state="open")


def open_appeals(*, viewer: Actor, after: str = "", limit: int = LISTED_MAX) -> list[Appeal]:
    """Every open appeal, the one that is due first first."""
    allow(viewer, "decisions.settle_appeal")
    return _page(Appeal.objects.select_related("decision"), "due", after, limit, state="open")


def _page(every: QuerySet[_Row], by: str, after: str, limit: int, **wanted: str) -> list[_Row]:
    """The first rows in an order, or those behind one; that one itself need not be wanted any more: it may be settled since."""
    column, is_falling = by.removeprefix("-"), by.startswith("-")
    found = every.filter(**wanted).order_by(by, "pk")
    if after:
        anchor = every.filter(pk=after).first() if after.isalnum() else None      # what else it holds no database needs to see
        if anchor is None:
            raise NotFound("The list has no such place to go on from. Begin at its start.")
        value = getattr(anchor, column)
        beyond = Q(**{f"{column}__{'lt' if is_falling else 'gt'}": value}) | Q(**{column: value, "pk__gt": anchor.pk})
        found = found.filter(Q(**{f"{column}__{'lte' if is_falling else 'gte'}": value}), beyond)
    return list(found[:limit])


def words(*, name: str, subjects: Sequence[str], realm: Realm) -> dict[str, str | None]:
    """The reasons ("reasons"), objections ("objection") or replies ("reply") of these decisions, contests or appeals.

    Ask only for what the viewer was given by another question here. None where the words were erased.
    """
    return words_of(name=name, subjects=subjects, realm=realm)


SOON = {"today": timedelta(days=1), "week": timedelta(days=7)}
"""Until when what is due counts as due soon, by the name of the filter."""
STATES = ("open", "upheld", "rejected", "withdrawn")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """How a queue of contests or appeals is narrowed; what is empty leaves everything in.

    `clock` is late, today or week; `merchants` are ids; `kind` is a contest's aspect, or the act appealed against.
    """

    state: str = "open"
    kind: str = ""
    claimed: str = ""
    ground: str = ""
    clock: str = ""
    taken_by: str | None = None         # "": by nobody
    merchants: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a queue, and the case behind which the next one starts ("" at the end)."""

    rows: list[Any]
    after: str


def contest_queue(*, viewer: Actor, narrowed: Narrowed, at: datetime, after: str = "", limit: int) -> Stretch:
    """Contests for staff: open ones by their clocks, settled ones by it backwards. Two queries."""
    allow(viewer, "decisions.see")
    found = Contest.objects.filter(
        **_given(aspect=narrowed.kind, claimed=narrowed.claimed, decision__ground=narrowed.ground)
    )
    if narrowed.merchants is not None:
        found = found.filter(merchant__in=narrowed.merchants)
    return _stretch(found.select_related("decision"), narrowed, at, after, limit)


def appeal_queue(*, viewer: Actor, narrowed: Narrowed, at: datetime, after: str = "", limit: int) -> Stretch:
    """Appeals for staff, in the same way."""
    allow(viewer, "decisions.see")
    found = Appeal.objects.filter(**_given(decision__act=narrowed.kind, decision__ground=narrowed.ground))
    if narrowed.merchants is not None:
        found = found.filter(decision__merchant__in=narrowed.merchants)
    return _stretch(found.select_related("decision"), narrowed, at, after, limit)


def contests_named(*, viewer: Actor, ids: Sequence[str]) -> list[Contest]:
    """Those of these contests that there are, for staff."""
    allow(viewer, "decisions.see")
    return list(Contest.objects.filter(pk__in=ids).order_by("due", "pk"))


def had_part_each(*, appeals: Sequence[Appeal]) -> dict[str, set[str]]:
    """By appeal who cannot answer it, as `had_part` says; three queries for all."""
    decided = [each.decision_id for each in appeals]
    matters = dict(Contest.objects.filter(decision__in=decided).values_list("decision", "matter"))
    arguing = took_part(matters=list(matters.values()))
    parts = {each.pk: {each.decision_by, *arguing.get(matters.get(each.decision_id, ""), ())} for each in appeals}
    appealed: dict[str, set[str]] = {}
    for decision_id, opened_by in Appeal.objects.filter(decision__in=decided).values_list("decision", "opened_by"):
        appealed.setdefault(str(decision_id), set()).add(str(opened_by))
    return {each.pk: parts[each.pk] | appealed[each.decision_id] for each in appeals}


def _given(**wanted: str) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if value}


def _stretch(found: QuerySet[Any], narrowed: Narrowed, at: datetime, after: str, limit: int) -> Stretch:
    if narrowed.state:
        found = found.filter(state=narrowed.state)
    if narrowed.taken_by is not None:
        found = found.filter(taken_by=narrowed.taken_by or None)
    if narrowed.clock == "late":
        found = found.filter(due__lt=at)
    elif narrowed.clock in SOON:
        found = found.filter(due__lt=at + SOON[narrowed.clock])
    is_open = narrowed.state == "open"
    anchor = found.model.objects.filter(pk=after).values_list("due", flat=True).first() if after else None
    if after and anchor is None:
        raise NotFound("The list has changed since; start again from its first page.", path="after")
    if anchor is not None and is_open:
        found = found.filter(Q(due__gt=anchor) | Q(pk__gt=after), due__gte=anchor)
    elif anchor is not None:
        found = found.filter(Q(due__lt=anchor) | Q(pk__gt=after), due__lte=anchor)
    shown = list(found.order_by("due" if is_open else "-due", "pk")[: limit + 1])
    return Stretch(shown[:limit], shown[limit - 1].pk if len(shown) > limit else "")


def public_rates() -> dict[str, dict[str, int | None]]:
    """By ground: how many decisions were taken, appealed with an answer, and reversed; the public's view of each rule."""
    return _rates("ground", "decision__ground")


def steward_rates(*, viewer: Actor) -> dict[str, dict[str, int | None]]:
    """The same by who decided, for staff."""
    allow(viewer, "decisions.settle_appeal")
    return _rates("decided_by", "decision_by")


def _rates(decided_column: str, appealed_column: str) -> dict[str, dict[str, int | None]]:
    """Rates by a column of decisions, which appeals have under the other name. Two queries."""
    answered = Appeal.objects.filter(state__in=("upheld", "rejected")).values_list(appealed_column)
    counted = answered.annotate(appealed=Count("pk"), upheld=Count("pk", filter=Q(state="upheld"))).order_by()
    appeals = {str(key): (int(appealed), int(upheld)) for key, appealed, upheld in counted}
    decided = Decision.objects.values_list(decided_column).annotate(decided=Count("pk")).order_by(decided_column)
    return {
        str(key): rates(decided=count, appealed=appeals.get(key, (0, 0))[0], reversed_=appeals.get(key, (0, 0))[1])
        for key, count in decided
    }


def clock_counts(*, at: datetime) -> Mapping[str, int]:
    """How many contests and appeals are open, and how many of them late."""
    contests = Contest.objects.filter(state="open").aggregate(all=Count("pk"), late=Count("pk", filter=Q(due__lt=at)))
    appeals = Appeal.objects.filter(state="open").aggregate(all=Count("pk"), late=Count("pk", filter=Q(due__lt=at)))
    return {
        "contests": contests["all"], "contests_late": contests["late"], "appeals": appeals["all"],
        "appeals_late": appeals["late"],
    }


def kept_about(*, person: str) -> dict[str, Any]:
    """What this domain keeps about a person, for themselves to see: what was decided about them, and their appeals."""
    columns = ("id", "act", "ground", "automated", "decided_at", "since", "until", "appeal_until", "reversed_at")
    about = Decision.objects.filter(buyer=person)
    appeals = Appeal.objects.filter(decision__in=about)
    return {
        "decisions": list(about.values(*columns)),
        "appeals": list(appeals.values("id", "decision", "opened_at", "due", "state", "settled_at")),
    }


def facts_to_rely_on(*, viewer: Actor, merchant: str, limit: int) -> list[tuple[int, Content]]:
    """The newest sealed facts about a merchant with their numbers, newest first, for whoever may decide."""
    allow(viewer, "decisions.decide")
    numbers = record.mentions_of(subject=merchant, size=record.size())[-limit:]
    return sorted(record.contents_by_number(numbers=numbers).items(), reverse=True)


def decided_alike(
    *, viewer: Actor, merchant: str, act: str, ground: str, facts: Sequence[str], words: str, realm: Realm
) -> Decision | None:
    """The standing decision that the viewer took about a merchant in the same words, on the same facts; None if none."""
    allow(viewer, "decisions.decide")
    digest = keyed_digest(realm.key, "decisions", letters_of(words)).hex()
    alike = Decision.objects.filter(
        merchant=merchant, act=act, ground=ground, facts=" ".join(facts), words=digest, decided_by=viewer.name,
        reversed_at=None,
    )
    return alike.order_by("decided_at").first()


def _who_sees() -> frozenset[str]:
    return permissions()["decisions.see"]

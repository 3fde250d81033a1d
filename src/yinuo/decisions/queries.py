"""Questions about decisions, contests and appeals, always on behalf of a viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Count, Model, Q, QuerySet

from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import rates
from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow, permissions
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
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
    contest = Contest.objects.filter(decision=appeal.decision_id).first()
    appealed = Appeal.objects.filter(decision=appeal.decision_id).values_list("opened_by", flat=True)
    return {appeal.decision_by, appeal.opened_by, *appealed, *(took_part(matter=contest.matter) if contest else ())}


def took_part(*, matter: str) -> set[str]:
    """Everybody who raised or settled a contest of this matter."""
    found = Contest.objects.filter(matter=matter).values_list("opened_by", "decision__decided_by")
    return {name for pair in found for name in pair if name}


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


def _who_sees() -> frozenset[str]:
    return permissions()["decisions.see"]

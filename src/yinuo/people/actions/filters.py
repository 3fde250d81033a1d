"""Keep and forget how somebody likes to see a queue."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import HUMAN, Actor, allow
from yinuo.kit.refusals import NotFound, TooMany
from yinuo.people.models import Account, SavedFilter
from yinuo.people.rules import FILTERS_MAX, check_filter


@transaction.atomic
def save_filter(*, actor: Actor, queue: str, name: str, query: str, at: datetime) -> SavedFilter:
    """Keep a filter of a queue under a name of one's own, in place of one of that name."""
    allow(actor, "people.save_filter")
    name = " ".join(name.split())
    check_filter(name, query)
    account = Account.objects.select_for_update().get(pk=int(actor.name.removeprefix(HUMAN)))
    mine = SavedFilter.objects.filter(account=account, queue=queue)
    if not mine.filter(name=name).exists() and mine.count() >= FILTERS_MAX:
        raise TooMany(f"At most {FILTERS_MAX} filters are kept for one list; forget one first.")
    return SavedFilter.objects.update_or_create(
        account=account, queue=queue, name=name, defaults={"query": query, "made": at}
    )[0]


@transaction.atomic
def forget_filter(*, actor: Actor, number: int) -> None:
    """Forget a filter of one's own."""
    allow(actor, "people.save_filter")
    mine = SavedFilter.objects.filter(pk=number, account=int(actor.name.removeprefix(HUMAN)))
    if not mine.delete()[0]:
        raise NotFound(_("There is no such filter of yours."))

"""Questions about merchants. Names are public by law, so every viewer gets the same answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, Q, QuerySet

from yinuo.kit.actors import Actor
from yinuo.kit.refusals import NotFound
from yinuo.merchants.models import ExternalRating, Merchant

FEW_NAMED = 500


def merchant(*, viewer: Actor, merchant: str) -> Merchant:
    """The merchant of that id; refuses where no fact ever told of it."""
    found = Merchant.objects.filter(pk=merchant).first()
    if found is None:
        raise NotFound("There is no merchant under this address.")
    return found


def merchants(*, viewer: Actor, ids: Iterable[str]) -> dict[str, Merchant]:
    """The merchants of these ids; one that no fact told of yet is an empty one."""
    wanted = list(ids)
    return {pk: Merchant(pk=pk) for pk in wanted} | Merchant.objects.in_bulk(wanted)


def named(*, viewer: Actor, search: str) -> Collection[str] | QuerySet[Merchant, Any]:
    """The ids of all merchants whose name holds the words searched for; where they are many, as a lazy subquery.

    Few are looked for at once: PostgreSQL, which cannot tell how few they are, would look through everything else to find them.
    """
    found = Merchant.objects.filter(name__icontains=search).values_list("pk", flat=True)
    few = list(found[: FEW_NAMED + 1])
    return found if len(few) > FEW_NAMED else few


def by_name(
    *, viewer: Actor, search: str, after: str, limit: int, among: Q | Exists | None = None
) -> list[Merchant]:
    """The merchants in the order of their names, from behind the merchant `after`; those without a name are left out.

    `among` narrows them further, by what an upper domain knows of each.
    """
    found = Merchant.objects.filter(name__isnull=False)
    if search:
        found = found.filter(name__icontains=search)
    if among is not None:
        found = found.filter(among)
    if after:
        anchor = merchant(viewer=viewer, merchant=after)
        found = found.filter(Q(name__gte=anchor.name), Q(name__gt=anchor.name) | Q(pk__gt=anchor.pk))
    return list(found.order_by("name", "pk")[:limit])


def external_ratings(*, viewer: Actor, merchant: str) -> list[ExternalRating]:
    """What third parties say of the merchant, newest first."""
    told = ExternalRating.objects.filter(merchant=merchant, value_hundredths__isnull=False, scale_hundredths__gt=0)
    return list(told.order_by("-observed_at", "pk")[:20])


def every_merchant() -> list[str]:
    """The ids of all merchants that any fact told of."""
    return list(Merchant.objects.order_by("pk").values_list("pk", flat=True))

"""Questions about listings and what was found about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from yinuo.catalogue.models import Finding, Listing
from yinuo.catalogue.rules import FINDING_DAYS, is_withdrawn
from yinuo.kit import rows
from yinuo.kit.actors import Actor
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
from yinuo.vault.queries import words_of

FINDINGS_MAX = 20


@dataclass(frozen=True, slots=True)
class ListingShown:
    """A listing as its page and its merchant's show it; "" and None where nobody stated it.

    `title` is None where the words were erased. `withdrawn_ground` is "" while the listing is for sale.
    """

    listing: str
    merchant: str
    title: str | None
    category: str
    price_minor: int | None
    currency: str
    published_at: int | None
    withdrawn_at: int | None
    withdrawn_ground: str


def listing(*, viewer: Actor, listing: str, realm: Realm) -> ListingShown:
    """The listing of that id; refuses where no fact ever told of it."""
    found = Listing.objects.filter(pk=listing).first()
    if found is None:
        raise NotFound("There is no listing under this address.")
    return _shown([found], realm)[0]


def listings_of(*, viewer: Actor, merchant: str, after: str, limit: int, realm: Realm) -> list[ListingShown]:
    """What a merchant put up for sale, newest first, also what was withdrawn since; from behind the listing `after`."""
    found = Listing.objects.filter(merchant=merchant, published_at__isnull=False)
    if after:
        anchor = found.filter(pk=after).first()
        if anchor is None:
            raise NotFound("The list of listings has changed since; start again from its first page.", path="after")
        behind = Q(published_at__lt=anchor.published_at) | Q(pk__gt=anchor.pk)
        found = found.filter(behind, published_at__lte=anchor.published_at)
    return _shown(list(found.order_by("-published_at", "pk")[:limit]), realm)


def owners_of(listings: Sequence[str]) -> dict[str, str]:
    """The merchant of each of these listings, as far as it is known."""
    sql = "SELECT id, merchant FROM catalogue_listing WHERE merchant IS NOT NULL AND id {keys}"
    return dict(rows.select_in(connection, sql, sorted(set(listings))))


def findings_about(*, viewer: Actor, listing: str, before: int) -> list[Finding]:
    """The decisions of the year before a moment that this listing's goods were unlawful, newest first.

    Also those that were overturned since, with when that was. Older ones are told to nobody any more.
    """
    year = (before - FINDING_DAYS * MICROS_PER_DAY, before - 1)
    found = Finding.objects.filter(listing=listing, upheld_at__range=year)
    return list(found.order_by("-upheld_at", "pk")[:FINDINGS_MAX])


def _shown(found: list[Listing], realm: Realm) -> list[ListingShown]:
    titles = words_of(name="title", subjects=[each.pk for each in found], realm=realm) if found else {}
    shown = []
    for each in found:
        off = is_withdrawn(
            published_at=each.published_at, withdrawn_at=each.withdrawn_at, restored_at=each.restored_at
        )
        shown.append(
            ListingShown(
                listing=each.pk,
                merchant=each.merchant or "",
                title=titles.get(each.pk, ""),
                category=each.category or "",
                price_minor=each.price_minor,
                currency=each.currency or "",
                published_at=each.published_at,
                withdrawn_at=each.withdrawn_at if off else None,
                withdrawn_ground=(each.withdrawn_ground or "unknown") if off else "",
            )
        )
    return shown


def findings_standing(*, viewer: Actor, merchant: str, before: int) -> list[Finding]:
    """The decisions that the merchant's goods were unlawful, as they stood at a moment (microseconds), newest first."""
    upheld = Finding.objects.filter(merchant=merchant, upheld_at__lt=before)
    standing = upheld.filter(Q(overturned_at__isnull=True) | Q(overturned_at__gte=before))
    return list(standing.order_by("-upheld_at", "pk"))


def open_findings(*, before: int) -> dict[str, list[str]]:
    """For every merchant with a standing finding of the year before a moment (microseconds): the grounds, earliest first.

    Adverse findings count for twelve months.
    """
    year = (before - FINDING_DAYS * MICROS_PER_DAY, before - 1)
    upheld = Finding.objects.filter(upheld_at__range=year, merchant__isnull=False, ground__isnull=False)
    standing = upheld.filter(Q(overturned_at__isnull=True) | Q(overturned_at__gte=before))
    found: dict[str, list[str]] = {}
    for merchant, ground in standing.order_by("upheld_at", "pk").values_list("merchant", "ground"):
        found.setdefault(str(merchant), []).append(str(ground))
    return found

"""A listing's public page: what it is, who sells it, how often it comes to complaints, and what of that is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yinuo.catalogue import queries as catalogue
from yinuo.catalogue.events import ListingPublished, ListingRestored, ListingWithdrawn
from yinuo.credit import queries as credit
from yinuo.kit.actors import PUBLIC
from yinuo.kit.moments import MICROS_PER_DAY, to_micros
from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.record import queries as record
from yinuo.reviews import queries as reviews
from yinuo.web import formats, wording
from yinuo.web.public import interval_of, merchant_shown, mode, reviews_context

if TYPE_CHECKING:
    from yinuo.credit.models import Standing
    from yinuo.kit.facts import Recorded
    from yinuo.merchants.models import Merchant


class Proof(NamedTuple):
    """A fact about the listing: its kind, for which moment it was stated, and the head under which it can be proved first."""

    kind: str
    at: int
    is_late: bool
    head: record.SignedHead | None


@require_safe
def listing(request: HttpRequest, listing: str) -> HttpResponse:
    """One listing. What is computed (standing, rate, findings) is shown only where standings are public."""
    found = catalogue.listing(viewer=PUBLIC, listing=listing, realm=request.realm)  # type: ignore[attr-defined] # middleware
    now = to_micros(request.now)  # type: ignore[attr-defined]
    is_public = credit.is_public(viewer=PUBLIC, mode=mode())
    standing = None
    if is_public and found.merchant:
        standing = credit.standing_of(viewer=PUBLIC, mode=mode(), merchant=found.merchant)
    seller, is_known = _seller(found.merchant, standing)
    proofs = _proofs(listing)
    context = reviews_context(request, listing=listing) | {
        "listing": found,
        "seller": seller,
        "seller_known": is_known,
        "is_public": is_public,
        "standing": standing,
        "interval": interval_of(standing),
        "rate": credit.listing_rate(viewer=PUBLIC, mode=mode(), listing=listing) if is_public else None,
        "rate_outcomes_min": credit.RATE_OUTCOMES_MIN,
        "findings": catalogue.findings_about(viewer=PUBLIC, listing=listing, before=now) if is_public else [],
        "hidden": reviews.hidden_by_ground(viewer=PUBLIC, listing=listing),
        "disclosed": _disclosed(found, seller),
        "not_stated": _("not stated by the merchant"),
        "proofs": proofs,
        "is_sealed": any(proof.head for proof in proofs),
    }
    return render(request, "public/listing.html", context)


def _seller(merchant: str, standing: Standing | None) -> tuple[Merchant | None, bool]:
    """Who sells it, and whether they have a page; None where no fact says who."""
    if not merchant:
        return None, False
    try:
        return merchant_shown(merchant, standing), True
    except NotFound:
        return merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant], False


def _disclosed(found: catalogue.ListingShown, seller: Merchant | None) -> list[tuple[str, str]]:
    """What has to be disclosed, each with what was stated; "" where nothing was."""
    price = ""
    if found.price_minor is not None and found.currency:
        price = formats.price(found.price_minor, found.currency)
    erased = _("erased") if found.title is None else ""
    form = seller.form if seller else None
    return [
        (_("Title"), found.title or erased),
        (_("Category"), wording.words(found.category, "category")),
        (_("Price and currency"), price),
        (_("Name of the merchant"), (seller.name if seller else "") or ""),
        (_("Company or sole trader"), wording.words(form, "form") if form else ""),
        (_("Where the merchant is registered"), formats.place(seller.region) if seller and seller.region else ""),
    ]


def _proofs(listing: str) -> list[Proof]:
    """The newest publication of the listing, withdrawal and restoration that stand in the record."""
    newest: dict[type[Any], Recorded] = {}
    for each in record.facts_about(subjects=[listing]):
        if isinstance(each.fact, ListingPublished | ListingWithdrawn | ListingRestored):
            newest[type(each.fact)] = each
    return [
        Proof(
            kind=str(each.fact.__struct_config__.tag),
            at=each.at,
            is_late=each.recorded - each.at > MICROS_PER_DAY,
            head=record.head_over(number=each.seq),
        )
        for each in newest.values()
    ]

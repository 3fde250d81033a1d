"""Questions about listings and what was found about them."""

from __future__ import annotations

from django.db.models import Q

from yinuo.catalogue.models import Finding
from yinuo.catalogue.rules import FINDING_DAYS
from yinuo.kit.actors import Actor
from yinuo.kit.moments import MICROS_PER_DAY


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

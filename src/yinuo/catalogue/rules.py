"""Listings, and findings of unlawful goods, on plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from yinuo.kit.moments import MICROS_PER_DAY

FINDING_DAYS = 365


def is_withdrawn(*, published_at: int | None, withdrawn_at: int | None, restored_at: int | None) -> bool:
    """Whether a listing is off sale: it was withdrawn, and neither put up again since nor restored."""
    if withdrawn_at is None or (restored_at is not None and restored_at >= withdrawn_at):
        return False
    return published_at is None or withdrawn_at >= published_at


class ToldFinding(NamedTuple):
    """What one fact says of a finding: upheld on a ground, or overturned (None), at a moment in microseconds."""

    finding: str
    merchant: str
    ground: str | None
    at: int


def open_grounds(told: Iterable[ToldFinding], *, before: int) -> dict[str, list[str]]:
    """For every merchant with a standing finding of the year before a moment: the grounds, earliest first.

    `told` are the facts that stand, in the order of sealing: the later one wins. Adverse findings count for twelve months.
    """
    upheld: dict[tuple[str, str], ToldFinding] = {}
    overturned: dict[tuple[str, str], int] = {}
    for each in told:
        if each.ground is None:
            overturned[each.merchant, each.finding] = each.at
        else:
            upheld[each.merchant, each.finding] = each
    found: dict[str, list[tuple[int, str, str]]] = {}
    for key, each in upheld.items():
        if before - FINDING_DAYS * MICROS_PER_DAY <= each.at < before <= overturned.get(key, before):
            found.setdefault(each.merchant, []).append((each.at, each.finding, each.ground or ""))
    return {merchant: [ground for _, _, ground in sorted(grounds)] for merchant, grounds in found.items()}

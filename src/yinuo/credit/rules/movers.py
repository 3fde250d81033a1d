"""Whom a run moves furthest, and through what. Rules on plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from yinuo.credit.rules.bands import RANKS

MOVERS_MAX = 1_000      # kept of a run, whoever moved furthest first
CAUSES_MAX = 4


class Stood(NamedTuple):
    """How a merchant stood."""

    score: int | None
    band: str


def furthest(before: Mapping[str, Stood], after: Mapping[str, Stood]) -> list[str]:
    """Those who stood before and moved in score or band: by bands, then by points; at most a thousand."""
    moved = []
    for merchant, then in before.items():
        now = after.get(merchant)
        if now is None or then == now or "new" in (then.band, now.band):
            continue
        bands = abs(RANKS[now.band] - RANKS[then.band])
        points = abs(now.score - then.score) if now.score is not None and then.score is not None else 0
        moved.append((-bands, -points, merchant))
    return [merchant for *_, merchant in sorted(moved)[:MOVERS_MAX]]


def causes_of(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By how many points each reason moved, furthest first."""
    then, now = _points(before), _points(after)
    moved = {key: now.get(key, 0) - then.get(key, 0) for key in (*then, *(key for key in now if key not in then))}
    ordered = sorted(
        (-abs(points), feature, half_life or 0, points) for (feature, half_life), points in moved.items() if points
    )
    return [
        {"feature": feature, "half_life_days": half_life or None, "points": points}
        for _, feature, half_life, points in ordered[:CAUSES_MAX]
    ]


def _points(reasons: Sequence[Mapping[str, Any]]) -> dict[tuple[str, int | None], int]:
    return {(str(each["feature"]), each.get("half_life_days")): int(each.get("points", 0)) for each in reasons}

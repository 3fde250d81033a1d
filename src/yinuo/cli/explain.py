"""`yinuo explain`: a merchant's standing in words."""

from __future__ import annotations

from typing import Any

import click


@click.command("explain")
@click.argument("merchant")
@click.option("--source", help="Take MERCHANT for the id at this source instead of our own.")
def command(*, merchant: str, source: str | None) -> None:
    """Explain MERCHANT's standing: score, interval, each reason with its points, and the way back.

    \b
    yinuo explain m3cmfp25r4zxirwov
    yinuo explain merchant-042 --source demo
    """
    from yinuo.cli import set_up  # noqa: PLC0415 - Django starts only when a command needs it

    set_up()
    from yinuo.cli._here import realm  # noqa: PLC0415
    from yinuo.credit.queries import standing_of  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.refusals import NotFound  # noqa: PLC0415
    from yinuo.vault.queries import surrogate_of  # noqa: PLC0415

    found: str | None = merchant
    if source:
        found = surrogate_of(kind="merchant", source=source, source_id=merchant, key=realm().key)
        if found is None:
            raise NotFound(f"{source} never told of a merchant {merchant!r}.")
    standing = standing_of(viewer=SYSTEM, mode="public", merchant=found or merchant)
    if standing is None:
        raise NotFound(f"There is no standing of {merchant!r}; is it the right id, and did `yinuo rescore` run?")
    for line in told(standing):
        click.echo(line)


def told(standing: Any) -> list[str]:
    """A standing in lines of plain English."""
    from yinuo.credit.queries import held_band_of  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.moments import from_day  # noqa: PLC0415

    day = from_day(standing.as_of)
    before = f", band before '{standing.band_before}'" if standing.band_before else ""
    pins = f"scorecard {standing.scorecard}, size {standing.size:,}, as of {day}{before}"
    if standing.score is None:
        return [f"{standing.merchant}: not enough history yet ({standing.outcomes} judged orders).", f"  ({pins})"]
    lines = [f"{standing.merchant}: {standing.score} ({standing.low} to {standing.high}), band '{standing.band}'"]
    held = held_band_of(viewer=SYSTEM, standing=standing)
    if held:
        lines.append(
            f"  The score alone would be '{held.alone}'; the band before holds until it is {held.margin} points past the edge."
        )
    if standing.override:
        lines.append(f"  The band follows from an upheld decision: {standing.override}.")
    if standing.odds_ppm is not None:
        lines.append(
            f"  Of 1,000 orders about {standing.odds_ppm / 1000:.0f} go wrong through this merchant's fault. "
            f"How far that holds was measured on {standing.measured_on:,} orders of the whole marketplace."
        )
    lines.append("  From 500, what is to be expected of anyone:")
    for reason in standing.reasons:
        what = reason["feature"].replace("_", " ")
        if "half_life_days" in reason:
            what += f", half-life {reason['half_life_days']} days: {reason['observed']} against {reason['expected']} expected"
        lines.append(f"  {reason['points']:+5d}  {what}")
    if standing.way_back:
        lines.append(f"  {_way_back(standing.way_back)}")
    return [*lines, f"  ({pins})"]


def _way_back(way: dict[str, Any]) -> str:
    from yinuo.kit.moments import from_day  # noqa: PLC0415

    ways = []
    if "orders" in way:
        more = "order" if way["orders"] == 1 else "orders"
        ways.append(f"after about {way['orders']:,} more {more} without a fault")
    if "day" in way:
        ways.append(f"on {from_day(way['day'])}" + ("" if ways else ", if nothing new goes wrong"))
    first = ", whichever comes first" if len(ways) > 1 else ""
    return f"The way back: up to '{way['band']}' {', or '.join(ways)}{first}."

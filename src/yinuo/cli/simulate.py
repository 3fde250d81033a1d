"""`yinuo simulate`: an invented marketplace as a stream of events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from yinuo.simulate.market import Plan

SOURCE = "demo"


@click.command("simulate")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same marketplace, to the last event.")
@click.option("--merchants", default=300, show_default=True, type=click.IntRange(min=24))
@click.option("--buyers", default=8_000, show_default=True, type=click.IntRange(min=300))
@click.option("--orders", default=60_000, show_default=True, type=click.IntRange(min=500))
@click.option("--days", default=365, show_default=True, type=click.IntRange(min=60))
@click.option("--starts", type=click.DateTime(["%Y-%m-%d"]), help="The first day; by default 2025-01-01.")
def command(
    *, output: Path, seed: int, merchants: int, buyers: int, orders: int, days: int, starts: datetime | None
) -> None:
    """Write an invented marketplace as CloudEvents, one a line, into OUTPUT (a file, or - for standard output).

    What was planted in it (who goes bad and when, the brushing rings, the strike) is written beside, as OUTPUT.truth.json.
    """
    import msgspec  # noqa: PLC0415 - kept out of `yinuo --help`

    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.simulate.market import Plan  # noqa: PLC0415
    from yinuo.simulate.truth import truth  # noqa: PLC0415

    given: dict[str, Any] = {"starts": starts.date()} if starts else {}
    plan = Plan(seed=seed, merchants=merchants, buyers=buyers, orders=orders, days=days, **given)
    planted = msgspec.json.format(msgspec.json.encode(truth(plan)), indent=1)
    if str(output) == "-":
        for line in lines(plan):
            sys.stdout.buffer.write(line + b"\n")
        return
    count = 0
    with output.open("wb") as file, progress("Simulating", unit="events") as tell:
        for count, line in enumerate(lines(plan), start=1):
            file.write(line + b"\n")
            if count % 10_000 == 0:
                tell(count, 0)
    output.with_name(output.name + ".truth.json").write_bytes(planted + b"\n")
    click.echo(f"{count:,} events in {output}; what was planted stands in {output.name}.truth.json.")


def lines(plan: Plan) -> Iterator[bytes]:
    """The marketplace's events as CloudEvents in JSON, in the order of time."""
    import msgspec  # noqa: PLC0415

    from yinuo.simulate.market import events  # noqa: PLC0415

    encode = msgspec.json.Encoder().encode
    for event in events(plan):
        yield encode(
            {"specversion": "1.0", "id": event.id, "source": SOURCE, "type": event.type, "time": event.time, "data": event.data}
        )

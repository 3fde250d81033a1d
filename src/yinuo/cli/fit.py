"""`yinuo fit`: make a scorecard from the marketplace's own history."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from yinuo.cli._hint import hint


@click.command("fit")
@click.option("--name", default="own-1", show_default=True, help="The version's name; versions never change.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Learn only from what was known before this day.")
@click.option("--in-force", is_flag=True, help="Let it decide from now on; otherwise it is only announced.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write scorecard and report to a file too.")
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), help="Instead of YINUO_ENGINE.")
def command(*, name: str, until: datetime | None, in_force: bool, output: Path | None, engine: str | None) -> None:
    """Fit a scorecard on the shop's own history, and measure month by month how often its like would have been right."""
    from yinuo.cli import set_up  # noqa: PLC0415 - Django starts only when a command needs it

    set_up()
    from django.conf import settings  # noqa: PLC0415

    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.credit import actions  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.moments import to_day  # noqa: PLC0415
    from yinuo.pipelines import rescore  # noqa: PLC0415

    with progress("Fitting") as tell:
        card, report = rescore.fit(
            engine_name=engine or settings.YINUO["YINUO_ENGINE"], folder=settings.DATA, name=name,
            until=to_day(until.date()) if until else None, at=now(), progress=tell,
        )
    kept = actions.add_scorecard(actor=SYSTEM, card=card, report=report, at=now())
    if in_force:
        kept = actions.put_in_force(actor=SYSTEM, name=name, at=now())
    if output:
        import msgspec  # noqa: PLC0415

        text = json.dumps({"card": msgspec.to_builtins(card), "report": report}, indent=1, ensure_ascii=False)
        output.write_text(text + "\n", encoding="utf-8")
    auc = report["auc_permille"]
    click.echo(
        f"{name}: fitted on {report['fitted_on']}; told beforehand on {report['calibrated_on_orders']:,} orders"
        + (f", ranking right in {auc / 10:.1f}% of pairs" if auc else "")
        + f", {report['calibration_error_ppm'] / 10_000:.1f} percentage points off on average."
    )
    click.echo("It is in force." if kept.state == "in_force" else f"It is {kept.state}. To put it in force: "
               f"{hint(f'scorecard use {name}')}")

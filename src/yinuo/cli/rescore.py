"""`yinuo rescore`: score everybody."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from yinuo.cli._hint import hint


@click.command("rescore")
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="Count facts before this day (UTC).")
@click.option("--size", type=click.IntRange(min=1), help="Count only facts sealed below this size of the record.")
@click.option("--scorecard", help="Score by this version instead of the one in force; both results stay side by side.")
@click.option("--past", is_flag=True, help="Score week by week over the whole past, to fill the courses.")
@click.option("--no-gate", is_flag=True, help="Publish whatever would have to wait at the gate.")
@click.option("--release", "run_id", metavar="RUN", help="Publish a run that waits at the gate.")
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), help="Instead of YINUO_ENGINE.")
def command(
    *, as_of: datetime | None, size: int | None, scorecard: str | None, past: bool, no_gate: bool, run_id: str | None,
    engine: str | None,
) -> None:
    """Score every merchant from what is sealed, and publish.

    \b
    yinuo rescore                        as of the day after the last outcome
    yinuo rescore --as-of 2026-03-01     as it was known on that day
    yinuo rescore --release n7x...       publish what waited at the gate
    """
    from yinuo.cli import set_up  # noqa: PLC0415 - Django starts only when a command needs it

    set_up()
    from yinuo.kit.moments import to_day  # noqa: PLC0415
    from yinuo.pipelines.rescore import Orders  # noqa: PLC0415

    day = to_day(date(as_of.year, as_of.month, as_of.day)) if as_of else None
    orders = Orders(mode=_mode(), as_of=day, size=size, scorecard=scorecard, gate=not no_gate)
    run = _release(run_id, engine) if run_id else _run(orders, past, engine)
    _tell(run)


def _mode() -> str:
    from django.conf import settings  # noqa: PLC0415

    mode: str = settings.YINUO["YINUO_MODE"]
    return mode


def _run(orders: Any, past: bool, engine: str | None) -> Any:
    from django.conf import settings  # noqa: PLC0415

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.pipelines import rescore  # noqa: PLC0415

    work = rescore.rescore_past if past else rescore.rescore
    with progress("Scoring") as tell:
        return work(
            engine_name=engine or settings.YINUO["YINUO_ENGINE"], folder=settings.DATA, realm=realm(), orders=orders,
            at=now(), progress=tell,
        )


def _release(run_id: str, engine: str | None) -> Any:
    from django.conf import settings  # noqa: PLC0415

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.credit.queries import run_named  # noqa: PLC0415
    from yinuo.pipelines import rescore  # noqa: PLC0415

    return rescore.release(
        engine_name=engine or settings.YINUO["YINUO_ENGINE"], folder=settings.DATA, realm=realm(),
        run=run_named(run_id), at=now(),
    )


def _tell(run: Any) -> None:
    from yinuo.kit.moments import from_day  # noqa: PLC0415

    changed = "changed" if run.state == "published" else "would change"
    click.echo(
        f"Run {run.id}: {run.merchants:,} merchants by {run.scorecard} as of {from_day(run.as_of)} at size {run.size:,}; "
        f"{run.moved:,} {changed} their band."
    )
    if run.state == "kept":
        use = hint(f"scorecard use {run.scorecard}")
        click.echo(f"It is kept beside: {run.scorecard} is not in force. To let it decide: {use}")
    if run.state == "waiting":
        click.echo(f"It waits for a steward: {run.reason} To publish it: {hint(f'rescore --release {run.id}')}")
        raise click.exceptions.Exit(3)

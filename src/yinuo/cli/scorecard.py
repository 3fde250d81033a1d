"""`yinuo scorecard`: see the versions of the formula, and put one in force."""

from __future__ import annotations

from datetime import datetime

import click

from yinuo.cli._hint import hint


@click.group("scorecard")
def command() -> None:
    """See the versions of the scorecard, and say which one decides."""


@command.command("list")
def list_versions() -> None:
    """List all versions, newest first."""
    from yinuo.cli import set_up  # noqa: PLC0415 - Django starts only when a command needs it

    set_up()
    from yinuo.credit.queries import scorecards  # noqa: PLC0415
    from yinuo.kit.moments import from_day  # noqa: PLC0415

    for version in scorecards():
        since = f", since {version.in_force_since:%Y-%m-%d}" if version.in_force_since else ""
        since += f", comes into force on {from_day(version.in_force_from)}" if version.in_force_from and not since else ""
        click.echo(f"{version.name}: {version.state.replace('_', ' ')}{since} ({version.digest[:12]})")


@command.command("announce")
@click.argument("name")
@click.option("--from", "day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day on which it comes into force.")
def announce(name: str, day: datetime) -> None:
    """Say when the version NAME comes into force. Merchants see it, with their standing by both, in their console."""
    from yinuo.cli import set_up  # noqa: PLC0415

    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.credit import actions  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.moments import to_day  # noqa: PLC0415

    actions.announce(actor=SYSTEM, name=name, day=to_day(day.date()), at=now())
    click.echo(f"{name} comes into force on {day:%Y-%m-%d}. To show both standings: {hint(f'rescore --scorecard {name}')}")


@command.command("use")
@click.argument("name")
def use(name: str) -> None:
    """Let the version NAME decide from now on; the one before stays readable. Then run `yinuo rescore`."""
    from yinuo.cli import set_up  # noqa: PLC0415

    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.credit.actions import put_in_force  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415

    put_in_force(actor=SYSTEM, name=name, at=now())
    click.echo(f"{name} is in force. To score everybody by it: {hint('rescore')}")

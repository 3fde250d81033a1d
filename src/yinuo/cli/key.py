"""`yinuo key`: the keys with which shops state facts."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from yinuo.cli import set_up


@click.group()
def command() -> None:
    """Make and revoke the keys with which a shop sends events.

    \b
    Examples:
      yinuo key make shop
      yinuo key make shop --expires 2027-01-31
      yinuo key revoke yk_4f0c…
    """


@command.command()
@click.argument("source")
@click.option("--expires", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]),
              help="The first day on which it is not valid (UTC).")
def make(source: str, expires: datetime | None) -> None:
    """Make a key for SOURCE and print it. It is shown this once: only its hash is kept."""
    set_up()
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    at = now()
    until = expires.replace(tzinfo=UTC) if expires else None
    if until is not None and until <= at:
        raise click.BadParameter("the date has passed already.", param_hint="--expires")
    click.echo(actions.make_key(actor=SYSTEM, source=source, expires=until, realm=realm(), at=at))


@command.command()
@click.argument("key")
def revoke(key: str) -> None:
    """Make KEY worthless from now on."""
    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    actions.revoke_key(actor=SYSTEM, key=key, at=now())
    click.echo("Revoked.")

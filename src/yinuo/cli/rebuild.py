"""`yinuo rebuild`: make the mirror tables anew from the record."""

from __future__ import annotations

import click

from yinuo.cli import set_up
from yinuo.cli._progress import progress


@click.command()
def command() -> None:
    """Make the tables that mirror the record anew: orders, shipments, reviews, listings, merchants, buyers.

    Nothing is lost by it, and it changes no score: the tables only repeat what facts tell. Stopped half way, the same
    command goes on from there.

    \b
    Example:
      yinuo rebuild
    """
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import realm  # noqa: PLC0415
    from yinuo.pipelines.react import rebuild  # noqa: PLC0415

    with progress("Rebuilding") as show:
        facts = rebuild(domains=settings.DOMAINS, realm=realm(), progress=show)
    click.echo(f"Rebuilt from {facts:,} facts.")

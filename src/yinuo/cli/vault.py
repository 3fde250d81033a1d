"""`yinuo vault`: the keys of personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yinuo.cli import set_up
from yinuo.cli._progress import progress

if TYPE_CHECKING:
    from datetime import datetime


@click.group()
def command() -> None:
    """Look at the keys of personal data, and exchange them (docs/guide/personal-data.md).

    \b
    Examples:
      yinuo vault status
      yinuo vault rotate
      yinuo vault rotate --data-keys
    """


@command.command()
def status() -> None:
    """Say how many data keys there are by class, how old they are, and which wrapping keys wrap them."""
    set_up()
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.vault.queries import key_status  # noqa: PLC0415

    at = now()
    found = key_status(viewer=SYSTEM, realm=realm())
    click.echo("class          in force   destroyed   oldest   newest")
    for count in found.classes:
        ages = f"{_age(count.oldest, at):>7}  {_age(count.newest, at):>7}"
        click.echo(f"{count.retention:12} {count.in_force:>10,} {count.destroyed:>11,}  {ages}")
    click.echo("wrapping key       wraps")
    for key_id, wraps in found.wrapping.items():
        note = "  current" if key_id == found.current else "" if wraps else "  nothing: its file may go once no backup needs it"
        click.echo(f"{key_id}  {wraps:,}{note}")


@command.command()
@click.option("--data-keys", is_flag=True, help="Renew the data keys instead: each person's as soon as something is written.")
def rotate(data_keys: bool) -> None:
    """Wrap every data key by a new wrapping key, while everything else goes on.

    Stopped half way, the same command finishes. The old wrapping key's file stays: backups from before need it.
    """
    set_up()
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.vault import actions as vault  # noqa: PLC0415

    if data_keys:
        vault.renew_data_keys(actor=SYSTEM, realm=realm(), at=now())
        click.echo("Whatever is written from now on is sealed with new data keys; the old ones still open what they sealed.")
        return
    with progress("Wrapping", unit="keys") as show:
        current = vault.rotate(actor=SYSTEM, realm=realm(), progress=show)
    click.echo(f"Every data key is wrapped by {current.id} now. Back the folder of keys up.")


def _age(moment: datetime | None, at: datetime) -> str:
    return "" if moment is None else f"{(at - moment).days} d"

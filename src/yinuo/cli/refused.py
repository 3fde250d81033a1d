"""`yinuo refused`: events that were not taken in, to be seen, corrected and replayed, or dropped."""

from __future__ import annotations

from pathlib import Path

import click

from yinuo.cli import set_up


@click.group()
def command() -> None:
    """Look at refused events, and take them in again once what was wrong is put right.

    An event that its shop sends again corrected, under the same id or superseding it, leaves the list by itself. One that
    nobody corrects is dropped after YINUO_REFUSED_DAYS.

    \b
    Examples:
      yinuo refused list --source shop
      yinuo refused show 12 > event.json
      yinuo refused replay 12 --corrected event.json
      yinuo refused drop 12 13 --reason "test data"
    """


@command.command(name="list")
@click.option("--source", metavar="NAME", help="Only those of one shop.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="How many to show.")
def list_(source: str | None, limit: int) -> None:
    """List the refused events that wait for correction, oldest first."""
    set_up()
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import queries  # noqa: PLC0415

    for event in queries.refused_waiting(viewer=SYSTEM, realm=realm(), source=source, limit=limit):
        place = " ".join(part for part in (event.source, event.path, event.event_id) if part)
        click.echo(f"{event.pk}  {place}: {event.sentence}")
    waiting = queries.refused_count(viewer=SYSTEM, source=source)
    if not waiting:
        click.echo("No refused event waits.")
    elif waiting > limit:
        click.echo(f"… and {waiting - limit:,} more; --limit shows more.")


@command.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """Print the refused event NUMBER as it came, and what is wrong with it on standard error."""
    set_up()
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import queries  # noqa: PLC0415

    event = queries.refused_event(viewer=SYSTEM, realm=realm(), number=number)
    click.echo(f"{event.path}: {event.sentence}" if event.path else event.sentence, err=True)
    click.echo(event.raw_text)


@command.command()
@click.argument("number", type=int)
@click.option("--corrected", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="The event as it should have been (CloudEvents JSON); without it, as it came.")
def replay(number: int, corrected: Path | None) -> None:
    """Take the refused event NUMBER in again."""
    set_up()
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    raw = corrected.read_bytes().strip() if corrected else None
    actions.replay_refused(actor=SYSTEM, refused_id=number, realm=realm(), at=now(), corrected=raw)
    click.echo(f"Taken in: {number}.")


@command.command()
@click.argument("numbers", nargs=-1, type=int)
@click.option("--source", metavar="NAME", help="All that wait of one shop, instead of NUMBERS.")
@click.option("--reason", required=True, metavar="TEXT", help="Why they are not wanted; printed back, for your log.")
def drop(numbers: tuple[int, ...], source: str | None, reason: str) -> None:
    """Delete the refused events NUMBERS, or all of a shop, for good. What they tell of is then not in the record."""
    if bool(numbers) == bool(source):
        raise click.UsageError("Say which: numbers, or --source NAME.")
    set_up()
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set_up
    from yinuo.record import actions  # noqa: PLC0415

    count = actions.drop_refused(actor=SYSTEM, numbers=numbers, source=source)
    which = f"of {source}" if source else ", ".join(map(str, numbers))
    click.echo(f"Dropped {count:,} ({which}): {reason}")

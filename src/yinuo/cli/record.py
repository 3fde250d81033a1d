"""`yinuo record`: the record as a log that outsiders check: its keys, proofs, audit and export."""

from __future__ import annotations

from pathlib import Path

import click

from yinuo.cli import set_up

EXIT_FAULTS = 1


@click.group()
def command() -> None:
    """Audit the record, export it, and give out proofs.

    \b
    Examples:
      yinuo record policy > yinuo.policy      whose signatures to trust, for verifiers
      yinuo record proof 1234 > 1234.tlog-proof
      yinuo record audit
      yinuo record export /srv/mirror
    """


@command.command()
def policy() -> None:
    """Print the tlog-policy of this log: its keys, and the witnesses that must have seen a head."""
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    click.echo(settings.LOG.policy.text, nl=False)


@command.command()
@click.argument("number", type=click.IntRange(min=0))
def proof(number: int) -> None:
    """Print the proof file of fact NUMBER: its opening, the hashes to the root, the signed checkpoint."""
    set_up()
    from yinuo.record import queries  # noqa: PLC0415 - after set_up

    click.echo(str(queries.tlog_proof(number=number)), nl=False)


@command.command()
def audit() -> None:
    """Compute the whole tree anew from the facts, and hold it against tiles, head and signed checkpoints.

    Ends with 1 where anything differs, and names the place.
    """
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.record import queries  # noqa: PLC0415

    with progress("Auditing") as tell:
        found = queries.audit(log=settings.LOG, progress=tell)
    for fault in found.faults:
        click.echo(fault, err=True)
    click.echo(
        f"{found.size:,} facts were computed anew, {found.forgotten:,} of them forgotten: "
        + (f"{len(found.faults)} faults." if found.faults else "everything agrees.")
    )
    if found.faults:
        raise SystemExit(EXIT_FAULTS)


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write the log as files into FOLDER, for a mirror or a CDN: the same bytes as the API serves.

    Again into the same folder adds what is new. The checkpoint comes last, so a mirror never names what it has not.
    """
    set_up()
    from yinuo.cli._progress import progress  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    with progress("Writing files") as tell:
        size, files = actions.export(actor=SYSTEM, folder=folder, progress=tell)
    click.echo(f"The log of {size:,} facts is in {folder}: {files:,} files were new.")

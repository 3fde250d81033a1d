"""`yinuo record`: the record as a log that outsiders check: its keys, proofs, audit and export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
      yinuo record pack shop A-1001 > order.json        every fact about an order, for its parties
      yinuo record report shop merchant-7 > report.json       for that merchant alone
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
@click.argument("order", nargs=-1, required=True)
@click.option("--with-person", is_flag=True, help="Open the buyer's part too: only for the buyer themselves.")
def pack(order: tuple[str, ...], with_person: bool) -> None:
    """Print every fact about ORDER with its proofs in one file: our id of it, or a source and its id there.

    For the order's own parties. The buyer's part stays closed, unless it is given to the buyer.
    """
    set_up()
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set_up
    from yinuo.record import queries  # noqa: PLC0415

    policy, subject = _policy(), _subject("order", order)
    _print(queries.order_pack(viewer=SYSTEM, order=subject, policy=policy, with_person=with_person))


@command.command()
@click.argument("merchant", nargs=-1, required=True)
def report(merchant: tuple[str, ...]) -> None:
    """Print the credit report of MERCHANT, for that merchant alone: our id of it, or a source and its id there.

    Who it is given to computes the score again by `yinuo verify`. It is for legal persons and sole traders, on their own
    request, and not for credit granting.
    """
    set_up()
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.credit.queries import credit_report  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415

    _print(credit_report(viewer=SYSTEM, merchant=_subject("merchant", merchant), realm=realm(), policy=_policy()))


@command.command()
@click.argument("merchant", nargs=-1, required=True)
@click.option("--runs", nargs=2, metavar="FIRST SECOND", help="The two runs; by default those published last.")
def reviews(merchant: tuple[str, ...], runs: tuple[str, str] | None) -> None:
    """Print how many reviews of MERCHANT were received, shown and hidden at two runs, with every fact about them."""
    set_up()
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.credit.queries import review_report  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415

    first, second = runs or ("", "")
    subject, policy = _subject("merchant", merchant), _policy()
    _print(review_report(viewer=SYSTEM, merchant=subject, realm=realm(), policy=policy, first=first, second=second))


def _subject(kind: str, named: tuple[str, ...]) -> str:
    """Our id of a subject that was named by it, or by a source and its id there."""
    if len(named) == 1:
        return named[0]
    if len(named) > 2:
        raise click.UsageError("Give our id, or a source and its id there.")
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.refusals import NotFound  # noqa: PLC0415
    from yinuo.vault.queries import surrogate_of  # noqa: PLC0415

    source, source_id = named
    found = surrogate_of(kind=kind, source=source, source_id=source_id, key=realm().key)
    if found is None:
        raise NotFound(f"{source} never told of this {kind}: {source_id!r}.")
    return found


def _policy() -> Any:
    from django.conf import settings  # noqa: PLC0415 - after set_up

    return settings.LOG.policy


def _print(made: dict[str, Any]) -> None:
    from yinuo.kit.canonical import canonical_json  # noqa: PLC0415 - after set_up

    click.echo(canonical_json(made))


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

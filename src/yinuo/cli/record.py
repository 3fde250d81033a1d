"""`yinuo record`: the record as a log that outsiders check: its keys, proofs, audit and export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from yinuo.cli import set_up
from yinuo.kit.refusals import NotFound

if TYPE_CHECKING:
    from yinuo.kit.outbound import Visit

EXIT_FAULTS = 1


@click.group()
def command() -> None:
    """Audit the record, export it, give out proofs, and have others vouch for it.

    \b
    Examples:
      yinuo record policy > yinuo.policy      whose signatures to trust, for verifiers
      yinuo record proof 1234 > 1234.tlog-proof
      yinuo record pack shop A-1001 > order.json        every fact about an order, for its parties
      yinuo record report shop merchant-7 > report.json       for that merchant alone
      yinuo record receipt shop answer.json > kept.json       where what a receipt promised stands
      yinuo record audit
      yinuo record export /srv/mirror
      yinuo record witness
    """


@command.command()
def policy() -> None:
    """Print the tlog-policy of this log: its keys, and the witnesses that must have seen a head."""
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    click.echo(settings.LOG.policy.text, nl=False)


@command.command()
@click.argument("number", type=click.IntRange(min=0))
@click.option("--witnessed", is_flag=True, help="Under the newest checkpoint that enough witnesses have signed.")
def proof(number: int, witnessed: bool) -> None:
    """Print the proof file of fact NUMBER: its opening, the hashes to the root, the signed checkpoint."""
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.record import queries  # noqa: PLC0415

    policy = settings.LOG.policy if witnessed else None
    click.echo(str(queries.tlog_proof(number=number, witnessed=policy)), nl=False)


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
@click.argument("source")
@click.argument("file", type=click.File("rb"))
def receipt(source: str, file: BinaryIO) -> None:
    """Print where the facts stand that the receipt in FILE promised to SOURCE, with their proofs: for that source alone.

    FILE is the answer to POST /api/facts, or the receipt in it; - reads it from standard input. Who is given what this
    prints checks it by `yinuo verify`. Ends with 1 where the record does not hold what was promised, and names the event.
    """
    set_up()
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.canonical import read_json  # noqa: PLC0415
    from yinuo.record import queries, rules  # noqa: PLC0415

    given = read_json(file.read(), "receipt")
    held = given["receipt"] if isinstance(given, dict) and "receipt" in given else given
    try:
        made = queries.receipt_pack(viewer=SYSTEM, source=source, receipt=held, key=realm().key, policy=_policy())
    except rules.NotKept as refusal:
        click.echo(f"NOT KEPT: {refusal}", err=True)
        raise SystemExit(EXIT_FAULTS) from None
    _print(made)


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


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _policy() -> Any:
    from django.conf import settings  # noqa: PLC0415 - after set_up

    return settings.LOG.policy


def _print(made: dict[str, Any]) -> None:
    from yinuo.kit.canonical import canonical_json  # noqa: PLC0415 - after set_up

    click.echo(canonical_json(made))


@command.command()
def audit() -> None:
    """Compute the whole tree anew from the facts, and hold it against tiles, head and signed checkpoints.

    Scorecards, runs, their climates and the standings shown are held against what the record states of them. Ends with 1
    where anything differs, and names the place.
    """
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import realm  # noqa: PLC0415
    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.credit import queries as credit  # noqa: PLC0415
    from yinuo.record import queries  # noqa: PLC0415

    with progress("Auditing") as tell:
        found = queries.audit(log=settings.LOG, progress=tell)
    faults = [*found.faults, *credit.audit(key=realm().key)]
    for fault in faults:
        click.echo(fault, err=True)
    click.echo(
        f"{found.size:,} facts were computed anew, {found.forgotten:,} of them forgotten: "
        + (_counted(len(faults), "fault") + "." if faults else "everything agrees.")
    )
    if faults:
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
    new = f"{_counted(files - 1, 'file')} new, and the checkpoint" if files > 1 else "nothing new but the checkpoint"
    click.echo(f"The log of {size:,} facts is in {folder}: {new}.")


@command.command()
def witness() -> None:
    """Show the newest head to the witnesses that YINUO_POLICY names, and keep what they sign.

    The worker does the same every few minutes. Ends with 1 where one of them did not sign, and with 2 where one remembers
    another history: then the log is stopped until somebody has looked.
    """
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.outbound import send  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    if not any(each.url for each in settings.LOG.policy.witnesses.values()):
        raise NotFound("No witness with an address is named; YINUO_POLICY is the file that does.")
    _tell(actions.witness(actor=SYSTEM, log=settings.LOG, send=send, at=now()))


@command.command()
def stamp() -> None:
    """Have the newest head stamped by the authorities of YINUO_TSA (RFC 3161), and keep their stamps.

    The worker does the same every hour. Ends with 1 where one of them gave no stamp that verifies.
    """
    set_up()
    from yinuo.cli._here import authorities, now  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.outbound import send  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    found = authorities()
    if not found:
        raise NotFound("No authority is named; YINUO_TSA is the setting that does.")
    _tell(actions.stamp(actor=SYSTEM, authorities=found, send=send, at=now()))


@command.command()
def anchor() -> None:
    """Have the newest head anchored by the calendars of YINUO_OPENTIMESTAMPS (OpenTimestamps), and complete earlier proofs.

    The worker does the same once a day. A proof is complete some hours later, when it names a block.
    """
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.kit.outbound import send  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    calendars = settings.YINUO["YINUO_OPENTIMESTAMPS"]
    if not calendars:
        raise NotFound("No calendar is named; YINUO_OPENTIMESTAMPS is the setting that does.")
    _tell(actions.anchor(actor=SYSTEM, calendars=calendars, send=send, at=now()))


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--size", type=click.IntRange(min=1), help="Of the head of this size instead of the newest that has any.")
def times(folder: Path, size: int | None) -> None:
    """Write what proves since when a head exists into FOLDER: its text, time stamps (.tsr) and anchor (.ots)."""
    set_up()
    from yinuo.record import queries  # noqa: PLC0415 - after set_up

    if size is None:
        size = queries.newest_timed()
    head = None if size is None else queries.checkpoint(size=size)
    if size is None or head is None or head[0] != size:
        raise NotFound("There is no such head, or nobody has stamped one yet.")
    for written in _write_head(folder, *head):
        click.echo(written)


def _write_head(folder: Path, size: int, note: str) -> list[str]:
    """Write a head and all that vouches for it into a folder; returns what each of the latter says."""
    from yinuo.record import queries  # noqa: PLC0415 - after set_up

    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{size}.checkpoint").write_text(note)
    (folder / f"{size}").write_text(note.partition("\n\n")[0] + "\n")
    told = []
    for number, each in enumerate(queries.stamps_of(size=size)):
        (folder / f"{size}.{number}.tsr").write_bytes(each.answer)
        told.append(f"{size}.{number}.tsr: {each.at:%Y-%m-%d %H:%M:%S} UTC, {each.authority}")
    if (proof := queries.anchor_of(size=size)) is not None:
        (folder / f"{size}.ots").write_bytes(proof)
        told.append(f"{size}.ots: {'promised only' if size in queries.anchors_pending() else 'names a block of Bitcoin'}")
    return told


@command.command("begin-log")
@click.confirmation_option(prompt="End the log as it is, and begin another under a new name?")
def begin_log() -> None:
    """End the log and begin another one over the same facts, under YINUO_ORIGIN: only where the old one cannot go on.

    That is where a restored backup is behind what was signed, or where the log's keys are lost. Everything signed so far, and
    what is left of the keys, is moved to a folder `ended-log` in the data folder: keep it, and publish where the old log
    ended and why. Whoever trusted the old keys has to be told the new ones. Stop the server and the worker first.
    """
    from yinuo.cli._lock import hold, is_held  # noqa: PLC0415
    from yinuo.kit.log import ENDED, put_away  # noqa: PLC0415

    data = Path(os.environ.get("YINUO_DATA", "var")).resolve()      # before set_up, which reads the keys
    ended = data / ENDED
    if not data.is_dir():
        raise click.UsageError(f"There is no installation in {data}; YINUO_DATA names its folder.")
    if is_held(data):
        raise click.UsageError("A server or worker runs on this installation; stop it first.")
    if ended.exists():
        raise click.UsageError(f"{ended} is there already: move it to where you keep it, and run this again.")
    hold(data)
    moved = put_away(data, following=os.environ.get("YINUO_ORIGIN", ""))
    set_up(another_log=True)
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions, queries  # noqa: PLC0415

    for size in queries.signed_sizes():
        if (head := queries.checkpoint(size=size)) is not None:
            _write_head(ended, *head)
    gone = actions.begin_log(actor=SYSTEM, realm=realm())
    click.echo(f"{_counted(gone, 'head')} of the ended log in {ended}, and of its files: {', '.join(moved) or 'none'}.")
    click.echo("The new log signs what the database has with its next seal; `yinuo record policy` prints its keys.")


def _tell(visits: list[Visit]) -> None:
    for visit in visits:
        click.echo(f"{visit.whom}: {visit.told}", err=not visit.good)
    if not visits:
        click.echo("There is nothing new.")
    if not all(visit.good for visit in visits):
        raise SystemExit(EXIT_FAULTS)

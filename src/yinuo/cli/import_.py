"""`yinuo import`: take a shop's past in from files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yinuo.cli import set_up
from yinuo.cli._hint import hint
from yinuo.cli._progress import progress
from yinuo.cli.worker import calm_collector

if TYPE_CHECKING:
    from yinuo.pipelines.importing.ordering import Ordered
    from yinuo.pipelines.importing.run import Report

EXIT_SOME_REFUSED = 3
PROPOSED = Path("mapping.toml")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", metavar="NAME", help="The shop's name: its ids mean something only within it.")
@click.option("--mapping", type=click.Path(path_type=Path), metavar="FILE", help="Which columns become which facts (TOML).")
@click.option("--propose", is_flag=True, help="Look at the files and write a mapping to complete, nothing else.")
@click.option("--encoding", metavar="NAME", help="What the files are written in, if not UTF-8.")
@click.option("--again", is_flag=True, help="Go through files that were taken whole before.")
@click.option("--despite-faults", is_flag=True, help="Go on where more than half of a file's first rows cannot be read.")
@click.option("--no-react", is_flag=True, help="Only take the facts in; do not bring tables up to them.")
def command(
    *, paths: tuple[Path, ...], source: str | None, mapping: Path | None, propose: bool, encoding: str | None,
    again: bool, despite_faults: bool, no_react: bool,
) -> None:
    """Take a shop's past in from CSV, NDJSON and Parquet files, or from folders of them.

    NDJSON lines may be CloudEvents as they are; other files need a mapping (docs/guide/import.md). Each bad row is refused
    alone and kept (see `yinuo refused`); the rest stands. The same row again does nothing, and an import that was stopped
    goes on where it stopped. The exit code is 0 when all was taken, 3 when some rows were refused, 2 when nothing was.

    \b
    Examples:
      yinuo import export/ --propose --mapping shop.toml
      yinuo import export/ --source shop --mapping shop.toml
      yinuo import events.ndjson --source shop
      yinuo import olist path/to/olist
    """
    set_up()
    calm_collector()
    if propose:
        _propose(paths, mapping or PROPOSED, encoding)
        return
    if str(paths[0]) == "olist":
        report = import_olist(paths[1:], source, again)
    else:
        if not source:
            raise click.UsageError("Say whose files these are: --source NAME.")
        report = _import_files(paths, source, mapping, encoding, again, despite_faults)
    if not no_react:
        _react()
    tell(report)
    if report.refused:
        raise click.exceptions.Exit(EXIT_SOME_REFUSED)


def _propose(paths: Sequence[Path], target: Path, encoding: str | None) -> None:
    from yinuo.pipelines.importing import propose, tables  # noqa: PLC0415 - after set_up

    opened = [tables.open_table(path, encoding=encoding or "utf-8") for path in tables.find_files(paths)]
    proposal = propose.propose(opened, encoding=encoding or "utf-8")
    propose.write(proposal, target)
    click.echo(f"Wrote {target}: {proposal.facts} kinds of fact guessed, "
               f"{proposal.undecided} value{'s' if proposal.undecided != 1 else ''} marked '?' to decide.")
    for doubt in proposal.doubts:
        click.echo(f"Look at this: {doubt}")
    for name, columns in proposal.unplaced.items():
        click.echo(f"Could not place in {name}: {', '.join(columns)}")
    click.echo("Read it through before importing: a guess by column names can be wrong.")


def _import_files(
    paths: Sequence[Path], source: str, mapping: Path | None, encoding: str | None, again: bool, despite_faults: bool
) -> Report:
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.pipelines.importing import mapped, run, tables  # noqa: PLC0415
    from yinuo.pipelines.importing.mapping import read_mapping  # noqa: PLC0415
    from yinuo.pipelines.importing.ordering import Ordered  # noqa: PLC0415
    from yinuo.record.rules import check_source  # noqa: PLC0415

    rules = read_mapping(mapping) if mapping else None
    written_in = encoding or (rules.encoding if rules else "utf-8")
    delimiter = rules.delimiter if rules else ""
    opened = [tables.open_table(path, encoding=written_in, delimiter=delimiter) for path in tables.find_files(paths)]
    for name in mapped.check_tables(opened, rules):
        click.echo(f"The mapping says nothing about {name}: left out.", err=True)
    digests = [f"{table.name} {table.digest} {table.encoding} {table.delimiter}" for table in opened]
    name = run.fingerprint(source=source, digests=digests, mapping=mapping.read_bytes() if mapping else b"")
    check_source(source)
    with _bytes_read(sum(table.size for table in opened)) as advance:
        made = mapped.items(opened, rules, source=source, advance=advance, despite_faults=despite_faults)
        ordered = Ordered(made, scratch=settings.DATA)
    return _run(ordered, source, name, again)


def import_olist(paths: Sequence[Path], source: str | None, again: bool) -> Report:
    """Take in Olist's history from the one folder named."""
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.pipelines.importing import olist, run  # noqa: PLC0415
    from yinuo.pipelines.importing.ordering import Ordered  # noqa: PLC0415
    from yinuo.record.rules import check_source  # noqa: PLC0415

    if len(paths) != 1:
        raise click.UsageError(f"Name the folder of Olist's files: {hint('import olist DIR')}.")
    source = source or olist.SOURCE
    opened = olist.open_folder(paths[0])
    name = run.fingerprint(source=source, digests=[f"olist {key} {table.digest}" for key, table in opened.items()])
    check_source(source)
    with _bytes_read(sum(table.size for table in opened.values())) as advance:
        ordered = Ordered(olist.items(opened, source=source, advance=advance), scratch=settings.DATA)
    return _run(ordered, source, name, again)


@contextmanager
def _bytes_read(total: int) -> Iterator[Callable[[int], None]]:
    with progress("Reading", unit="bytes") as show:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            show(min(done, total), total)

        yield advance


def _run(ordered: Ordered, source: str, name: str, again: bool) -> Report:
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.pipelines.importing.run import Import  # noqa: PLC0415

    importing = Import(actor=SYSTEM, source=source, name=name, realm=realm(), at=now())
    with when_told("Taking in", unit="events") as show:
        return importing.take(ordered, again=again, progress=show)


@contextmanager
def when_told(words: str, *, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that begins when it is first told of something: it is a thread, and forking comes before threads."""
    with ExitStack() as stack:
        shown: list[Callable[[int, int], None]] = []

        def show(done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(progress(words, unit=unit)))
            shown[0](done, total)

        yield show


def _react() -> None:
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.pipelines.react import react  # noqa: PLC0415

    with progress("Following the record") as show:
        react(domains=settings.DOMAINS, realm=realm(), at=now(), progress=show)


def tell(report: Report) -> None:
    """Say what was read, and why some was refused."""
    click.echo(f"{report.read:,} events read, {report.new:,} new, {report.known:,} known, {report.refused:,} refused.")
    if report.earlier:
        click.echo(f"{report.earlier:,} were dealt with by an earlier run of the same import, and passed over.")
    for where, sentence in report.examples:
        click.echo(f"  {where}: {sentence}")
    if report.conflicts:
        click.echo(
            f"{report.conflicts:,} of the refused were taken in before with other content, and that never changes. "
            "How to correct it: docs/guide/import.md, 'A row that was wrong'."
        )
    if report.waiting:
        wait = "row of this source still waits" if report.waiting == 1 else "rows of this source still wait"
        click.echo(f"{report.waiting:,} {wait}: {hint('refused list')}")

"""`yinuo preview`: what Yinuo would have said of a shop's past."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

PROPOSED = Path("mapping.toml")


@click.command("preview")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), metavar="FILE", help="Which columns become which facts (TOML).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("report.html"), show_default=True,
              help="The report; its numbers are written beside it as JSON.")
@click.option("--months", type=click.IntRange(min=1), metavar="N",
              help="Judge only the last N months; what came before is the past.")
@click.option("--lang", type=click.Choice(["en", "zh-hans"]), default="en", show_default=True, help="The report's language.")
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Keep what was taken in here, to go on from it; otherwise a temporary folder serves.")
def command(*, folder: Path, mapping: Path | None, output: Path, months: int | None, lang: str, work: Path | None) -> None:
    """Replay a shop's own past on this machine alone, and write one report.

    FOLDER holds CSV or Parquet files (with a mapping), CloudEvents (*.ndjson), or Olist's data set. An installation's own
    data are not touched.

    \b
    yinuo preview export/ --mapping mapping.toml --output report.html
    yinuo preview olist/ --lang zh-hans --work preview-work
    """
    if not output.resolve().parent.is_dir():
        raise click.UsageError(f"There is no folder {output.resolve().parent} to write the report into.")
    with _data_folder(work) as data:
        _preview(data, folder, mapping, output, months, lang)


@contextmanager
def _data_folder(work: Path | None) -> Iterator[Path]:
    """The folder that Django's settings will find: the preview's own, with a database of its own."""
    from yinuo.pipelines.preview.work import claim  # noqa: PLC0415 - `yinuo --help` must not wait for it

    if work is not None:
        claim(work)
        yield _pointed_at(work)
        return
    with tempfile.TemporaryDirectory(prefix="yinuo-preview-") as folder:
        claim(Path(folder))
        yield _pointed_at(Path(folder))


def _pointed_at(data: Path) -> Path:
    os.environ["YINUO_DATA"] = str(data.resolve())
    os.environ["YINUO_DATABASE"] = ""
    return data.resolve()


def _preview(data: Path, folder: Path, mapping: Path | None, output: Path, months: int | None, lang: str) -> None:
    from yinuo.cli import set_up  # noqa: PLC0415 - the data folder had to be known first

    set_up()
    import time  # noqa: PLC0415

    import msgspec  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.pipelines.preview import report, run  # noqa: PLC0415
    from yinuo.pipelines.preview.folder import open_past  # noqa: PLC0415

    bench = run.Bench(
        data=data, domains=settings.DOMAINS, realm=realm(), at=now(), clock=time.monotonic,
        show=lambda words, unit: progress(words, unit=unit), engine=settings.YINUO["YINUO_ENGINE"],
    )
    past = open_past(folder, mapping, propose_to=PROPOSED)
    findings = run.preview(past=past, bench=bench, last_months=months)
    numbers = output.with_suffix(".json")
    numbers.write_bytes(msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n")
    output.write_text(report.write_report(findings, language=lang, json_name=numbers.name), encoding="utf-8")
    if findings.too_short:
        click.echo(f"The history could not be judged again: {findings.too_short} The report says what can be said without it.")
    click.echo(f"Wrote {output} and {numbers}: {findings.header.orders:,} orders of {findings.header.merchants:,} merchants.")

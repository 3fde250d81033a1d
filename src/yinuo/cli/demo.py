"""`yinuo demo`: the main job from start to end, on an invented marketplace or on Olist's real history."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import click

from yinuo.cli._hint import hint
from yinuo.cli._lock import hold, is_held

MARK = "made-by-yinuo-demo"


@click.command("demo")
@click.option("--data", type=click.Path(path_type=Path), help="Olist's folder of CSV files, instead of an invented market.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to keep it; by default var/demo or var/olist.")
@click.option("--orders", default=60_000, show_default=True, type=click.IntRange(min=1_500), help="Of the invented market.")
@click.option("--seed", default=1, show_default=True, help="Of the invented market.")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the site when all is done.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def command(
    *, data: Path | None, folder: Path | None, orders: int, seed: int, serve: bool, port: int
) -> None:
    """Take a marketplace's year in, score it, tell what was found, and serve the site.

    Everything is kept in a folder of its own, which is made anew each time; no server, key or account is needed.
    """
    started = time.monotonic()
    from yinuo.cli.serve import check_port  # noqa: PLC0415 - Django starts only once the folder is chosen
    from yinuo.pipelines.importing.olist import open_folder  # noqa: PLC0415

    if serve:
        check_port("127.0.0.1", port)
    if data:
        open_folder(data)       # refuses a wrong folder before anything is made anew
    folder = folder or Path("var") / ("olist" if data else "demo")
    _fresh(folder)
    os.environ["YINUO_DATA"] = str(folder)
    os.environ.setdefault("YINUO_WEBHOOK_REACH", "loopback")     # webhooks are tried out on this machine
    os.environ.setdefault("YINUO_REALM", "Olist, 2016-2018" if data else "Demo Market")
    from yinuo.cli import set_up  # noqa: PLC0415 - after the folder is chosen
    from yinuo.cli.worker import calm_collector  # noqa: PLC0415

    set_up()
    calm_collector()
    if data:
        _take_olist(data)
    else:
        _take_simulated(seed, orders)
    _follow()
    report = _score()
    for line in summary(report):
        click.echo(line)
    if not data:
        _tell_planted(folder / "truth.json")
    click.echo(f"\nDone in {time.monotonic() - started:.0f} s; everything is in {folder}.")
    click.echo(f"To see it again: {hint('serve')}; other commands work on it the same way.")
    if serve:
        sys.stdout.flush()      # the server takes this process's place, and with it nothing of what scoring left behind
        os.execv(sys.executable, [sys.executable, "-m", "yinuo", "serve", "--port", str(port)])  # noqa: S606


def _fresh(folder: Path) -> None:
    """Empty the demo's folder and hold it; refuses one that something else made, and one that a process still uses."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_held(folder):
        raise click.UsageError(
            f"{folder} is in use: another demo, server or worker runs on it. Stop that first (Ctrl-C where it runs), or keep "
            f"this one elsewhere: --folder {folder}-2."
        )
    inside = list(folder.iterdir())
    if inside and not (folder / MARK).exists():
        raise click.UsageError(f"{folder} holds something that no demo made; choose another with --folder.")
    hold(folder)            # the folder itself stays: a new one of that name would not be held
    for path in inside:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / MARK).touch()


def _take_olist(data: Path) -> None:
    from yinuo.cli.import_ import import_olist, tell  # noqa: PLC0415

    tell(import_olist([data], source=None, again=False))


def _take_simulated(seed: int, orders: int) -> None:
    import msgspec  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.cli.import_ import when_told  # noqa: PLC0415
    from yinuo.cli.simulate import SOURCE, lines  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415
    from yinuo.simulate.market import Plan  # noqa: PLC0415
    from yinuo.simulate.truth import truth  # noqa: PLC0415

    plan = Plan(seed=seed, orders=orders)
    (settings.DATA / "truth.json").write_bytes(msgspec.json.encode(truth(plan)))
    taken = 0
    with when_told("Simulating and taking in", unit="events") as tell:
        for part in actions.take_stream(actor=SYSTEM, source=SOURCE, raws=lines(plan), realm=realm(), at=now()):
            taken += part.accepted
            tell(taken, 0)
    click.echo(f"{taken:,} events of an invented marketplace taken in.")


def _follow() -> None:
    from django.conf import settings  # noqa: PLC0415

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.pipelines.react import react  # noqa: PLC0415
    from yinuo.pipelines.rescore import archived_meanwhile  # noqa: PLC0415

    with archived_meanwhile(settings.DATA), progress("Following the record") as tell:
        react(domains=settings.DOMAINS, realm=realm(), at=now(), progress=tell)


def _score() -> dict[str, Any]:
    """Fit a scorecard on this history, put it in force, and score week by week."""
    from django.conf import settings  # noqa: PLC0415

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.cli._progress import progress  # noqa: PLC0415
    from yinuo.credit import actions  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.pipelines import rescore  # noqa: PLC0415

    engine = settings.YINUO["YINUO_ENGINE"]
    with progress("Fitting a scorecard", unit="months") as tell:
        card, report = rescore.fit(
            engine_name=engine, folder=settings.DATA, name="own-1", until=None, at=now(), progress=tell
        )
    actions.add_scorecard(actor=SYSTEM, card=card, report=report, at=now())
    actions.put_in_force(actor=SYSTEM, name=card.name, at=now())
    with progress("Scoring week by week", unit="weeks") as tell:
        rescore.rescore_past(
            engine_name=engine, folder=settings.DATA, realm=realm(), orders=rescore.Orders(), at=now(), progress=tell
        )
    return report


def _tell_planted(file: Path) -> None:
    from django.conf import settings  # noqa: PLC0415 - with the rest

    from yinuo.cli import _planted  # noqa: PLC0415
    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.credit import actions  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415

    click.echo("\nWhat was planted, and how it looks to somebody who does not know:")
    card = actions.card_in_force(actor=SYSTEM, at=now())
    engine = settings.YINUO["YINUO_ENGINE"]
    for line in _planted.told(_planted.read(file), folder=settings.DATA, engine=engine, card=card):
        click.echo(line)


def summary(report: dict[str, Any]) -> list[str]:
    """What was found, in a screenful."""
    from yinuo.credit.queries import band_counts, newest_run  # noqa: PLC0415
    from yinuo.kit.moments import from_day  # noqa: PLC0415
    from yinuo.record.queries import size  # noqa: PLC0415

    run = newest_run()
    assert run is not None
    counts = band_counts(scorecard=run.scorecard)
    lines = ["", f"As of {from_day(run.as_of)}, from {size():,} sealed facts, {run.merchants:,} merchants:"]
    lines += [band_line(band, counts.get(band, 0)) for band in _WORDS]
    auc = report["auc_permille"]
    if auc:
        lines.append(
            f"How good is it? Told beforehand, month by month, on {report['calibrated_on_orders']:,} orders: of 100 pairs of a "
            f"failed and a good order, {auc / 10:.0f} times the failed one's merchant had the lower score (50 would be chance)."
        )
        lines.append(
            f"The probabilities told were {report['calibration_error_ppm'] / 10_000:.1f} percentage points off on average."
        )
    return lines


def band_line(band: str, count: int) -> str:
    """How many stand in a band: its code, the pages' words for it, the count, and what it means."""
    from yinuo.web.wording import words  # noqa: PLC0415 - only after set-up

    return f"  {band:<10} {words(band, 'band'):<20} {count:>4,}  {_WORDS[band]}"


_WORDS = {
    "excellent": "fails less than a quarter as often as anyone",
    "good": "fails clearly less often",
    "expected": "as is to be expected of anyone",
    "new": "not enough history yet: a beginning, not a fault",
    "caution": "fails clearly more often",
    "poor": "fails more than four times as often",
    "unlawful": "an upheld decision: counterfeit, unsafe or without licence",
}

"""`yinuo bench`: measure, and say how it was measured."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from yinuo import __version__
from yinuo.cli import set_up
from yinuo.cli.worker import calm_collector
from yinuo.kit.refusals import NotFound

_LIBRARIES = ("django", "msgspec", "duckdb", "psycopg", "granian")


@click.command
@click.argument("name")
@click.option("--data", default="bench-data", show_default=True, type=click.Path(path_type=Path, file_okay=False),
              help="The folder with data sets; a benchmark may keep what it generates there.")
@click.option("--database", default="", metavar="URL",
              help="A PostgreSQL server to measure on, as postgresql://user@host:5432/name: databases of the benchmark's own "
                   "are made beside that one and dropped. SQLite by default.")
@click.option("--facts", type=click.IntRange(1), help="How many facts, where the benchmark lets you choose.")
@click.option("--seed", default=1, show_default=True, help="The seed of what is made up.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON instead of a table.")
def command(name: str, data: Path, database: str, facts: int | None, seed: int, as_json: bool) -> None:
    """Run the benchmark NAME and print its metrics; the running installation is not touched."""
    names = _names()
    if name not in names:
        raise NotFound(f"There is no benchmark {name!r}. There are: {', '.join(names)}.")
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yinuo-bench-")))
        urls = [stack.enter_context(_fresh_database(database, place)) for place in ("a", "b")]
        os.environ |= {"YINUO_DATA": str(scratch / "installation"), "YINUO_DATABASE": urls[0]}
        set_up()
        calm_collector()
        metrics = _run(name, data, scratch, facts, seed, urls[1])
        metrics["config"] = _config(facts, seed, database)
        _close()
    if as_json:
        click.echo(json.dumps(metrics))
    else:
        for key, value in metrics.items():
            click.echo(f"{key:28} {value}")


def _names() -> list[str]:
    """The modules of `pipelines.bench` that are benchmarks."""
    from yinuo.pipelines import bench  # noqa: PLC0415 - `yinuo --help` must not wait for it

    names = [name for _, name, _ in pkgutil.iter_modules(bench.__path__)]
    return sorted(name for name in names if "def run(" in Path(bench.__path__[0], f"{name}.py").read_text())


def _run(name: str, data: Path, scratch: Path, facts: int | None, seed: int, second: str) -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.pipelines.bench import Options  # noqa: PLC0415

    options = Options(
        data=data, scratch=scratch, facts=facts, seed=seed, realm=realm(), at=now(), domains=settings.DOMAINS,
        second_database=second, say=_said(),
    )
    metrics: dict[str, Any] = importlib.import_module(f"yinuo.pipelines.bench.{name}").run(options)
    return metrics


def _said() -> Any:
    started = time.monotonic()
    return lambda words: click.echo(f"[{time.monotonic() - started:6.1f} s] {words}", err=True)


def _config(facts: int | None, seed: int, database: str) -> dict[str, Any]:
    """What a reader needs to judge the numbers; a password never shows."""
    return {
        "facts": facts,
        "seed": seed,
        "database": urlsplit(database).scheme or "sqlite",
        "yinuo": __version__,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "load": round(os.getloadavg()[0], 2)},
    }


@contextmanager
def _fresh_database(url: str, place: str) -> Iterator[str]:
    """An empty database beside the one named, dropped afterwards; without a URL, SQLite needs none."""
    if not url:
        yield ""
        return
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is used

    name = f"yinuo_bench_{os.getpid()}_{place}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _close() -> None:
    from django.db import connections  # noqa: PLC0415 - after set_up

    connections.close_all()

"""Whatever is killed goes on where it stopped: nothing is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROUNDS = 3
pytestmark = pytest.mark.skipif(
    "postgresql" in os.environ.get("YINUO_DATABASE", ""), reason="kills processes on SQLite files of their own"
)


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "YINUO_DATA": str(folder)}


def _run(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "yinuo", *words], env=_environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _killed(folder: Path, seconds: float, *words: str) -> bool:
    """Run a command and kill it without warning; returns whether it was still running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "yinuo", *words], env=_environment(folder), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )
    time.sleep(seconds)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running


def _rows(folder: Path, table: str, columns: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "yinuo.sqlite3") as database:
        return sorted(database.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """Given a small market that was taken in, followed and scored once."""
    folder = tmp_path_factory.mktemp("killed") / "market"
    _run(folder, "demo", "--no-serve", "--orders", "2500", "--folder", str(folder))
    return folder


def test_a_killed_rescore_ends_as_if_it_had_not_been(market):
    _run(market, "rescore", "--no-gate")
    before = _rows(market, "credit_standing", "merchant, score, low, high, band, odds_ppm, reasons")
    entries, points = _rows(market, "record_opening", "about, content"), _rows(market, "credit_standingpoint", "*")
    luck = random.Random(5)
    killed = sum(_killed(market, luck.uniform(0.5, 3.0), "rescore", "--past") for _ in range(ROUNDS))
    _run(market, "rescore", "--no-gate")
    assert killed
    assert _rows(market, "credit_standing", "merchant, score, low, high, band, odds_ppm, reasons") == before
    assert _rows(market, "credit_standingpoint", "*") == points
    known = set(_rows(market, "record_opening", "about, content"))
    assert set(entries) <= known


def test_a_killed_rebuild_goes_on_and_ends_the_same(market):
    tables = ("trade_order", "delivery_shipment", "reviews_review", "merchants_merchant", "credit_dispatch")
    before = {table: _rows(market, table, "*") for table in tables}
    luck = random.Random(6)
    killed = sum(_killed(market, luck.uniform(0.3, 1.5), "rebuild") for _ in range(2 * ROUNDS))
    _run(market, "rebuild")
    assert killed
    assert {table: _rows(market, table, "*") for table in tables} == before

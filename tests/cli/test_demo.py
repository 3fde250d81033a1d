"""`yinuo demo` leaves alone what something else made, and what a process still uses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from django.utils.translation import override

from yinuo.cli import _lock, demo

HOLD = """
import sys
from pathlib import Path
from yinuo.cli._lock import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that a demo made; what this process holds is let go afterwards."""
    monkeypatch.setattr(_lock, "_held", [])
    made = tmp_path / "demo"
    demo._fresh(made)
    _let_go()
    yield made
    _let_go()


def test_the_readme_shows_what_the_demo_prints():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (block,) = re.findall(r"```text\n(As of .*?)```", readme, re.DOTALL)
    head, *lines = block.splitlines()
    assert re.fullmatch(r"As of [\d-]+, from [\d,]+ sealed facts, [\d,]+ merchants:", head)
    counts = [int(re.findall(r" (\d+)  ", line)[0]) for line in lines]
    with override("en"):
        assert lines == [demo.band_line(band, count) for band, count in zip(demo._WORDS, counts, strict=True)]
    assert f" {sum(counts)} merchants" in head


def _let_go() -> None:
    while _lock._held:
        os.close(_lock._held.pop())


def test_a_folder_in_use_is_not_emptied(folder):
    (folder / "kept").touch()
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(click.UsageError, match=r"in use.*Stop that first.*--folder"):
            demo._fresh(folder)
        other.stdin.close()
    assert (folder / "kept").exists()
    demo._fresh(folder)
    assert [path.name for path in folder.iterdir()] == [demo.MARK]


def test_a_demo_holds_its_folder_while_it_makes_it(folder):
    demo._fresh(folder)
    assert _lock.is_held(folder)


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path):
    (tmp_path / "work").touch()
    with pytest.raises(click.UsageError, match="no demo made"):
        demo._fresh(tmp_path)
    assert (tmp_path / "work").exists()
    assert not _lock.is_held(tmp_path)

"""A hint names the command as this one was started."""

from __future__ import annotations

import sys

import pytest

from yinuo.cli._hint import hint, with_hints


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Starts from an empty folder by a path, with a PATH that finds nothing else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("YINUO_DATA", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "found"))
    for folder in ("found", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "yinuo").touch(mode=0o755)
    return lambda words: monkeypatch.setattr(sys, "argv", [words])


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("yinuo", "yinuo refused list"),
        (".venv/bin/yinuo", ".venv/bin/yinuo refused list"),
        ("{here}/.venv/bin/yinuo", ".venv/bin/yinuo refused list"),
        ("{here}/found/yinuo", "yinuo refused list"),
        ("/elsewhere/yinuo/__main__.py", f"{sys.executable} -m yinuo refused list"),
    ],
)
def test_a_hint_can_be_copied(started, tmp_path, argument, said):
    started(argument.format(here=tmp_path))
    assert hint("refused list") == said


def test_a_hint_finds_the_same_data(started, monkeypatch):
    started(".venv/bin/yinuo")
    monkeypatch.setenv("YINUO_DATA", "my shop")
    assert hint("serve") == "YINUO_DATA='my shop' .venv/bin/yinuo serve"


def test_sentences_from_below_name_commands_the_same_way(started):
    started(".venv/bin/yinuo")
    assert with_hints("Nothing yet; `yinuo fit` makes one.") == "Nothing yet; `.venv/bin/yinuo fit` makes one."

"""Progress is a line now and then where nobody watches."""

from __future__ import annotations

from yinuo.cli import _progress
from yinuo.cli._progress import progress


def test_a_line_now_and_then(monkeypatch, capsys):
    clock = iter([100.0, 105.0, 120.0])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(clock))
    with progress("Taking in", unit="events") as show:
        show(10, 100)
        show(40, 100)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Taking in: 40 of 100 events, 2 a second\n")


def test_a_bar_at_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(_progress.sys.stderr, "isatty", lambda: True, raising=False)
    with progress("Taking in") as show:
        show(0, 0)
        show(5, 10)
    assert capsys.readouterr().out == ""

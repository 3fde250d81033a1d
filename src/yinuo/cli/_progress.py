"""A progress bar for every command that takes a while: on standard error, and only a line now and then where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

SECONDS_BETWEEN_LINES = 15.0
Advance = Callable[[int, int], None]
"""Told how much is done, of how much; 0 when that is not known."""


@contextmanager
def progress(words: str, *, unit: str = "facts") -> Iterator[Advance]:
    """Show how far something got while it runs: `with progress("Taking in") as advance: advance(done, total)`."""
    if sys.stderr.isatty():
        with _bar(unit) as bar:
            task = bar.add_task(words, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total or None)
    else:
        yield _Lines(words, unit)


def _bar(unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), _Rate(unit), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )


class _Rate(ProgressColumn):
    """How many a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} {self._unit}/s" if task.speed else "")


class _Lines:
    """A line every quarter of a minute, for logs."""

    def __init__(self, words: str, unit: str) -> None:
        self._words, self._unit = words, unit
        self._told = self._started = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told < SECONDS_BETWEEN_LINES:
            return
        self._told = now
        of = f" of {total:,}" if total else ""
        rate = done / (now - self._started)
        print(f"{self._words}: {done:,}{of} {self._unit}, {rate:,.0f} a second", file=sys.stderr, flush=True)  # noqa: T201

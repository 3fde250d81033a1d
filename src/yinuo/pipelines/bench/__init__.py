"""Benchmarks: one module each, found by its name by `yinuo bench NAME`.

A module has one function, `run(options: Options) -> dict`, which measures and reports; it asserts nothing. The dict has the
metrics of its section in docs/benchmarks.md, `config` is added by the command. What could not be measured is None, with
the reason under `"null_because"`. Django is set up on an empty database of the benchmark's own; `options.scratch` is an
empty folder that is removed afterwards, while `options.data` keeps data sets from run to run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from yinuo.kit.realm import Realm


@dataclass(frozen=True, slots=True)
class Options:
    """What the command hands to a benchmark."""

    data: Path
    scratch: Path
    facts: int | None
    seed: int
    realm: Realm
    at: datetime
    domains: Sequence[str]
    second_database: str
    """Another empty database, by its URL: for a server or a peer; "" for SQLite in a folder of its own."""
    say: Callable[[str], None]
    """Progress, in a line for people."""

"""Whether an installation is new: asked before Django is set up, by what may be made only once."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from yinuo.kit.refusals import Malformed

_BEGUN = ("record_entry", "vault_surrogate")


def is_begun(database: dict[str, Any]) -> bool:
    """Whether a database, as Django describes it, holds anything that hangs on the realm's secret or the log's keys."""
    if database["ENGINE"].endswith("sqlite3"):
        return _is_begun_file(Path(database["NAME"]))
    return _is_begun_server(database)


def _is_begun_file(file: Path) -> bool:
    if not file.exists():
        return False
    held = sqlite3.connect(file)
    try:
        known = {name for (name,) in held.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return any(held.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in _BEGUN if table in known)
    except sqlite3.Error as error:
        raise Malformed(f"The database cannot be read: {error}.", path=str(file)) from None
    finally:
        held.close()


def _is_begun_server(database: dict[str, Any]) -> bool:
    import psycopg  # noqa: PLC0415 - only where a file is missing, and not with SQLite

    given = {name: database[key] for name, key in _NAMES.items() if database.get(key)}
    try:
        with psycopg.connect(**given) as held:
            return any(
                held.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,)
                and held.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
                for table in _BEGUN
            )
    except psycopg.Error as error:
        told = str(error).strip()
        raise Malformed(f"Whether this installation is new cannot be told, as the database does not answer: {told}.") from None


_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}

"""Many rows at once, on SQLite and PostgreSQL: the bulk paths that an ORM would make several times slower.

Functions take Django's connection, but nothing of Django is imported here. Column and table names come from this program,
never from input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

SQLITE_VARIABLES_MAX = 30_000    # the smallest limit of the SQLite builds in use is 32,766
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`, lazily."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert(connection: Any, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert the rows, all or none (within the caller's transaction)."""
    if not rows:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            _raw(cursor).executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def upsert(
    connection: Any, table: str, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert the rows or, where the key exists, set the columns given; the key is the first column.

    Rows must have distinct keys. A column not named keeps its value (its default in a new row).
    """
    if not rows:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    sets = ", ".join(f'"{column}" = excluded."{column}"' for column in columns if column != key)
    conflict = f"ON CONFLICT ({key}) DO UPDATE SET {sets}" if sets else f"ON CONFLICT ({key}) DO NOTHING"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            temporary = f"incoming_{table}"
            cursor.execute(
                f"CREATE TEMPORARY TABLE {temporary} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"
            )
            with cursor.copy(f"COPY {temporary} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {temporary} {conflict}")
            cursor.execute(f"DROP TABLE {temporary}")
        else:
            marks = ", ".join("?" * len(columns))
            _raw(cursor).executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", rows)


def select_in(connection: Any, sql: str, keys: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of `sql`, whose one `{keys}` stands for the list of keys: ... WHERE id {keys}."""
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(sql.replace("{keys}", "= ANY(%s)"), [list(keys)])
            return list(cursor.fetchall())
        for chunk in chunks(keys, SQLITE_VARIABLES_MAX):
            raw = _raw(cursor)
            raw.execute(sql.replace("{keys}", f"IN ({','.join('?' * len(chunk))})"), chunk)
            found.extend(raw.fetchall())
    return found


def delete_in(connection: Any, table: str, column: str, keys: Sequence[Any]) -> None:
    """Delete the rows whose column is one of the keys."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [list(keys)])
            return
        for chunk in chunks(keys, SQLITE_VARIABLES_MAX):
            _raw(cursor).execute(f"DELETE FROM {table} WHERE {column} IN ({','.join('?' * len(chunk))})", chunk)


def _raw(cursor: Any) -> Any:
    """SQLite's own cursor below Django's, which would rewrite every statement's parameters one by one."""
    inner = cursor
    while hasattr(inner, "cursor"):
        inner = inner.cursor
    return inner.connection.cursor()

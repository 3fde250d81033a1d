"""Many rows at once, on SQLite and PostgreSQL: the bulk paths that an ORM would make several times slower.

Functions take Django's connection, but nothing of Django is imported here; errors are Django's, also from below its cursors.
Column and table names come from this program, never from input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from yinuo.kit.turns import CAN_WAIT, turn

SQLITE_KEYS_MAX = 1_000    # in one statement: full chunks share one prepared statement, and stay far below SQLite's limit
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`, lazily."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert(
    connection: Any, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, unique: str | None = None
) -> None:
    """Insert the rows, all or none (within the caller's transaction).

    Where two transactions may insert the same value of a `unique` column at the same time, name it: they then wait for
    each other in one order, and never in a circle.
    """
    if not rows:
        return
    names = _names(columns)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            ordered = sorted(rows, key=itemgetter(columns.index(unique))) if unique else rows
            _copy(cursor, table, names, ordered)
        else:
            marks = ", ".join("?" * len(columns))
            _raw(cursor).executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def upsert(
    connection: Any, table: str, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, unless: str | None = None
) -> None:
    """Insert the rows or, where the key exists, set the columns given; the key is the first column.

    Rows must have distinct keys. A column not named keeps its value (its default in a new row). A row that has a value in the
    column `unless` already stays as it is.
    """
    if not rows:
        return
    names = _names(columns)
    sets = ", ".join(f'"{column}" = excluded."{column}"' for column in columns if column != key)
    conflict = f"ON CONFLICT ({key}) DO UPDATE SET {sets}" if sets else f"ON CONFLICT ({key}) DO NOTHING"
    if unless:
        conflict += f' WHERE {table}."{unless}" IS NULL'
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _upsert_postgresql(cursor, table, names, conflict, sorted(rows, key=itemgetter(0)))
        else:
            marks = ", ".join("?" * len(columns))
            _raw(cursor).executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", rows)


def insert_missing(
    connection: Any, table: str, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    """Insert those of the rows whose key is not there yet, and return how many that were; the key is the first column.

    Where another transaction is inserting the same key, this waits for its end, and never in a circle.
    """
    if not rows:
        return 0
    names = _names(columns)
    conflict = f"ON CONFLICT ({key}) DO NOTHING"
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _upsert_postgresql(cursor, table, names, conflict, sorted(rows, key=itemgetter(0)))
            return int(cursor.rowcount)
        raw = _raw(cursor)
        marks = ", ".join("?" * len(columns))
        raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", rows)
        return int(raw.rowcount)


@contextmanager
def writing_turn(connection: Any) -> Iterator[None]:
    """Wait in line for SQLite's one writer's place, by a lock on a file beside the database.

    SQLite itself lets a waiting writer sleep for up to a tenth of a second at a time, also when the place is long free.
    Inside a transaction, which has the place already or will ask SQLite for it, this does nothing.
    """
    name = str(connection.settings_dict["NAME"])
    if not CAN_WAIT or connection.vendor != "sqlite" or connection.in_atomic_block or "memory" in name:
        yield
        return
    with turn(f"{name}-turn"):
        yield


def seen_beside(connection: Any) -> bool:
    """Whether a second process sees what this connection does: a database that lasts, and no transaction under way."""
    lasting = connection.vendor == "postgresql" or "memory" not in str(connection.settings_dict["NAME"])
    return lasting and not connection.in_atomic_block


def select_in(connection: Any, sql: str, keys: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of `sql`, whose one `{keys}` stands for the list of keys: ... WHERE id {keys}."""
    found: list[tuple[Any, ...]] = []
    if not keys:
        return found
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(sql.replace("{keys}", "= ANY(%s)"), [list(keys)])
            return list(cursor.fetchall())
        raw = _raw(cursor)
        for chunk in chunks(keys, SQLITE_KEYS_MAX):
            raw.execute(sql.replace("{keys}", f"IN ({','.join('?' * len(chunk))})"), chunk)
            found.extend(raw.fetchall())
    return found


def delete_in(connection: Any, table: str, column: str, keys: Sequence[Any]) -> None:
    """Delete the rows whose column is one of the keys."""
    if not keys:
        return
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [list(keys)])
            return
        raw = _raw(cursor)
        for chunk in chunks(keys, SQLITE_KEYS_MAX):
            raw.execute(f"DELETE FROM {table} WHERE {column} IN ({','.join('?' * len(chunk))})", chunk)


def clear_in(connection: Any, table: str, column: str, value: Any, key: str, keys: Sequence[Any]) -> None:
    """Empty a column where it has this value, in the rows whose key is one of the keys."""
    sql = f'UPDATE {table} SET "{column}" = NULL WHERE "{column}" = %s AND "{key}" IN '
    with connection.cursor() as cursor:
        for chunk in chunks(keys, SQLITE_KEYS_MAX):
            cursor.execute(f"{sql}({','.join(['%s'] * len(chunk))})", [value, *chunk])


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _copy(cursor: Any, table: str, names: str, rows: Sequence[Sequence[Any]]) -> None:
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _upsert_postgresql(cursor: Any, table: str, names: str, conflict: str, rows: Sequence[Sequence[Any]]) -> None:
    """COPY into a table of this session's own, and from there: several times faster than a statement for each row.

    The session keeps the table, since making one at each call would cost more than filling it.
    """
    incoming = f"incoming_{table}"
    cursor.execute("SELECT to_regclass(%s)", [f"pg_temp.{incoming}"])
    if cursor.fetchone()[0] is None:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {incoming} ON COMMIT DELETE ROWS AS SELECT * FROM {table} WITH NO DATA"
        )
    else:
        cursor.execute(f"DELETE FROM {incoming}")    # what an earlier call in this transaction left
    _copy(cursor, incoming, names, rows)
    cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {incoming} {conflict}")


def _raw(cursor: Any) -> Any:
    """SQLite's own cursor below Django's, which would rewrite every statement's parameters one by one."""
    inner = cursor
    while hasattr(inner, "cursor"):
        inner = inner.cursor
    return inner.connection.cursor()

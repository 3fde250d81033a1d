"""The bulk paths, on whichever database the tests run."""

from __future__ import annotations

import pytest
from django.db import connection

from yinuo.kit import rows

pytestmark = pytest.mark.django_db
COLUMNS = ("name", "position")


def kept():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, position FROM record_cursor ORDER BY name")
        return cursor.fetchall()


def test_chunks_are_lazy_and_complete():
    assert list(rows.chunks(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]


def test_insert_keeps_what_text_formats_would_garble():
    rows.insert(connection, "record_cursor", COLUMNS, [("tab\there", 1), ("back\\slash\n", 2), ("\\N", 3)])
    assert {name for name, _ in kept()} == {"tab\there", "back\\slash\n", "\\N"}


def test_upsert_sets_only_the_named_columns_and_can_be_called_again():
    rows.upsert(connection, "record_cursor", "name", COLUMNS, [("b", 1), ("a", 1)])
    rows.upsert(connection, "record_cursor", "name", COLUMNS, [("a", 2), ("c", 2)])
    assert kept() == [("a", 2), ("b", 1), ("c", 2)]


def test_insert_missing_leaves_what_is_there_and_counts_the_rest():
    assert rows.insert_missing(connection, "record_cursor", "name", COLUMNS, [("a", 1)]) == 1
    assert rows.insert_missing(connection, "record_cursor", "name", COLUMNS, [("a", 2), ("b", 2)]) == 1
    assert kept() == [("a", 1), ("b", 2)]


def test_select_and_delete_take_more_keys_than_a_statement_may_have():
    many = [(f"n{number:05d}", number) for number in range(2500)]
    rows.insert(connection, "record_cursor", COLUMNS, many)
    keys = [name for name, _ in many]
    assert len(rows.select_in(connection, "SELECT name, position FROM record_cursor WHERE name {keys}", keys)) == 2500
    rows.delete_in(connection, "record_cursor", "name", keys[:-1])
    assert kept() == [many[-1]]


def test_nothing_to_do_is_no_error():
    rows.insert(connection, "record_cursor", COLUMNS, [])
    rows.upsert(connection, "record_cursor", "name", COLUMNS, [])
    rows.delete_in(connection, "record_cursor", "name", [])
    assert rows.insert_missing(connection, "record_cursor", "name", COLUMNS, []) == 0
    assert rows.select_in(connection, "SELECT name, position FROM record_cursor WHERE name {keys}", []) == []

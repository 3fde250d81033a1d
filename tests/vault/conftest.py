"""Tests whose transactions really commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def _new_connection() -> Iterator[None]:
    yield
    connection.close()


@pytest.fixture
def lasting(_new_connection: None, transactional_db: None) -> Iterator[None]:
    """Transactions that commit. The tables are emptied afterwards, which the record itself refuses to anybody but a superuser."""
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")

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
    """Transactions that commit. Emptying the tables afterwards takes a superuser: the record refuses it to others."""
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")

"""Questions about complaints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from yinuo.kit import rows


class ComplaintRow(NamedTuple):
    """What is known of a complaint; moments in microseconds, None where no fact told it yet."""

    id: str
    order: str | None
    merchant: str | None
    listing: str | None
    buyer: str | None
    topic: str | None
    opened_at: int | None
    answered_at: int | None
    closed_at: int | None
    outcome: str | None
    cause: str | None


def complaints_of_orders(orders: Sequence[str]) -> list[str]:
    """The ids of the complaints that name one of the orders."""
    found = rows.select_in(connection, 'SELECT id FROM care_complaint WHERE "order" {keys}', orders)
    return [complaint for (complaint,) in found]


def complaints(ids: Sequence[str]) -> list[ComplaintRow]:
    """The complaints of these ids that any fact told of."""
    columns = ", ".join(f'"{column}"' for column in ComplaintRow._fields)
    found = rows.select_in(connection, f"SELECT {columns} FROM care_complaint WHERE id {{keys}}", ids)
    return [ComplaintRow(*row) for row in found]

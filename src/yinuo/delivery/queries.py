"""Questions about deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from yinuo.delivery.rules import DISRUPTION_ECHO_DAYS, Disruption, Journey
from yinuo.kit import rows
from yinuo.kit.moments import MICROS_PER_DAY


def journeys(orders: Sequence[str]) -> dict[str, Journey]:
    """The journey of each order that has one. Of several parcels the first scan, the first arrival and any harm count."""
    found = rows.select_in(
        connection,
        """
        SELECT "order", MIN(carrier), MIN(ready_at), MIN(handed_over_at), MIN(delivered_at), MIN(harm), MIN(harm_cause),
        MIN(harmed_at) FROM delivery_shipment WHERE "order" {keys} GROUP BY "order"
        """,
        orders,
    )
    return {order: Journey(*rest) for order, *rest in found}


def disruptions() -> list[Disruption]:
    """Every disruption declared so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT carrier, origin, starts, ends FROM delivery_disruption WHERE carrier IS NOT NULL ORDER BY starts"
        )
        return [Disruption(*row) for row in cursor.fetchall()]


def orders_within(*, carrier: str, starts: int, ends: int) -> list[str]:
    """The orders whose parcels the carrier (or one not named) scanned or delivered within a disruption or its echo."""
    until = ends + 2 * DISRUPTION_ECHO_DAYS * MICROS_PER_DAY
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT "order" FROM delivery_shipment WHERE (carrier = %s OR carrier IS NULL)
            AND (handed_over_at BETWEEN %s AND %s OR delivered_at BETWEEN %s AND %s)
            """,
            [carrier, starts, until, starts, until],
        )
        return [order for (order,) in cursor.fetchall()]

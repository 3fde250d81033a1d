"""The database itself refuses to change the record, whoever asks and however."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from yinuo.kit.actors import SYSTEM
from yinuo.record import actions, queries
from yinuo.record.models import Entry, Mention, Opening, PersonOpening, Replacement, Seal

pytestmark = pytest.mark.django_db
FORBIDDEN = [
    "UPDATE record_entry SET inners = inners",
    "UPDATE record_entry SET key = inners",
    "DELETE FROM record_entry",
    "UPDATE record_opening SET content = salt",
    "DELETE FROM record_opening",
    "DELETE FROM record_mention",
    "DELETE FROM record_mention WHERE subject LIKE 'm%'",
    "UPDATE record_mention SET number = number + 1",
    "UPDATE record_seal SET seq = seq + 1",
    "DELETE FROM record_seal",
    "UPDATE record_replacement SET target = target",
    "DELETE FROM record_replacement",
]
SQLITE_ONLY = [
    "INSERT OR REPLACE INTO record_entry SELECT * FROM record_entry",
    "INSERT OR REPLACE INTO record_opening SELECT * FROM record_opening",
    "INSERT OR REPLACE INTO record_mention SELECT * FROM record_mention",
    "INSERT OR REPLACE INTO record_seal SELECT * FROM record_seal",
    "INSERT OR REPLACE INTO record_replacement SELECT * FROM record_replacement",
    "UPDATE OR REPLACE record_entry SET id = id",
    "INSERT INTO record_entry SELECT * FROM record_entry WHERE true ON CONFLICT (id) DO UPDATE SET key = x'00'",
]
POSTGRESQL_ONLY = [
    *(f"TRUNCATE {table} CASCADE" for table in ("record_entry", "record_opening", "record_seal", "record_replacement")),
    "INSERT INTO record_entry SELECT * FROM record_entry ON CONFLICT (id) DO UPDATE SET inners = '\\x00'",
]


@pytest.fixture(autouse=True)
def some_facts(take, event):
    taken = take([
        event("trade.order_paid", id="e1", order="o1"),
        event("trade.order_paid", id="e2", order="o1", supersedes="e1"),
        event("trade.order_placed", id="e3", order="o1", merchant="m1", buyer="b1", amount_minor=5, currency="CNY"),
    ])
    assert taken.accepted == 3


def contents():
    return [list(model.objects.order_by("pk").values_list()) for model in (Entry, Opening, Seal, Replacement, Mention)]


@pytest.mark.parametrize("sql", FORBIDDEN + SQLITE_ONLY + POSTGRESQL_ONLY)
def test_refused_by_the_database(sql):
    if sql in SQLITE_ONLY and connection.vendor != "sqlite":
        pytest.skip("SQLite's own syntax")
    if sql in POSTGRESQL_ONLY and connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's own syntax")
    before = contents()
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert contents() == before


@pytest.mark.parametrize("change", [
    lambda: Entry.objects.update(inners=b"x"),
    lambda: Entry.objects.all().delete(),
    lambda: Entry.objects.first().delete(),
    lambda: Opening.objects.update(content=b"x"),
    lambda: Opening.objects.filter(about__startswith="o").delete(),
    lambda: Mention.objects.filter(number=2).delete(),
    lambda: Seal.objects.filter(seq=0).delete(),
    lambda: Replacement.objects.all().delete(),
])
def test_refused_to_the_orm(change):
    before = contents()
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
        change()
    assert contents() == before


def test_a_persons_part_alone_may_be_forgotten(realm, now, event):
    kept = contents()[:-1]
    person = PersonOpening.objects.get().person
    PersonOpening.objects.all().delete()
    Mention.objects.filter(subject=person).delete()
    assert contents()[:-1] == kept
    assert queries.audit().faults == []
    again = actions.take_events(
        actor=SYSTEM, source="shop", raws=[event("trade.order_paid", id="e1", order="o1")], realm=realm, at=now
    )
    assert (again.accepted, again.known, again.refused) == (0, 1, [])

"""What was told besides outcomes: counts of reviews and findings, the same from the archive as in plain Python."""

from __future__ import annotations

import importlib.util
import itertools
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yinuo.catalogue.rules import FINDING_DAYS, ToldFinding, open_grounds
from yinuo.credit.rules.engine import Store, duckdb, spark
from yinuo.credit.rules.told import (
    HIDDEN,
    NO_REVIEWS,
    OVERTURNED,
    PUBLISHED,
    RESTORED,
    UPHELD,
    ReviewCounts,
    ToldReview,
    count_reviews,
    findings_at,
    reviews_at,
)
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.record.queries import counts_below

TYPES = {"seq": pa.int64(), "at": pa.int64(), **dict.fromkeys(("kind", "review", "merchant", "finding", "ground"), pa.string())}
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

reviews = st.fixed_dictionaries({
    "kind": st.sampled_from([PUBLISHED, PUBLISHED, HIDDEN, RESTORED, "trade.order_placed"]), "at": st.integers(1, 4),
    "review": st.sampled_from(["r1", "r2", "r3"]), "merchant": st.sampled_from([None, "m1", "m2"]),
})
findings = st.fixed_dictionaries({
    "kind": st.sampled_from([UPHELD, OVERTURNED]), "at": st.integers(1, 9), "finding": st.sampled_from(["g1", "g2"]),
    "merchant": st.sampled_from(["m1", "m2"]), "ground": st.sampled_from(["safety", "licence"]),
})


@pytest.fixture(scope="module")
def engine():
    with duckdb() as opened:
        yield opened


@pytest.fixture
def fresh(tmp_path):
    count = itertools.count()
    return lambda: tmp_path / str(next(count))


def store_of(folder, rows, pairs):
    """An archive of these facts, of which some replace others."""
    archive = folder / "archive"
    archive.mkdir(parents=True)
    told = [row | {"seq": seq} for seq, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(told, pa.schema(list(TYPES.items()))), archive / "facts.parquet")
    table = {"target": [target for target, _ in pairs], "by": [by for _, by in pairs]}
    pq.write_table(pa.table(table, pa.schema([("target", pa.int64()), ("by", pa.int64())])), archive / "replaced.parquet")
    segment = {"file": "facts.parquet", "start": 0, "facts": len(rows)}
    (archive / "manifest.json").write_text(json.dumps({"size": len(rows), "segments": [segment], "replaced": len(pairs)}))
    return Store(folder, ())


@given(st.lists(reviews, min_size=1, max_size=14), st.data())
@QUICK
def test_reviews_are_counted_alike_from_the_archive(engine, fresh, rows, data):
    pairs = data.draw(st.lists(st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(rows) - 1)), max_size=4))
    size = data.draw(st.integers(0, len(rows)))
    gone = {target for target, by in pairs if by < size}
    told = [ToldReview(**row, stands=seq not in gone) for seq, row in enumerate(rows[:size])]
    found = reviews_at(engine, store_of(fresh(), rows, pairs), size=size)
    for merchant in ("m1", "m2"):
        assert found.get(merchant, NO_REVIEWS) == count_reviews(told, merchant=merchant)


@given(st.lists(findings, min_size=1, max_size=10), st.data())
@QUICK
def test_findings_are_told_in_the_order_of_sealing(engine, fresh, rows, data):
    pairs = data.draw(st.lists(st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(rows) - 1)), max_size=4))
    size = data.draw(st.integers(0, len(rows)))
    gone = {target for target, by in pairs if by < size}
    standing = [
        ToldFinding(row["finding"], row["merchant"], row["ground"] if row["kind"] == UPHELD else None, row["at"])
        for seq, row in enumerate(rows[:size]) if seq not in gone
    ]
    assert findings_at(engine, store_of(fresh(), rows, pairs), size=size) == standing


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")       # pyspark 4.0 calls pandas and sockets in ways that these deprecate
def test_spark_tells_the_same(engine, fresh):
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("pyspark or Java is not installed")
    kinds, merchants = [PUBLISHED, PUBLISHED, HIDDEN, RESTORED, "x"], [None, "m1", "m2"]
    rows = [
        {"kind": kinds[n * n % 5], "at": 1 + n % 4, "review": f"r{n * 7 % 6}", "merchant": merchants[n // 3 % 3]}
        for n in range(60)
    ]
    rows += [{"kind": UPHELD, "at": n, "finding": f"g{n}", "merchant": "m1", "ground": "safety"} for n in range(4)]
    store = store_of(fresh(), rows, [(3, 9), (11, 12), (61, 63)])
    near = reviews_at(engine, store, size=64), findings_at(engine, store, size=64)
    with spark() as far:
        assert (reviews_at(far, store, size=64), findings_at(far, store, size=64)) == near


def test_a_hidden_review_is_received_and_not_shown():
    told = [ToldReview(PUBLISHED, "r1", "m1", 5, True), ToldReview(HIDDEN, "r1", None, 7, True)]
    assert count_reviews(told, merchant="m1") == ReviewCounts(1, 0, 1)
    assert count_reviews([*told, ToldReview(RESTORED, "r1", None, 8, True)], merchant="m1") == ReviewCounts(1, 1, 0)
    taken_back = [told[0]._replace(stands=False), told[1]]
    assert count_reviews(taken_back, merchant="m1") == ReviewCounts(1, 0, 0)
    assert count_reviews(told, merchant="m2") == NO_REVIEWS


def test_a_finding_counts_for_a_year_unless_overturned_before():
    day = MICROS_PER_DAY
    before = 1_000 * day
    upheld = ToldFinding("g1", "m1", "safety", before - FINDING_DAYS * day)
    assert open_grounds([upheld], before=before) == {"m1": ["safety"]}
    assert open_grounds([upheld._replace(at=upheld.at - 1)], before=before) == {}
    assert open_grounds([upheld._replace(at=before)], before=before) == {}
    overturned = ToldFinding("g1", "m1", None, before - 1)
    assert open_grounds([upheld, overturned], before=before) == {}
    assert open_grounds([upheld, overturned._replace(at=before)], before=before) == {"m1": ["safety"]}
    later = ToldFinding("g2", "m1", "licence", upheld.at + 1)
    assert open_grounds([later, upheld], before=before) == {"m1": ["safety", "licence"]}


@pytest.mark.django_db
def test_facts_below_a_size_are_counted_for_many_at_once(django_assert_num_queries):
    from yinuo.record.models import Mention  # noqa: PLC0415

    Mention.objects.bulk_create(Mention(subject=f"m{n}", number=k, seq=10 * n + 3 * k) for n in range(1_500) for k in range(3))
    subjects = [f"m{n}" for n in range(1_600)]
    with django_assert_num_queries(1):
        found = counts_below(subjects=subjects, size=1_004)
    assert found == {f"m{n}": min(3, max(0, -(-(1_004 - 10 * n) // 3))) if n < 1_500 else 0 for n in range(1_600)}

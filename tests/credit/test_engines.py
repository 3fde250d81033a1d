"""Every engine and plain Python agree to the last integer, on whatever facts come."""

from __future__ import annotations

import importlib.util
import itertools
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yinuo.credit.features import MEASURES
from yinuo.credit.rules.climate import CLIMATE_DAYS, MERCHANTS_MIN, OUTCOMES_MIN, Climate, plain_climate
from yinuo.credit.rules.daybook import KINDS, columns_needed, plain_daybook
from yinuo.credit.rules.engine import (
    Store,
    climate_at,
    climates_over,
    duckdb,
    evidence_at,
    evidence_over,
    recent_over,
    spark,
    to_arrow,
)
from yinuo.credit.rules.evidence import Evidence, ages_table, evidence_from, evidence_query, plain_evidence
from yinuo.credit.rules.measures import VALUE_MAX, Case, Measure
from yinuo.credit.rules.tables import AGE_DAYS_MAX, HALF_LIVES_DAYS, WEIGHTS

AS_OF = 20_000
WANTED = [(measure.name, days) for measure in MEASURES for days in (*HALF_LIVES_DAYS, 0)]
COLUMNS = columns_needed(MEASURES)
NUMBERS = {"seq", "day", "weight", "used_permille", "stars", "answer_hours"}
SCHEMA = pa.schema([(name, pa.int64() if name in NUMBERS else pa.string()) for name in COLUMNS])
MONDAYS = tuple(AS_OF - 4 - 7 * back for back in range(19, -1, -1))
DAYS = (AS_OF - 200, *range(AS_OF - 12, AS_OF + 1))
QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))

text = st.one_of(st.none(), st.sampled_from(["late", "on_time", "cancelled", "lost", "merchant", "carrier", "unsafe", "?"]))
facts = st.fixed_dictionaries({
    "kind": st.sampled_from([*KINDS, "trade.order_placed"]),
    "merchant": st.one_of(st.none(), st.sampled_from(["m1", "m2", "商家"])),
    "lane": st.sampled_from(["any/any/any", "sf/CN-31/CN-11", "sf/CN-31/CN-44", "x"]),
    "day": st.sampled_from([AS_OF - age for age in (-1, 0, 1, 2, 8, 364, 365, 366, 400, 560)]),
    "weight": st.one_of(st.none(), st.sampled_from([0, 1, 15, 16])),
    "cause": text, "outcome": text, "topic": text,
    "used_permille": st.one_of(st.none(), st.sampled_from([0, 600, 601, 800, 801, VALUE_MAX])),
    "stars": st.one_of(st.none(), st.integers(1, 5)), "answer_hours": st.one_of(st.none(), st.integers(0, 48)),
})
tables = st.lists(facts, max_size=25)


def write_archive(folder: Path, rows: Sequence[dict[str, Any]], replaced: Sequence[tuple[int, int]] = (), per: int = 7) -> None:
    """An archive of these facts in small segments."""
    archive = folder / "archive"
    archive.mkdir(parents=True, exist_ok=True)
    segments = []
    for start in range(0, len(rows), per):
        part = [row | {"seq": start + place} for place, row in enumerate(rows[start:start + per])]
        pq.write_table(pa.Table.from_pylist(part, SCHEMA), archive / f"facts-{start}.parquet")
        days = [row["day"] for row in part]
        segments.append({"file": f"facts-{start}.parquet", "start": start, "facts": len(part),
                         "first_day": min(days), "last_day": max(days)})
    table = {"target": [target for target, _ in replaced], "by": [by for _, by in replaced]}
    pq.write_table(pa.table(table, pa.schema([("target", pa.int64()), ("by", pa.int64())])), archive / "replaced.parquet")
    manifest = {"size": len(rows), "segments": segments, "replaced": len(replaced)}
    (archive / "manifest.json").write_text(json.dumps(manifest))


def standing(rows: Sequence[dict[str, Any]], replaced: Sequence[tuple[int, int]] = ()) -> list[Any]:
    """The facts that nothing replaced, as plain objects."""
    gone = {target for target, _ in replaced}
    return [SimpleNamespace(**row) for place, row in enumerate(rows) if place not in gone]


def by_key(store: Store, engine: Any) -> dict[tuple[str, int, str], dict[str, int]]:
    """The daybook's rows added up; those that came to nothing left out."""
    found: dict[tuple[str, int, str], dict[str, int]] = {}
    for row in to_arrow(store.rows(engine, as_of=2**31, days=2**31)).to_pylist():
        sums = found.setdefault((row["merchant"], row["day"], row["lane"]), dict.fromkeys((m.name for m in MEASURES), 0))
        for name in sums:
            sums[name] += row[name]
    return nonzero(found)


def nonzero(daybook: dict[Any, dict[str, int]]) -> dict[Any, dict[str, int]]:
    return {key: sums for key, sums in daybook.items() if any(sums.values())}


def agrees(
    engine: Any, folder: Path, rows: Sequence[dict[str, Any]], replaced: Sequence[tuple[int, int]] = (), per: int = 7
) -> None:
    """The engine's daybook, climate and evidence are those of plain Python."""
    write_archive(folder, rows, replaced, per)
    store = Store(folder, MEASURES)
    store.update(engine)
    plain = plain_daybook(standing(rows, replaced), MEASURES)
    assert by_key(store, engine) == nonzero(plain)
    climate = climate_at(engine, store, as_of=AS_OF)
    expected = plain_climate(plain, MEASURES, as_of=AS_OF)
    assert climate == expected
    assert climate.digest() == expected.digest()
    evidence = evidence_at(engine, store, climate, as_of=AS_OF, wanted=WANTED)
    lines = [(*key, sums) for key, sums in plain.items()]
    oracle = plain_evidence(lines, expected, AS_OF, WANTED, MEASURES)
    for place, merchant in enumerate(evidence.merchants):
        observed, due = evidence.of(place)
        seen, wanted = oracle.get(merchant, ({}, {}))
        assert {key: value for key, value in observed.items() if value} == {k: v for k, v in seen.items() if v}
        assert {key: value for key, value in due.items() if value} == {k: v for k, v in wanted.items() if v}
    assert oracle.keys() <= set(evidence.merchants)


def agrees_on_several_days(engine: Any, folder: Path, plain: dict[tuple[str, int, str], dict[str, int]]) -> None:
    """Days asked for together get the climates and evidence that each would get alone in plain Python."""
    store, lines = Store(folder, MEASURES), [(*key, sums) for key, sums in plain.items()]

    def is_oracle(evidence: Evidence, climate: Climate, day: int) -> None:
        oracle = plain_evidence(lines, climate, day, WANTED, MEASURES)
        found = {merchant: (observed, due) for merchant, observed, due in evidence.each()}
        assert oracle.keys() <= found.keys()
        assert nonzero_pairs(found) == nonzero_pairs(oracle)

    climates = list(climates_over(engine, store, days=DAYS))
    assert climates == [plain_climate(plain, MEASURES, as_of=day) for day in DAYS]
    for day, climate, evidence in zip(
        DAYS, climates, evidence_over(engine, store, climates, days=DAYS, wanted=WANTED), strict=True
    ):
        is_oracle(evidence, climate, day)
    until = MONDAYS[-1] + 7
    climate = climate_at(engine, store, as_of=until, days=until - MONDAYS[0] + CLIMATE_DAYS)
    evidences = evidence_over(engine, store, climate, days=MONDAYS, wanted=WANTED)
    told = recent_over(engine, store, days=MONDAYS, span=28)
    for day, evidence, recent in zip(MONDAYS, evidences, told, strict=True):
        is_oracle(evidence, climate.before(day), day)
        known = [(merchant, sums) for merchant, known_on, _, sums in lines if day - 28 <= known_on < day]
        dispatches = {merchant: sum(sums["dispatches"] for who, sums in known if who == merchant) for merchant, _ in known}
        assert recent.of(sorted(dispatches)).tolist() == [dispatches[merchant] // 16 for merchant in sorted(dispatches)]
        assert recent.failures == sum(sums["failures"] for _, sums in known) // 16


def nonzero_pairs(found: dict[str, tuple[dict[Any, int], dict[Any, int]]]) -> dict[Any, int]:
    return {
        (merchant, side, key): value
        for merchant, sides in found.items() for side, table in enumerate(sides) for key, value in table.items() if value
    }


@pytest.fixture(scope="module")
def near() -> Iterator[Any]:
    with duckdb() as engine:
        yield engine


@pytest.fixture(scope="module")
def far() -> Iterator[Any]:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    with spark() as engine:
        yield engine


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """A new folder at every call: hypothesis shares a test's fixtures between examples."""
    count = itertools.count()
    return lambda: tmp_path / str(next(count))


@given(tables.filter(lambda rows: len(rows) > 0))
@QUICK
def test_duckdb_agrees_with_plain_python(near, fresh, rows):
    folder = fresh()
    agrees(near, folder, rows)
    agrees_on_several_days(near, folder, plain_daybook(standing(rows), MEASURES))


@given(tables.filter(lambda rows: len(rows) > 1), st.data())
@QUICK
def test_replaced_facts_leave_no_trace(near, fresh, rows, data):
    pairs = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(rows) - 1)).filter(lambda pair: pair[0] < pair[1])
    agrees(near, fresh(), rows, data.draw(st.lists(pairs, max_size=6)))


@given(tables.filter(lambda rows: len(rows) > 2), st.data())
@QUICK
def test_a_daybook_kept_up_is_the_one_made_at_once(near, fresh, rows, data):
    pairs = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(rows) - 1)).filter(lambda pair: pair[0] < pair[1])
    replaced = data.draw(st.lists(pairs, max_size=8))
    stops = data.draw(st.sets(st.integers(1, len(rows)), max_size=4))
    folder = fresh()
    kept = Store(folder, MEASURES)
    for stop in sorted({*stops, len(rows)}):
        write_archive(folder, rows[:stop], [pair for pair in replaced if pair[1] < stop])
        kept.update(near)
    at_once = Store(folder, MEASURES, size=len(rows))
    at_once.update(near)
    assert by_key(kept, near) == by_key(at_once, near)
    climates = [climate_at(near, store, as_of=AS_OF) for store in (kept, at_once)]
    assert climates[0].digest() == climates[1].digest()


def test_an_earlier_size_sees_what_stood_then(near, tmp_path):
    rows = [outcome("m1"), outcome("m1", outcome="late"), outcome("m2")]
    write_archive(tmp_path, rows, [(0, 2)])
    earlier = Store(tmp_path, MEASURES, size=2)
    earlier.update(near)
    assert by_key(earlier, near)["m1", AS_OF - 1, "a/b/c"]["dispatches"] == 32


def test_a_market_in_which_levels_and_storms_count(near, tmp_path):
    agrees(near, tmp_path, list(market()), per=2_000)
    store = Store(tmp_path, MEASURES)
    climate = climate_at(near, store, as_of=AS_OF)
    assert climate.storms
    lanes = {key[1]: rates for key, rates in climate.rates.items()}
    assert len(set(lanes.values())) > 1
    agrees_on_several_days(near, tmp_path, plain_daybook(standing(list(market())), MEASURES))


def test_empty_tables(near, tmp_path):
    rows = [outcome("m1", kind="trade.order_placed")]
    agrees(near, tmp_path, rows)
    assert climate_at(near, Store(tmp_path, MEASURES), as_of=AS_OF).rates == {}


def test_a_measure_of_the_greatest_value_and_many_facts(near, tmp_path):
    """Sums near 2^36 times thousands of rows neither wrap nor round."""
    heavy = (
        Measure("heavy", "credit.dispatch_judged", base="heavy", otherwise=VALUE_MAX),
        Measure("share", "credit.dispatch_judged", base="heavy", cases=(Case("outcome", VALUE_MAX, among=("late",)),)),
    )
    rows = [outcome(f"m{place % 7}", outcome="late" if place % 3 else "on_time") for place in range(5_000)]
    write_archive(tmp_path, rows, per=65_536)
    store = Store(tmp_path, heavy)
    store.update(near)
    wanted = [("heavy", 0), ("share", 30)]
    climate = climate_at(near, store, as_of=AS_OF)
    plain = plain_daybook(standing(rows), heavy)
    assert climate == plain_climate(plain, heavy, as_of=AS_OF)
    evidence = evidence_at(near, store, climate, as_of=AS_OF, wanted=wanted)
    oracle = plain_evidence([(*key, sums) for key, sums in plain.items()], climate, AS_OF, wanted, heavy)
    assert {merchant: evidence.of(place) for place, merchant in enumerate(evidence.merchants)} == oracle


@given(tables, tables)
@QUICK
def test_evidence_is_additive(one, other):
    climate = plain_climate(plain_daybook(standing([*one, *other]), MEASURES), MEASURES, as_of=AS_OF)
    parts = [plain_daybook(standing(rows), MEASURES) for rows in (one, other)]
    apart = [(*key, sums) for part in parts for key, sums in part.items()]
    together = plain_daybook(standing([*one, *other]), MEASURES)
    whole = [(*key, sums) for key, sums in together.items()]
    assert plain_evidence(apart, climate, AS_OF, WANTED, MEASURES) == plain_evidence(whole, climate, AS_OF, WANTED, MEASURES)


def test_negative_rows_take_off_what_positive_ones_added(near):
    """An engine adds negative rows of a daybook like any others, in evidence too."""
    names = [measure.name for measure in MEASURES]
    lines = [("m1", AS_OF - 1, "a/b/c", dict.fromkeys(names, 48)), ("m1", AS_OF - 1, "a/b/c", dict.fromkeys(names, -32))]
    climate = plain_climate({("m1", AS_OF - 1, "a/b/c"): dict.fromkeys(names, 16)}, MEASURES, as_of=AS_OF)
    columns = {"merchant": [line[0] for line in lines], "day": [line[1] for line in lines], "lane": [line[2] for line in lines],
               "week": [(line[1] + 3) // 7 for line in lines], **{name: [line[3][name] for line in lines] for name in names}}
    query = evidence_query(ibis.memtable(pa.table(columns)), climate.table(), ages_table((AS_OF,)), WANTED, MEASURES)
    evidence = evidence_from(near.to_pyarrow(query), WANTED, MEASURES)
    assert evidence.of(0) == plain_evidence(lines, climate, AS_OF, WANTED, MEASURES)["m1"]
    assert evidence.of(0)[0]["dispatches", 0] == 1024


def test_the_weights_are_the_rounded_powers():
    for days in HALF_LIVES_DAYS:
        assert WEIGHTS[days] == [round(2**20 * 2 ** (-age / days)) for age in range(AGE_DAYS_MAX + 1)]


@pytest.mark.spark
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")       # pyspark 4.0 calls pandas and sockets in ways that these deprecate
def test_spark_agrees_with_plain_python(far, fresh):
    rows = [*market(weeks=6, per_lane=30), *awkward()]
    replaced = [(0, 5), (3, 4), (len(rows) - 9, len(rows) - 1)]
    folder = fresh()
    agrees(far, folder, rows, replaced, per=2_000)
    agrees_on_several_days(far, folder, plain_daybook(standing(rows, replaced), MEASURES))


def outcome(merchant: str, **fields: Any) -> dict[str, Any]:
    """A judged dispatch, on time and in full unless said otherwise."""
    return {
        "kind": "credit.dispatch_judged", "merchant": merchant, "lane": "a/b/c", "day": AS_OF - 1, "weight": 16, "cause": None,
        "outcome": "on_time", "topic": None, "used_permille": 500, "stars": None, "answer_hours": None,
    } | fields


def market(weeks: int = 12, per_lane: int = 60) -> Iterator[dict[str, Any]]:
    """A market with busy, thin and narrow lanes, in whose last week but one everything on one carrier was late."""
    chance = np.random.default_rng(7)
    for week in range(weeks):
        for carrier, origin, to in itertools.product("xy", "pq", "rs"):
            busy = OUTCOMES_MIN + per_lane if (origin, to) == ("p", "r") else per_lane
            merchants = 2 if (carrier, to) == ("y", "s") else MERCHANTS_MIN + 4
            for _ in range(busy):
                late = chance.random() < (.9 if carrier == "x" and week == weeks - 2 else .1)
                yield outcome(
                    f"m{chance.integers(merchants)}", lane=f"{carrier}/{origin}/{to}", day=AS_OF - 1 - 7 * (weeks - 1 - week),
                    outcome="late" if late else "on_time", cause="merchant" if late else None,
                    used_permille=int(chance.integers(0, 2000)),
                )


def awkward() -> list[dict[str, Any]]:
    """Facts at the limits: nulls in every nullable column, ages around the edge, unknown lanes and words."""
    ages = [AS_OF - age for age in (-1, 0, 1, 365, 366)]
    nulls = dict.fromkeys(("weight", "cause", "outcome", "topic", "used_permille", "stars", "answer_hours"))
    rows = [outcome("m1", kind=kind, day=day, lane="any/any/any", **fields) for kind in KINDS for day in ages
            for fields in ({}, nulls, {"outcome": "?", "used_permille": VALUE_MAX, "stars": 1, "cause": "?"})]
    return [*rows, outcome(None, lane="x"), outcome("m2", lane="x", outcome="cancelled")]  # type: ignore[arg-type]

"""Engines: what runs the expressions. DuckDB in memory by default; Spark runs the very same ones."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yinuo.credit.rules import climate as climates
from yinuo.credit.rules import daybook as daybooks
from yinuo.credit.rules.climate import CLIMATE_DAYS, Climate
from yinuo.credit.rules.evidence import Evidence, Wanted, ages_table, days_before, evidence_from, evidence_query
from yinuo.credit.rules.judging import WEIGHT_ONE, carrier_of
from yinuo.credit.rules.measures import Measure
from yinuo.credit.rules.narrowing import Count, narrowed, places_of
from yinuo.credit.rules.tables import AGE_DAYS_MAX
from yinuo.kit.refusals import Malformed

MANIFEST = "manifest.json"
FORM = 2                # grows when the daybook's files are written otherwise: then they are made anew
PASS_SEGMENTS = 32      # segments of 65,536 facts added up at once: keeps memory level however long the record is
ROWS_AT_ONCE = 400_000  # of results: a query takes as many as-of days as give no more, which keeps memory level
CODED = ("merchant", "lane")    # the daybook's files hold numbers for these, and lists of names beside
Progress = Callable[[int, int], None]


def _quiet(done: int, total: int) -> None:
    pass


@contextmanager
def duckdb(*, memory_megabytes: int = 800) -> Iterator[Any]:
    """A DuckDB connection in memory; sums that need more than the given memory go to a temporary file."""
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET memory_limit = '{memory_megabytes}MB'")
    connection.raw_sql("SET preserve_insertion_order = false")
    try:
        yield connection
    finally:
        connection.disconnect()


@contextmanager
def spark() -> Iterator[Any]:
    """A Spark session on this machine, or on the cluster that Spark's own settings name."""
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
    except ImportError:
        raise Malformed("Spark is not installed: pip install 'yinuo[spark]', and Java 17 or newer.") from None
    session = (
        SparkSession.builder.appName("yinuo")
        .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "8")
        .config("spark.ui.enabled", "false").config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()


ENGINES: Mapping[str, Callable[[], Any]] = {"duckdb": duckdb, "spark": spark}


def open_engine(name: str) -> Any:
    """The engine of that name, as a context manager."""
    return ENGINES[name]()


class Store:
    """The folders of derived files: the archive that the record wrote, and the daybook made from it."""

    def __init__(self, folder: Path, measures: Sequence[Measure], *, size: int | None = None) -> None:
        """With `size`, a daybook of its own that sees only the facts sealed below it."""
        self.archive = folder / "archive"
        self.daybook = folder / ("daybook" if size is None else f"daybook-{size}")
        self.size = size
        self.measures = tuple(measures)

    def archived(self) -> dict[str, Any]:
        """The archive's manifest."""
        return _read_json(self.archive / MANIFEST, {"size": 0, "segments": [], "replaced": 0})

    def written(self) -> dict[str, Any]:
        """The daybook's manifest; an empty one where the measures have changed since."""
        empty = {"size": 0, "measures": self._fingerprint(), "files": []}
        found = _read_json(self.daybook / MANIFEST, empty)
        return found if found["measures"] == self._fingerprint() else empty

    def update(self, engine: Any, *, progress: Progress = _quiet) -> int:
        """Bring the daybook up to the archive: only what came since is added up. Returns its size."""
        self.daybook.mkdir(parents=True, exist_ok=True)
        archived, written = self.archived(), self.written()
        size: int = written["size"]
        goal = min(archived["size"], self.size or archived["size"])
        codes = {key: {name: code for code, name in enumerate(self.names(key))} for key in CODED}
        while size < goal:
            stop = min(goal, self._pass_end(archived, size))
            self._write(written, self._sums(engine, archived, size, stop), f"{size}-{stop}.parquet", codes)
            size = written["size"] = stop
            _write_json(self.daybook / MANIFEST, written)
            progress(size, goal)
        return size

    def coded(self, engine: Any, *, as_of: int, days: int = AGE_DAYS_MAX) -> Any:
        """The daybook's rows of the days before `as_of` that count, with their weeks; merchants and lanes are codes."""
        files = self.written()["files"]
        if not files:
            raise Malformed("There is nothing to score yet: import a shop's history first, `yinuo import --help`.")
        some = [f for f in files if f["first_day"] < as_of and f["last_day"] >= as_of - days] or files[:1]
        table = _files(engine, [self.daybook / file["sums"] for file in some])
        return table.filter(table.day < as_of, table.day >= as_of - days)

    def rows(self, engine: Any, *, as_of: int, days: int = AGE_DAYS_MAX) -> Any:
        """The same with the names of merchants and lanes."""
        coded = self.coded(engine, as_of=as_of, days=days)
        named = coded.rename({f"{key}_code": key for key in CODED})
        for key in CODED:
            files = [self.daybook / file[key] for file in self.written()["files"]]
            named = named.join(_files(engine, files), f"{key}_code")
        return named.select(*daybooks.KEYS, *(measure.name for measure in self.measures))

    def names(self, key: str) -> list[str]:
        """The names of merchants or lanes, in the order of their codes."""
        found: list[str] = []
        for file in self.written()["files"]:
            found += pq.read_table(self.daybook / file[key], columns=[key])[key].to_pylist()
        return found

    def last_day(self, engine: Any) -> int | None:
        """The day of the latest outcome, or None where there is none."""
        if not self.written()["files"]:
            return None
        found = self.coded(engine, as_of=2**31, days=2**31).day.max().to_pyarrow().as_py()
        return None if found is None else int(found)

    def facts(self, engine: Any, *, columns: Sequence[str], start: int = 0) -> Any:
        """The archive's facts from the segment that holds `start` on, as a table of the engine."""
        segments = [s for s in self.archived()["segments"] if s["start"] + s["facts"] > start]
        table = _files(engine, [self.archive / segment["file"] for segment in segments])
        return table.select(*columns)

    def replaced(self, engine: Any) -> Any | None:
        """The table of what was replaced by what, or None where nothing was."""
        if not self.archived()["replaced"]:
            return None
        return _files(engine, [self.archive / "replaced.parquet"])

    def _sums(self, engine: Any, archived: dict[str, Any], start: int, stop: int) -> Any:
        columns = daybooks.columns_needed(self.measures)
        segments = [s for s in archived["segments"] if s["start"] < stop and s["start"] + s["facts"] > start]
        replaced = self.replaced(engine)
        # A pass is small: near at hand, sorting its outcomes is faster than an engine's hashing; far away, sums travel lighter.
        add_up = daybooks.daybook_of if engine.name == "pyspark" else daybooks.outcomes_of
        new = daybooks.standing_facts(self._read(engine, segments, columns), replaced, start=start, stop=stop)
        sums = add_up(new, self.measures)
        touched = self._touched(archived, start, stop)
        if touched:
            undone = daybooks.undone_facts(self._read(engine, touched, columns), replaced, start=start, stop=stop)
            sums = sums.union(daybooks.negative(add_up(undone, self.measures), self.measures))
        return to_arrow(sums)

    def _read(self, engine: Any, segments: Sequence[dict[str, Any]], columns: Sequence[str]) -> Any:
        return _files(engine, [self.archive / segment["file"] for segment in segments]).select(*columns)

    def _touched(self, archived: dict[str, Any], start: int, stop: int) -> list[dict[str, Any]]:
        """The segments with facts below `start` that later ones, up to `stop`, replaced; the others need no reading."""
        if not archived["replaced"] or not start:
            return []
        table = pq.read_table(self.archive / "replaced.parquet")
        by, target = table["by"].to_numpy(), table["target"].to_numpy()
        targets = np.sort(target[(by >= start) & (by < stop) & (target < start)])
        starts = [segment["start"] for segment in archived["segments"]]
        return [archived["segments"][place] for place in np.unique(np.searchsorted(starts, targets, side="right") - 1)]

    def _write(self, written: dict[str, Any], sums: pa.Table, name: str, codes: dict[str, dict[str, int]]) -> None:
        """Write one more file of the daybook, and beside it the names that are new with it."""
        file: dict[str, Any] = {"sums": f"sums-{name}"}
        columns = {}
        for key, known in codes.items():
            before = len(known)
            columns[key] = _encoded(sums[key], known)
            file[key] = f"{key}s-{name}"
            new = pa.table({f"{key}_code": range(before, len(known)), key: list(known)[before:]}, schema=_names_schema(key))
            write_parquet(new, self.daybook / file[key])
        columns |= {column: sums[column].to_numpy() for column in ("day", *(measure.name for measure in self.measures))}
        added = _added_up(columns)
        days = added["day"]
        write_parquet(pa.table(added | {"week": (days + 3) // 7}), self.daybook / file["sums"])
        span = (int(days.min()), int(days.max())) if len(days) else (0, -1)
        written["files"].append(file | {"first_day": span[0], "last_day": span[1]})

    def _pass_end(self, archived: dict[str, Any], size: int) -> int:
        ends = [s["start"] + s["facts"] for s in archived["segments"] if s["start"] + s["facts"] > size]
        return int(ends[min(PASS_SEGMENTS, len(ends)) - 1])

    def _fingerprint(self) -> str:
        return f"{FORM} {self.measures!r}"


def climate_at(engine: Any, store: Store, *, as_of: int, days: int = CLIMATE_DAYS) -> Climate:
    """The climate from all outcomes known before `as_of`."""
    return next(climates_over(engine, store, days=(as_of,), span=days))


def climates_over(engine: Any, store: Store, *, days: Sequence[int], span: int = CLIMATE_DAYS) -> Iterator[Climate]:
    """The climate as of each of the days, which rise, from the outcomes of so many days before."""
    places = places_of(store.names("lane"))
    for some in _stretches(days, len(places["lane"]) * span // 7):
        daybook = _until(engine, store, some, span)
        seen = daybook.join(_table(days_before(some, span)), "day")
        found = to_arrow(climates.lane_sums(seen, store.measures))
        sums = {name: np.asarray(found[name].to_numpy(), np.int64) for name in found.column_names}
        time = np.searchsorted(some, sums.pop("as_of"))
        count = _counter(daybook, places, some, span)
        yield from narrowed(
            store.measures, store.names("lane"), time=time, times=len(some), week=sums.pop("week"), lane=sums.pop("lane"),
            sums=sums, count=count,
        )


def _counter(daybook: Any, places: Mapping[str, np.ndarray], days: Sequence[int], span: int) -> Count:
    """Counts merchants where `narrowed` asks for it."""

    def count(
        level: str, time: np.ndarray, week: np.ndarray, place: np.ndarray, names: Sequence[str]
    ) -> dict[tuple[int, int, int], tuple[int, ...]]:
        cells = _table({"as_of": np.array(days)[time], "week": week, level: place})
        lanes = _table({"lane": places["lane"], level: places[level]})
        placed = daybook if level == "lane" else daybook.join(lanes, "lane")
        found = to_arrow(climates.merchants_with(placed, cells, level, list(dict.fromkeys(names)), days=span))
        times = np.searchsorted(days, found["as_of"].to_numpy()).tolist()
        keys = zip(times, found["week"].to_pylist(), found[level].to_pylist(), strict=True)
        return dict(zip(keys, zip(*(found[name].to_pylist() for name in names), strict=True), strict=True))

    return count


def evidence_at(
    engine: Any, store: Store, climate: Climate, *, as_of: int, wanted: Sequence[Wanted]
) -> Evidence:
    """The evidence of every merchant as of a day."""
    return next(evidence_over(engine, store, climate, days=(as_of,), wanted=wanted))


def evidence_over(
    engine: Any, store: Store, climate: Climate | Iterable[Climate], *, days: Sequence[int], wanted: Sequence[Wanted]
) -> Iterator[Evidence]:
    """The evidence of every merchant as of each of the days, in their order, by a climate for each or one for all.

    One climate serves several days if they are Mondays: each sees only the weeks that were over by then.
    """
    codes = {name: code for code, name in enumerate(store.names("lane"))}
    merchants = pa.array(store.names("merchant"), pa.string())
    own = None if isinstance(climate, Climate) else iter(climate)
    weather = climate.table(codes) if isinstance(climate, Climate) else None
    for some in _stretches(days, len(merchants) if own is None else max(len(merchants), len(codes) * CLIMATE_DAYS // 7)):
        if own is not None:
            weather = climates.several_table({day: next(own) for day in some}, codes)
        daybook = _until(engine, store, some, AGE_DAYS_MAX)
        yield from _evidence_of_days(daybook, weather, some, merchants, wanted, store.measures)


def evidence_ahead(
    engine: Any, store: Store, climate: Climate, *, as_of: int, days: Sequence[int], wanted: Sequence[Wanted]
) -> Iterator[Evidence]:
    """What remains, on each of the days after `as_of`, of the evidence as of then, if nothing new becomes known."""
    codes = {name: code for code, name in enumerate(store.names("lane"))}
    merchants = pa.array(store.names("merchant"), pa.string())
    weather = climate.table(codes)
    for some in _stretches(days, len(merchants)):
        daybook = store.coded(engine, as_of=as_of)
        yield from _evidence_of_days(daybook, weather, some, merchants, wanted, store.measures)


def _evidence_of_days(
    daybook: Any, weather: Any, days: Sequence[int], merchants: pa.Array, wanted: Sequence[Wanted],
    measures: Sequence[Measure],
) -> Iterator[Evidence]:
    found = to_arrow(evidence_query(daybook, weather, ages_table(days), wanted, measures))
    names = merchants.take(found["merchant"].combine_chunks())
    found = found.set_column(found.schema.get_field_index("merchant"), "merchant", names)
    for day in days:
        yield evidence_from(found.filter(pc.equal(found["as_of"], day)), wanted, measures)


def _stretches(days: Sequence[int], rows: int) -> Iterator[Sequence[int]]:
    """The days, as many at a time as may be where each gives so many rows."""
    length = max(1, ROWS_AT_ONCE // max(1, rows))
    return (days[start : start + length] for start in range(0, len(days), length))


def _until(engine: Any, store: Store, days: Sequence[int], span: int) -> Any:
    """The daybook's rows that count at one of the days at least."""
    return store.coded(engine, as_of=max(days), days=max(days) - min(days) + span)


def _files(engine: Any, files: Sequence[Path]) -> Any:
    """Parquet files as one table; Ibis reads a list of them on DuckDB, but not on Spark."""
    names = [str(file) for file in files]
    if engine.name != "pyspark":
        return engine.read_parquet(names)
    view = ibis.util.gen_name("files")
    engine._session.read.parquet(*names).createOrReplaceTempView(view)  # Ibis gives no other way to it
    return engine.table(view)


def _table(columns: Mapping[str, np.ndarray]) -> Any:
    return ibis.memtable(pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()}))


def _encoded(column: pa.ChunkedArray, known: dict[str, int]) -> np.ndarray:
    """A column of names as codes; names not known yet get the next ones."""
    found = pc.dictionary_encode(column).combine_chunks()
    codes = np.array([known.setdefault(name, len(known)) for name in found.dictionary.to_pylist()], np.int64)
    coded: np.ndarray = codes[found.indices.to_numpy()]
    return coded


def _added_up(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rows of the same merchant, day and lane added up, in that order."""
    key = _one_key([columns[name] for name in daybooks.KEYS])
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    added = {name: columns[name][order[first]] for name in daybooks.KEYS}
    for name in (name for name in columns if name not in added):
        values = columns[name][order].astype(np.int64)
        added[name] = np.add.reduceat(values, first) if len(first) else values
    return added


def _one_key(keys: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers that are equal where all keys are, and in the same order; packed where they fit, for sorting one is faster."""
    widths = [int(key.max(initial=0)).bit_length() for key in keys]
    if sum(widths) > 63 or any(key.min(initial=0) < 0 for key in keys):
        place: np.ndarray = np.unique(np.stack(keys), axis=1, return_inverse=True)[1].ravel()
        return place
    packed = np.zeros(len(keys[0]), np.int64)
    for key, width in zip(keys, widths, strict=True):
        packed = (packed << width) | key
    return packed


def _names_schema(key: str) -> pa.Schema:
    return pa.schema([(f"{key}_code", pa.int64()), (key, pa.string())])


@dataclass(frozen=True)
class Recent:
    """The outcomes of the last days: how many each merchant had, and how many of everybody's failed; whole ones."""

    outcomes: Mapping[str, int]
    failures: int

    def of(self, merchants: Sequence[str]) -> np.ndarray:
        """How many outcomes each of the merchants had."""
        return np.array([self.outcomes.get(merchant, 0) for merchant in merchants], np.int64)


def recent_over(engine: Any, store: Store, *, days: Sequence[int], span: int) -> Iterator[Recent]:
    """The outcomes of the last `span` days before each of the days, in their order."""
    names = store.names("merchant")
    for some in _stretches(days, len(names)):
        daybook = _until(engine, store, some, span)
        recent = daybook.join(_table(days_before(some, span)), "day")
        totals = {"outcomes": recent.dispatches.sum().cast("int64"), "failures": recent.failures.sum().cast("int64")}
        found = to_arrow(recent.group_by("as_of", "merchant").aggregate(**totals))
        for day in some:
            sums = found.filter(pc.equal(found["as_of"], day)).to_pydict()
            outcomes = zip(sums["merchant"], sums["outcomes"], strict=True)
            yield Recent(
                {names[code]: (count or 0) // WEIGHT_ONE for code, count in outcomes},
                sum(count or 0 for count in sums["failures"]) // WEIGHT_ONE,
            )


def outcomes_by_carrier(engine: Any, store: Store, *, as_of: int, days: int) -> dict[tuple[str, int], int]:
    """How many dispatches each carrier's lanes told on each of the last days: whole ones."""
    recent = store.coded(engine, as_of=as_of, days=days)
    sums = to_arrow(recent.group_by("lane", "day").aggregate(outcomes=recent.dispatches.sum()))
    carriers = [carrier_of(lane) for lane in store.names("lane")]
    counts: Counter[tuple[str, int]] = Counter()
    for lane, day, outcomes in zip(*(sums[name].to_pylist() for name in ("lane", "day", "outcomes")), strict=True):
        counts[carriers[lane], day] += outcomes or 0
    return {key: count // WEIGHT_ONE for key, count in counts.items()}


def to_arrow(table: Any) -> pa.Table:
    """An expression's result as Arrow: integers stay integers, in every engine."""
    return table.to_pyarrow()


def write_parquet(table: pa.Table, file: Path) -> None:
    """Write beside and rename, so that a crash leaves no half file."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    pq.write_table(table, temporary, compression="zstd", compression_level=1)
    temporary.replace(file)


def _read_json(file: Path, otherwise: dict[str, Any]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return otherwise
    return found


def _write_json(file: Path, value: dict[str, Any]) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    temporary.write_text(json.dumps(value))
    temporary.replace(file)

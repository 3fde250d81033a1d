"""Engines: what runs the expressions. DuckDB in memory by default; Spark runs the very same ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from yinuo.credit.rules import climate as climates
from yinuo.credit.rules import daybook as daybooks
from yinuo.credit.rules.climate import CLIMATE_DAYS, Climate
from yinuo.credit.rules.evidence import Evidence, Wanted, ages_table, evidence_from, evidence_query
from yinuo.credit.rules.measures import Measure
from yinuo.credit.rules.tables import AGE_DAYS_MAX
from yinuo.kit.refusals import Malformed

MANIFEST = "manifest.json"
PASS_SEGMENTS = 32      # segments of 65,536 facts added up at once: keeps memory level however long the record is
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
        while size < goal:
            stop = min(goal, self._pass_end(archived, size))
            name = f"sums-{size}-{stop}.parquet"
            write_parquet(self._sums(engine, archived, size, stop), self.daybook / name)
            written["files"].append(name)
            size = written["size"] = stop
            _write_json(self.daybook / MANIFEST, written)
            progress(size, goal)
        return size

    def rows(self, engine: Any, *, as_of: int, days: int = AGE_DAYS_MAX) -> Any:
        """The daybook's rows of the days before `as_of` that count, as a table of the engine."""
        files = [str(self.daybook / name) for name in self.written()["files"]]
        if not files:
            raise Malformed("There is nothing to score yet: import a shop's history first, `yinuo import --help`.")
        table = engine.read_parquet(files)
        return table.filter(table.day < as_of, table.day >= as_of - days)

    def last_day(self, engine: Any) -> int | None:
        """The day of the latest outcome, or None where there is none."""
        if not self.written()["files"]:
            return None
        found = self.rows(engine, as_of=2**31, days=2**31).day.max().to_pyarrow().as_py()
        return None if found is None else int(found)

    def facts(self, engine: Any, *, columns: Sequence[str], start: int = 0) -> Any:
        """The archive's facts from the segment that holds `start` on, as a table of the engine."""
        segments = [s for s in self.archived()["segments"] if s["start"] + s["facts"] > start]
        table = engine.read_parquet([str(self.archive / segment["file"]) for segment in segments])
        return table.select(*columns)

    def replaced(self, engine: Any) -> Any | None:
        """The table of what was replaced by what, or None where nothing was."""
        if not self.archived()["replaced"]:
            return None
        return engine.read_parquet(str(self.archive / "replaced.parquet"))

    def _sums(self, engine: Any, archived: dict[str, Any], start: int, stop: int) -> Any:
        columns = daybooks.columns_needed(self.measures)
        segments = [s for s in archived["segments"] if s["start"] < stop and s["start"] + s["facts"] > start]
        facts = engine.read_parquet([str(self.archive / segment["file"]) for segment in segments]).select(*columns)
        replaced = self.replaced(engine)
        new = daybooks.standing_facts(facts, replaced, start=start, stop=stop)
        sums = daybooks.daybook_of(new, self.measures)
        if replaced is not None and start > 0:
            older = self.facts(engine, columns=columns)
            undone = daybooks.undone_facts(older, replaced, start=start, stop=stop)
            sums = sums.union(daybooks.negative(daybooks.daybook_of(undone, self.measures), self.measures))
        return to_arrow(sums)

    def _pass_end(self, archived: dict[str, Any], size: int) -> int:
        ends = [s["start"] + s["facts"] for s in archived["segments"] if s["start"] + s["facts"] > size]
        return int(ends[min(PASS_SEGMENTS, len(ends)) - 1])

    def _fingerprint(self) -> str:
        return repr(self.measures)


def climate_at(engine: Any, store: Store, *, as_of: int, days: int = CLIMATE_DAYS) -> Climate:
    """The climate from all outcomes known before `as_of`."""
    measures = store.measures
    daybook = store.rows(engine, as_of=as_of, days=days)
    lanes = sorted(to_arrow(daybook.select("lane").distinct())["lane"].to_pylist())
    placed = daybook.join(daybooks.weeks(as_of - days, as_of - 1), "day").join(climates.routes_table(lanes), "lane")

    def sums_by(*level: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = to_arrow(climates.level_sums(placed, level, measures)).to_pylist()
        return found

    return climates.climate_of(
        measures,
        lanes={(row["week"], row["lane"]): row for row in sums_by("lane")},
        routes={(row["week"], row["route"]): row for row in sums_by("route")},
        carriers={(row["week"], row["carrier"]): row for row in sums_by("carrier")},
        every={(row["week"], ""): row for row in sums_by()},
    )


def evidence_at(
    engine: Any, store: Store, climate: Climate, *, as_of: int, wanted: Sequence[Wanted]
) -> Evidence:
    """The evidence of every merchant as of a day."""
    daybook = store.rows(engine, as_of=as_of)
    query = evidence_query(daybook, climate.table(), ages_table(as_of), wanted, store.measures)
    return evidence_from(to_arrow(query), wanted, store.measures)


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

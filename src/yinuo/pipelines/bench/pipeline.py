"""How fast is a full rescore, and the next one? From archive to standings, against a bare scan, pandas and Spark.

Every measurement runs in a process of its own, which says how long it took, how much processor time, and its peak memory. The
machine's other work slows all alike: ratios of processor time (`*_cpu_ratio`) drift less than those of seconds.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yinuo.credit.actions import open_store
from yinuo.credit.actions.fit import SHAPES
from yinuo.credit.rules import daybook as daybooks
from yinuo.credit.rules.climate import CLIMATE_DAYS, Climate, climate_of
from yinuo.credit.rules.engine import Store, climate_at, evidence_at, open_engine, to_arrow
from yinuo.credit.rules.evidence import Evidence, ages_table, evidence_from
from yinuo.credit.rules.judging import carrier_of, route_of
from yinuo.credit.rules.scorecard import Card, Feature, standing_of, wanted_by
from yinuo.credit.rules.tables import BINS_EACH_SIDE
from yinuo.pipelines.bench import Options, segments
from yinuo.record.actions.archive import SEGMENT_FACTS

FACTS = 20_000_000
SPARK_FACTS = 2_000_000
POINTS_PER_OCTAVE = 24
PEERS = ("pandas", "spark")     # where one of these fails, the rest is still worth telling
HISTORIES = 10          # how many times as many days the daybook has in the run at many days
GIB = 1 << 30
MEASURES = open_store(Path()).measures


def run(options: Options) -> dict[str, Any]:
    """Make or find the archives, then measure each part in its own process."""
    facts = options.facts or FACTS
    small = max(facts // 10, SEGMENT_FACTS)
    folders = {count: segments.written(options, count) for count in (facts, small)}
    timed = {name: _part(options, name, folders[facts], facts) for name in ("scan", "full", "next", "many_days", "pandas")}
    fewer = {name: _part(options, name, folders[small], small) for name in ("scan", "full", "spark")}
    full, scan = timed["full"], timed["scan"]
    report = {
        "rows": facts, "seconds": full["seconds"], "peak_gib": full["peak_gib"], "parts": full["parts"],
        "scan_ratio": _ratio(full, scan), "scan_cpu_ratio": _ratio(full, scan, "cpu_seconds"),
        "pandas_ratio": _ratio(timed["pandas"], full), "pandas_cpu_ratio": _ratio(timed["pandas"], full, "cpu_seconds"),
        "pandas_equal": _equal(timed["pandas"], full), "pandas_peak_gib": timed["pandas"].get("peak_gib"),
        "incremental_share": _ratio(timed["next"], full), "incremental_cpu_share": _ratio(timed["next"], full, "cpu_seconds"),
        "incremental_parts": timed["next"]["parts"], "reasons_seconds": full["reasons_seconds"],
        "many_days_share": _ratio(timed["many_days"], timed["next"]),
        "growth_exponent": round(math.log(full["cpu_seconds"] / fewer["full"]["cpu_seconds"], facts / small), 3),
        "gib_per_million": round(_disk(folders[facts] / "archive") / GIB / facts * 1e6, 4),
        "spark_equal": _equal(fewer["spark"], fewer["full"]), "spark_seconds": fewer["spark"].get("seconds"),
        "spark_rows": small, "duckdb_seconds_at_spark_rows": fewer["full"]["seconds"],
        "merchants": segments.MERCHANTS, "days": segments.DAYS,
    }
    missing = {name: part["missing"] for name, part in (timed | fewer).items() if "missing" in part}
    return report | ({"null_because": missing} if missing else {})


def _part(options: Options, name: str, folder: Path, facts: int) -> dict[str, Any]:
    """Run one measurement in a fresh process."""
    options.say(f"Measuring {name} at {facts:,} facts")
    code = "import sys, django; django.setup(); from yinuo.pipelines.bench import pipeline; pipeline.measure(*sys.argv[1:])"
    command = [sys.executable, "-c", code, name, str(folder), str(facts)]
    done = subprocess.run(command, check=name not in PEERS, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own code
    if done.returncode:
        return {"missing": f"it ended with code {done.returncode}"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    options.say(f"  {found}")
    return found


def measure(name: str, folder: str, facts: str) -> None:
    """What a measuring process does: one part, and one line of JSON."""
    found = PARTS[name](Path(folder), int(facts))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps(found | {"peak_gib": round(peak * 1024 / GIB, 3)}) + "\n")


class Clock:
    """Seconds and processor seconds from its making on, in parts."""

    def __init__(self) -> None:
        """Start."""
        self.parts: dict[str, float] = {}
        self._start = self._last = time.perf_counter()
        self._cpu = _processor_seconds()

    def lap(self, name: str) -> None:
        """End a part."""
        now = time.perf_counter()
        self.parts[name] = round(now - self._last, 3)
        self._last = now

    def report(self) -> dict[str, Any]:
        """All that was measured."""
        return {
            "seconds": round(time.perf_counter() - self._start, 3), "cpu_seconds": round(_processor_seconds() - self._cpu, 3),
            "parts": self.parts,
        }


def _processor_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def card() -> Card:
    """A scorecard of the product's shape; its points do not matter to speed."""
    points = tuple(round(-POINTS_PER_OCTAVE * step / 4) for step in range(-BINS_EACH_SIDE, BINS_EACH_SIDE + 1))
    features = tuple(
        Feature(
            name=f"{shape.measure}_{shape.half_life_days}", measure=shape.measure, half_life_days=shape.half_life_days,
            facet=shape.facet, observed_prior=shape.observed_prior, expected_prior=shape.expected_prior, points=points,
        )
        for shape in SHAPES
    )
    return Card(name="bench", start=490, features=features)


@contextmanager
def _warm(name: str) -> Iterator[Any]:
    """An engine whose libraries are loaded already: starting up is not part of a pass."""
    with open_engine(name) as engine:
        engine.to_pyarrow(ibis.memtable({"one": [1]}))
        yield engine


def _pass(engine: Any, store: Store, as_of: int, clock: Clock) -> tuple[Climate, Evidence]:
    """Archive to scores."""
    store.update(engine)
    clock.lap("daybook")
    climate = climate_at(engine, store, as_of=as_of)
    clock.lap("climate")
    evidence = evidence_at(engine, store, climate, as_of=as_of, wanted=wanted_by(card(), MEASURES))
    clock.lap("evidence")
    card().scores(evidence.observed, evidence.expected)
    clock.lap("scores")
    return climate, evidence


def full(folder: Path, facts: int, *, engine: str = "duckdb") -> dict[str, Any]:
    """The full pass, on an empty daybook; then once more what writing needs: every merchant's reasons."""
    store = open_store(folder, size=facts)
    shutil.rmtree(store.daybook, ignore_errors=True)
    with _warm(engine) as opened:
        clock = Clock()
        climate, evidence = _pass(opened, store, _last_day(), clock)
        found = clock.report()
    reasons = Clock()
    for _, observed, expected in evidence.each():
        standing = standing_of(card(), observed, expected, odds_at_middle=0, as_of=_last_day())
        json.dumps([standing.facets, standing.reasons, standing.way_back])
    return found | {"digest": _digest(climate, evidence), "reasons_seconds": reasons.report()["seconds"]}


def spark(folder: Path, facts: int) -> dict[str, Any]:
    """The full pass on Spark, where it is installed."""
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        return {"missing": "Spark needs pyspark and Java 17"}
    return full(folder, facts, engine="spark")


def next_run(folder: Path, facts: int) -> dict[str, Any]:
    """The run after a day of new facts, on the daybook that the full pass left."""
    before, store = open_store(folder, size=facts), open_store(folder)
    shutil.rmtree(store.daybook, ignore_errors=True)
    shutil.copytree(before.daybook, store.daybook)
    with _warm("duckdb") as engine:
        clock = Clock()
        climate, evidence = _pass(engine, store, _last_day() + 1, clock)
        return clock.report() | {"digest": _digest(climate, evidence)}


def many_days(folder: Path, facts: int) -> dict[str, Any]:
    """The same next run where the daybook goes back ten times as many days."""
    before, store = open_store(folder, size=facts), open_store(folder)
    shutil.rmtree(store.daybook, ignore_errors=True)
    shutil.copytree(before.daybook, store.daybook)
    manifest = store.daybook / "manifest.json"
    written = json.loads(manifest.read_text())
    written["files"] += [
        _older(store.daybook, file, history * segments.DAYS) for history in range(1, HISTORIES) for file in written["files"]
    ]
    manifest.write_text(json.dumps(written))
    with _warm("duckdb") as engine:
        clock = Clock()
        climate, evidence = _pass(engine, store, _last_day() + 1, clock)
        return clock.report() | {"digest": _digest(climate, evidence)}


def _older(folder: Path, file: Mapping[str, Any], days: int) -> dict[str, Any]:
    """A copy of a daybook file, so many days earlier; it brings no new names."""
    table = pq.read_table(folder / file["sums"])
    for name, back in (("day", days), ("week", days // 7)):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pa.array(table[name].to_numpy() - back))
    copies = dict(file) | {"sums": f"{days}-{file['sums']}"}
    pq.write_table(table, folder / copies["sums"], compression="zstd", compression_level=1)
    for key in ("merchant", "lane"):
        copies[key] = f"{days}-{file[key]}"
        pq.write_table(pq.read_table(folder / file[key]).slice(0, 0), folder / copies[key])
    return copies | {"first_day": file["first_day"] - days, "last_day": file["last_day"] - days}


def scan(folder: Path, facts: int) -> dict[str, Any]:
    """What reading the same columns of the same facts costs, and nothing else: the floor."""
    store = open_store(folder)
    with _warm("duckdb") as engine:
        table = store.facts(engine, columns=daybooks.columns_needed(MEASURES))
        table = table.filter(table.seq < facts)
        sums = {
            name: (table[name].length() if column.is_string() else table[name]).sum()
            for name, column in table.schema().items()
        }
        clock = Clock()
        to_arrow(table.aggregate(**sums))
        return clock.report()


def in_pandas(folder: Path, facts: int) -> dict[str, Any]:
    """The same evidence as one would write it in pandas; only the rates come from the product's own rule."""
    if importlib.util.find_spec("pandas") is None:
        return {"missing": "pandas is not installed"}
    store = open_store(folder)
    clock = Clock()
    climate, evidence = _pandas_pass(store, facts, clock)
    return clock.report() | {"digest": _digest(climate, evidence)}


def _pandas_pass(store: Store, facts: int, clock: Clock) -> tuple[Climate, Evidence]:
    files = [str(store.archive / segment["file"]) for segment in store.archived()["segments"]]
    conditions = [("seq", "<", facts), ("kind", "in", list(daybooks.KINDS))]
    frame = pq.read_table(files, columns=daybooks.columns_needed(MEASURES), filters=conditions).to_pandas()
    gone = pq.read_table(store.archive / "replaced.parquet", filters=[("by", "<", facts)])["target"].to_numpy()
    frame = frame[~frame["seq"].isin(gone) & frame["merchant"].notna()]
    for measure in MEASURES:
        frame[measure.name] = _pandas_measure(frame, measure)
    names = [measure.name for measure in MEASURES]
    daybook = frame.groupby(list(daybooks.KEYS), as_index=False)[names].sum()
    clock.lap("daybook")
    daybook["week"] = (daybook["day"] + 3) // 7
    known = daybook[(daybook["day"] < _last_day()) & (daybook["day"] >= _last_day() - CLIMATE_DAYS)]
    lanes = {lane: (route_of(lane), carrier_of(lane), "") for lane in known["lane"].unique()}
    levels = {"lanes": _pandas_level(known, known["lane"])}
    for place, level in enumerate(("routes", "carriers", "every")):
        levels[level] = _pandas_level(known, known["lane"].map({lane: at[place] for lane, at in lanes.items()}))
    climate = climate_of(MEASURES, **levels)
    clock.lap("climate")
    evidence = _pandas_evidence(daybook, climate)
    clock.lap("evidence")
    return climate, evidence


def _pandas_measure(frame: Any, measure: Any) -> Any:
    counted = frame["kind"] == measure.kind
    if measure.causes is not None:
        counted &= frame["cause"].isin([cause for cause in measure.causes if cause]) | frame["cause"].isna() & (
            None in measure.causes
        )
    conditions = []
    for case in measure.cases:
        column = frame[case.column]
        held = column > case.above if case.above is not None else column.isin([value for value in case.among if value])
        conditions.append((held | column.isna() & (None in case.among)).fillna(False).to_numpy(bool))
    nothing = [np.zeros(len(frame), bool)]      # np.select wants at least one condition
    value = np.select([*conditions, *nothing], [*(case.value for case in measure.cases), 0], measure.otherwise)
    return np.where(counted, value * frame["weight"].fillna(0), 0).astype(np.int64)


def _pandas_level(known: Any, place: Any) -> dict[tuple[int, str], dict[str, int]]:
    names = [measure.name for measure in MEASURES]
    grouped = known.assign(place=place).groupby(["week", "place"])
    sums = grouped[names].sum()
    each = known.assign(place=place).groupby(["week", "place", "merchant"])[names].sum() > 0
    counts = each.groupby(["week", "place"]).sum()
    for measure in MEASURES:
        if measure.base == measure.name:
            sums[f"merchants_{measure.name}"] = counts[measure.name]
            if measure.gauge:
                sums[f"struck_{measure.name}"] = counts[measure.gauge]
    sums = sums[(sums[names] != 0).any(axis=1)]
    return dict(zip(sums.index, sums.to_dict("records"), strict=True))


def _pandas_evidence(daybook: Any, climate: Climate) -> Evidence:
    wanted = wanted_by(card(), MEASURES)
    ages = ages_table((_last_day(),)).to_pandas()
    weighed = daybook.merge(ages, on="day").merge(climate.table().to_pandas(), on=["week", "lane"], how="left")
    by_name = {measure.name: measure for measure in MEASURES}
    columns: dict[str, Any] = {"merchant": weighed["merchant"]}
    for name, days in wanted:
        base = by_name[name].base
        weight = weighed[f"weight_{days}"]
        if by_name[base].gauge:
            weight = weight * weighed[f"calm_{base}"].fillna(1).astype(np.int64)
        columns[f"observed_{name}_{days}"] = weighed[name] * weight
        if base != name:
            rate = weighed[f"rate_{name}"].fillna(0).astype(np.int64)
            columns[f"expected_{name}_{days}"] = weighed[base] * weight * rate
    sums = type(weighed)(columns).groupby("merchant", as_index=False).sum()
    return evidence_from(pa.Table.from_pandas(sums), wanted, MEASURES)


def _last_day() -> int:
    return segments.FIRST_DAY + segments.DAYS


def _digest(climate: Climate, evidence: Evidence) -> str:
    """What must be equal, to the last integer, whatever computed it."""
    digest = hashlib.sha256(climate.digest().encode())
    digest.update("\n".join(evidence.merchants).encode())
    for table in (evidence.observed, evidence.expected):
        for wanted, values in sorted(table.items()):
            digest.update(repr(wanted).encode() + values.tobytes())
    return digest.hexdigest()


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool | None:
    return None if "missing" in one or "missing" in other else one["digest"] == other["digest"]


def _ratio(one: Mapping[str, Any], other: Mapping[str, Any], key: str = "seconds") -> float | None:
    return None if "missing" in one or "missing" in other else round(one[key] / other[key], 3)


def _disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


PARTS: Mapping[str, Callable[[Path, int], dict[str, Any]]] = {
    "scan": scan, "full": full, "next": next_run, "many_days": many_days, "pandas": in_pandas, "spark": spark,
}

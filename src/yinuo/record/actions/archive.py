"""The archive: sealed facts as Parquet, one file per 65,536 of them and a tail, for engines that add up everything.

Files are derived, never the truth: deleting the folder loses nothing but the time to write it again.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq
from django.db import connection

from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import kinds
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.record import queries, rules

SEGMENT_FACTS = 65_536
MANIFEST = "manifest.json"
REPLACED = "replaced.parquet"
TAIL = "tail.parquet"
Opening = tuple[int, bytes, str | None]
"""A sealed fact's number, the bytes of its main part, and the person it tells of."""
Progress = Callable[[int, int], None]


def archive(*, actor: Actor, folder: Path, progress: Progress = lambda done, total: None) -> dict[str, Any]:
    """Bring the archive up to all that is sealed, and leave out who was forgotten; returns its manifest.

    Every file is written beside and renamed, the manifest last, so a crash leaves the archive as it was.
    """
    allow(actor, "record.seal")
    folder.mkdir(parents=True, exist_ok=True)
    size = queries.size()
    manifest = read_manifest(folder)
    kept = {segment["start"]: segment for segment in manifest["segments"] if segment["facts"] == SEGMENT_FACTS}
    thinned = queries.thinned()     # before the facts are read: who is forgotten meanwhile has their segments written again
    starts = range(0, size, SEGMENT_FACTS)
    missing = [start for start in starts if not _still_true(kept.get(start), thinned.get(start // SEGMENT_FACTS, 0))]
    for segment in _write_segments(folder, missing, size):
        start = segment["start"]
        kept[start] = segment | {"thinned": thinned.get(start // SEGMENT_FACTS, 0)}
        progress(start + segment["facts"], size)
    segments = [kept[start] for start in starts]
    replaced = queries.replacements(stop=size)
    table = pa.table({"target": [target for target, _ in replaced], "by": [by for _, by in replaced]}, schema=_REPLACED)
    _replace(folder / REPLACED, table)
    manifest = {"size": size, "segments": segments, "replaced": len(replaced)}
    temporary = folder / f"{MANIFEST}.{os.getpid()}"
    temporary.write_text(json.dumps(manifest))
    temporary.replace(folder / MANIFEST)
    return manifest


_REPLACED = pa.schema([("target", pa.int64()), ("by", pa.int64())])


def read_manifest(folder: Path) -> dict[str, Any]:
    """The archive's manifest; that of an empty one where there is none."""
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        return {"size": 0, "segments": [], "replaced": 0}
    return found


def fact_columns() -> dict[str, str]:
    """Every field that any kind of fact has, with its type, "int" or "text"; the same name has one type everywhere."""
    columns: dict[str, str] = {}
    for kind in kinds().values():
        for name, column in kind.columns.items():
            if columns.setdefault(name, column) != column:
                raise TypeError(f"{kind.name}: the field {name!r} has another type in another kind")
    return dict(sorted(columns.items()))


def archive_schema() -> pa.Schema:
    """The columns of an archive file: the fact's number, times, day, source and kind, then every field of any kind."""
    types = {"int": pa.int64(), "text": pa.string()}
    return pa.schema(
        [
            ("seq", pa.int64()), ("at", pa.int64()), ("day", pa.int64()), ("recorded", pa.int64()),
            ("source", pa.string()), ("kind", pa.string()),
            *[(name, types[column]) for name, column in fact_columns().items()],
        ]
    )


def _still_true(segment: dict[str, Any] | None, times: int) -> bool:
    """Whether a segment is there, and nobody in it was forgotten since it was written."""
    return segment is not None and segment.get("thinned", 0) == times


def _write_segments(folder: Path, starts: Iterable[int], size: int) -> Iterator[dict[str, Any]]:
    """Arrow writes each segment on a thread beside, while the next one is read and checked here; yields what was written."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        writing: Future[dict[str, Any]] | None = None
        for start in starts:
            openings = _openings(start, min(start + SEGMENT_FACTS, size))
            if writing is not None:
                yield writing.result()
            writing = beside.submit(_write_segment, folder, start, openings)
        if writing is not None:
            yield writing.result()


def _write_segment(folder: Path, start: int, openings: Sequence[Opening]) -> dict[str, Any]:
    name = f"facts-{start // SEGMENT_FACTS:08d}.parquet" if len(openings) == SEGMENT_FACTS else TAIL
    table = _table(openings)
    _replace(folder / name, table)
    days = pc.min_max(table["day"]).as_py()
    return {
        "file": name, "start": start, "facts": len(openings),
        "first_day": days["min"] or 0, "last_day": days["max"] or 0,
    }


def _openings(start: int, stop: int) -> list[Opening]:
    """The numbers, main parts and persons of sealed facts, those replaced included: readers leave them out by size.

    Each part is held against what binds it, and none may be missing: an archive made of altered openings would be an
    altered score.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.seq, o.content, p.person, o.salt, p.salt, p.content, e.inners FROM record_seal s "
            "JOIN record_entry e ON e.id = s.entry_id LEFT JOIN record_opening o ON o.entry_id = s.entry_id "
            "LEFT JOIN record_personopening p ON p.entry_id = s.entry_id WHERE s.seq >= %s AND s.seq < %s ORDER BY s.seq",
            [start, stop],
        )
        found = cursor.fetchall()
    for expected, (seq, main, who, salt, other_salt, other, inner) in enumerate(found, start):
        if seq != expected or main is None:
            raise rules.Lost(expected)
        rules.check_opening(seq, bytes(inner), bytes(salt), bytes(main))
        if who is not None:
            rules.check_person_opening(seq, bytes(inner), bytes(other_salt), bytes(other), who)
    if len(found) != stop - start:
        raise rules.Lost(start + len(found))
    return [(seq, bytes(main), who) for seq, main, who, *_ in found]


def _table(openings: Sequence[Opening]) -> pa.Table:
    """Arrow reads the canonical JSON by itself; nothing passes through Python objects."""
    schema = archive_schema()
    if not openings:
        return schema.empty_table()
    body = pa.struct([("kind", pa.string()), *[(name, schema.field(name).type) for name in fact_columns()]])
    explicit = pa.schema(
        [("at", pa.int64()), ("recorded", pa.int64()), ("source", pa.string()), ("fact", body), ("supersedes", pa.string())]
    )
    read = pj.read_json(
        io.BytesIO(b"\n".join(main for _, main, _ in openings)),
        read_options=pj.ReadOptions(block_size=1 << 22, use_threads=False),
        parse_options=pj.ParseOptions(explicit_schema=explicit, unexpected_field_behavior="ignore"),
    )
    fact = read["fact"].combine_chunks()
    columns = {
        "seq": pa.array([seq for seq, _, _ in openings], pa.int64()), "day": pc.divide(read["at"], MICROS_PER_DAY)
    }
    columns |= {name: read[name] for name in ("at", "recorded", "source")}
    columns |= {field.name: pc.struct_field(fact, field.name) for field in body}
    columns[rules.PERSON] = pa.array([who for _, _, who in openings], pa.string())
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _replace(file: Path, table: pa.Table) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    pq.write_table(table, temporary, compression="zstd", compression_level=1, row_group_size=SEGMENT_FACTS)
    temporary.replace(file)

"""Files as rows of text: CSV, NDJSON and Parquet look the same to what comes after.

Opening a table reads the file through once, for its digest and for bytes that its encoding does not have; so the row reader
can promise a place for every fault, and nothing was taken when a fault of structure shows.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pyarrow
from pyarrow import parquet

from yinuo.kit.refusals import Malformed, NotFound

Form = Literal["csv", "ndjson", "parquet"]
FORMS: Mapping[str, Form] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet",
}
DELIMITERS = ",;\t|"
BLOCK_BYTES = 1 << 20
SAMPLE_ROWS = 5_000      # of a sorted export these cover more than one day, so that its dates can be told apart
FIELD_CHARACTERS_MAX = 1_000_000
ROWS_PER_REPORT = 4096
Advance = Callable[[int], None]
"""Told now and then how many more bytes were read."""

# Arabic, Chinese, Japanese and western single-byte texts: what spreadsheets write where they do not write UTF-8.
ENCODINGS_OFFERED = "gb18030, shift_jis, cp1252"


@dataclass(frozen=True)
class Table:
    """A file whose form is known: its columns (none for NDJSON, where each row names its own), digest and size."""

    path: Path
    form: Form
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    digest: str
    size: int

    @property
    def name(self) -> str:
        """The file's name, as faults cite it."""
        return self.path.name


class Row(NamedTuple):
    """A row: the line on which it starts, its values by column (empty ones as ""), its bytes if it is JSON, or its fault."""

    line: int
    values: dict[str, str]
    raw: bytes = b""
    fault: str = ""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those of a known form in the folders named, by name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [file for file in sorted(path.iterdir()) if file.suffix.lower() in FORMS]
        elif path.exists():
            found.append(path)
        else:
            raise NotFound("There is no such file or folder.", path=str(path))
    if not found:
        raise NotFound(f"There is no file ending in {', '.join(FORMS)}.", path=", ".join(map(str, paths)))
    return found


def open_table(path: Path, *, encoding: str = "utf-8", delimiter: str = "") -> Table:
    """Look a file through: refuses an unknown form, bytes that the encoding does not have, and a file without a header."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise Malformed(f"Its name must end in {', '.join(FORMS)}.", path=str(path))
    digest = _look_through(path, None if form == "parquet" else encoding)
    columns: tuple[str, ...] = ()
    if form == "parquet":
        columns = _parquet_columns(path)
    elif form == "csv":
        delimiter, columns = _header(path, encoding, delimiter)
    return Table(path, form, encoding, delimiter, columns, digest, path.stat().st_size)


def rows(table: Table, advance: Advance = lambda count: None) -> Iterator[Row]:
    """The rows in the file's order; a bad one comes with its fault, and quotes that do not close stop the reading."""
    read = {"csv": _csv_rows, "ndjson": _ndjson_rows, "parquet": _parquet_rows}[table.form]
    yield from read(table, advance)


def sample(table: Table) -> list[dict[str, str]]:
    """The values of the first sound rows."""
    found: list[dict[str, str]] = []
    for row in rows(table):
        if not row.fault:
            found.append(row.values)
        if len(found) == SAMPLE_ROWS:
            break
    return found


def need_columns(table: Table, wanted: Iterable[str], has: Iterable[str] | None = None) -> None:
    """Refuse a file that lacks columns, saying which and what there is."""
    there = set(table.columns if has is None else has)
    missing = [column for column in dict.fromkeys(wanted) if column not in there]
    if missing:
        raise Malformed(
            f"There is no column {_quoted(missing)}; the file has {_quoted(sorted(there)) or 'none'}.", path=str(table.path)
        )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _look_through(path: Path, encoding: str | None) -> str:
    digest = hashlib.blake2b(digest_size=16)
    decoder = _decoder(encoding)() if encoding else None
    offset, line = 0, 1
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            if decoder is not None and encoding:
                held = len(decoder.getstate()[0])     # the start of a character cut in two by the block's end
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as error:
                    line += block[: max(error.start - held, 0)].count(b"\n")
                    raise _wrong_encoding(path, encoding, offset - held + error.start, line, error) from None
                line += block.count(b"\n")
            offset += len(block)
    if decoder is not None and encoding:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(path, encoding, offset - len(error.object) + error.start, line, error) from None
    return digest.hexdigest()


def _decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    try:
        return codecs.getincrementaldecoder(encoding)
    except LookupError:
        raise Malformed(f"{encoding!r} is not an encoding known here; try utf-8, {ENCODINGS_OFFERED}.") from None


def _wrong_encoding(path: Path, encoding: str, offset: int, line: int, error: UnicodeDecodeError) -> Malformed:
    return Malformed(
        f"Byte {offset:,} (0x{error.object[error.start]:02x}) is not {encoding.upper()}. "
        f"Say what the file is written in, such as --encoding gb18030 (others: {ENCODINGS_OFFERED}).",
        path=f"{path}:{line}",
    )


def _open_text(path: Path, encoding: str) -> tuple[io.BufferedReader, io.TextIOWrapper]:
    raw = path.open("rb")
    start = codecs.BOM_UTF8
    if raw.read(len(start)) != start or encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        raw.seek(0)
    return raw, io.TextIOWrapper(raw, encoding=encoding, newline="")


def _header(path: Path, encoding: str, delimiter: str) -> tuple[str, tuple[str, ...]]:
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    with _open_text(path, encoding)[1] as text:
        first = text.readline()
    delimiter = delimiter or max(DELIMITERS, key=first.count)
    columns = tuple(name.strip() for name in next(csv.reader([first], delimiter=delimiter), []))
    if not any(columns):
        raise Malformed("The file has no header: its first line must name the columns.", path=str(path))
    if doubled := sorted({name for name in columns if columns.count(name) > 1}):
        raise Malformed(f"The header names {_quoted(doubled)} more than once.", path=str(path))
    return delimiter, columns


def _csv_rows(table: Table, advance: Advance) -> Iterator[Row]:
    raw, text = _open_text(table.path, table.encoding)
    width, told = len(table.columns), 0
    with text:
        reader = csv.reader(text, delimiter=table.delimiter, strict=True)
        line = 1
        try:
            next(reader)
            for number, cells in enumerate(reader):
                line, start = reader.line_num, line + 1
                if len(cells) == width:
                    yield Row(start, dict(zip(table.columns, cells, strict=True)))
                elif cells:
                    fault = f"The row has {len(cells)} value{'s' if len(cells) != 1 else ''}, the header {width} columns."
                    yield Row(start, {}, table.delimiter.join(cells).encode(), fault)
                if number % ROWS_PER_REPORT == 0:
                    told, before = raw.tell(), told
                    advance(told - before)
        except csv.Error as error:
            raise Malformed(
                f"The CSV is broken in the row that starts here ({error}); is a quotation mark not closed?",
                path=f"{table.path}:{line + 1}",
            ) from None
    advance(table.size - told)


_json_row = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def _ndjson_rows(table: Table, advance: Advance) -> Iterator[Row]:
    with _open_text(table.path, table.encoding)[1] as text:
        for line, words in enumerate(text, start=1):
            raw = words.strip().encode()
            if not raw:
                continue
            advance(len(raw) + 1)
            try:
                values = _json_row.decode(raw)
            except msgspec.DecodeError as error:
                yield Row(line, {}, raw, f"The line is not a JSON object: {error}.")
                continue
            yield Row(line, dict(_flat(values)), raw)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Inner objects as columns with dotted names; lists are no columns."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield prefix + name, _text(value)


def _parquet_columns(path: Path) -> tuple[str, ...]:
    try:
        return tuple(parquet.ParquetFile(path).schema_arrow.names)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise Malformed(f"This is not a Parquet file: {str(error).splitlines()[0]}", path=str(path)) from None


def _parquet_rows(table: Table, advance: Advance) -> Iterator[Row]:
    file = parquet.ParquetFile(table.path)
    each = table.size // max(file.metadata.num_rows, 1)
    line = 0
    for batch in file.iter_batches(batch_size=ROWS_PER_REPORT):
        for values in batch.to_pylist():
            line += 1
            yield Row(line, {name: _text(value) for name, value in values.items()})
        advance(each * batch.num_rows)


def _text(value: object) -> str:
    """A value as CSV would have written it; exact for decimals, shortest for floats."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)

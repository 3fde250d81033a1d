"""What a folder holds: Olist's files, CloudEvents, or files that a mapping explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from yinuo.kit.refusals import Conflict, Malformed, NotFound
from yinuo.pipelines.importing import mapped, olist, propose
from yinuo.pipelines.importing.items import Item
from yinuo.pipelines.importing.mapping import read_mapping
from yinuo.pipelines.importing.run import fingerprint
from yinuo.pipelines.importing.tables import Advance, Table, find_files, open_table, rows
from yinuo.record.rules import check_source

SHOP = "shop"       # the source's name where the files name none


@dataclass(frozen=True)
class Past:
    """A shop's past as files: whose it is, what names this very content, and how to read it into events."""

    form: str               # olist, events or mapped
    source: str
    name: str
    size: int               # bytes
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    items: Callable[[Advance], Iterator[Item]]


class _Envelope(msgspec.Struct):
    """What makes a line a CloudEvent."""

    source: str
    type: str
    specversion: str


def open_past(folder: Path, mapping: Path | None, *, propose_to: Path) -> Past:
    """The past in the folder. Columns that nobody explained are refused, after a mapping to complete was written."""
    if not folder.is_dir():
        raise NotFound("There is no such folder; name the one that holds the shop's files.", path=str(folder))
    if mapping is None and (folder / olist.FILES["orders"][0]).is_file():
        return _olist(folder)
    files = find_files([folder])
    if mapping is not None:
        return _mapped(files, mapping)
    tables = [open_table(path) for path in files]
    sources = {table.name: source for table in tables if (source := _source_of(table))}
    if not sources:
        raise _unexplained(folder, tables, propose_to)
    return _events(tables, sources)


def _olist(folder: Path) -> Past:
    tables = olist.open_folder(folder)
    return Past(
        "olist", olist.SOURCE,
        fingerprint(source=olist.SOURCE, digests=[f"olist {key} {table.digest}" for key, table in tables.items()]),
        sum(table.size for table in tables.values()), tuple(table.name for table in tables.values()), (),
        lambda advance: olist.items(tables, advance=advance),
    )


def _mapped(files: Sequence[Path], mapping: Path) -> Past:
    rules = read_mapping(mapping)
    tables = [open_table(path, encoding=rules.encoding, delimiter=rules.delimiter) for path in files]
    left_out = mapped.check_tables(tables, rules)
    return Past(
        "mapped", SHOP, _name(SHOP, tables, mapping.read_bytes()), sum(table.size for table in tables),
        tuple(table.name for table in tables if table.name not in left_out), tuple(left_out),
        lambda advance: mapped.items(tables, rules, source=SHOP, advance=advance),
    )


def _events(tables: Sequence[Table], sources: Mapping[str, str]) -> Past:
    """CloudEvents of one source; files of other kinds beside them are left out, and said so."""
    if len(found := sorted(set(sources.values()))) > 1:
        raise Malformed(f"The files hold events of several shops ({', '.join(found)}); put each into a folder of its own.")
    source = check_source(found[0])
    taken = [table for table in tables if table.name in sources]
    return Past(
        "events", source, _name(source, taken, b""), sum(table.size for table in taken),
        tuple(table.name for table in taken), tuple(table.name for table in tables if table.name not in sources),
        lambda advance: mapped.items(taken, None, source=source, advance=advance),
    )


def _name(source: str, tables: Sequence[Table], mapping: bytes) -> str:
    digests = [f"{table.name} {table.digest} {table.encoding} {table.delimiter}" for table in tables]
    return fingerprint(source=source, digests=digests, mapping=mapping)


def _source_of(table: Table) -> str:
    """The source of a file's first line that is a CloudEvent; empty for a file of another kind."""
    if table.form != "ndjson":
        return ""
    for count, row in enumerate(rows(table)):
        try:
            return msgspec.json.decode(row.raw, type=_Envelope).source
        except (msgspec.DecodeError, ValueError):
            if count >= 20:
                break
    return ""


def _unexplained(folder: Path, tables: Sequence[Table], target: Path) -> Malformed:
    """Write a mapping to complete, and say how to go on."""
    proposal = propose.propose(tables)
    again = f"`yinuo preview {folder} --mapping {target}`"
    try:
        propose.write(proposal, target)
    except Conflict:
        return Malformed(
            f"Its columns are not known here, and {target} is there already: complete it if it is for these files, "
            f"then run: {again}", path=str(folder),
        )
    return Malformed(
        f"Its columns are not known here. A mapping was proposed in {target}: {proposal.facts} kinds of fact guessed, "
        f"{proposal.undecided} values marked '?' for you to decide. Read it through, then run: {again}"
        + "".join(f"\n  Look at this: {doubt}" for doubt in proposal.doubts), path=str(folder),
    )

"""Files become facts: by a mapping, each bad row refused alone, a fault of structure before anything is taken."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow
import pytest
from pyarrow import parquet

from yinuo.delivery.models import Shipment
from yinuo.kit.actors import SYSTEM
from yinuo.kit.facts import kind_named, kinds
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound, Refusal
from yinuo.pipelines.importing import mapped, propose, run, tables, values
from yinuo.pipelines.importing.items import Item
from yinuo.pipelines.importing.mapping import MappingFile, read_mapping
from yinuo.pipelines.importing.ordering import Ordered
from yinuo.pipelines.importing.proposed import event_id
from yinuo.record import actions, queries
from yinuo.trade.events import OrderPlaced
from yinuo.trade.models import Order

MAPPING = """
time_zone = "America/Sao_Paulo"
currency = "BRL"

[codes.states]
"São Paulo" = "SP"

[[facts]]
file = "orders*"
kind = "trade.order_placed"
id = "{order}/placed"
time = "bought"
[facts.fields]
order = "{order}"
merchant = "seller"
buyer = "customer"
amount_minor = "total"
currency = "currency"
items = 2
hand_over_by = { column = "limit", format = "%d/%m/%Y", time_zone = "UTC" }
origin = { column = "state", codes = "states" }
carrier = { constant = "DHL" }

[[facts]]
file = "orders*"
kind = "delivery.shipment_handed_over"
id = "{order}/handed_over"
time = ["shipped", "scanned"]
when = "shipped"
fields = { shipment = "{order}", order = "order" }
"""
HEADER = "order,seller,customer,total,currency,bought,limit,state,shipped,scanned"
GOOD = "o1,s1,c1,19.90,BRL,2026-01-01 10:00,03/01/2026,São Paulo,2026-01-02 09:00,"
LATER = "o2,s1,c1,5,BRL,2026-01-03 10:00,,RJ,,"


@pytest.fixture
def mapping(tmp_path: Path) -> MappingFile:
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    return read_mapping(tmp_path / "mapping.toml")


@pytest.fixture
def do_import(tmp_path, mapping, realm, now, db):
    """Imports files through the mapping, as `yinuo import` does."""

    def doing(*files: Path, again: bool = False, source: str = "shop", rules: MappingFile | None = mapping,
              despite_faults: bool = False) -> run.Report:
        opened = [tables.open_table(file) for file in files]
        mapped.check_tables(opened, rules)
        name = run.fingerprint(source=source, digests=[table.digest for table in opened])
        items = mapped.items(opened, rules, source=source, advance=lambda count: None, despite_faults=despite_faults)
        importing = run.Import(actor=SYSTEM, source=source, name=name, realm=realm, at=now)
        return importing.run(items, scratch=tmp_path, again=again)

    return doing


@pytest.fixture
def orders(tmp_path):
    """Writes a file of orders."""

    def writing(*lines: str, header: str = HEADER, name: str = "orders.csv") -> Path:
        file = tmp_path / name
        file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return file

    return writing


def _facts():
    from yinuo.record.actions import seal  # noqa: PLC0415

    seal(actor=SYSTEM, realm=Realm(key=b"k" * 32, entropy=os.urandom, keys=KeysInMemory(b"w" * 32)))
    return [recorded for batch in queries.every_fact() for recorded in batch]


def test_a_row_becomes_facts(do_import, orders):
    report = do_import(orders(LATER, GOOD))
    assert (report.read, report.new, report.refused) == (3, 3, 0)
    first, shipped, second = _facts()
    assert isinstance(first.fact, OrderPlaced)
    assert first.at == int(datetime(2026, 1, 1, 13, 0, tzinfo=UTC).timestamp()) * 1_000_000     # São Paulo is 3 hours behind
    assert (first.fact.amount_minor, first.fact.items, first.fact.origin, first.fact.carrier) == (1990, 2, "SP", "DHL")
    assert first.fact.hand_over_by == int(datetime(2026, 1, 3, tzinfo=UTC).timestamp()) * 1_000_000
    assert first.fact.buyer == second.fact.buyer
    assert second.fact.hand_over_by is None
    assert shipped.fact.order == first.fact.order
    assert not Order.objects.exists()       # the record was not followed yet
    assert not Shipment.objects.exists()


def test_files_are_merged_by_time(do_import, orders):
    do_import(orders(LATER, name="orders_a.csv"), orders(GOOD, name="orders_b.csv"))
    assert [fact.at for fact in _facts()] == sorted(fact.at for fact in _facts())


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("19.90", "-19.90", "data.amount_minor", "is negative"),
        ("19.90", "19.901", "data.amount_minor", "more decimals"),
        ("19.90", "much", "data.amount_minor", "not an amount"),
        ("BRL", "BRX", "data.amount_minor", "ISO 4217"),
        ("2026-01-01 10:00", "2031-01-01 10:00", "time", "future"),
        ("2026-01-01 10:00", "yesterday", "time", "not a time"),
        ("2026-01-01 10:00", "", "time", "empty"),
        ("03/01/2026", "2026-01-03", "data.hand_over_by", "of the form"),
        ("s1", "", "data.merchant", "missing"),
        ("o1", "", "id", "empty"),
    ],
)
def test_a_bad_row_is_refused_alone(do_import, orders, realm, old, new, path, words):
    bad = GOOD.replace(old, new).replace("2026-01-02 09:00", "")
    report = do_import(orders(LATER, bad))
    assert (report.new, report.refused) == (1, 1)
    ((where, sentence),) = report.examples
    assert where == f"orders.csv:3 {path}"
    assert words in sentence
    (kept,) = queries.refused_waiting(viewer=SYSTEM, realm=realm)
    assert kept.path == where
    assert b"specversion" in kept.raw       # it can be corrected and replayed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("19.90", "-19.90"),
        ("BRL", "BRX"),
        ("2026-01-01 10:00", "01.01.2026 10:00"),
        ("2026-01-01 10:00", "2031-01-01 10:00"),
        ("03/01/2026", "2026-01-03"),
        ("s1", ""),
    ],
)
def test_a_row_that_was_corrected_in_the_file_leaves_the_list(do_import, orders, realm, old, new):
    assert do_import(orders(LATER, GOOD.replace(old, new, 1))).waiting == 1
    report = do_import(orders(LATER, GOOD))
    assert (report.refused, report.waiting) == (0, 0)
    assert queries.refused_waiting(viewer=SYSTEM, realm=realm) == []


def test_a_row_that_was_taken_wrong_is_corrected_by_a_fact_of_its_own(do_import, orders, realm, now):
    do_import(orders(LATER))
    right = orders(LATER.replace("5,BRL", "6,BRL"))
    report = do_import(right)
    assert (report.refused, report.conflicts, report.waiting) == (1, 1, 1)
    (kept,) = queries.refused_waiting(viewer=SYSTEM, realm=realm)
    corrected = msgspec.json.decode(kept.raw) | {"id": "o2/placed/2", "supersedes": "o2/placed"}
    actions.replay_refused(actor=SYSTEM, refused_id=kept.pk, realm=realm, at=now, corrected=msgspec.json.encode(corrected))
    again = do_import(right, again=True)
    assert (again.known, again.conflicts, again.waiting) == (1, 0, 0)       # what the correction says
    first = do_import(orders(LATER), again=True)
    assert (first.known, first.conflicts) == (1, 0)                         # the file as it was at first
    other = do_import(orders(LATER.replace("5,BRL", "7,BRL")))
    assert (other.known, other.conflicts) == (0, 1)


def test_a_mapping_that_reads_most_rows_wrongly_stops_before_anything_is_taken(do_import, orders):
    days = [LATER.replace("o2", f"d{day}").replace("10:00,,", f"10:00,{day:02}/01/2026,") for day in range(1, 32)]
    months = [row.replace(f",{day:02}/01/2026", f",01/{day:02}/2026") for day, row in enumerate(days, 1)]
    with pytest.raises(Malformed, match=r"Of the first 31 rows 19 are wrong.*data\.hand_over_by.*--despite-faults"):
        do_import(orders(*months))
    assert queries.entry_count() == 0
    assert do_import(orders(*months), despite_faults=True).refused == 19
    assert do_import(orders(*days, *months, name="orders_b.csv")).refused


def test_a_row_too_short_is_refused_alone(do_import, orders):
    report = do_import(orders(GOOD, "o9,s1", LATER))
    assert (report.new, report.refused) == (3, 1)
    assert report.examples == [("orders.csv:3", "The row has 2 values, the header 10 columns.")]


def test_line_breaks_inside_quotes_count_as_lines(do_import, orders):
    broken_over_lines = GOOD.replace("São Paulo", '"São\nPaulo"')
    report = do_import(orders(broken_over_lines, "o9,s1"))
    assert ("orders.csv:4", "The row has 2 values, the header 10 columns.") in report.examples


def test_an_open_quotation_mark_stops_before_anything_is_taken(do_import, orders):
    with pytest.raises(Malformed, match=r"orders\.csv:3: The CSV is broken"):
        do_import(orders(GOOD, 'o2,"s1,c1'))
    assert queries.entry_count() == 0


def test_missing_columns_stop_before_anything_is_taken(do_import, orders):
    with pytest.raises(Malformed, match=r"There is no column 'total'; the file has .*'sum'"):
        do_import(orders(GOOD, header=HEADER.replace("total", "sum")))
    assert queries.entry_count() == 0


def test_wrong_encoding_names_the_byte(tmp_path, orders):
    file = tmp_path / "orders.csv"
    file.write_bytes((HEADER + "\n" + GOOD).encode("cp1252"))
    place = file.read_bytes().index(b"\xe3")
    with pytest.raises(Malformed, match=rf"orders\.csv:2: Byte {place} \(0xe3\) is not UTF-8.*--encoding"):
        tables.open_table(file)
    assert len(list(tables.rows(tables.open_table(file, encoding="cp1252")))) == 1


def test_wrong_encoding_is_found_at_a_blocks_edge(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK_BYTES", 8)
    file = tmp_path / "x.csv"
    for text in ("a\n123456é\n", "a\n12345é67é\n"):
        file.write_bytes(text.encode())
        tables.open_table(file)
    file.write_bytes(b"a\n12345\xc3x")
    with pytest.raises(Malformed, match=r"x\.csv:2: Byte 7 \(0xc3\)"):
        tables.open_table(file)
    file.write_bytes(b"a\n12345\xc3")
    with pytest.raises(Malformed, match=r"x\.csv:2: Byte 7 \(0xc3\)"):
        tables.open_table(file)


def test_the_same_files_again_do_nothing(do_import, orders, realm):
    file = orders(GOOD, GOOD.replace("19.90", "-1").replace("o1", "o3"))
    first = do_import(file)
    assert (first.new, first.refused) == (3, 1)
    passed = do_import(file)
    assert (passed.new, passed.known, passed.refused, passed.earlier) == (0, 0, 0, 4)
    again = do_import(file, again=True)
    assert (again.new, again.known, again.refused) == (0, 3, 1)
    assert len(queries.refused_waiting(viewer=SYSTEM, realm=realm)) == 1      # not kept twice


def test_what_is_told_live_too_counts_once(do_import, orders, event, take):
    do_import(orders(LATER))
    live = event("trade.order_placed", id="o2/placed", time="2026-01-03T10:00:00-03:00", order="o2", merchant="s1", buyer="c1",
                 amount_minor=500, currency="BRL", items=2, origin="RJ", carrier="DHL")
    taken = take([live])
    assert (taken.accepted, taken.known, len(taken.refused)) == (0, 1, 0)


def test_a_changed_row_is_a_conflict(do_import, orders):
    do_import(orders(LATER))
    report = do_import(orders(LATER.replace("5,BRL", "6,BRL")))
    assert (report.new, report.refused) == (0, 1)
    assert report.examples[0][0] == "orders.csv:2 id"


def test_ndjson_rows_and_parquet_are_mapped_alike(do_import, tmp_path):
    row = {"order": "o1", "seller": "s1", "customer": "c1", "total": "19.90", "currency": "BRL", "limit": None, "state": "SP",
           "bought": datetime(2026, 1, 1, 13, tzinfo=UTC), "shipped": None, "scanned": None}
    parquet.write_table(pyarrow.Table.from_pylist([row]), tmp_path / "orders.parquet")
    (tmp_path / "orders.ndjson").write_text(
        '{"order":"o1","seller":"s1","customer":"c1","total":19.90,"currency":"BRL","limit":null,"state":"SP",'
        '"bought":"2026-01-01T13:00:00Z","shipped":null,"scanned":null}\n')
    assert do_import(tmp_path / "orders.parquet").new == 1
    assert do_import(tmp_path / "orders.ndjson").known == 1


def test_ndjson_rows_without_a_column_stop_before_anything_is_taken(do_import, tmp_path):
    (tmp_path / "orders.ndjson").write_text('{"order": "o1"}\n')
    with pytest.raises(Malformed, match="There is no column 'bought'"):
        do_import(tmp_path / "orders.ndjson")
    assert queries.entry_count() == 0


def test_cloud_events_are_taken_as_they_are(do_import, tmp_path, event):
    lines = [
        event("trade.order_paid", id="e2", order="o1", time="2026-05-02T00:00:00Z"),
        b"not json",
        event("trade.order_paid", id="e1", order="o1"),
        event("trade.order_paid", id="e3", order="o1", source="other"),
    ]
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(lines))
    report = do_import(tmp_path / "events.ndjson", rules=None)
    assert (report.new, report.refused) == (2, 2)
    assert {where.partition(" ")[0] for where, _ in report.examples} == {"events.ndjson:2", "events.ndjson:4"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('kind = "trade.order_placed"', 'kind = "trade.order_eaten"'), "not a kind of fact"),
        (("items = 2", "itmes = 2"), "has no field itmes"),
        (('merchant = "seller"', ""), "also needs merchant"),
        (('merchant = "seller"', 'merchant = "?"'), "merchant is still to be decided"),
        (('currency = "BRL"', 'currency = "?"'), "currency is still to be decided"),
        (('codes = "states"', 'codes = "regions"'), r"no \[codes.regions\]"),
        (("time_zone = ", "timezone = "), "timezone"),
        (('kind = "trade.order_placed"', "kind = "), "cannot be read"),
    ],
)
def test_a_faulty_mapping_says_what_is_wrong(tmp_path, change, words):
    file = tmp_path / "mapping.toml"
    file.write_text(MAPPING.replace(*change, 1), encoding="utf-8")
    with pytest.raises(Refusal, match=words):
        read_mapping(file)


def test_a_time_without_a_zone_is_refused(tmp_path, orders):
    file = tmp_path / "mapping.toml"
    file.write_text(MAPPING.replace('time_zone = "America/Sao_Paulo"', ""), encoding="utf-8")
    table = tables.open_table(orders(LATER))
    (item,) = mapped.items([table], read_mapping(file), source="shop", advance=lambda count: None)
    assert (item.path, item.at) == ("time", 0)
    assert "no time zone" in item.sentence


def test_decimal_commas_and_minor_units(tmp_path):
    (tmp_path / "m.toml").write_text(
        'currency = "EUR"\ndecimal_comma = true\n'
        '[[facts]]\nfile = "p.csv"\nkind = "trade.order_paid"\nid = "{o}"\ntime = "t"\nwhen = { s = ["ok"] }\n'
        'fields = { order = "o", amount_minor = "a" }\n'
        '[[facts]]\nfile = "p.csv"\nkind = "trade.order_paid"\nid = "cents:{o}"\ntime = { column = "u", format = "seconds" }\n'
        'fields = { order = "o", amount_minor = { column = "c", minor = true }, method = { column = "m", slug = true } }\n')
    (tmp_path / "p.csv").write_text("o;t;u;s;a;c;m\n1;2026-01-01T00:00:00Z;1767225600;ok;1.234,50;99;Credit Card\n"
                                    "2;2026-01-01T00:00:00Z;1767225600;no;1;1;\n")
    table = tables.open_table(tmp_path / "p.csv")
    made = list(mapped.items([table], read_mapping(tmp_path / "m.toml"), source="shop", advance=lambda count: None))
    assert [item.sentence for item in made] == ["", "", ""]
    assert b'"amount_minor":123450' in made[0].raw
    assert b'"amount_minor":99,"method":"credit_card"' in made[1].raw
    assert made[0].at == made[1].at == 1_767_225_600_000_000


def test_a_proposal_is_a_mapping_once_decided(tmp_path, do_import):
    (tmp_path / "orders.csv").write_text(
        "orderID,Customer Id,created_at,paid_at,shipped_at,total,colour\n"
        "1,c1,2026-01-01 10:00,2026-01-01 10:05,,19.90,red\n")
    table = tables.open_table(tmp_path / "orders.csv")
    proposal = propose.propose([table])
    assert proposal.unplaced == {"orders.csv": ["colour"]}
    assert proposal.undecided == 3          # the zone, the currency, the merchant
    propose.write(proposal, tmp_path / "p.toml")
    with pytest.raises(Refusal, match="there already"):
        propose.write(proposal, tmp_path / "p.toml")
    with pytest.raises(Malformed, match="time_zone is still to be decided"):
        read_mapping(tmp_path / "p.toml")
    decided = proposal.text.replace('zone = "?"', 'zone = "UTC"').replace('currency = "?"', 'currency = "EUR"')
    (tmp_path / "p.toml").write_text(decided.replace('"?"', '{ constant = "m1" }'))
    assert do_import(tmp_path / "orders.csv", rules=read_mapping(tmp_path / "p.toml")).new == 2


def _proposed(tmp_path: Path, text: str) -> propose.Proposal:
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    return propose.propose([tables.open_table(tmp_path / "orders.csv")])


def test_a_proposal_says_how_to_give_the_promise_that_credit_rests_on(tmp_path, do_import):
    found = _proposed(tmp_path, "order_id,seller_id,created_at,shipped_at,total,currency\n"
                                "1,s1,2026-01-01T10:00:00Z,2026-01-02T10:00:00Z,19.90,EUR\n")
    assert found.undecided == 0
    assert "no column was found for hand_over_by" in found.doubts[0]
    assert "nobody's dispatch is judged" in found.doubts[0]
    ready = '# hand_over_by = { column = "created_at", days_later = 2 }'
    (tmp_path / "p.toml").write_text(found.text.replace(ready, ready.removeprefix("# ")))
    assert do_import(tmp_path / "orders.csv", rules=read_mapping(tmp_path / "p.toml")).new == 2
    placed, _ = _facts()
    assert placed.fact.hand_over_by == placed.at + 2 * 86_400_000_000
    assert "No column was found for when the carrier took" in _proposed(
        tmp_path, "order_id,seller_id,created_at,ship_by,total\n1,s,2026-01-01,2026-01-02,1\n").doubts[0]


@pytest.mark.parametrize(
    ("placed", "shipped", "lines", "doubts"),
    [
        ("2026-01-31 10:00", "2026-02-01", [], 0),
        ("2026/01/31 10:00", "2026/02/01 10:00", ['time_format = "%Y/%m/%d %H:%M"'], 0),
        ("31/01/2026 10:00", "01/02/2026 9:30", ['time_format = "%d/%m/%Y %H:%M"'], 0),
        ("1/31/2026 3:04:05 PM", "2/1/2026 3:04:05 PM", ['time_format = "%m/%d/%Y %I:%M:%S %p"'], 0),
        ("31.01.26", "01.02.2026", ['time = { column = "created_at", format = "%d.%m.%y" }',
                                    'time = { column = "shipped_at", format = "%d.%m.%Y" }'], 0),
        ("1767225600", "1767225600000", ['time = { column = "created_at", format = "seconds" }',
                                         'time = { column = "shipped_at", format = "milliseconds" }'], 0),
        ("2026年1月31日", "2026-02-01 10:00", ['time = { column = "created_at", format = "%Y年%m月%d日" }'], 0),
        ("03/04/2026", "04/05/2026", ['time_format = "%d/%m/%Y"', "can be read as %d/%m/%Y or as %m/%d/%Y"], 2),
        ("last week", "", ["is a time of no form known here"], 1),
    ],
)
def test_how_times_are_written_is_found_out(tmp_path, placed, shipped, lines, doubts):
    found = _proposed(
        tmp_path, f"order_id,seller_id,created_at,shipped_at,ship_by,total\n1,s,{placed},{shipped},{shipped},1\n")
    assert [line for line in lines if line not in found.text] == []
    assert ("format" in found.text) == any("format" in line for line in lines)
    assert len(found.doubts) == doubts + (doubts > 1)       # ship_by is written like shipped_at
    assert ('time_zone = "?"' in found.text) == ("1767" not in placed)


@pytest.mark.parametrize(
    ("totals", "comma", "doubt"),
    [
        (("1.234,50", "7"), True, ""),
        (("19.90", "1234"), False, ""),
        (("1.234", "7"), False, "more or less than a thousand"),
        (("1,50", "1.50"), False, "some with a point"),
    ],
)
def test_a_decimal_comma_is_found_out(tmp_path, totals, comma, doubt):
    rows = "".join(f"{place};s;2026-01-01;2026-01-02;{total}\n" for place, total in enumerate(totals))
    found = _proposed(tmp_path, f"order_id;seller_id;created_at;shipped_at;total\n{rows}")
    assert ("\ndecimal_comma = true" in found.text) == comma
    assert any(doubt in said for said in found.doubts)
    assert (doubt in found.text) == bool(doubt) or not doubt


def test_ids_agree_with_those_that_the_guide_gives_live_events():
    guide = (Path(__file__).parents[2] / "docs/guide/plug-in.md").read_text()
    for kind in propose.KINDS:
        name = event_id(kind, kind_named(kind).about.upper())
        assert re.search(rf"`{kind}`[^|]*\| `{name}` \|", guide), f"{kind}: {name}"
    ids = [event_id(kind, "1") for kind, known in kinds().items() if known.external]
    assert len(ids) == len(set(ids))


def test_nothing_to_propose(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Malformed, match="No kind of fact"):
        propose.propose([tables.open_table(tmp_path / "x.csv")])


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(NotFound):
        tables.find_files([tmp_path / "nothing.csv"])
    with pytest.raises(NotFound):
        tables.find_files([tmp_path])


@pytest.mark.parametrize("text", ["", "\n", "a,a\n"])
def test_a_file_without_a_header(tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(Malformed, match="header"):
        tables.open_table(tmp_path / "x.csv")


def test_a_file_that_is_not_what_its_name_says(tmp_path):
    (tmp_path / "x.parquet").write_text("a,b\n")
    with pytest.raises(Malformed, match="not a Parquet file"):
        tables.open_table(tmp_path / "x.parquet")
    (tmp_path / "x.xlsx").write_text("")
    with pytest.raises(Malformed, match="must end in"):
        tables.open_table(tmp_path / "x.xlsx")


def test_more_than_fits_in_memory_is_sorted_all_the_same(tmp_path):
    items = [Item((7919 * place) % 1000, place, str(place), b"{}") for place in range(5000)]
    ordered = Ordered(items, scratch=tmp_path, run_items=700)
    assert ordered.count == 5000
    assert list(ordered) == sorted(items, key=lambda item: (item.at, item.place))
    ordered.close()
    assert not list(tmp_path.iterdir())


def test_two_digits_of_a_year_may_come_first(tmp_path):
    days = "".join(f"{day},s,24/01/{day:02},1\n" for day in (5, 15, 28))
    found = _proposed(tmp_path, "order_id,seller_id,created_at,total\n" + days)
    assert 'time_format = "%y/%m/%d"' in found.text
    assert any("can be read as %y/%m/%d or as %d/%m/%y" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(("text", "comma", "minor"), [
    ("1.234,50", True, 123_450), ("1234,5", True, 123_450), ("19.90", True, None), ("12.5", True, None), ("1,2.3", True, None),
    ("1.234", True, 123_400), ("50.000", False, None), ("0.125", False, None), ("19.9000", False, 1_990),
    ("1_0.5_0", False, None), ("1e1000000", False, None), ("1e3", False, None),
    ("Infinity", False, None), ("\u0661", False, None), ("-5", False, None),
])
def test_an_amount_is_read_as_written_or_refused(text, comma, minor):
    if minor is None:
        with pytest.raises(Malformed):
            values.minor_units(text, "CNY", comma)
    else:
        assert values.minor_units(text, "CNY", comma) == minor


@pytest.mark.parametrize("text", ["1e999999", "1_0", "", "12345678901234567890123", "nan"])
def test_a_number_that_is_none_is_refused(text):
    with pytest.raises(Malformed):
        values.moment_reader("seconds", None)(text)
    with pytest.raises(Malformed):
        values.whole_number(text)

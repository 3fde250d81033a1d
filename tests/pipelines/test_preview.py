"""The preview: a shop's past replayed, on a small market of our own making in which we know who went bad."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from string import Formatter
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from django.conf import settings

from yinuo.credit.features import MEASURES
from yinuo.credit.rules.bands import BANDS
from yinuo.kit.refusals import Conflict, Malformed, NotFound
from yinuo.pipelines.preview import chinese, english, hindsight, pages, report, run, sections
from yinuo.pipelines.preview.accuracy import wilson_ppm
from yinuo.pipelines.preview.folder import open_past
from yinuo.pipelines.preview.work import claim, note_for

START = datetime(2025, 1, 6, tzinfo=UTC)
DAYS = 270
TURNS_ON = 180      # the day of the market on which the merchant "turned" goes bad


def _orders(days: int) -> list[bytes]:
    """Twenty merchants with an order a day each: one always late, one that turns bad, the rest late one time in twenty."""
    chance, lines = Random(7), []
    for day in range(days):
        for seller in range(20):
            name = {0: "late", 1: "turned"}.get(seller, f"m{seller:02d}")
            share = {"late": 0.7, "turned": 0.8 if day >= TURNS_ON else 0.03}.get(name, 0.05)
            placed = START + timedelta(days=day, minutes=seller)
            lines += _order(f"{day}-{seller}", name, f"b{chance.randrange(10**6)}", placed, is_late=chance.random() < share)
    return lines


def _order(order: str, merchant: str, buyer: str, placed: datetime, *, is_late: bool) -> list[bytes]:
    due = placed + timedelta(days=2)
    handed = due + timedelta(hours=30 if is_late else -30)
    data = {"order": order, "merchant": merchant, "buyer": buyer, "amount_minor": 5000, "currency": "EUR", "hand_over_by": due,
            "origin": "A", "destination": "B"}
    lines = [
        _event("trade.order_placed", order, placed, data),
        _event("delivery.shipment_handed_over", f"{order}/h", handed, {"shipment": order, "order": order}),
    ]
    if order.endswith("5"):
        review = {"review": order, "order": order, "merchant": merchant, "buyer": buyer, "stars": 2 if is_late else 5}
        lines.append(_event("reviews.review_published", f"{order}/r", handed + timedelta(days=3), review))
    return lines


def _event(kind: str, name: str, at: datetime, data: dict[str, object]) -> bytes:
    return msgspec.json.encode(
        {"specversion": "1.0", "id": name, "source": "toy", "type": kind, "time": at.isoformat(), "data": data}
    )


@pytest.fixture
def bench(tmp_path, realm):
    work = tmp_path / "work"
    claim(work)
    return run.Bench(
        data=work, domains=settings.DOMAINS, realm=realm, at=datetime(2026, 6, 1, tzinfo=UTC), clock=time.monotonic,
        show=lambda words, unit: nullcontext(lambda done, total: None),
    )


def _folder(tmp_path: Path, lines: list[bytes]) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "events.ndjson").write_bytes(b"\n".join(lines))
    return folder


@pytest.mark.django_db
def test_a_past_replayed(tmp_path, bench):
    lines = [*_orders(DAYS), b"not json"]
    past = open_past(_folder(tmp_path, lines), None, propose_to=tmp_path / "m.toml")
    found = run.preview(past=past, bench=bench)

    assert (found.header.orders, found.header.merchants, found.too_short) == (20 * DAYS, 20, "")
    assert [reason.rows for reason in found.refused] == [1]
    # Numbers agree with a plain count over the lines.
    late = _late(lines)
    assert {fault.what: fault.causes["merchant"] for fault in found.faults} == {"sent_late": late}
    assert found.accuracy.orders == sum(month.orders for month in found.accuracy.months)
    assert found.accuracy.auc_permille > 700
    assert found.movement.worst[0].score < 400
    assert found.movement.best[0].score > 500
    names = {found.names[turn.merchant]: turn for turn in found.hindsight.turns}
    assert START + timedelta(TURNS_ON) < datetime.fromisoformat(names["turned"].shown).replace(tzinfo=UTC) \
        < START + timedelta(TURNS_ON + 42)
    assert abs(names["turned"].lead_days) <= 28
    worst = {found.names[course.merchant] for course in found.movement.worst[:2]}
    assert worst == {"late", "turned"}
    assert found.unjudged[-1].new_merchants == 0
    for language in pages.LANGUAGES:
        page = report.write_report(found, language=language, json_name="report.json")
        assert not re.search(r"https?://|<script|src=|url\(", page)
        assert page.count("<section") == 9
        assert 'x="100%" dx="8"' in page        # the gate's words stand beside the bars: five of twenty merchants
        assert ">25%</text>" in page
    assert msgspec.json.decode(msgspec.json.encode(found))["version"] == 1

    # The same again takes nothing in twice; only the last months, on request.
    again = run.preview(past=past, bench=bench, last_months=2)
    assert again.header.orders == found.header.orders
    assert len(again.accuracy.months) == 2


def _late(lines: list[bytes]) -> int:
    due, late = {}, 0
    for line in lines[:-1]:
        event = json.loads(line)
        if event["type"] == "trade.order_placed":
            due[event["data"]["order"]] = event["data"]["hand_over_by"]
        elif event["type"] == "delivery.shipment_handed_over":
            late += datetime.fromisoformat(event["time"]) > datetime.fromisoformat(due[event["data"]["order"]])
    return late


@pytest.mark.django_db
def test_a_short_past_says_so_and_tells_the_rest(tmp_path, bench):
    past = open_past(_folder(tmp_path, _orders(40)), None, propose_to=tmp_path / "m.toml")
    found = run.preview(past=past, bench=bench)
    assert "months of history" in found.too_short
    assert found.movement is None
    assert found.faults
    page = report.write_report(found, language="en", json_name="r.json")
    assert "That takes 4 whole months and 1,000 judged orders" in page
    assert "from 1 file: " in page
    assert page.count("not measured: too few facts") == 2       # a million facts are not told from a few hundred
    assert "hours of staff" not in page
    chinese_page = report.write_report(found, language="zh-hans", json_name="r.json")
    assert not re.search(r"(?:[A-Za-z’']+ ){4,}", re.sub(r"<style>.*?</style>|<[^>]+>", " ", chinese_page, flags=re.DOTALL))
    assert 'id="s7"' in page
    assert 'id="s1"' not in page


@pytest.mark.django_db
def test_orders_that_cannot_be_judged(tmp_path, bench):
    lines = [_event("trade.order_paid", f"p{i}", START, {"order": f"o{i}"}) for i in range(20)]
    past = open_past(_folder(tmp_path, lines), None, propose_to=tmp_path / "m.toml")
    with pytest.raises(Malformed, match="No order here can be judged"):
        run.preview(past=past, bench=bench)


def test_folders_that_cannot_be_read(tmp_path):
    with pytest.raises(NotFound, match="no such folder"):
        open_past(tmp_path / "nothing", None, propose_to=tmp_path / "m.toml")
    with pytest.raises(NotFound, match="no file ending in"):
        open_past(tmp_path, None, propose_to=tmp_path / "m.toml")
    (tmp_path / "a.ndjson").write_bytes(_event("trade.order_paid", "1", START, {"order": "o"}))
    (tmp_path / "b.ndjson").write_bytes(_event("trade.order_paid", "1", START, {"order": "o"}).replace(b"toy", b"other"))
    with pytest.raises(Malformed, match=r"several shops \(other, toy\)"):
        open_past(tmp_path, None, propose_to=tmp_path / "m.toml")


def test_unknown_columns_get_a_proposed_mapping(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "orders.csv").write_text("order_id,seller_id,created_at,total\n1,s,2026-01-01 10:00,9.90\n")
    target = tmp_path / "mapping.toml"
    with pytest.raises(Malformed, match=r"proposed in .*mapping\.toml.*yinuo preview .* --mapping"):
        open_past(folder, None, propose_to=target)
    assert "trade.order_placed" in target.read_text()
    with pytest.raises(Malformed, match="is there already"):
        open_past(folder, None, propose_to=target)
    target.write_text(target.read_text().replace('zone = "?"', 'zone = "UTC"').replace('currency = "?"', 'currency = "EUR"'))
    past = open_past(folder, target, propose_to=target)
    assert (past.form, past.source, past.files) == ("mapped", "shop", ("orders.csv",))


def test_a_work_folder_is_the_previews_own(tmp_path):
    (tmp_path / "yinuo.sqlite3").write_text("an installation's")
    with pytest.raises(Conflict, match="no preview made"):
        claim(tmp_path)
    claim(tmp_path / "new")
    assert note_for(tmp_path / "new", "one").taken == 0
    claim(tmp_path / "new")
    with pytest.raises(Conflict, match="another past"):
        note_for(tmp_path / "new", "two")


def test_both_languages_say_the_same():
    def fields(text: str) -> set[str | None]:
        return {field for _, field, _, _ in Formatter().parse(text) if field is not None}

    assert english.WORDS.keys() == chinese.WORDS.keys()
    for key, words in english.WORDS.items():
        assert fields(words) == fields(chinese.WORDS[key]), key
    for name in [*(band.key for band in BANDS), *(measure.name for measure in MEASURES if measure.base != measure.name)]:
        assert name in english.WORDS, name
    words = {"english", "chinese"}
    asked = "".join(path.read_text() for path in Path(pages.__file__).parent.glob("*.py") if path.stem not in words)
    for key in set(re.findall(r'\bs(?:peech)?\("(\w+)"', asked)):
        assert key in english.WORDS, key


def test_a_number_brings_the_noun_that_fits():
    speech = pages.Speech("en", json_name="r.json")
    assert f"{speech.number(1):order|orders}" == "1 order"
    assert f"{speech.number(2_000):order|orders} of {speech.number(2_000)}" == "2,000 orders of 2,000"
    for key, words in english.WORDS.items():
        assert not re.search(r"\{\w+\} (?:orders|files|merchants|months|days|rows|facts|events) ", words), key


def test_a_band_that_had_fallen_at_the_start_is_told_as_such():
    speech = pages.Speech("en", json_name="r.json")
    turn = hindsight.Turn(merchant="m", shown="2026-01-05", orders=10, failures=5, before_permille=10, now_permille=500,
                          lead_days=0, already=True)
    assert sections._lead(speech, turn) == "before judging began"
    assert sections._lead(speech, msgspec.structs.replace(turn, lead_days=14)) == "at least 14 days before"
    assert sections._lead(speech, msgspec.structs.replace(turn, lead_days=-1, already=False)) == "1 day after"


def test_what_comes_from_a_shop_is_escaped():
    evil = '<script>alert("x")</script>'
    assert "<script" not in pages.merchant(evil)
    assert "<script" not in pages.table([evil], [[evil]])
    assert "<script" not in pages.paragraph(evil)


def test_intervals():
    assert wilson_ppm(0, 0) == (0, 1_000_000)
    low, high = wilson_ppm(10, 100)
    assert (round(low, -3), round(high, -3)) == (55_000, 174_000)       # the textbook's 0.055 to 0.174
    low_ratio, high_ratio = hindsight.ratio_interval(10, 5.0)
    assert round(low_ratio, 2) == 1.09       # 90% Poisson limits of 10: 5.43 and 16.96
    assert round(high_ratio, 2) == 3.39


@pytest.mark.parametrize(
    ("bands", "place", "expected"),
    [
        ([2, 2, 4, 4, 4], 4, (14, False)),
        ([2, 2, 2, 4], 2, (-7, False)),
        ([2, 2, 2], 2, (None, False)),
        ([4, 4, 4], 2, (14, True)),
        ([2, *[4] * 20], 20, (91, True)),
        ([2, 4], 1, (0, False)),
    ],
)
def test_lead_times(bands, place, expected):
    assert hindsight._lead(np.array(bands), place) == expected


def _yinuo(*words: str, cwd: Path) -> SimpleNamespace:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YINUO_")}
    whole = [sys.executable, "-m", "yinuo", "preview", *words]
    return subprocess.run(whole, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_the_command_touches_nothing_else(tmp_path):
    folder = _folder(tmp_path, _orders(20))
    done = _yinuo("shop", "--output", "r.html", "--lang", "zh-hans", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json", "shop"]
    assert "<html lang=\"zh-Hans\"" in (tmp_path / "r.html").read_text(encoding="utf-8")
    (folder / "events.ndjson").rename(folder / "events.csv")
    (folder / "events.csv").write_text("colour\nred\n")
    refused = _yinuo("shop", cwd=tmp_path)
    assert refused.returncode == 2
    assert "No kind of fact could be guessed" in refused.stderr
    assert "Traceback" not in refused.stderr

"""Archive segments made up by a seeded generator: what years of a market with many merchants leave, without living it.

Facts do not fit together into orders; each is drawn alone, in the shares, widths and skew that a market's archive has. About
45% are judged outcomes. The same seed gives the same bytes, and a longer archive begins like a shorter one of as many days.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yinuo.credit.rules.engine import write_parquet
from yinuo.kit.moments import MICROS_PER_DAY, to_day
from yinuo.pipelines.bench import Options
from yinuo.record.actions.archive import MANIFEST, REPLACED, SEGMENT_FACTS, archive_schema

FORM = 1                        # grows when the same seed would give other facts
MERCHANTS = 50_000
DAYS = 730
FIRST_DAY = to_day(date(2024, 1, 1))
REPLACED_PER_SEGMENT = 64       # one fact in a thousand is corrected later
REPLACED_WITHIN = 10 * SEGMENT_FACTS
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
CARRIERS, ORIGINS, DESTINATIONS = 3, 20, 30

KINDS: Mapping[str, int] = {    # in thousandths
    "trade.order_placed": 170, "delivery.shipment_handed_over": 170, "delivery.shipment_delivered": 150,
    "reviews.review_published": 60, "credit.dispatch_judged": 175, "credit.delivery_judged": 155, "credit.review_judged": 90,
    "credit.complaint_judged": 30,
}
NAMES = list(KINDS)
PLACED, HANDED, DELIVERED, PUBLISHED, DISPATCH, DELIVERY, REVIEW, COMPLAINT = range(len(NAMES))
OUTCOMES = ["on_time", "late", "cancelled", "damaged", "lost"]
CAUSES = ["merchant", "carrier", "force_majeure", "unknown"]
TOPICS = ["not_as_described", "damaged", "late", "service", "unsafe", "other"]


@dataclass(frozen=True)
class Market:
    """Who trades: merchants of very different size and care, each sending from one place."""

    seed: int
    facts: int
    merchants: pa.Array
    shares: np.ndarray          # cumulative
    origins: np.ndarray
    care: np.ndarray            # how likely a merchant is late

    @classmethod
    def of(cls, seed: int, facts: int) -> Market:
        """The market of a seed, with so many facts over its days."""
        chance = np.random.default_rng(seed)
        shares = np.cumsum(1 / (np.arange(MERCHANTS) + 200))
        return cls(
            seed=seed, facts=facts, merchants=surrogates(chance, "m", MERCHANTS), shares=shares / shares[-1],
            origins=chance.integers(0, ORIGINS, MERCHANTS), care=chance.beta(.6, 6, MERCHANTS),
        )

    def day_of(self, number: np.ndarray) -> np.ndarray:
        """The day on which the fact of that number was sealed."""
        return FIRST_DAY + number * DAYS // self.facts


def written(options: Options, facts: int) -> Path:
    """The folder with an archive of `facts` facts and a day more, from the cache or made now."""
    folder = options.data / f"pipeline-{facts}-{options.seed}"
    market = Market.of(options.seed, facts)
    size = facts + facts // DAYS
    recipe = [FORM, MERCHANTS, DAYS, facts, options.seed, archive_schema().to_string()]
    manifest = folder / "archive" / MANIFEST
    if manifest.is_file() and json.loads(manifest.read_text())["recipe"] == recipe:
        return folder
    manifest.parent.mkdir(parents=True, exist_ok=True)
    segments = []
    for start in range(0, size, SEGMENT_FACTS):
        table = segment(market, start, min(start + SEGMENT_FACTS, size))
        name = f"facts-{start // SEGMENT_FACTS:08d}.parquet"
        pq.write_table(table, manifest.with_name(name), compression="zstd", compression_level=1, row_group_size=SEGMENT_FACTS)
        days = np.asarray(table["day"])
        segments.append({
            "file": name, "start": start, "facts": len(table), "first_day": int(days.min()), "last_day": int(days.max()),
        })
        if len(segments) % 50 == 0:
            options.say(f"Made {start + len(table):,} of {size:,} facts")
    replaced = replacements(market, size)
    write_parquet(replaced, manifest.with_name(REPLACED))
    manifest.write_text(json.dumps({"size": size, "segments": segments, "replaced": len(replaced), "recipe": recipe}))
    return folder


def replacements(market: Market, size: int) -> pa.Table:
    """Which facts were replaced by which later ones."""
    chance = np.random.default_rng([market.seed, 1 << 40])
    by = np.sort(chance.integers(1, size, size // SEGMENT_FACTS * REPLACED_PER_SEGMENT + 1))
    target = np.maximum(by - 1 - chance.integers(0, REPLACED_WITHIN, len(by)), 0)
    return pa.table({"target": target, "by": by})


def segment(market: Market, start: int, stop: int) -> pa.Table:
    """The facts numbered from `start` to before `stop`, as the record would archive them."""
    chance = np.random.default_rng([market.seed, start])
    size = SEGMENT_FACTS            # draws do not depend on where a segment ends
    kind = np.searchsorted(np.cumsum(list(KINDS.values())), chance.integers(0, 1000, size), side="right")
    merchant = np.searchsorted(market.shares, chance.random(size))
    seq = np.arange(start, start + size)
    day = market.day_of(seq) - chance.integers(0, 2, size)
    at = day * MICROS_PER_DAY + chance.integers(0, MICROS_PER_DAY, size)
    columns = {
        "seq": pa.array(seq), "at": pa.array(at), "day": pa.array(day), "recorded": pa.array((day + 1) * MICROS_PER_DAY),
        "source": pa.repeat("bench", size), "kind": _coded(kind, NAMES),
        **_subjects(market, chance, kind, merchant), **_judged(market, chance, kind, merchant, day),
        **_stated(chance, kind, at),
    }
    schema = archive_schema()
    empty = {field.name: pa.nulls(size, field.type) for field in schema if field.name not in columns}
    return pa.table({name: (columns | empty)[name] for name in schema.names}, schema=schema).slice(0, stop - start)


def surrogates(chance: np.random.Generator, prefix: str, count: int, where: np.ndarray | None = None) -> pa.Array:
    """So many fresh surrogate ids; null where not `where`."""
    text = np.empty((count, 17), np.uint8)
    text[:, 0] = ord(prefix)
    text[:, 1:] = LETTERS[chance.integers(0, 32, (count, 16), np.uint8)]
    offsets = pa.py_buffer(np.arange(0, 17 * count + 1, 17, dtype=np.int32))
    found = pa.StringArray.from_buffers(count, offsets, pa.py_buffer(text.tobytes()))
    return found if where is None else pa.compute.if_else(pa.array(where), found, pa.scalar(None, pa.string()))


def _coded(codes: np.ndarray, names: Any, where: np.ndarray | None = None) -> pa.Array:
    mask = None if where is None else ~where
    names = names if isinstance(names, pa.Array) else pa.array(names)
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=mask), names).cast(pa.string())


def _numbers(values: np.ndarray, where: np.ndarray) -> pa.Array:
    return pa.array(values.astype(np.int64), mask=~where)


def _subjects(
    market: Market, chance: np.random.Generator, kind: np.ndarray, merchant: np.ndarray
) -> dict[str, pa.Array]:
    """Whom a fact is about. Most merchants are small; lanes go from a merchant's place to popular and rare ones."""
    size = len(kind)
    to = np.minimum(chance.geometric(.12, size) - 1, DESTINATIONS - 1)
    by = (merchant + (chance.random(size) < .3)) % CARRIERS
    lanes = [f"carrier{c}/CN-{o:02d}/CN-{d:02d}" for c in range(CARRIERS) for o in range(ORIGINS) for d in range(DESTINATIONS)]
    lane = (by * ORIGINS + market.origins[merchant]) * DESTINATIONS + to
    judged = kind >= DISPATCH
    about_order = np.isin(kind, [PLACED, HANDED, DELIVERED, PUBLISHED, DISPATCH, DELIVERY])
    return {
        "merchant": _coded(merchant, market.merchants, judged | np.isin(kind, [PLACED, PUBLISHED])),
        "lane": _coded(lane, lanes, judged),
        "order": surrogates(chance, "o", size, about_order),
        "buyer": surrogates(chance, "b", size, np.isin(kind, [PLACED, PUBLISHED, DISPATCH])),
        "listing": surrogates(chance, "l", size, judged | np.isin(kind, [PLACED, PUBLISHED])),
        "shipment": surrogates(chance, "p", size, np.isin(kind, [HANDED, DELIVERED])),
        "review": surrogates(chance, "r", size, np.isin(kind, [PUBLISHED, REVIEW])),
        "complaint": surrogates(chance, "c", size, kind == COMPLAINT),
    }


def _judged(
    market: Market, chance: np.random.Generator, kind: np.ndarray, merchant: np.ndarray, day: np.ndarray
) -> dict[str, pa.Array]:
    """What became of it, and through whom."""
    size = len(kind)
    judged = kind >= DISPATCH
    late = chance.random(size) < market.care[merchant]
    cancelled, harmed = chance.random(size) < .01, chance.random(size) < .005
    outcome = np.where(cancelled & (kind == DISPATCH), 2, np.where(harmed & (kind == DELIVERY), 3, late.astype(int)))
    used = np.minimum(chance.gamma(4, 120, size) + 600 * late, 4095)
    blamed = judged & (outcome > 0) | (kind == COMPLAINT)
    return {
        "outcome": _coded(outcome, OUTCOMES, np.isin(kind, [DISPATCH, DELIVERY])),
        "cause": _coded(chance.choice(4, size, p=[.6, .25, .05, .1]), CAUSES, blamed),
        "used_permille": _numbers(used, (kind == DISPATCH) & (outcome != 2)),
        "placed_day": _numbers(day - chance.integers(0, 5, size), kind == DISPATCH),
        "value_minor": _numbers(chance.lognormal(8.5, 1, size), kind == DISPATCH),
        "weight": _numbers(np.where(chance.random(size) < .92, 16, chance.integers(0, 16, size)), judged),
        "revision": _numbers(np.zeros(size), judged),
        "stars": _numbers(6 - chance.choice([1, 1, 1, 2, 2, 3, 5], size), np.isin(kind, [PUBLISHED, REVIEW])),
        "topic": _coded(chance.integers(0, len(TOPICS), size), TOPICS, kind == COMPLAINT),
        "answer_hours": _numbers(chance.exponential(14, size), (kind == COMPLAINT) & (chance.random(size) < .9)),
    }


def _stated(chance: np.random.Generator, kind: np.ndarray, at: np.ndarray) -> dict[str, pa.Array]:
    """What the shop stated of its orders."""
    size, placed = len(kind), kind == PLACED
    places = [f"CN-{place:02d}" for place in range(DESTINATIONS)]
    return {
        "amount_minor": _numbers(chance.lognormal(8.5, 1, size), placed),
        "currency": _coded(np.zeros(size), ["CNY"], placed),
        "items": _numbers(chance.geometric(.8, size), placed),
        "hand_over_by": _numbers(at + 2 * MICROS_PER_DAY, placed), "deliver_by": _numbers(at + 6 * MICROS_PER_DAY, placed),
        "origin": _coded(chance.integers(0, ORIGINS, size), places, placed),
        "destination": _coded(chance.integers(0, DESTINATIONS, size), places, placed),
    }

"""What was planted in an invented market, and what became of it: for the end of `yinuo demo`, measured on its record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from yinuo.cli._here import realm
from yinuo.cli.simulate import SOURCE
from yinuo.credit import actions, queries
from yinuo.credit.rules.engine import climate_at, evidence_at, open_engine
from yinuo.credit.rules.evidence import WHOLE, plain_evidence
from yinuo.credit.rules.judging import WEIGHT_ONE
from yinuo.credit.rules.scorecard import Card, wanted_by
from yinuo.kit.moments import MICROS_PER_DAY, from_day, to_day
from yinuo.simulate.truth import RingTruth, SelfOrdersTruth, StrikeTruth, Truth
from yinuo.trade import queries as trade
from yinuo.vault.queries import surrogate_of
from yinuo.web.wording import words

STORIES = {"goes_bad": "turned bad", "recovers": "recovered", "counterfeiter": "punctual, but sold counterfeits",
           "self_orders": "sends late"}
KNOWN_AFTER_DAYS = 14       # by then the strike's parcels have been handed over
_JUDGED = "credit.dispatch_judged"


def told(truth: Truth, *, folder: Path, engine: str, card: Card) -> Iterator[str]:
    """A line for everything planted: when it began, when it showed, and what it moved."""
    for merchant in truth.merchants:
        if merchant.type not in STORIES:
            continue
        turned = merchant.turned_bad_on or merchant.recovered_on
        course = queries.band_days(merchant=_ours("merchant", merchant.merchant))
        when = f" on {turned}" if turned else ""
        fake = _weighed(truth.self_orders) if merchant.type == "self_orders" else ""
        yield f"  {merchant.name}: {STORIES[merchant.type]}{when}{fake}{_seen(course, turned)}; now {band(course[-1][1])}."
    for ring in truth.rings:
        yield f"  {_brushing(ring)}"
    yield f"  {_strike(truth.strike, folder, engine, card)}"


def band(code: str) -> str:
    """A band's code and the words that the pages have for it."""
    return f"'{code}' ({words(code, 'band')})"


def _ours(kind: str, source_id: str) -> str:
    return surrogate_of(kind=kind, source=SOURCE, source_id=source_id, key=realm().key) or ""


def _seen(course: list[tuple[int, str]], turned: date | None) -> str:
    """When the band changed for the first time after a day."""
    if turned is None:
        return ""
    before = next((code for day, code in reversed(course) if day <= to_day(turned)), "new")
    seen = next((day for day, code in course if day > to_day(turned) and code != before), None)
    return f"; the band changed on {from_day(seen)}" if seen else ""


def _weighed(scheme: SelfOrdersTruth) -> str:
    """What a merchant's orders with itself count as."""
    merchant = [_ours("merchant", scheme.merchant)]
    orders = queries.dispatches(days=range(1 << 15), among=merchant, buyers=[_ours("buyer", name) for name in scheme.buyers])
    return f", and placed {scheme.orders:,} one-yuan orders with itself, which count as {_whole(orders)} orders"


def _brushing(ring: RingTruth) -> str:
    """What a ring's orders count as."""
    orders = queries.dispatches(
        days=range(to_day(ring.from_day), 1 << 15), among=[_ours("merchant", name) for name in ring.merchants],
        buyers=[_ours("buyer", name) for name in ring.buyers],
    )
    return (
        f"A brushing ring: {len(ring.merchants)} merchants had {len(ring.buyers)} accounts place {ring.orders:,} fake orders "
        f"from {ring.from_day} to {ring.until_day - timedelta(days=1)}; they count as {_whole(orders)} orders."
    )


def _whole(orders: Iterable[Any]) -> str:
    return f"{sum(order.weight or 0 for order in orders) // WEIGHT_ONE:,}"


def _strike(strike: StrikeTruth, folder: Path, engine: str, card: Card) -> str:
    """What a strike's late parcels did to the scores two weeks after it: the most that leaving them out changes for anybody."""
    start, end = to_day(strike.from_day), to_day(strike.until_day)
    judged = queries.dispatches(days=range(start, end + KNOWN_AFTER_DAYS), carrier=strike.carrier)
    late = {order.pk: order for order in judged if order.outcome == "late" and order.cause == "merchant"}
    due = trade.orders(list(late))      # what a declared strike would excuse is what was due while it lasted
    excused = [late[order.id] for order in due if start <= (order.hand_over_by or 0) // MICROS_PER_DAY < end]
    most = max(_moved(excused, as_of=end + KNOWN_AFTER_DAYS, folder=folder, engine=engine, card=card), default=0)
    points = "1 point" if most == 1 else f"{most} points"
    return (
        f"The carrier {strike.carrier} stood still from {strike.from_day} to {strike.until_day - timedelta(days=1)}"
        f"{'' if strike.declared else ', and nobody said so'}: {len(excused):,} orders were handed over late. "
        f"The largest move of anybody's score through it was {points}."
    )


def _moved(orders: Iterable[Any], *, as_of: int, folder: Path, engine: str, card: Card) -> list[int]:
    """By how many points the orders' dispatches moved each merchant who had a score."""
    store = actions.open_store(folder)
    wanted = wanted_by(card, store.measures)
    with open_engine(engine) as opened:
        climate = climate_at(opened, store, as_of=as_of)
        evidence = evidence_at(opened, store, climate, as_of=as_of, wanted=wanted)
    rows = defaultdict(list)
    for order in orders:
        sums = {measure.name: measure.of(_JUDGED, order) * order.weight if measure.kind == _JUDGED else 0
                for measure in store.measures}
        rows[order.merchant].append((order.merchant, order.judged_at // MICROS_PER_DAY, order.lane, sums))
    places = {merchant: place for place, merchant in enumerate(evidence.merchants)}
    moves = []
    for merchant in rows.keys() & places.keys():
        observed, expected = evidence.of(places[merchant])
        if observed["dispatches", WHOLE] < card.outcomes_min * 1024:
            continue
        theirs = plain_evidence(rows[merchant], climate, as_of, wanted, store.measures).get(merchant, ({}, {}))
        without = card.score(_less(observed, theirs[0]), _less(expected, theirs[1]))
        moves.append(abs(card.score(observed, expected) - without))
    return moves


def _less(whole: dict[Any, int], part: dict[Any, int]) -> dict[Any, int]:
    return {key: value - part.get(key, 0) for key, value in whole.items()}


def read(file: Path) -> Truth:
    """What was planted, from the file that the simulator wrote."""
    return msgspec.json.decode(file.read_bytes(), type=Truth)

"""All that was found, as numbers: what the report is written from, and what is kept beside it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from yinuo.credit.actions.fit import Month
from yinuo.credit.queries import feature_explanations
from yinuo.kit.actors import SYSTEM
from yinuo.kit.moments import from_day
from yinuo.kit.realm import Realm
from yinuo.merchants.queries import merchants as merchants_of
from yinuo.pipelines.preview.accuracy import Accuracy, accuracy_of
from yinuo.pipelines.preview.folder import Past
from yinuo.pipelines.preview.hindsight import Hindsight, hindsight_of
from yinuo.pipelines.preview.history import History
from yinuo.pipelines.preview.movement import Movement, Unjudged, movement_of, unjudged_of
from yinuo.pipelines.preview.reckoning import (
    Costs,
    Fault,
    Gap,
    Reason,
    Storm,
    Weighed,
    costs_of,
    faults_of,
    gaps_of,
    refused_of,
    storms_of,
    weighed_of,
    work_of,
)
from yinuo.pipelines.preview.replay import Replay
from yinuo.pipelines.preview.work import Note
from yinuo.record import queries as record
from yinuo.vault.queries import source_ids_of

FORM = 1                # of the JSON
OUTCOMES_MIN = 10       # a merchant is judged from ten judged orders on


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and when."""

    made: str
    form: str
    source: str
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    events: int
    orders: int
    merchants: int
    first_order: str
    last_order: str
    as_of: str
    last_months: int | None


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """All that the report says, as numbers; `too_short` is the sentence for a history that could not be judged again."""

    version: int
    header: Header
    names: dict[str, str]
    too_short: str
    accuracy: Accuracy | None
    hindsight: Hindsight | None
    movement: Movement | None
    unjudged: tuple[Unjudged, ...]
    weighed: tuple[Weighed, ...]
    fitted_on: str
    faults: tuple[Fault, ...]
    storms: tuple[Storm, ...]
    gaps: tuple[Gap, ...]
    refused: tuple[Reason, ...]
    derived: int
    costs: Costs


@dataclass(frozen=True)
class Seen:
    """What a preview looked at: the history, the replay unless it was too short (then the sentence that says so), the end."""

    history: History
    replay: Replay | None
    too_short: str
    months: tuple[Month, ...]
    until: int
    last_months: int | None


def findings_of(*, past: Past, seen: Seen, note: Note, size: int, realm: Realm, at: datetime) -> Findings:
    """Everything the report says; `size` are the bytes that the data folder takes."""
    history, replay = seen.history, seen.replay
    movement = movement_of(replay, history) if replay else None
    hindsight = hindsight_of(replay, history) if replay else None
    unjudged = unjudged_of(seen.months, outcomes_min=OUTCOMES_MIN)
    refused = refused_of((kept.path, kept.sentence) for kept in record.refused_waiting(viewer=SYSTEM, realm=realm))
    return Findings(
        version=FORM, header=_header(past, seen, note, at), names=_names(movement, hindsight, realm), too_short=seen.too_short,
        accuracy=accuracy_of(replay, history) if replay else None, hindsight=hindsight, movement=movement, unjudged=unjudged,
        weighed=weighed_of(replay.card, replay.report, feature_explanations()) if replay else (),
        fitted_on=str(replay.report["fitted_on"]) if replay else "", faults=faults_of(history), storms=storms_of(history),
        gaps=gaps_of(history), refused=refused, derived=history.told.get("derived", 0),
        costs=costs_of(
            work=work_of(movement, len(refused), len(unjudged)), facts=record.size(), size=size, seconds=note.seconds,
            runs=len(replay.days) if replay else 0,
        ),
    )


def _header(past: Past, seen: Seen, note: Note, at: datetime) -> Header:
    first, last = seen.history.placed
    return Header(
        made=at.isoformat(timespec="seconds"), form=past.form, source=past.source, files=past.files, left_out=past.left_out,
        events=note.taken, orders=seen.history.told.get("trade.order_placed", 0),
        merchants=len(seen.history.outcomes.merchants), first_order=from_day(first).isoformat(),
        last_order=from_day(last).isoformat(), as_of=from_day(seen.until).isoformat(), last_months=seen.last_months,
    )


def _names(movement: Movement | None, hindsight: Hindsight | None, realm: Realm) -> dict[str, str]:
    """The name, or the shop's own id, of every merchant that the report lists."""
    listed: list[str] = []
    if movement and hindsight:
        for rows in (movement.worst, movement.best, movement.moves, hindsight.wrongly, hindsight.missed, hindsight.turns):
            listed += [row.merchant for row in rows]
    ids = sorted(set(listed))
    known: Mapping[str, Any] = merchants_of(viewer=SYSTEM, ids=ids)
    own = source_ids_of(surrogates=ids, realm=realm)
    return {pk: known[pk].name or (own.get(pk) or ("", pk))[1] for pk in ids}

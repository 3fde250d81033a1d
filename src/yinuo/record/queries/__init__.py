"""Questions to the record."""

from yinuo.record.queries.audit import Audit, audit
from yinuo.record.queries.facts import (
    cursor_position,
    entry_count,
    every_fact,
    facts,
    facts_about,
    pending_count,
    refused_waiting,
    replaced_about,
    replaced_by,
    replacements,
    size,
    waiting_seconds,
)
from yinuo.record.queries.reveal import (
    nodes,
    revealed,
    tlog_proof,
)
from yinuo.record.queries.tree import (
    checkpoint,
    edge_tiles,
    leaves,
    mentions_of,
    next_numbers,
    reader_at,
    root_of,
    tile_id,
    tiles,
)

__all__ = [
    "Audit",
    "audit",
    "checkpoint",
    "cursor_position",
    "edge_tiles",
    "entry_count",
    "every_fact",
    "facts",
    "facts_about",
    "leaves",
    "mentions_of",
    "next_numbers",
    "nodes",
    "pending_count",
    "reader_at",
    "refused_waiting",
    "replaced_about",
    "replaced_by",
    "replacements",
    "revealed",
    "root_of",
    "size",
    "tile_id",
    "tiles",
    "tlog_proof",
    "waiting_seconds",
]

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
    replaced_by,
    replacements,
    size,
)
from yinuo.record.queries.packs import (
    contents_of,
    mentions_of_each,
    number_of,
    order_pack,
    pack,
    replacing,
)
from yinuo.record.queries.reveal import (
    nodes,
    revealed,
    tlog_proof,
)
from yinuo.record.queries.tree import (
    checkpoint,
    counts_below,
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
    "contents_of",
    "counts_below",
    "cursor_position",
    "edge_tiles",
    "entry_count",
    "every_fact",
    "facts",
    "facts_about",
    "leaves",
    "mentions_of",
    "mentions_of_each",
    "next_numbers",
    "nodes",
    "number_of",
    "order_pack",
    "pack",
    "pending_count",
    "reader_at",
    "refused_waiting",
    "replaced_by",
    "replacements",
    "replacing",
    "revealed",
    "root_of",
    "size",
    "tile_id",
    "tiles",
    "tlog_proof",
]

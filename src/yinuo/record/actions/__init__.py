"""What the record does: take events in, append facts, seal them, and keep refused events for correction."""

from yinuo.record.actions.anchor import anchor
from yinuo.record.actions.append import Statement, append, entry_key, known_ids
from yinuo.record.actions.archive import archive
from yinuo.record.actions.deliveries import (
    Lease,
    deliver_next,
    follow_webhooks,
    lease_webhooks,
    release_webhook,
    try_webhook,
)
from yinuo.record.actions.export import export
from yinuo.record.actions.follow import hold_cursor, move_cursor
from yinuo.record.actions.forget import forget
from yinuo.record.actions.keys import check_key, make_key, revoke_key
from yinuo.record.actions.publish import publish
from yinuo.record.actions.receipt import receipt_for
from yinuo.record.actions.recognise import NotRecognised, begin_log, recognise
from yinuo.record.actions.refuse import drop_refused, drop_stale, forget_refused, keep_refused
from yinuo.record.actions.replay import replay_each, replay_refused, still_refused
from yinuo.record.actions.seal import seal
from yinuo.record.actions.stamp import stamp
from yinuo.record.actions.stream import Part, Stream, take_stream
from yinuo.record.actions.take import Taken, take, take_events
from yinuo.record.actions.webhooks import (
    add_webhook,
    pause_webhook,
    remove_webhook,
    replay_webhook,
    resume_webhook,
    rotate_webhook,
)
from yinuo.record.actions.witness import witness

__all__ = [
    "Lease",
    "NotRecognised",
    "Part",
    "Statement",
    "Stream",
    "Taken",
    "add_webhook",
    "anchor",
    "append",
    "archive",
    "begin_log",
    "check_key",
    "deliver_next",
    "drop_refused",
    "drop_stale",
    "entry_key",
    "export",
    "follow_webhooks",
    "forget",
    "forget_refused",
    "hold_cursor",
    "keep_refused",
    "known_ids",
    "lease_webhooks",
    "make_key",
    "move_cursor",
    "pause_webhook",
    "publish",
    "receipt_for",
    "recognise",
    "release_webhook",
    "remove_webhook",
    "replay_each",
    "replay_refused",
    "replay_webhook",
    "resume_webhook",
    "revoke_key",
    "rotate_webhook",
    "seal",
    "stamp",
    "still_refused",
    "take",
    "take_events",
    "take_stream",
    "try_webhook",
    "witness",
]

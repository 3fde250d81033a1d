"""Decisions of the record on plain values: permissions, reading events, and what a fact's content binds the record to."""

from yinuo.record.rules.content import (
    PERSON,
    WITHHELD,
    Altered,
    Content,
    Counted,
    Parts,
    about_of,
    canonical,
    check_opening,
    check_person_opening,
    counted,
    decode_content,
    decode_counted,
    encode_counted,
    numbers_form,
    parts_of,
)
from yinuo.record.rules.reading import (
    CLOCK_SKEW_MINUTES_MAX,
    EVENT_BYTES_MAX,
    CloudEvent,
    Incoming,
    Refused,
    check_source,
    read_events,
    split_batch,
    split_body,
    understood,
)

PERMISSIONS = {
    "record.state_facts": frozenset({"source", "system"}),
    "record.seal": frozenset({"system"}),
    "record.make_key": frozenset({"system"}),
    "record.see_refused": frozenset({"steward", "system"}),
    "record.replay_refused": frozenset({"steward", "system"}),
}
BATCH_MAX = 10_000             # facts in one transaction
SALT_BYTES = 32

__all__ = [
    "BATCH_MAX",
    "CLOCK_SKEW_MINUTES_MAX",
    "EVENT_BYTES_MAX",
    "PERMISSIONS",
    "PERSON",
    "SALT_BYTES",
    "WITHHELD",
    "Altered",
    "CloudEvent",
    "Content",
    "Counted",
    "Incoming",
    "Parts",
    "Refused",
    "about_of",
    "canonical",
    "check_opening",
    "check_person_opening",
    "check_source",
    "counted",
    "decode_content",
    "decode_counted",
    "encode_counted",
    "numbers_form",
    "parts_of",
    "read_events",
    "split_batch",
    "split_body",
    "understood",
]

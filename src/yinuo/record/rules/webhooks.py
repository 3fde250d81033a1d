"""Decisions about webhooks on plain values: what is wanted, what may be told to whom, and when it is tried again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from yinuo.kit.facts import Recorded, kinds
from yinuo.kit.ids import Entropy
from yinuo.kit.moments import from_micros
from yinuo.kit.refusals import Malformed
from yinuo.record.rules.content import PERSON, WITHHELD, kind_of

USUAL_KINDS = ("credit.standing_changed", "decisions.*")
KINDS_MAX = 50
WEBHOOKS_MAX = 10          # of one source
WAITING_MAX = 1_000        # of one webhook; the rest of the record waits for it unread
KEPT_DAYS = 30             # how long a delivery that came to its end is shown
ANSWER_BYTES_MAX = 500
RETRY_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After how long a delivery that failed is tried again; after the last it is dead."""
JITTER_PERMILLE = 100
FAILING_MAX = timedelta(days=5)
"""A webhook that has failed for so long is paused."""
KEEPS_OLD_SECRET = timedelta(hours=24)
GONE = 410
_PATTERN = re.compile(r"[a-z_]+\.(?:\*|[a-z_]+)")
_MESSAGE = re.compile(r"msg_(0|[1-9][0-9]{0,17})")
Known = Mapping[str, tuple[str, str] | None]
"""The (source, id) behind each surrogate that has one; None where the person was erased."""


def check_kinds(patterns: Iterable[str]) -> list[str]:
    """The kinds of fact wanted, each once: a kind, or a domain's all as `decisions.*`; refuses what is neither."""
    wanted = sorted(set(patterns))
    if not wanted or len(wanted) > KINDS_MAX:
        raise Malformed(f"Name 1 to {KINDS_MAX} kinds of fact.", path="kinds")
    for pattern in wanted:
        if not _PATTERN.fullmatch(pattern) or not (pattern.endswith(".*") or pattern in kinds()):
            raise Malformed(f"{pattern!r} is no kind of fact; docs/reference/facts.md lists them.", path="kinds")
    return wanted


def is_wanted(patterns: Sequence[str], kind: str) -> bool:
    """Whether facts of a kind are among what is wanted."""
    return kind in patterns or f"{kind.partition('.')[0]}.*" in patterns


def message_id(number: int) -> str:
    """The `webhook-id` of the message about a fact: the same whenever and however often it is sent."""
    return f"msg_{number}"


def number_in(text: str) -> int:
    """The fact's number in a message's id; refuses another text."""
    found = _MESSAGE.fullmatch(text)
    if found is None:
        raise Malformed(f"{text[:40]!r} is no message's id; it looks like msg_1234.", path="id")
    return int(found[1])


def subjects_of(recorded: Recorded) -> list[str]:
    """The surrogates that a fact names, as far as they are known still."""
    fields = kind_of(type(recorded.fact)).subjects
    named = (getattr(recorded.fact, field) for field in fields)
    return [surrogate for surrogate in named if surrogate not in (None, WITHHELD)]


def may_be_told(recorded: Recorded, *, source: str, known: Known) -> bool:
    """Whether a fact is a source's to know: it names a subject of its own, and none of another's."""
    sources = {found[0] for surrogate in subjects_of(recorded) if (found := known.get(surrogate)) is not None}
    return sources == {source}


def body_of(recorded: Recorded, *, source: str, known: Known) -> bytes:
    """The message that tells a fact; to a source by its own ids, with Yinuo's beside them; to the operator by Yinuo's alone.

    People whose data were erased are left out.
    """
    kind = kind_of(type(recorded.fact))
    data: dict[str, Any] = {}
    ours: dict[str, str] = {}
    for field in kind.columns:
        value = getattr(recorded.fact, field)
        if value is None:
            continue
        if field in kind.moments:
            value = _written(value)
        elif field in kind.subjects:
            if value == WITHHELD or (kind.subjects[field] == PERSON and known.get(value) is None):
                continue
            ours[field] = value
            if source:
                found = known.get(value)
                value = value if found is None else found[1]     # runs and decisions have Yinuo's ids only
        data[field] = value
    told = {"type": kind.name, "timestamp": _written(recorded.at), "number": recorded.seq, "data": data}
    return msgspec.json.encode(told | {"yinuo_ids": ours} if source else told)


def wait_after(attempts: int, entropy: Entropy) -> timedelta | None:
    """How long to wait after so many attempts that failed, a little longer by chance; None: no more are made."""
    if attempts > len(RETRY_SECONDS):
        return None
    seconds = RETRY_SECONDS[attempts - 1]
    return timedelta(milliseconds=seconds * (1000 + int.from_bytes(entropy(2), "big") * JITTER_PERMILLE // 0xFFFF))


def _written(micros: int) -> str:
    return from_micros(micros).isoformat().replace("+00:00", "Z")

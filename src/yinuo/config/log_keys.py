"""The keys with which the record's heads are signed: one file that only its owner can read, made at the first start."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from yinuo.config.secret import make_once
from yinuo.kit.log import ENDED, KEYS, LAST, Log, log_of, with_witnesses
from yinuo.kit.note_keys import SEED_BYTES, check_key_name
from yinuo.kit.policies import parse_policy
from yinuo.kit.refusals import Malformed, Refusal


def read_log(folder: Path, origin: str, *, is_begun: Callable[[], bool]) -> Log:
    """The log of this installation; its keys and its origin are made once, and kept with what it signed last.

    `origin` names a new log; empty, it gets a name of its own that no other has. Two processes starting at once agree. Where
    something has begun already, keys are made only after those of the log before were put away (kit.log).
    """
    file = folder / KEYS
    if not file.exists():
        if (folder / LAST).exists() or (is_begun() and not (folder / ENDED).exists()):
            raise Malformed(
                "The log's keys are gone, but it has begun: restore the file from a backup. If there is none, the guide to the "
                "record says how to end that log and begin another.",
                path=str(file),
            )
        _make(file, origin or f"yinuo.invalid/{secrets.token_hex(8)}")
    try:
        kept: dict[str, Any] = json.loads(file.read_text())
        seeds = [bytes.fromhex(kept[name]) for name in ("ed25519", "ml_dsa_44")]
        name = str(kept["origin"])
    except (ValueError, KeyError, TypeError):
        seeds, name = [], ""
    if [len(seed) for seed in seeds] != [SEED_BYTES] * 2:
        raise Malformed("The file does not hold the keys of a log; restore it from a backup.", path=str(file))
    if origin and origin != name:
        raise Malformed(
            f"The log was begun as {name!r}; its origin cannot change. `yinuo record begin-log` ends it and begins another.",
            path="YINUO_ORIGIN",
        )
    return log_of(origin=name, ed25519=seeds[0], ml_dsa=seeds[1], last=folder / LAST)


def read_witnesses(log: Log, file: Path | None) -> Log:
    """The log with the witnesses that a policy file names; as it was where there is no file."""
    if file is None:
        return log
    try:
        return with_witnesses(log, parse_policy(file.read_bytes()))
    except OSError as error:
        raise Malformed(f"The policy {file} cannot be read: {error.strerror}.", path="YINUO_POLICY") from None
    except Refusal as refusal:
        raise Malformed(f"The policy {file} will not do: {refusal}", path="YINUO_POLICY") from None


def _make(file: Path, origin: str) -> None:
    check_key_name(origin)
    content = {"origin": origin, "ed25519": secrets.token_hex(SEED_BYTES), "ml_dsa_44": secrets.token_hex(SEED_BYTES)}
    make_once(file, json.dumps(content))

"""A preview's own data folder, and the note in it that says so. Plain Python: it is looked at before Django starts."""

from __future__ import annotations

from pathlib import Path

import msgspec

from yinuo.kit.refusals import Conflict

NOTE = "preview.json"


class Note(msgspec.Struct, kw_only=True):
    """Whose past a folder holds, how many events were taken in (0: not whole yet), and how many seconds each step took."""

    past: str = ""
    taken: int = 0
    seconds: dict[str, float] = msgspec.field(default_factory=dict)


def claim(data: Path) -> None:
    """Make the folder a preview's own; refuses one that holds anything else, such as an installation's data."""
    data.mkdir(parents=True, exist_ok=True)
    if (data / NOTE).is_file():
        return
    if any(data.iterdir()):
        sentence = "This folder holds something that no preview made; name an empty or a new one with --work."
        raise Conflict(sentence, path=str(data))
    keep(data, Note())


def note_for(data: Path, past: str) -> Note:
    """The note of a claimed folder, for the past of that name; refuses a folder that holds another."""
    note = msgspec.json.decode((data / NOTE).read_bytes(), type=Note)
    if note.past not in ("", past):
        sentence = "This work folder holds another past, or the files have changed since; name another with --work."
        raise Conflict(sentence, path=str(data))
    note.past = past
    keep(data, note)
    return note


def keep(data: Path, note: Note) -> None:
    """Write the note, whole or not at all."""
    temporary = data / f"{NOTE}.new"
    temporary.write_bytes(msgspec.json.encode(note))
    temporary.replace(data / NOTE)

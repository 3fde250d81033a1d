"""Compiles the catalogues of words at start, so that a change of wording needs no build step and no gettext program."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCES = Path(__file__).parent / "locale"


def compiled(folder: Path) -> Path:
    """The folder, below `folder`, that holds the compiled form of exactly the catalogues in this package."""
    sources = sorted(SOURCES.glob("*/LC_MESSAGES/*.po"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    target = folder / digest
    for source in sources:
        file = target / source.relative_to(SOURCES).with_suffix(".mo")
        if not file.exists():
            _compile(source, file)
    return target


def _compile(source: Path, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as words:
        catalogue = read_po(words)
    temporary = file.with_suffix(f".{os.getpid()}")     # two processes may start at once
    with temporary.open("wb") as binary:
        write_mo(binary, catalogue)
    temporary.replace(file)

"""Name a command in a hint the way this one was started, so that it can be copied and works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

_NAMED = re.compile(r"`yinuo (?=[a-z-])")


def hint(words: str) -> str:
    """The command of these words, as it would be started from here, finds the same data and calls the marketplace the same."""
    named = [f"{name}={shlex.quote(os.environ[name])} " for name in ("YINUO_REALM", "YINUO_DATA") if os.environ.get(name)]
    return f"{''.join(named)}{_started()} {words}"


def with_hints(sentence: str) -> str:
    """A sentence that names commands as `yinuo WORDS`, with them as they would be started from here."""
    return _NAMED.sub(lambda _: f"`{hint('')}", sentence)


def _started() -> str:
    """How the command is started here: by its bare name if that finds it, else by its path, or as a module."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(_near(Path(sys.executable)))} -m yinuo"
    found = shutil.which(program.name)
    if not program.exists() or (found and Path(found).absolute() == program.absolute()):
        return program.name
    return shlex.quote(_near(program))


def _near(path: Path) -> str:
    """The path as one would write it from the current folder, if it lies below."""
    whole = path.absolute()
    here = Path.cwd()
    if not whole.is_relative_to(here):
        return str(whole)
    below = str(whole.relative_to(here))
    return below if os.sep in below else os.path.join(os.curdir, below)

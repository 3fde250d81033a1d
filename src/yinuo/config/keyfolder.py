"""The folder of keys: wrapping keys, one file each, and the erasure list. Nobody but its owner may read it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from yinuo.config.keks import MALFORMED_FILE, Kek
from yinuo.kit.ids import Entropy
from yinuo.kit.keys import KeyMissing
from yinuo.kit.refusals import Malformed, Refusal
from yinuo.kit.sealing import KEY_BYTES, NotOpened, WrappingKey
from yinuo.kit.turns import turn

_FILE = re.compile(r"^wrapping-(\d{4,})-([0-9a-f]{16})\.(file|transit|kms)$")
_OTHERS = 0o077


class KeyExposed(Refusal):
    """Others than the owner may read a key, or the folder of keys."""

    status = 500
    code = "key-exposed"


class KeyFolder:
    """Wrapping keys as files `wrapping-NUMBER-ID.KIND`, the highest number being current; each is opened once."""

    def __init__(self, folder: Path, *, kind: str, kek_of: Callable[[str], Kek]) -> None:
        self._folder, self._kind, self._kek_of = folder, kind, kek_of
        self._opened: dict[str, WrappingKey] = {}

    def ids(self) -> list[str]:
        """The ids of all wrapping keys, oldest first."""
        return [key_id for _, key_id, _ in self._files()]

    def current(self) -> WrappingKey:
        """The newest wrapping key, also one that another process made since."""
        files = self._files()
        if not files:
            raise KeyMissing(f"There is no wrapping key in {self._folder}; `yinuo worker` and `yinuo serve` make the first.")
        return self.find(files[-1][1])

    def find(self, key_id: str) -> WrappingKey:
        """The wrapping key of that id; opened at the first time, by the service that protects it."""
        if key_id not in self._opened:
            self._opened[key_id] = self._open(key_id)
        return self._opened[key_id]

    def begin(self, entropy: Entropy) -> WrappingKey:
        """The current wrapping key, made if there is none at all. Processes that begin at once agree on one."""
        with self._alone():
            return self.current() if self._files() else self._make(entropy)

    def add(self, entropy: Entropy) -> WrappingKey:
        """A new wrapping key, current from now on."""
        with self._alone():
            return self._make(entropy)

    def erased(self) -> list[str]:
        """The whole lines of the erasure list."""
        file = self._folder / "erased.log"
        if not file.exists():
            return []
        _check_private(file)
        try:
            return file.read_bytes().decode().splitlines()
        except UnicodeDecodeError as fault:
            raise Malformed(
                f"The erasure list is not text any more: its byte {fault.start:,} was changed. Restore it from its backup; "
                "without it a restored database would bring erased people back.",
                path=str(file),
            ) from None

    def note_erased(self, lines: Sequence[str]) -> None:
        """Append lines to the erasure list; they are on the disk when this returns."""
        if not lines:
            return
        with self._alone():
            descriptor = os.open(self._folder / "erased.log", os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "ab+") as file:
                end = file.seek(0, os.SEEK_END)
                whole = end == 0 or os.pread(descriptor, 1, end - 1) == b"\n"    # else a machine stopped within a line
                file.write(("" if whole else "\n").encode() + "".join(f"{line}\n" for line in lines).encode())
                file.flush()
                os.fsync(descriptor)
            self._sync()

    def _files(self) -> list[tuple[int, str, str]]:
        """(number, id, kind) of every key's file, oldest first."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return sorted((int(found[1]), found[2], found[3]) for name in names if (found := _FILE.match(name)))

    def _open(self, key_id: str) -> WrappingKey:
        for number, found, kind in self._files():
            if found == key_id:
                return self._read(self._path(number, key_id, kind), key_id, kind)
        raise KeyMissing(
            f"The wrapping key {key_id} is not in {self._folder}. Restore the folder from its backup: without it what that key "
            "wraps cannot be read again."
        )

    def _read(self, file: Path, key_id: str, kind: str) -> WrappingKey:
        _check_private(self._folder)
        _check_private(file)
        try:
            key = WrappingKey(self._kek_of(kind).reveal(file.read_text().strip(), key_id))
        except (*MALFORMED_FILE, NotOpened):
            raise KeyMissing(f"{file} does not hold a wrapping key; restore it from its backup.") from None
        if key.id != key_id:
            raise KeyMissing(f"{file} holds the wrapping key {key.id}, not {key_id}; restore it from its backup.")
        return key

    def _make(self, entropy: Entropy) -> WrappingKey:
        files = self._files()
        secret = entropy(KEY_BYTES)
        key = WrappingKey(secret)
        file = self._path(files[-1][0] + 1 if files else 1, key.id, self._kind)
        protected = self._kek_of(self._kind).protect(secret, key.id)
        temporary = file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(protected + "\n")
            handle.flush()
            os.fsync(descriptor)
        temporary.rename(file)
        self._sync()
        self._opened[key.id] = key
        return key

    def _path(self, number: int, key_id: str, kind: str) -> Path:
        return self._folder / f"wrapping-{number:04d}-{key_id}.{kind}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock; the folder is made if need be."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        _check_private(self._folder)
        with turn(self._folder / "lock"):
            yield

    def _sync(self) -> None:
        """Make the folder's own entries last: a file is only as safe as its name."""
        if os.name == "posix":
            descriptor = os.open(self._folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def _check_private(path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & _OTHERS:
        right = "700" if path.is_dir() else "600"
        raise KeyExposed(
            f"{path} is open to others (mode {mode:o}). Run `chmod {right} {path}`; whoever could read it may have copied what "
            "is in it, so then run `yinuo vault rotate` too."
        )

"""Wrapping keys in their folder, behind each of the services that may protect them; and every way in which that goes wrong."""

from __future__ import annotations

import importlib.util
import os
import random
import stat
import sys
from functools import partial
from pathlib import Path

import pytest

from yinuo.config.keks import KeyServiceFailed, kek_of
from yinuo.config.keyfolder import KeyExposed, KeyFolder
from yinuo.kit.keys import CHECK_LENGTH, KeyMissing, ListDamaged
from yinuo.kit.refusals import Malformed

_spec = importlib.util.spec_from_file_location("vault_twins", Path(__file__).with_name("twins.py"))
twins = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twins)


@pytest.fixture(params=["file", "transit", "kms"])
def kind(request):
    """Which service protects the keys."""
    return request.param


@pytest.fixture
def service(kind, monkeypatch):
    """The service's address, and what it was asked; for files none is needed."""
    if kind == "file":
        yield "", []
        return
    pytest.importorskip({"transit": "hvac", "kms": "boto3"}[kind])
    monkeypatch.setenv("VAULT_TOKEN", twins.TOKEN)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with twins.running({"transit": twins.Transit, "kms": twins.Kms}[kind]) as listening:
        yield listening


@pytest.fixture
def folder(kind, service, tmp_path):
    """Opens the folder of keys as a process does at its start."""
    return lambda name=twins.KEY: KeyFolder(tmp_path / "keys", kind=kind, kek_of=partial(kek_of, name=name, url=service[0]))


ENTROPY = random.Random(5).randbytes
NAME = ("b1", "content", 1)


def test_a_key_made_once_opens_in_every_later_process(folder, service, kind):
    made = folder().begin(ENTROPY)
    wrapped = made.wrap(b"d" * 32, NAME, b"n" * 12)
    later = folder()
    assert later.begin(ENTROPY).id == made.id
    assert later.current().unwrap(wrapped, NAME) == later.find(made.id).unwrap(wrapped, NAME) == b"d" * 32
    assert len(service[1]) == (0 if kind == "file" else 2)       # once to protect it, once to open it, never again


def test_the_newest_is_current_also_where_another_process_made_it(folder):
    one, other = folder(), folder()
    first = one.begin(ENTROPY)
    second = other.add(ENTROPY)
    assert one.current().id == second.id
    assert one.ids() == [first.id, second.id]
    assert folder().find(first.id).id == first.id


def test_only_the_owner_can_read_what_is_there(folder, tmp_path, kind):
    folder().begin(ENTROPY)
    folder().note_erased(["a line"])
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "keys").iterdir()} == {0o600}


def test_another_keys_bytes_are_noticed(folder, tmp_path):
    one, two = folder().begin(ENTROPY), folder().add(ENTROPY)
    paths = {key.id: next((tmp_path / "keys").glob(f"*{key.id}*")) for key in (one, two)}
    paths[one.id].write_bytes(paths[two.id].read_bytes())
    with pytest.raises((KeyMissing, KeyServiceFailed)):
        folder().find(one.id)


@pytest.mark.parametrize("content", ["", "nonsense", "ab" * 31, "vault:v1:AAAA"])
def test_a_spoilt_file_is_refused_and_not_replaced(folder, tmp_path, content):
    key = folder().begin(ENTROPY)
    file = next((tmp_path / "keys").glob("wrapping-*"))
    file.write_text(content)
    with pytest.raises((KeyMissing, KeyServiceFailed)):
        folder().begin(ENTROPY)
    assert folder().ids() == [key.id]


def test_a_service_that_refuses_or_is_away_says_so(folder, service, kind, monkeypatch):
    if kind == "file":
        pytest.skip("no service")
    folder().begin(ENTROPY)
    with pytest.raises(KeyServiceFailed, match="did not open or protect"):
        folder("another").begin(ENTROPY)
    away = KeyFolder(folder()._folder, kind=kind, kek_of=partial(kek_of, name=twins.KEY, url="http://127.0.0.1:9"))
    with pytest.raises(KeyServiceFailed):
        away.current()
    if kind == "transit":
        monkeypatch.setenv("VAULT_TOKEN", "wrong")
        with pytest.raises(KeyServiceFailed, match="permission denied"):
            folder().current()


def test_a_service_needs_its_extra_and_a_key(folder, service, kind, monkeypatch):
    if kind == "file":
        pytest.skip("no service")
    with pytest.raises(Malformed, match="name of the key"):
        folder("").begin(ENTROPY)
    monkeypatch.setitem(sys.modules, {"transit": "hvac", "kms": "boto3"}[kind], None)
    with pytest.raises(Malformed, match=r"pip install 'yinuo\["):
        folder().begin(ENTROPY)


def test_a_key_behind_a_file_opens_after_moving_to_a_service(tmp_path, kind, service):
    before = KeyFolder(tmp_path / "keys", kind="file", kek_of=partial(kek_of, name="", url=""))
    first = before.begin(ENTROPY)
    moved = KeyFolder(tmp_path / "keys", kind=kind, kek_of=partial(kek_of, name=twins.KEY, url=service[0]))
    second = moved.add(ENTROPY)
    assert (moved.find(first.id).id, moved.current().id) == (first.id, second.id)


@pytest.fixture
def files(tmp_path):
    """A folder of keys behind files."""
    return KeyFolder(tmp_path / "keys", kind="file", kek_of=partial(kek_of, name="", url=""))


def reopened(files: KeyFolder) -> KeyFolder:
    return KeyFolder(files._folder, kind="file", kek_of=partial(kek_of, name="", url=""))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(files, tmp_path, mode):
    files.begin(ENTROPY)
    next((tmp_path / "keys").glob("wrapping-*")).chmod(mode)
    with pytest.raises(KeyExposed, match="chmod 600"):
        reopened(files).current()


def test_a_folder_that_others_can_enter_is_refused(files, tmp_path):
    files.begin(ENTROPY)
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(KeyExposed, match="chmod 700"):
        reopened(files).current()
    with pytest.raises(KeyExposed, match="chmod 700"):
        reopened(files).add(ENTROPY)


def test_an_unknown_key_is_missing_and_an_empty_folder_too(files):
    with pytest.raises(KeyMissing, match="no wrapping key"):
        files.current()
    files.begin(ENTROPY)
    with pytest.raises(KeyMissing, match="Restore the folder"):
        files.find("0" * 16)


def test_a_line_that_was_cut_does_not_spoil_the_next(files, tmp_path):
    files.note_erased(["one"])
    with Path(tmp_path, "keys", "erased.log").open("a") as log:
        log.write("tw")
    files.note_erased(["two", "three"])
    assert files.erased() == ["one", "two", "three"]
    assert reopened(files).erased() == ["one", "two", "three"]


def test_a_line_of_the_erasure_list_that_was_changed_is_named(files, tmp_path):
    log = Path(tmp_path, "keys", "erased.log")
    files.note_erased(["first line", "second line"])
    files.note_erased(["third line"])
    whole = log.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            log.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            with pytest.raises(ListDamaged, match=r"Line [123] of .*erased\.log"):
                files.erased()
    with pytest.raises(ListDamaged):
        files.note_erased(["nothing is added to it"])
    lines = whole.splitlines(keepends=True)
    for without in (lines[1:], [lines[0], lines[2]], [lines[0], lines[2], lines[1]]):
        log.write_bytes(b"".join(without))
        with pytest.raises(ListDamaged):
            files.erased()
    for length in range(len(whole) - len(lines[2]), len(whole) - CHECK_LENGTH):        # the machine stopped within the last
        log.write_bytes(whole[:length])
        assert files.erased() == ["first line", "second line"]


def test_processes_that_begin_at_once_agree(files, tmp_path):
    children = []
    for number in range(6):
        if (child := os.fork()) == 0:
            try:
                reopened(files).begin(random.Random(number).randbytes)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert len(reopened(files).ids()) == 1

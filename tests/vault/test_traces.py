"""What was erased is nowhere: not in the database file, not in the write-ahead log, and not after a restore."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

BEGIN = """
import json, random, shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from yinuo.cli import set_up
set_up()
from django.conf import settings
from django.db import connection, transaction
from yinuo.config.realm import realm
from yinuo.kit.actors import SYSTEM
from yinuo.vault import actions, queries
from yinuo.vault.models import Fingerprint, Key, Surrogate, Text

chance = random.Random(3)
at = datetime(2026, 6, 1, tzinfo=UTC)
here = realm()
ALL = ("profile", "content", "transaction")

def write(numbers):
    "Names and words of these persons, in random order and batches, so that pages fill and split everywhere."
    persons = {}
    numbers = list(numbers)
    chance.shuffle(numbers)
    while numbers:
        size = chance.randrange(1, 200)
        batch, numbers = numbers[:size], numbers[size:]
        with transaction.atomic():
            hand = actions.AtOnce(source="shop", realm=here, at=at)
            names = [("buyer", f"person-{n:06}") for n in batch] + [("review", f"of-person-{n:06}") for n in batch]
            given = hand.surrogates_for(names=names)
            texts = []
            for n in batch:
                buyer, review = given["buyer", f"person-{n:06}"], given["review", f"of-person-{n:06}"]
                persons[n] = buyer
                texts.append(actions.Words(buyer, "name", buyer, "profile", f"Name {n:06}", b"1" * 16))
                words = f"Words {n:06} " * chance.randrange(1, 40)
                texts.append(actions.Words(review, "words", buyer, "content", words, b"1" * 16))
            actions.keep_text_rows(hand.text_rows(texts=texts, recorded=1))
            prints = [actions.Print(f"o{n}", "payer", f"payer-{n:06}") for n in batch]
            actions.keep_fingerprint_rows(actions.fingerprint_rows(prints=prints, key=here.key))
    return persons

def wrapped_of(holders):
    return [bytes(w) for w in Key.objects.filter(holder__in=holders).values_list("wrapped", flat=True)]

def files():
    "Every byte of the database's files."
    return b"".join(file.read_bytes() for file in Path(settings.DATA).glob("yinuo.sqlite3*"))

def times_found(needles):
    whole = files()
    return [whole.count(needle) for needle in needles]
"""

ERASED = """
persons = write(range(2_500))
first = wrapped_of(persons.values())
persons |= write(range(2_500, 4_000))
actions.rotate(actor=SYSTEM, realm=here)
gone = chance.sample(sorted(persons), 150)
keys = wrapped_of([persons[n] for n in gone])
before = times_found(keys)
for n in gone:
    actions.erase(holder=persons[n], classes=ALL, realm=here, at=at, orders=[f"o{n}"])
left = wrapped_of([persons[n] for n in persons if n not in gone])
plain = [f"{word}{n:06}".encode() for n in persons for word in ("person-", "Name ", "Words ")]
print(json.dumps({
    "before": sorted(set(before)), "keys": len(keys), "rotated": max(times_found(chance.sample(first, 300))),
    "after": max(times_found(keys)),
    "left": sorted(set(times_found(chance.sample(left, 300)))), "plain": max(times_found(chance.sample(plain, 200))),
    "any": files().count(b"person-"),
    "rows": [Surrogate.objects.filter(surrogate__in=[persons[n] for n in gone]).count(), Fingerprint.objects.count()],
    "size": len(files()) >> 20, "log": Path(f"{settings.DATA}/yinuo.sqlite3-wal").stat().st_size,
}))
"""

RESTORED = """
persons = write(range(300))
connection.close()
copy = Path(settings.DATA, "backup")
shutil.copy(Path(settings.DATA, "yinuo.sqlite3"), copy)
here.keys.note_erased([])
actions.erase(holder=persons[7], classes=ALL, realm=here, at=at)
actions.erase(holder=persons[8], classes=["content"], realm=here, at=at)
later = write(range(300, 310))
actions.erase(holder=later[305], classes=ALL, realm=here, at=at)
connection.close()
for file in Path(settings.DATA).glob("yinuo.sqlite3*"):
    file.unlink()
copy.rename(Path(settings.DATA, "yinuo.sqlite3"))
back = queries.source_ids_of(surrogates=[persons[7]], realm=here)
if HOW == "action":
    again = actions.replay_erasures(realm=here, beyond=lambda holder, classes: ["o7"] if holder == persons[7] else [])
else:
    from yinuo.cli import set_up
    set_up()
    again = []
print(json.dumps({
    "back": list(back.values()),
    "again": sorted([erased.holder == persons[7], *erased.classes] for erased in again),
    "gone": queries.source_ids_of(surrogates=[persons[7]], realm=here)[persons[7]],
    "name": queries.words_of(name="name", subjects=[persons[n] for n in (7, 8, 9)], realm=here),
    "prints": Fingerprint.objects.filter(key="o7/payer").count(),
    "texts": Text.objects.filter(words=None).count(),
    "twice": len(actions.replay_erasures(realm=here)),
    "lines": len(here.keys.erased()),
}))
"""

pytestmark = pytest.mark.skipif(bool(os.environ.get("YINUO_DATABASE")), reason="looks into SQLite's files")


@pytest.fixture
def run(tmp_path):
    """Runs a script in an installation of its own on SQLite."""

    def running(text: str, **values: object) -> dict[str, object]:
        given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        done = subprocess.run(
            [sys.executable, "-c", given + BEGIN + text], capture_output=True, text=True, check=False,
            env=os.environ | {"YINUO_DATA": str(tmp_path / "data"), "YINUO_DATABASE": ""},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return running


def test_no_byte_of_an_erased_key_or_of_any_words_is_in_the_files(run):
    found = run(ERASED)
    assert found["before"] == [1]           # each key stood in the files once: pages of keys never split
    assert found["keys"] == 450
    assert found["rotated"] == 0            # nor is anything left of what the former wrapping key wrapped
    assert found["after"] == 0
    assert found["left"] == [1]             # and those of everybody else are untouched
    assert (found["plain"], found["any"]) == (0, 0)
    assert found["rows"] == [0, 3850]
    assert found["log"] == 0


@pytest.mark.parametrize("how", ["action", "start"])
def test_a_restored_backup_brings_nobody_back(run, how):
    found = run(RESTORED, HOW=how)
    assert found["back"] == [["shop", "person-000007"]]
    assert found["gone"] is None
    assert sorted(found["name"].values(), key=str) == ["Name 000008", "Name 000009"]
    assert found["texts"] == 2              # of whom nothing is left, their own rows went; their review's stays, empty
    assert found["twice"] == 0
    assert found["lines"] == 3
    if how == "action":
        assert found["prints"] == 0
        assert found["again"] == [[False, "content"], [True, "profile", "content", "transaction"]]

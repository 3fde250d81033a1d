"""`yinuo person`: clear sentences, a question before what cannot be undone, and what was asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import pytest

from yinuo.cli.person import write_anew
from yinuo.kit.refusals import Malformed

MAKE = """
from yinuo.cli import set_up
set_up()
import json
from datetime import UTC, datetime, timedelta
from yinuo.config.realm import realm
from yinuo.kit.actors import SYSTEM
from yinuo.record import actions
lately = (datetime.now(UTC) - timedelta(days=9)).isoformat()
def event(kind, id, **data):
    body = {"specversion": "1.0", "id": id, "source": "shop", "type": kind, "time": lately, "data": data}
    return json.dumps(body)
raws = [event("people.buyer_joined", "j", buyer="ann", name="Ann"), event("people.buyer_joined", "k", buyer="bob", name="Bob"),
        event("trade.order_placed", "o", order="o", merchant="tea", buyer="bob", amount_minor=1, currency="CNY")]
actions.take_events(actor=SYSTEM, source="shop", raws=[raw.encode() for raw in raws], realm=realm(), at=datetime.now(UTC))
"""


@pytest.fixture
def run(tmp_path):
    """Runs Python in an installation of its own: its code, and what it said."""

    def running(*arguments, answer=""):
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False, input=answer,
            env=os.environ | {"YINUO_DATA": str(tmp_path / "data"), "YINUO_DATABASE": ""},
        )
        return done.returncode, done.stdout + done.stderr

    return running


def test_a_persons_wishes_are_done_and_told(run, tmp_path):
    assert run("-c", MAKE) == (0, "")

    def person(*words, who="ann", answer=""):
        return run("-m", "yinuo", "person", words[0], who, *words[1:], "--source", "shop", answer=answer)

    assert "is corrected" in person("correct", "Anna")[1]
    code, seen = person("see")
    assert code == 0
    assert "Anna" in json.loads(seen)["words"].values()
    assert "not locked" in person("take", "-o", str(tmp_path / "package.zip"))[1]
    assert "about-you.json" in zipfile.ZipFile(tmp_path / "package.zip").namelist()
    assert (tmp_path / "package.zip").stat().st_mode & 0o777 == 0o600
    assert "is not used until" in person("restrict")[1]
    assert "1 restriction of" in person("restrict", "--lift")[1]
    assert "agrees to publish_name." in person("consent", "publish_name")[1]
    assert "no longer agrees" in person("consent", "publish_name", "--withdraw")[1]
    assert "publish_name (version 1)" in person("consent")[1]
    code, said = person("erase", answer="n\n")
    assert (code, "stopped" in said) == (130, True)
    code, said = person("erase", answer="y\n")
    assert code == 0
    assert "erased now: profile, content, transaction." in said
    assert "nothing finds them any more" in person("erase", "--yes")[1]
    code, said = person("erase", "--yes", who="bob")
    assert code == 0
    assert "erased now: profile, content." in said
    assert "transaction data (E-Commerce Law art. 31" in said
    code, said = person("erase", "--yes", who="tea")
    assert (code, "is a merchant" in said) == (2, True)
    assert run("-m", "yinuo", "worker", "--once") == (0, "")
    code, said = run("-c", LATER)
    assert code == 0, said
    told = json.loads(said)
    assert told["open"] == ["people.erase"]         # of Bob, moved to the day that the law names: it was run too early
    assert told["erased"] == [2]


LATER = """
from yinuo.cli import set_up
set_up()
import json
from datetime import UTC, datetime
from yinuo.cli.worker import work
from yinuo.people.events import PeopleErased
from yinuo.record import queries
from yinuo.timers.models import Timer
from yinuo.timers.queries import open_timers
Timer.objects.update(due=datetime(2026, 1, 1, tzinfo=UTC))
while work():
    pass
facts = [told.fact for batch in queries.every_fact() for told in batch]
print(json.dumps({
    "open": [timer.kind for timer in open_timers()],
    "erased": [fact.people for fact in facts if isinstance(fact, PeopleErased)],
}))
"""


def test_what_is_taken_along_is_written_anew_and_only_its_owner_can_read_it(tmp_path):
    other, link, package = tmp_path / "other.txt", tmp_path / "link.zip", tmp_path / "package.zip"
    for file in (other, package):
        file.write_text("of before")
        file.chmod(0o644)
    link.symlink_to(other)
    for file in (link, package):
        write_anew(file, b"words")
        assert (file.read_bytes(), file.lstat().st_mode & 0o777, file.is_symlink()) == (b"words", 0o600, False)
    assert other.read_text() == "of before"
    for place, says in ((tmp_path / "nowhere" / "x", "No such file"), (tmp_path, "is no file")):
        with pytest.raises(Malformed, match=says):
            write_anew(place, b"words")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.zip", "other.txt", "package.zip"]

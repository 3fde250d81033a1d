"""The log: what it serves verifies from outside, what was altered is found and named, what was put back stops it."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction

from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.checkpoints import parse_checkpoint
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.log import LogStopped, log_of
from yinuo.kit.merkle import check_consistency, check_inclusion, consistency_proof, leaf_hash, root
from yinuo.kit.notes import open_note
from yinuo.kit.opening import check_revealed
from yinuo.kit.refusals import Conflict, NotAllowed, NotFound
from yinuo.kit.tile_paths import decode_entries, tiles_of
from yinuo.record import actions, queries
from yinuo.record.models import Checkpoint, Head, Mention, Opening, Pending, PersonOpening, Seal, Tile
from yinuo.record.rules import Altered, Lost

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(tmp_path):
    return log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")


@pytest.fixture
def realm(log):
    from yinuo.kit.realm import Realm  # noqa: PLC0415

    return Realm(key=b"k" * 32, entropy=random.Random(1).randbytes, keys=KeysInMemory(b"w" * 32), log=log)


@pytest.fixture
def state(realm, now, event):
    """States `count` orders, and seals and publishes them."""
    stated = iter(range(10**6))

    def stating(count=1, *, at=now):
        raws = [
            event("trade.order_placed", id=f"e{number}", order=f"o{number}", merchant=f"m{number % 3}", buyer=f"b{number % 5}",
                  amount_minor=5, currency="CNY")
            for number in [next(stated) for _ in range(count)]
        ]
        actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=at)
        while actions.seal(actor=SYSTEM, realm=realm, limit=100):
            pass
        return actions.publish(actor=SYSTEM, log=realm.log, at=at)

    return stating


def test_every_fact_is_proven_by_both_keys(state, log):
    note = state(300)
    opened = open_note(note, log.verifiers)
    assert len(opened.signed) == 2
    head = parse_checkpoint(opened.text)
    assert (head.origin, head.size) == ("example.com/log", 300)
    for number in (0, 1, 255, 256, 299):
        proof = queries.tlog_proof(number=number)
        (fact,) = queries.revealed(numbers=[number])
        leaf = check_revealed(fact)
        check_inclusion(leaf=leaf_hash(leaf), index=number, size=300, proof=proof.hashes, root=head.root)
        assert proof.check(leaf_hash(leaf), log.policy).checkpoint == head
    assert root(queries.leaves(start=0, stop=300)) == head.root


def test_a_persons_part_is_for_that_person_alone(state):
    state(10)
    person = Mention.objects.filter(subject__startswith="b").values_list("subject", flat=True)[0]
    seqs = queries.mentions_of(subject=person, size=10)
    closed, own = queries.revealed(numbers=seqs), queries.revealed(numbers=seqs, person=person)
    assert [fact["person"].keys() for fact in closed] == [{"commitment"}] * len(seqs)
    assert [fact["person"]["numbers"] for fact in own] == [{"buyer": number} for number in range(len(seqs))]
    assert [check_revealed(fact) for fact in closed] == [check_revealed(fact) for fact in own]
    assert person not in str(closed)


def test_each_subjects_numbers_are_dense(state):
    state(50)
    for merchant in Mention.objects.filter(subject__startswith="m").values_list("subject", flat=True).distinct():
        numbers = queries.mentions_of(subject=merchant, size=50)
        shown = [fact["main"]["numbers"] for fact in queries.revealed(numbers=numbers)]
        assert [fact["merchant"] for fact in shown] == list(range(len(numbers)))
        assert all(fact["order"] == 0 for fact in shown)


def test_heads_continue_each_other(state, now):
    heads = [parse_checkpoint(open_note_text(state(count, at=now + timedelta(minutes=20 * i))))
             for i, count in enumerate((1, 5, 250, 300, 3))]
    for older, newer in pairwise(heads):
        proof = consistency_proof(older.size, newer.size, queries.reader_at(newer.size))
        check_consistency(old=older.size, old_root=older.root, new=newer.size, new_root=newer.root, proof=proof)
    assert Checkpoint.objects.count() == 5


def open_note_text(note):
    return note.partition("\n\n")[0] + "\n"


def test_checkpoints_in_between_are_let_go(state, now):
    for seconds in range(0, 1500, 60):
        state(1, at=now + timedelta(seconds=seconds))
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [1, 11, 21, 25]
    assert queries.checkpoint()[0] == 25
    assert queries.checkpoint(size=2)[0] == 11


def test_only_the_system_signs(state, log, now):
    with pytest.raises(NotAllowed):
        actions.publish(actor=PUBLIC, log=log, at=now)
    assert log.last_signed() is None


def test_what_did_not_grow_is_not_signed_again(state, log, now):
    state(2)
    assert actions.publish(actor=SYSTEM, log=log, at=now) is None
    Checkpoint.objects.all().delete()       # as after a crash between the file and the row
    actions.publish(actor=SYSTEM, log=log, at=now)
    assert queries.checkpoint()[0] == 2


# A backup that was put back


def test_a_record_put_back_stops_loudly(state, realm, log, now, event):
    with transaction.atomic():
        state(5)
        transaction.set_rollback(True)      # as if a backup from before were put back
    raws = [event("trade.order_paid", id="other", order="o")]
    actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=now)
    with pytest.raises(LogStopped, match="older backup"):
        actions.seal(actor=SYSTEM, realm=realm)
    with pytest.raises(LogStopped):
        actions.publish(actor=SYSTEM, log=log, at=now)
    assert queries.size() == 0


def test_the_audit_of_a_record_put_back_says_so(state, log, now):
    state(3)
    with transaction.atomic():
        state(5, at=now + timedelta(hours=1))
        transaction.set_rollback(True)      # as if a backup from before were put back
    (fault,) = queries.audit(log=log).faults
    assert fault.startswith("The record has 3 facts, but a head of 8 was signed before: an older backup was put back")


def test_a_record_put_back_and_continued_elsewhere_is_not_signed(state, realm, log, now):
    with transaction.atomic():
        state(5)
        transaction.set_rollback(True)      # as if a backup from before were put back
    kept = log.last.read_text()
    log.last.rename(log.last.with_name("away"))
    state(9)
    log.last.write_text(kept)
    before = Checkpoint.objects.count()
    with pytest.raises(LogStopped, match="altered"):
        actions.publish(actor=SYSTEM, log=log, at=now)
    assert log.last.read_text() == kept
    assert Checkpoint.objects.count() == before


def test_a_changed_memory_of_the_last_head_stops_it(state, log, now):
    state(3)
    log.last.write_text(log.last.read_text().replace("\n3\n", "\n2\n"))
    with pytest.raises(LogStopped, match="cannot be trusted"):
        state(1)


# Served and exported


def test_served_as_tiles(client, state, log):
    state(300)
    note = client.get("/api/log/checkpoint")
    assert open_note(note.content, log.verifiers).text.startswith("example.com/log\n300\n")
    for tile in tiles_of(300):
        served = client.get(f"/api/log/{tile.path}")
        assert len(served.content) == 32 * tile.width
        assert "immutable" in served["Cache-Control"]
    entries = decode_entries(client.get("/api/log/tile/entries/001.p/44").content, 44)
    assert entries == queries.leaves(start=256, stop=300)
    assert client.get("/api/log/tile/0/001.p/40").content == b"".join(map(leaf_hash, entries[:40]))


@pytest.mark.parametrize("path", ["0/001", "0/001.p/45", "entries/001", "1/001", "9/000", "0/1", "0/x001/000", "x", "0/-01"])
def test_what_is_not_there_is_not_found(client, state, path):
    state(300)
    assert client.get(f"/api/log/tile/{path}").status_code == 404


def test_nothing_signed_yet(client):
    assert client.get("/api/log/checkpoint").status_code == 404
    with pytest.raises(NotFound):
        queries.tlog_proof(number=0)


def test_exported_as_the_same_bytes(client, state, tmp_path):
    state(300)
    actions.export(actor=SYSTEM, folder=tmp_path / "mirror")
    state(400)
    size, _ = actions.export(actor=SYSTEM, folder=tmp_path / "mirror")
    assert size == 700
    for tile in tiles_of(700):
        assert (tmp_path / "mirror" / tile.path).read_bytes() == client.get(f"/api/log/{tile.path}").content
    bundles = sorted((tmp_path / "mirror" / "tile" / "entries").rglob("[0-9][0-9][0-9]"))
    assert b"".join(map(bytes, decode_entries(bundles[0].read_bytes()))) == b"".join(queries.leaves(start=0, stop=256))


def test_a_folder_that_holds_something_else_is_refused_and_one_that_was_broken_off_goes_on(state, tmp_path):
    state(3)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(Conflict, match=r"not empty and holds no export of a log, but 'letter.txt'"):
        actions.export(actor=SYSTEM, folder=tmp_path / "mine")
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    actions.export(actor=SYSTEM, folder=tmp_path / "mirror")
    (tmp_path / "mirror" / "checkpoint").unlink()
    assert actions.export(actor=SYSTEM, folder=tmp_path / "mirror") == (3, 3)


def test_another_logs_folder_is_refused(state, tmp_path):
    state(3)
    actions.export(actor=SYSTEM, folder=tmp_path / "mirror")
    file = tmp_path / "mirror" / "checkpoint"
    file.write_text(file.read_text().replace("example.com/log\n", "example.com/other\n", 1))
    with pytest.raises(Conflict, match="another log"):
        actions.export(actor=SYSTEM, folder=tmp_path / "mirror")


# The audit


def test_the_audit_agrees(state, log):
    state(700)
    assert queries.audit(log=log) == queries.Audit(700, 0, [])
    gone, _ = PersonOpening.objects.filter(entry_id__lt=20).delete()
    assert queries.audit(log=log) == queries.Audit(700, gone, [])


ALTERED = {
    "entry": ("record_entry", "inners", "id = (SELECT entry_id FROM record_seal WHERE seq = 7)", "fact 7 "),
    "key": ("record_entry", "key", "id = (SELECT entry_id FROM record_seal WHERE seq = 7)", "fact 7 "),
    "leaf": ("record_seal", "leaf", "seq = 7", "fact 7 "),
    "opening's salt": ("record_opening", "salt", "entry_id = (SELECT entry_id FROM record_seal WHERE seq = 7)", "fact 7 "),
    "opening": ("record_opening", "content", "entry_id = (SELECT entry_id FROM record_seal WHERE seq = 7)", "fact 7 "),
    "person": ("record_personopening", "content", "entry_id = (SELECT entry_id FROM record_seal WHERE seq = 7)", "fact 7 "),
    "tile": ("record_tile", "hashes", "id = 0", "tile 0/0 "),
    "upper tile": ("record_tile", "hashes", "id = 1 * 281474976710656", "tile 1/0 "),
    "head": ("record_head", "root", "id = 1", "head"),
}


@pytest.mark.parametrize("place", ALTERED)
@pytest.mark.parametrize("bit", [0, 77])
def test_one_flipped_bit_is_found_and_named(state, log, place, bit):
    state(300)
    table, column, where, named = ALTERED[place]
    with connection.cursor() as cursor:
        _lift_guards(cursor, table)
        cursor.execute(f"SELECT {column} FROM {table} WHERE {where}")
        value = bytearray(cursor.fetchone()[0])
        value[bit // 8] ^= 1 << bit % 8
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", [bytes(value)])
        assert cursor.rowcount == 1
    faults = queries.audit(log=log).faults
    assert faults
    assert named in faults[0].lower()


def test_a_checkpoint_that_was_changed_is_named(state, log):
    state(300)
    kept = Checkpoint.objects.get()
    Checkpoint.objects.update(note=kept.note.replace("\n300\n", "\n301\n"))
    assert any("checkpoint of 300" in fault for fault in queries.audit(log=log).faults)


def _cut_off(merchant, *, after):
    """Take all that is kept of the last facts about a merchant away, as the database's owner can, and leave no gap."""
    seqs = queries.mentions_of(subject=merchant, size=queries.size())[after:]
    entries = Seal.objects.filter(seq__in=seqs).values_list("entry_id", flat=True)
    with connection.cursor() as cursor:
        for table in ("record_opening", "record_mention"):
            _lift_guards(cursor, table)
    Opening.objects.filter(entry_id__in=entries).delete()
    PersonOpening.objects.filter(entry_id__in=entries).delete()
    people = Mention.objects.filter(seq__in=seqs, subject__startswith="b").values_list("subject", flat=True)
    Mention.objects.filter(subject__in=list(people)).delete()       # as if they had been forgotten
    Mention.objects.filter(seq__in=seqs).delete()
    return seqs


def test_facts_taken_away_at_the_end_of_a_subjects_numbers_are_named(state, log):
    state(30)
    merchant = Mention.objects.filter(subject__startswith="m").values_list("subject", flat=True)[0]
    gone = _cut_off(merchant, after=4)
    faults = queries.audit(log=log).faults
    for seq in gone:
        assert any(f"fact {seq} says is missing" in fault for fault in faults)


def test_nothing_is_made_of_a_record_that_lost_facts(state, log, tmp_path):
    state(30)
    merchant = Mention.objects.filter(subject__startswith="m").values_list("subject", flat=True)[0]
    gone = _cut_off(merchant, after=4)
    for use in (
        lambda: actions.archive(actor=SYSTEM, folder=tmp_path / "archive"),
        lambda: list(queries.every_fact()),
        lambda: queries.facts_numbered(numbers=gone),
        lambda: queries.contents_of(numbers=gone),
        lambda: queries.tlog_proof(number=gone[0]),
    ):
        with pytest.raises(Lost, match=f"fact {gone[0]} says is missing"):
            use()
    assert not (tmp_path / "archive" / "manifest.json").exists()


def test_a_number_taken_away_is_named_and_refused(state, log):
    state(30)
    merchant, seq = Mention.objects.filter(subject__startswith="m", number=3).values_list("subject", "seq")[0]
    with connection.cursor() as cursor:
        _lift_guards(cursor, "record_mention")
    Mention.objects.filter(subject=merchant, number=3).delete()
    assert any(merchant in fault for fault in queries.audit(log=log).faults)
    with pytest.raises(Altered, match=f"number 3 about {merchant}"):
        queries.mentions_of(subject=merchant, size=30)
    with pytest.raises(Altered, match=f"{merchant} gave to fact {seq} is not kept"):
        queries.revealed(numbers=[seq])


def test_a_number_added_is_named(state, log):
    state(30)
    merchant, seq = Mention.objects.filter(subject__startswith="m", number=3).values_list("subject", "seq")[0]
    Mention.objects.create(subject=merchant, number=10, seq=seq + 1)        # dense still: it had ten
    Mention.objects.create(subject="o" * 17, number=0, seq=40)
    faults = queries.audit(log=log).faults
    assert f"Fact {seq + 1} is counted as one about {merchant}, whom it does not name." in faults
    assert "1 numbers are kept of facts behind the head." in faults


def test_an_entry_taken_off_the_list_is_named(state, realm, log, now, event):
    state(3)
    actions.take_events(actor=SYSTEM, source="shop", raws=[event("trade.order_paid", id="x", order="o1")], realm=realm, at=now)
    assert queries.audit(log=log).faults == []
    Pending.objects.all().delete()
    (fault,) = queries.audit(log=log).faults
    assert "taken off the list" in fault


def _lift_guards(cursor, table):
    """What nobody may do, done as only the database's own administrator could."""
    if connection.vendor == "postgresql":
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    else:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")


def test_tiles_and_head_only_grow(state):
    state(3)
    for change in (
        lambda: Tile.objects.update(hashes=b"x" * 96),
        lambda: Tile.objects.update(hashes=b""),
        lambda: Tile.objects.all().delete(),
        lambda: Head.objects.update(size=2),
        lambda: Head.objects.update(root=b"x" * 32),
        lambda: Head.objects.all().delete(),
    ):
        with pytest.raises(Exception, match="insert-only"), transaction.atomic():
            change()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite counts the steps of a query")
@pytest.mark.django_db
def test_finding_the_facts_about_a_thing_costs_no_more_in_a_larger_record(take, event):
    take([event("trade.order_paid", id="one/paid", order="one")])
    (subject,) = {recorded.fact.order for recorded in queries.facts(start=0, stop=1)}
    few = _steps(subject)
    take([event("trade.order_paid", id=f"{number}/paid", order=str(number)) for number in range(3_000)])
    assert _steps(subject) <= 2 * few


def _steps(subject):
    """How many of SQLite's steps it takes to find the one fact about it, and none about somebody else."""
    steps = []
    connection.connection.set_progress_handler(lambda: steps.append(1), 1)
    assert len(queries.facts_about(subjects=[subject, "bnobody"])) == 1
    queries.replaced_about(subjects=[subject])
    connection.connection.set_progress_handler(None, 1)
    return len(steps)

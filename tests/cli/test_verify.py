"""`yinuo verify`: it needs nothing but the file, says what it found in plain words, and never fails otherwise."""

from __future__ import annotations

import ast
import base64
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from yinuo.cli import yinuo
from yinuo.cli._chinese import SENTENCES, THINGS, in_chinese
from yinuo.cli._verify import Teller
from yinuo.cli._verify_words import FEATURES, KINDS, SUBJECTS, WORDS
from yinuo.cli.verify import told as lines_of
from yinuo.credit.proofs.faults import FAULTS
from yinuo.kit.actors import SYSTEM
from yinuo.kit.canonical import canonical_json
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.log import log_of
from yinuo.kit.merkle import leaf_hash, node_hash, nodes_for
from yinuo.kit.opening import check_revealed
from yinuo.kit.policies import parse_policy
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, Refusal
from yinuo.record import actions, queries
from yinuo.record.actions.receipt import receipt_for
from yinuo.record.proofs import check_order_pack

ROOT = Path(__file__).parents[2]
TAKES_A_THING = {"parse_base64", "parse_hash", "parse_decimal", "decode_lines", "read_json", "read_canonical", "_read_part"}
CHECKING = ("evidence", "opening", "merkle", "notes", "note_keys", "checkpoints", "policies", "tlog_proofs", "canonical",
            "receipts")


@pytest.fixture
def files(tmp_path, event, now, db):
    """A proof, an order's evidence and a policy, as files."""
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    realm = Realm(key=b"k" * 32, entropy=random.Random(1).randbytes, keys=KeysInMemory(b"w" * 32), log=log)
    raws = [
        event("trade.order_placed", id="p", order="o", merchant="m", buyer="b", amount_minor=5, currency="CNY"),
        event("trade.order_paid", id="q", order="o"),
        event("trade.order_paid", id="q2", order="o", amount_minor=5, supersedes="q"),
        event("record.fact_withdrawn", id="w", event="q2", reason="mistake"),
        event("trade.order_paid", id="x", order="other"),
    ]
    actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=now)
    actions.seal(actor=SYSTEM, realm=realm)
    actions.publish(actor=SYSTEM, log=log, at=now)
    (order,) = {content.fact.order for content in queries.contents_of(numbers=[0])}
    pack = queries.order_pack(viewer=SYSTEM, order=order, policy=log.policy, with_person=True)
    (tmp_path / "order.json").write_bytes(canonical_json(pack))
    (tmp_path / "fact.tlog-proof").write_text(str(queries.tlog_proof(number=0)))
    (tmp_path / "policy").write_text(log.policy.text)
    other = log_of(origin="example.com/log", ed25519=b"x" * 32, ml_dsa=b"y" * 32, last=tmp_path / "last")
    (tmp_path / "other").write_text(other.policy.text)
    return tmp_path


@pytest.fixture
def promised(tmp_path, event, now, db):
    """A receipt, what the record makes of it, and the policy, as files; with what made them."""
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    realm = Realm(key=b"k" * 32, entropy=random.Random(1).randbytes, keys=KeysInMemory(b"w" * 32), log=log)
    raws = [
        event("trade.order_placed", id="p", order="o", merchant="m", buyer="b", amount_minor=5, currency="CNY"),
        event("trade.order_paid", id="10", order="o"), event("trade.order_paid", id="9", order="o2"),
    ]
    bound = actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=now).bound
    receipt = {
        "note": receipt_for(log=log, bound=bound, at=now),
        "bound": {event_id: base64.b64encode(inner).decode() for event_id, inner in bound.items()},
    }
    actions.seal(actor=SYSTEM, realm=realm)
    actions.publish(actor=SYSTEM, log=log, at=now)
    pack = queries.receipt_pack(viewer=SYSTEM, source="shop", receipt=receipt, key=realm.key, policy=log.policy)
    (tmp_path / "answer.json").write_text(json.dumps({"accepted": 3, "known": 0, "receipt": receipt}))
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))
    (tmp_path / "kept.json").write_bytes(canonical_json(pack))
    (tmp_path / "policy").write_text(log.policy.text)
    return tmp_path


@pytest.mark.parametrize("file", ["answer.json", "receipt.json"])
def test_a_receipt_alone_shows_what_was_promised(promised, file):
    told = verify(promised / file, "--policy", promised / "policy")
    assert told.exit_code == 0
    assert "came in at 2026-06-01 12:00:00 UTC and were promised to be sealed by 2026-06-01 12:01:00 UTC: 3." in told.output
    assert "Whether it kept the promise" in told.output
    assert verify(promised / file).exit_code == 2
    (promised / "old").write_text("".join(
        line for line in (promised / "policy").read_text().splitlines(keepends=True) if not line.startswith("# receipts")
    ))
    assert "names no key of receipts" in verify(promised / file, "--policy", promised / "old").output


def test_a_receipt_with_its_facts_shows_that_the_promise_was_kept(promised):
    told = verify(promised / "kept.json", "--policy", promised / "policy")
    assert told.exit_code == 0
    assert "PROVEN: the promise was kept" in told.output
    assert "p: fact 0, trade.order_placed" in told.output
    chinese = verify(promised / "kept.json", "--language", "zh-hans").output
    assert "已证实：承诺已履行" in chinese
    assert "PROVEN" not in chinese


def _swap(pack):
    pack["places"]["9"], pack["places"]["10"] = pack["places"]["10"], pack["places"]["9"]


def _leave_out(pack):
    del pack["places"]["9"]


def _twice(pack):
    pack["places"]["9"] = pack["places"]["10"]


def _other_person(pack):
    pack["places"]["p"]["person"] = {"buyer": 1}


def _other_hash(pack):
    pack["receipt"]["bound"]["9"] = pack["receipt"]["bound"]["10"]


def _other_count(pack):
    pack["receipt"]["note"] = pack["receipt"]["note"].replace("count 3", "count 2")


def _no_person(pack):
    pack["places"]["p"]["person"] = {}


WRONG = {
    _swap: "another fact there than", _leave_out: "not one for each", _twice: "another event's too",
    _other_person: "another person's part", _no_person: "another person's part", _other_hash: "not what the receipt was signed",
    _other_count: "does not fit",
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_what_was_not_promised_so_does_not_pass(promised, change):
    pack = json.loads((promised / "kept.json").read_text())
    change(pack)
    (promised / "kept.json").write_text(json.dumps(pack))
    told = verify(promised / "kept.json", "--policy", promised / "policy")
    assert (told.exit_code, WRONG[change] in told.output) == (1, True), told.output


def verify(*words, **more):
    return CliRunner().invoke(yinuo, ["verify", *map(str, words)], **more)


def test_a_proof_needs_somebody_to_trust(files):
    proven = verify(files / "fact.tlog-proof", "--policy", files / "policy")
    assert proven.exit_code == 0
    assert "trade.order_placed" in proven.output
    assert "PROVEN" in proven.output
    assert "A person's part is not shown." in proven.output
    alone = verify(files / "fact.tlog-proof")
    assert (alone.exit_code, "--policy" in alone.output) == (2, True)
    strange = verify(files / "fact.tlog-proof", "--policy", files / "other")
    assert (strange.exit_code, "NOT PROVEN" in strange.output) == (1, True)


NAMED_IN_PROOF = {      # what a sentence may say of a changed line of a proof file, by how the line begins
    "c2sp": "begins with the line|neither a proof file", "extra": "entry|extra|part|[Ff]act|numbers",
    "index": "index|entry|hash",
    "example": "signature of|has signed|It is another log's",
    "": "does not lead from entry|signature|name of a key|empty line|checkpoint|begins with a dash|cut off",
}


def test_a_flipped_bit_of_a_proof_is_named_or_costs_a_signature_and_that_is_told(files):
    raw, luck = (files / "fact.tlog-proof").read_bytes(), random.Random(1)
    policy, tellers = parse_policy((files / "policy").read_bytes()), (Teller("en"), Teller("zh-hans"))
    at, lacking = 0, 0
    for line in raw.split(b"\n"):
        beginning = next(word for word in NAMED_IN_PROOF if line.decode().startswith(word))
        body, head = range(at, at + len(line) + 1), range(at, at + min(len(line) + 1, 40))
        for place in {*head, *luck.sample(body, min(60, len(body)))} & set(range(len(raw))):
            made = raw[:place] + bytes([raw[place] ^ 1 << luck.randrange(8)]) + raw[place + 1 :]
            english, chinese = (judged(made, policy, teller) for teller in tellers)
            if english.startswith("NOT PROVEN"):    # where a line's end is changed, two lines are one
                assert re.search(NAMED_IN_PROOF[beginning] + "|control|UTF-8|base64|hash", english), (line[:20], place, english)
                assert chinese.startswith("未证实"), chinese
                continue
            assert line.startswith("\u2014".encode()), (line, place)
            assert "lacks a signature that your policy names: example.com/log+" in english
            assert "缺少信任策略所列的一个签名" in chinese
            lacking += 1
        at += len(line) + 1
    assert lacking > 20
    assert "lacks" not in judged(raw, policy, tellers[0])


def judged(raw, policy, teller):
    try:
        return "\n".join(lines_of(raw, policy, teller))
    except Refusal as fault:
        return teller.not_proven(fault)


def test_a_policy_of_another_log_is_told_from_a_forgery(files, tmp_path):
    other = log_of(origin="example.org/second", ed25519=b"x" * 32, ml_dsa=b"y" * 32, last=tmp_path / "last")
    (files / "second").write_text(other.policy.text)
    told = verify(files / "fact.tlog-proof", "--policy", files / "second")
    assert told.exit_code == 1
    assert "the file comes from example.com/log, and the keys trusted here are those of example.org/second" in told.output
    assert "它属于另一账本" in verify(files / "fact.tlog-proof", "--policy", files / "second", "--language", "zh-hans").output


def test_codes_are_called_in_chinese_what_pages_call_them():
    from django.utils import translation  # noqa: PLC0415

    from yinuo.web import phrases, wording  # noqa: PLC0415

    with translation.override("zh-hans"):
        for here, pages in ((KINDS, phrases.KINDS), (SUBJECTS, phrases.SUBJECTS), (FEATURES, wording.FEATURES)):
            assert here == {code: str(words) for code, words in pages.items()}


def test_evidence_about_an_order_is_told_fact_by_fact(files):
    proven = verify(files / "order.json", "--policy", files / "policy")
    assert proven.exit_code == 0
    assert "numbers 0 to 2" in proven.output
    assert proven.output.count("It no longer stands") == 2
    assert '"buyer": "b' in proven.output
    assert "x\n" not in proven.output
    alone = verify(files / "order.json")
    assert "Compare these keys" in alone.output


def test_evidence_about_an_order_that_was_cut_off_is_told_for_what_it_is(files):
    pack = json.loads((files / "order.json").read_text())
    told = verify(files / "order.json")
    kept = [fact for fact in pack["facts"] if fact["index"] < 2]      # what whoever holds the whole file can make of it
    leaves = {fact["index"]: leaf_hash(check_revealed(fact)) for fact in pack["facts"]}
    given = {tuple(map(int, name.split("/"))): base64.b64decode(node) for name, node in pack["nodes"].items()}

    def hashed(level, index):
        if (level, index) in given:
            return given[level, index]
        return node_hash(hashed(level - 1, 2 * index), hashed(level - 1, 2 * index + 1)) if level else leaves[index]

    nodes = {
        f"{level}/{index}": base64.b64encode(hashed(level, index)).decode()
        for level, index in nodes_for([fact["index"] for fact in kept], pack["size"])
    }
    (files / "cut.json").write_text(json.dumps(pack | {"facts": kept, "marks": pack["marks"][: len(kept)], "nodes": nodes}))
    cut = verify(files / "cut.json", "--policy", files / "policy")
    assert (told.exit_code, cut.exit_code) == (0, 0)
    for said, last in ((told.output, 2), (cut.output, 1)):
        assert f"numbers 0 to {last}, without a gap. Later ones may exist, and withdrawals of those shown" in said
        assert "left out" not in said
    assert "之后可能还有别的事实" in verify(files / "cut.json", "--language", "zh-hans").output


@pytest.mark.parametrize(("part", "change", "sentence"), [
    ("about", lambda about: about | {"merchant": "Paid in full"}, "about: The pack says"),
    ("about", lambda about: {}, "about: The pack says"),
    ("policy", lambda text: "# trust me\n" + text, "policy: It is not written in the one right way"),
    ("policy", lambda text: text.replace("\nquorum", " https://evil.example/\nquorum"), "policy: It is not written"),
    ("policy", lambda text: text.replace("log ", "log  ", 1), "policy: It is not written"),
    ("policy", lambda text: text.replace("\nquorum", "\n\nquorum"), "policy: It is not written"),
    ("policy", lambda text: text.partition("\n")[0] + "\nquorum none\n", "by a key that the pack's policy does not name"),
], ids=range(7))
def test_nothing_in_a_pack_goes_unread(files, part, change, sentence):
    pack = json.loads((files / "order.json").read_text())
    (files / "more.json").write_text(json.dumps(pack | {part: change(pack[part])}))
    for more in ([], ["--policy", files / "policy"]):
        told = verify(files / "more.json", *more)
        assert (told.exit_code, sentence in told.output) == (1, True)


def test_an_orders_evidence_takes_no_more_steps_a_fact_the_more_there_are(tmp_path, event, now, db):
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    realm = Realm(key=b"k" * 32, entropy=random.Random(1).randbytes, keys=KeysInMemory(b"w" * 32), log=log)
    orders = {"few": 50, "many": 400}
    raws = [event("trade.order_paid", id=f"{name}{n}", order=name) for name, count in orders.items() for n in range(count)]
    actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=now)
    actions.seal(actor=SYSTEM, realm=realm)
    actions.publish(actor=SYSTEM, log=log, at=now)
    steps = []
    for number, count in ((0, 50), (50, 400)):
        (order,) = {content.fact.order for content in queries.contents_of(numbers=[number])}
        pack = json.loads(canonical_json(queries.order_pack(viewer=SYSTEM, order=order, policy=log.policy)))
        called = []
        sys.setprofile(lambda frame, what, _, called=called: called.append(what) if what == "call" else None)
        try:
            assert len(check_order_pack(pack, log.policy).facts) == count
        finally:
            sys.setprofile(None)
        steps.append(len(called) / count)
    assert steps[1] < 1.5 * steps[0]


def test_it_speaks_chinese(files):
    proven = verify(files / "order.json", "--language", "zh-hans")
    assert (proven.exit_code, "已证实" in proven.output, "PROVEN" in proven.output) == (0, True, False)
    by_locale = verify(files / "order.json", env={"LC_ALL": "zh_CN.UTF-8"})
    assert by_locale.output == proven.output
    assert "第 0 号事实：下单（trade.order_placed）" in proven.output
    assert "编号：商家 0，订单 0" in proven.output
    assert "标注：一笔订单的证据。" in proven.output
    missing = verify(files / "missing", "--language", "zh-hans").output
    assert missing.endswith("missing：没有这个文件。\n")
    (files / "bad").write_text("trust me\n")
    assert "信任策略第 1 行：" in verify(files / "order.json", "--policy", files / "bad", "--language", "zh-hans").output
    pack = (files / "order.json").read_bytes()
    assert b'{\\"at\\"' in pack
    (files / "broken.json").write_bytes(pack.replace(b'{\\"at\\"', b'{at\\"', 1))
    broken = verify(files / "broken.json", "--language", "zh-hans").output
    assert broken.startswith("未证实：facts[0]：主要部分的内容 不是账本所写的 JSON")
    refused = verify(files / "fact.tlog-proof", "--policy", files / "other", "--language", "zh-hans")
    assert "未证实：你所信任的密钥都没有签署它。" in refused.output


@pytest.mark.parametrize(("content", "sentence"), [
    (b"{", "not JSON"), (b'{"kind":"order"}', "form"), (b'{"kind":"credit"}', "form"), (b'{"kind":"receipt"}', "form"),
    (b'{"kind":"reviews","format":"yinuo-pack-v1"}', "missing"), (b'{"a":' * 100_000, "nested too deep"),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"), (b'{"kind":1.5}', "fractions"),
    (b'{"kind":"a","kind":"b"}', "twice"), (b'{"a":"\xff"}', "JSON"), (b'{"a":' + b"9" * 5_000 + b"}", "JSON"),
], ids=range(11))
def test_damaged_evidence_ends_in_a_sentence(tmp_path, content, sentence):
    file = tmp_path / "file"
    file.write_bytes(content)
    told = verify(file)
    assert told.exit_code == 1
    assert told.output.startswith("NOT PROVEN: ")
    assert sentence in told.output
    assert told.output.count("\n") == 1
    assert verify(file, "--language", "zh-hans").output.startswith("未证实：")


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "The file is empty."), (b"hello", "neither a proof file"), (b"[]", "neither a proof file"),
    (b"PK\x03\x04", "neither a proof file"), (b"\x89PNG\r\n", "neither a proof file"), (b"{}", "no evidence"),
    (b'{"kind":[]}', "kind"), (b'{"kind":"recipe"}', "kind that is not known here: 'recipe'. A newer version"),
], ids=range(8))
def test_what_is_no_evidence_is_told_from_evidence_that_was_changed(tmp_path, content, sentence):
    file = tmp_path / "file"
    file.write_bytes(content)
    told = verify(file)
    assert told.exit_code == 2
    assert told.output.startswith("Nothing was checked. ")
    assert sentence in told.output
    assert told.output.count("\n") == 1
    chinese = verify(file, "--language", "zh-hans").output
    assert chinese.startswith("未作验证。")
    assert "Ask" not in chinese


def test_every_cut_ends_in_a_sentence(files):
    for name in ("order.json", "fact.tlog-proof"):
        raw = (files / name).read_bytes()
        for end in range(0, len(raw) - 1, 97):
            (files / "cut").write_bytes(raw[:end])
            told = verify(files / "cut", "--policy", files / "policy")
            begun = end >= (len(b"c2sp.org/tlog-proof@") if name.endswith("proof") else 1)
            assert (told.exit_code, "NOT PROVEN" in told.output) == ((1, True) if begun else (2, False))


def test_a_huge_file_is_not_read(tmp_path):
    file = tmp_path / "huge"
    with file.open("wb") as opened:
        opened.truncate(130 * 2**20)
    told = verify(file)
    assert (told.exit_code, "128 MB" in told.output) == (2, True)


def test_millions_of_values_are_not_even_made(tmp_path):
    file = tmp_path / "many"
    file.write_bytes(b'{"a":[' + b"[]," * 12_000_000 + b"[]]}")
    for run, code in ((verify(file), 2), (outside(file), 1)):
        assert run.exit_code == code
        assert "more than the" in run.output
        assert "values that are read" in run.output


def outside(file):
    done = subprocess.run(
        [sys.executable, str(ROOT / "src/yinuo/web/static/yinuo/verify_record.py"), str(file)], capture_output=True, text=True,
        check=False,
    )
    return SimpleNamespace(exit_code=done.returncode, output=done.stdout + done.stderr)


def test_what_takes_more_memory_than_there_is_ends_in_a_sentence(files):
    def limited(*command):
        code = (
            "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (250_000_000,) * 2); "
            f"sys.argv = {list(command)!r}; runpy.run_path({command[0]!r}, run_name='__main__')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    file = files / "many"
    file.write_bytes(b'{"a":[' + b"[]," * 2_900_000 + b"[]]}")
    script = str(ROOT / "src/yinuo/web/static/yinuo/verify_record.py")
    assert limited(script, str(file)) == (2, "Nothing was checked. The file takes more memory than this machine has.\n")


def test_a_terminal_without_chinese_letters_is_no_reason_to_fail(files):
    script = str(ROOT / "src/yinuo/web/static/yinuo/verify_record.py")
    for encoding in ("cp1252", "ascii"):
        for command in ([script], ["-m", "yinuo", "verify", "--language", "zh-hans"]):
            done = subprocess.run(
                [sys.executable, *command, files / "order.json"], capture_output=True, check=False,
                env=os.environ | {"PYTHONIOENCODING": encoding},
            )
            assert (done.returncode, done.stderr) == (0, b"")
            assert b"order" in done.stdout


def test_half_a_character_ends_in_a_sentence(files):
    pack = json.loads((files / "order.json").read_text())
    pack["about"]["order"] = "\ud800"
    (files / "odd.json").write_text(json.dumps(pack))
    told = verify(files / "odd.json", "--policy", files / "policy")
    assert (told.exit_code, "half of a surrogate pair" in told.output) == (1, True)
    assert outside(files / "odd.json").exit_code == 1
    pack["about"]["order"] = "\N{GRINNING FACE}"
    (files / "odd.json").write_text(json.dumps(pack))
    assert "half of a surrogate pair" not in verify(files / "odd.json").output


def test_what_breaks_the_verifier_is_told_in_a_sentence_too():
    for fault in (TypeError("x"), ZeroDivisionError("x"), KeyError("x")):
        assert Teller("en").not_proven(fault).startswith("NOT PROVEN: The file cannot be read: something in it")
        assert Teller("zh-hans").not_proven(fault).startswith("未证实：文件无法读取")


def test_what_cannot_be_asked_ends_with_two(files):
    assert verify(files / "missing").exit_code == 2
    assert verify(files).exit_code == 2
    (files / "bad").write_text("log nonsense\n")
    for policy in ("missing", "bad"):
        assert verify(files / "order.json", "--policy", files / policy).exit_code == 2


def test_nothing_in_a_file_reaches_the_terminal_raw(files):
    pack = json.loads((files / "order.json").read_text())
    pack["kind"] = "\x1b[31m\u202e"
    (files / "odd.json").write_text(json.dumps(pack))
    told = verify(files / "odd.json")
    assert told.exit_code == 2
    assert "\x1b" not in told.output
    assert "\u202e" not in told.output


def test_it_starts_no_database_and_leaves_no_folder(files, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    code = (
        "import sys; from yinuo.cli import main\n"
        "try: main()\n"
        "finally: print('django.db' in sys.modules, 'sqlite3' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("YINUO", "DJANGO"))}
    run = subprocess.run(
        [sys.executable, "-c", code, "verify", str(files / "order.json")], cwd=empty, capture_output=True, text=True,
        env=environment | {"PYTHONPATH": str(ROOT / "src")}, check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("False False\n")
    assert list(empty.iterdir()) == []


def template(node):
    """A sentence in the code with blanks for what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return template(node.func.value)
    return None


def test_every_refusal_of_what_checks_has_its_chinese():
    modules = [ROOT / f"src/yinuo/kit/{name}.py" for name in CHECKING]
    modules += [ROOT / "src/yinuo/record/proofs.py", ROOT / "src/yinuo/cli/verify.py"]
    raised = [
        template(node.exc.args[0]) for module in modules for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args
        and getattr(node.exc.func, "id", "") != "ValueError"
    ]
    missing = {sentence for sentence in raised if sentence and " " in sentence} - SENTENCES.keys()
    assert not sorted(missing)
    for english, chinese in SENTENCES.items():
        assert english.count("{}") == chinese.count("{}")
        assert in_chinese(Malformed(english.replace("{}", "7"))) == chinese.replace("{}", "7")


def test_what_a_sentence_is_about_has_its_chinese():
    about = set()
    for module in (ROOT / f"src/yinuo/kit/{name}.py" for name in CHECKING):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TAKES_A_THING and len(node.args) > 1:
                about.add(template(node.args[-1]))
    about -= {None, "{}"}
    assert len(about) > 10
    assert about <= THINGS.keys()
    assert in_chinese(Malformed("The salt of the person's part is not base64.")) == "个人部分的盐 不是 base64。"


@pytest.mark.parametrize("words", [WORDS, FAULTS], ids=["told", "faults"])
def test_every_sentence_is_there_in_both_languages(words):
    for english, chinese in words.values():
        fields = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in (english, chinese)]
        assert fields[0] == fields[1]

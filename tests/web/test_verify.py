"""The page that checks proofs: it agrees with the kit on every file, sends nothing anywhere, and says what it found."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from django.conf import settings as live

import yinuo
from yinuo.kit import facts, opening
from yinuo.kit.canonical import canonical_json, read_json
from yinuo.kit.checkpoints import Checkpoint
from yinuo.kit.evidence import check_fact_proof, check_pack, check_whole
from yinuo.kit.merkle import root
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.notes import sign_note
from yinuo.kit.policies import parse_policy
from yinuo.kit.refusals import Refusal
from yinuo.kit.tlog_proofs import TlogProof, parse_tlog_proof
from yinuo.web.phrases import FAULTS, KINDS, SUBJECTS

STATIC = Path(yinuo.__file__).parent / "web" / "static" / "yinuo"
HEADER = b"c2sp.org/tlog-proof@v1\n"
in_browser = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def kit_tests():
    """What the tests of the kit make small logs with."""
    spec = spec_from_file_location("kit_tests", Path(__file__).parents[1] / "kit" / "conftest.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SmallLog = kit_tests().SmallLog


class OwnLog(SmallLog):
    """A small log that this installation has signed."""

    def checkpoint(self, *_, at=1_790_000_000, origin=None):
        return super().checkpoint(*live.LOG.signers, at=at, origin=origin or live.LOG.origin)


# The page and the kit ----------------------------------------------------------------------------------------------------

CHECK_ALL = """async (cases) => {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const found = [];
    for (const [file, policy] of cases) {
        try {
            found.push((await verifyRecord.check(bytes(file), policy)).isSure ? "proven" : "unsure");
        } catch (fault) {
            found.push(fault instanceof verifyRecord.NotProven ? fault.code : `crash ${fault.stack}`);
        }
    }
    return found;
}"""


def said_by_the_page(page, cases):
    """What the page's script says of each (file, policy's text or None)."""
    return page.evaluate(CHECK_ALL, [[base64.b64encode(raw).decode(), policy] for raw, policy in cases])


def proven_by_the_kit(raw, policy):
    trusted = policy and parse_policy(policy)
    try:
        if raw.startswith(HEADER):
            check_fact_proof(raw, trusted)
            return True
        pack = read_json(raw, "pack")
        proven = check_pack(pack, trusted)
        if pack["kind"] == "order":
            check_whole(proven.facts, "order", pack["about"].get("order"))
        return pack["kind"] in ("order", "credit", "reviews") and raw[:1] == b"{"
    except Refusal:
        return False


def agree(page, cases):
    """Both judge all of these alike; the verdicts of the page."""
    verdicts = said_by_the_page(page, cases)
    for (raw, policy), verdict in zip(cases, verdicts, strict=True):
        assert (verdict == "proven") == proven_by_the_kit(raw, policy), (verdict, raw)
        assert verdict == "proven" or verdict in FAULTS, verdict
    return verdicts


@pytest.fixture
def page(browser, live_server):
    """The page in English, opened; and what it asked for and complained of since, as `page.asked` and `page.complaints`."""
    opened = browser.new_context(locale="en-GB").new_page()
    opened.complaints, opened.asked = [], []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto(live_server.url + "/verify/")
    opened.wait_for_selector("[data-ready]")
    opened.wait_for_load_state("networkidle")
    opened.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    assert opened.complaints == []
    assert opened.asked == []
    opened.context.close()


def browser_test(function):
    for mark in in_browser:
        function = mark(function)
    return function


@browser_test
def test_both_accept_what_is_right(page):
    cases = []
    for size in (1, 2, 5, 8, 33):
        log = SmallLog(size)
        witnessed = log.policy(witnesses=(log.witness,), quorum="w0").text
        alone = log.policy().text
        cases += [(log.proof(index, person=index % 4 == 0), alone) for index in range(size)]
        cases.append((log.proof(size - 1, log.ed25519, log.witness), witnessed))
        cases += [(log.pack_bytes(indices), None) for indices in ([], [size - 1], range(size), range(0, size, 3))]
        cases.append((log.pack_bytes(range(0, size, 3), kind="order", about={"order": "o1"}), alone))
    assert set(agree(page, cases)) == {"proven"}


@browser_test
def test_a_flipped_bit_of_a_proof_is_refused_by_both(page):
    log = SmallLog(2)
    policy = log.policy(witnesses=(log.witness,), quorum="w0").text
    raw = log.proof(1, log.ed25519, log.witness)
    luck = random.Random(1)
    flipped = [raw[:place] + bytes([raw[place] ^ 1 << luck.randrange(8)]) + raw[place + 1 :] for place in range(len(raw))]
    cut = [raw[:end] for end in range(0, len(raw), 7)]
    assert "proven" not in agree(page, [(each, policy) for each in flipped + cut])


@browser_test
def test_a_flipped_letter_of_what_a_pack_proves_is_refused_by_both(page):
    log = SmallLog(5)
    pack, cases = log.pack([1, 2]), []
    for name in ("facts", "nodes", "checkpoint", "size"):
        text = canonical_json(pack[name])
        others = json.dumps({key: value for key, value in pack.items() if key != name}).encode()
        for place in range(len(text)):
            changed = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
            cases.append((b'{"%s":%s,' % (name.encode(), changed) + others[1:], log.policy().text))
    assert "proven" not in agree(page, cases)


@browser_test
@pytest.mark.parametrize("as_proof", [True, False])
def test_both_judge_garbled_files_alike(page, as_proof):
    log, luck, cases = SmallLog(5), random.Random(2), []
    for _ in range(600):
        raw = bytearray(log.proof(3) if as_proof else log.pack_bytes([0, 3], kind="order", about={"order": "o1"}))
        for _ in range(luck.randint(1, 2)):
            place = luck.randrange(len(raw))
            other = luck.choice((b"", b"\n", b" ", b"A", b"0", b'"', b"{", b"\xff", bytes([luck.randrange(256)])))
            raw[place : place + luck.choice((0, 1, 1, 30))] = other
        cases.append((bytes(raw), log.policy().text))
    agree(page, cases)


HASH = "A" * 43 + "="
OPENING = {"salt": HASH, "content": "{}", "numbers": {}}
NOT_REVEALED = [
    {"index": True}, {"index": -1}, {"index": 4}, {"index": "3"}, {"index": 2**53}, {"main": None}, {"main": []},
    {"main": {}},
    {"main": {"commitment": HASH}}, {"main": {"commitment": None}}, {"main": {"commitment": "é" * 44}}, {"person": {}},
    {"person": {"commitment": 1}}, {"person": {"commitment": "AAAA"}}, {"person": {"commitment": "A" * 43 + "B"}},
    {"more": 1}, {"__proto__": {}},
    {"main": {"commitment": HASH, "salt": ""}}, *({"main": OPENING | change} for change in (
        {"salt": 1}, {"salt": "A" * 44}, {"salt": ""}, {"content": 1}, {"content": "[]"}, {"content": "{"},
        {"content": "[" * 5000}, {"content": '{"a":1.0}'}, {"content": '{ "a":1}'}, {"content": '{"a":1,"a":1}'},
        {"numbers": []}, {"numbers": {"a b": 1}}, {"numbers": {"order": -1}}, {"numbers": {"order": True}},
        {"numbers": {"": 1}}, {"numbers": {"é": 1}}, {"numbers": None},
    )),
]
NO_PACK = [
    {"format": "yinuo-pack-v2"}, {"kind": 1}, {"kind": "other"}, {"kind": "__proto__"}, {"size": 11}, {"size": True},
    {"size": "12"},
    {"size": -12}, {"facts": {}}, {"nodes": []}, {"checkpoint": ""}, {"checkpoint": None}, {"policy": 1}, {"about": []},
    {"note": None},
    {"nodes": {}}, {"facts": []}, {"nodes": {"a": "b"}}, {"nodes": {"00/1": HASH}}, {"nodes": {"0/1": 5}}, {"facts": [1]},
    {"size": 1e400},
    {"nodes": {"0/99999999999999999999": HASH}}, {"nodes": {"__proto__": HASH}}, {"kind": "order"},
    {"kind": "order", "about": {"order": 1}}, {"kind": "order", "about": {"order": "o2"}},
    {"kind": "order", "about": {"order": "o1"}},
]
PROOF_CHANGES = [
    ("c2sp", "C2SP"), ("@v1", "@v2"), ("index 3", "index 03"), ("index 3", "index"), ("index 3\n", ""),
    ("extra ", "extra  "),
    ("extra ", "note "), ("\n\n", "\n"), ("\n", "\r\n"), ("index 3\n", "index 3\nAAAA\n"),
    ("index 3\n", f"index 3\n{HASH}\n"),
    ("index 3\n", "index 3\n" + (HASH + "\n") * 64), ("index 3", "index 3\0"), ("index 3", "extra \nindex 3"),
    ("index 3", "index -3"),
    ("index 3", "index 4"), ("index 3", f"index {2**63 + 3}"), ("\n5\n", f"\n{2**63 - 1}\n"), ("— ", "- "),
    ("— ", "—\u3000"),
    ("index 3", "index 3" + "x" * 4_000_000),
]


@browser_test
def test_both_refuse_what_has_not_the_form(page):
    log, whole = SmallLog(5), SmallLog(12)
    policy, parsed, pack = log.policy().text, parse_tlog_proof(log.proof(3)), log.pack([3])
    cases = []
    for change in NOT_REVEALED:
        extra = json.dumps(log.revealed(3) | change, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        cases.append((str(TlogProof(3, parsed.hashes, parsed.checkpoint, extra)).encode(), policy))
        cases.append((json.dumps({**pack, "facts": [{**pack["facts"][0], **change}]}).encode(), policy))
    cases += [(json.dumps(whole.pack([3, 4]) | change).encode(), whole.policy().text) for change in NO_PACK]
    cases += [(log.proof(3).decode().replace(old, new, 1).encode(), policy) for old, new in PROOF_CHANGES]
    facts_given = whole.pack([3, 4])["facts"]
    cases += [(json.dumps(whole.pack([3, 4]) | {"facts": changed}).encode(), whole.policy().text)
              for changed in (facts_given[::-1], [facts_given[0], *facts_given], facts_given[:1])]
    assert "proven" not in agree(page, cases)


CANONICAL = [
    '{"__proto__":{"a":1},"constructor":2,"toString":3}', '{"a":{},"b":[],"c":null,"d":true,"e":false}', '{"":""}',
    '{"n":9007199254740991,"o":-9007199254740991,"p":0}', '{"\uffff":1,"\U0001f600":2}',
    '{"s":"\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f\u2028é"}',
    '{"s":"\\\\ud800"}', '{"deep":' + "[" * 400 + "]" * 400 + "}", '{"a":1,"aa":2,"b":3}',
    '{"fact":{"order":["o1"]},"texts":[[],{}]}',
]
NOT_CANONICAL = [
    "", " {}", "{} ", '{"b":1,"a":2}', '{"a": 1}', '{"a":1,"a":1}', '{"a":1.5}', '{"a":1e3}', '{"a":-0}',
    '{"a":9007199254740992}',
    '{"a":' + "9" * 5000 + "}", '{"a":NaN}', '{"a":Infinity}', '{"a":"\\u0041"}', '{"a":"\\/"}', '{"a":"\\ud800"}',
    '{"a":"\\u00e9"}',
    '{"a":' * 5_000, "{" * 5_000, '{"a":[1,]}', '{"a":1,}', "\ufeff{}", '{"a":"\t"}', '{"\U0001f600":1,"\uffff":2}',
    '{"a":01}', '{"a":+1}',
    '{"a":"\\u001F"}', '{"a":"\\x41"}', '{"a":tru}', "{a:1}", "{'a':1}", '{"a":1}}', "[]", "1", '{"a":"b', '{"a":"b\\',
    '{"a"}', "{,}", "{}x",
]


def one_fact_pack(text):
    """A pack of a log whose one fact really commits to this text, so that only its form can be wrong with it."""
    salt = b"s" * 32
    commitment = opening.part_commitment(b"{}", opening.inner_of(salt, text.encode()))
    nobody = opening.part_commitment(b"{}", opening.no_person(salt))
    log = SmallLog(1)
    head = Checkpoint(log.ed25519.name, 1, root([opening.leaf_of(commitment, nobody)])).text
    main = {"salt": base64.b64encode(salt).decode(), "content": text, "numbers": {}}
    shown = [{"index": 0, "main": main, "person": opening.closed(nobody)}]
    pack = log.pack([0]) | {"checkpoint": str(sign_note(head, [log.ed25519])), "facts": shown}
    return json.dumps(pack).encode(), log.policy().text


@browser_test
def test_both_take_one_way_to_write_json_for_canonical(page):
    assert set(agree(page, [one_fact_pack(text) for text in CANONICAL])) == {"proven"}
    assert "proven" not in agree(page, [one_fact_pack(text) for text in NOT_CANONICAL])


@browser_test
def test_names_of_prototypes_and_odd_texts_beside_the_facts_are_harmless(page):
    log = SmallLog(3)
    pack = log.pack([1])
    odd = [{"about": {"__proto__": "x", "order": {"a": []}}}, {"__proto__": {"size": 1}},
           {"more": [-0, {}]}, {"note": "\u0000\u202e<b>"}]
    assert set(agree(page, [(json.dumps(pack | each).encode(), log.policy().text) for each in odd])) == {"proven"}
    halves = [{"note": "\ud800"}, {"about": {"order": "\udfff"}}, {"\ud800": 1}, {"more": ["a\ud83d\ud83d\ude00"]}]
    verdicts = agree(page, [(json.dumps(pack | each).encode(), log.policy().text) for each in halves])
    assert "proven" not in set(verdicts)
    assert set(agree(page, [(json.dumps(pack | {"note": "\U0001f600"}).encode(), log.policy().text)])) == {"proven"}


POLICIES = [
    "", "quorum none", "witness none KEY", "witness a KEY\nquorum a", "witness a KEY\ngroup g 2 a\nquorum g",
    "group g any a\nquorum none",
    "log KEY\nquorum none", "witness a KEY\nwitness b KEY\nquorum none", "witness a KEY\ngroup g all a a\nquorum g",
    "witness a KEY\ngroup g any a\ngroup h any a\nquorum none", "quorum none\nquorum none", "trust\nquorum none",
    "quorum none\r",
    "# words\n\n\tquorum  none", "witness a LOG\nquorum none", "witness a KEY\ngroup a any a\nquorum none",
    "quorum none\x7f",
    "\n" * 1_000 + "quorum none", "witness __proto__ KEY\ngroup constructor 1 __proto__\nquorum constructor",
    "quorum toString",
    "witness a KEY\ngroup g 01 a\nquorum g", "witness a KEY https://w.example\ngroup g any a\ngroup h all g\nquorum h",
    "quorum\u00a0none",
    "log X+00000000+AA==\nquorum none", "log \u0085+00000000+AA==\nquorum none",
    "witness a KEY more than this\nquorum none",
]


@browser_test
def test_both_read_the_same_policies(page):
    log = SmallLog(3)
    cases = []
    for line in POLICIES:
        words = line.replace("KEY", log.witness.verifier.vkey).replace("LOG", log.ed25519.verifier.vkey)
        policy = f"log {log.ed25519.verifier.vkey}\n{words}\n"
        cases += [(json.dumps({**log.pack([1], *signers), "policy": policy}).encode(), None)
                  for signers in ((log.ed25519,), (log.ed25519, log.witness))]
    verdicts = agree(page, cases)
    assert verdicts.count("proven") >= 8


@browser_test
def test_another_log_key_or_quorum_is_named(page):
    log, other = SmallLog(4), "other.example"
    stranger = Signer(log.ed25519.name, Method.ED25519, b"stranger" * 4)
    far = Signer(other, Method.ED25519, b"far away" * 4)
    witnessed = log.policy(witnesses=(log.witness,), quorum="w0").text
    cases = [
        (log.proof(1, stranger), log.policy().text), (log.proof(1, far), log.policy().text), (log.proof(1), witnessed),
        (json.dumps(log.pack([1]) | {"checkpoint": log.checkpoint(far, origin=other)}).encode(), log.policy().text),
        (log.proof(1).replace(b"\n4\n", b"\n5\n"), log.policy().text), (b"", log.policy().text),
        (b"PK\3\4", log.policy().text),
        (HEADER, log.policy().text), (log.pack_bytes([1])[:-20], log.policy().text), (log.proof(1), None),
        (b'{"a":' * 200_000, log.policy().text), (b'{"format":' + b"9" * 100_000 + b"}", log.policy().text),
        (b"{\xff", None),
    ]
    assert said_by_the_page(page, cases) == [
        "other_key", "other_key", "few_witnesses", "other_log", "signature", "empty", "neither", "cut_off", "json_end",
        "no_policy",
        "json_deep", "json_number", "not_utf8",
    ]


@browser_test
def test_ml_dsa_is_named_and_never_counts_as_checked(page):
    log = SmallLog(4)
    both, later = log.policy(log.ed25519, log.ml_dsa).text, log.policy(log.ml_dsa).text
    seen = log.policy(witnesses=(log.later_witness,), quorum="w0").text
    signed = log.proof(1, log.ed25519, log.ml_dsa, log.later_witness)
    changed = log.proof(1, log.ml_dsa).replace(b"shop.example/record\n4\n", b"shop.example/record\n5\n")
    cases = [(signed, both), (signed, later), (signed, seen), (log.proof(1), later), (log.proof(1), seen), (changed, later)]
    assert said_by_the_page(page, cases) == ["proven", "unsure", "unsure", "other_key", "few_witnesses", "hash_count"]


@browser_test
def test_a_large_pack_is_told_of_as_it_goes(page):
    log = SmallLog(2_000)
    steps = page.evaluate("""async ([file, policy]) => {
        const steps = [], bytes = new TextEncoder().encode(file);
        let turns = 0;
        const count = setInterval(() => turns++);
        const found = await verifyRecord.check(bytes, policy, (step, share) => steps.push([step, share]));
        clearInterval(count);
        return { steps, turns, facts: found.facts.length };
    }""", [log.pack_bytes(range(2_000)).decode(), log.policy().text])
    assert steps["facts"] == 2_000
    assert steps["turns"] > 0
    assert all(0 <= share <= 1 for _, share in steps["steps"])


# What the reader sees ----------------------------------------------------------------------------------------------------


def give(page, raw, name="file"):
    """Choose a file and wait for the verdict; its words."""
    page.evaluate("document.getElementById('verdict').hidden = true")
    page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": raw})
    page.wait_for_selector("#verdict:not([hidden])")
    return page.inner_text("main")


@browser_test
def test_it_says_what_an_orders_evidence_proves(page):
    log = OwnLog(12)
    said = give(page, log.pack_bytes([0, 3, 6, 9], kind="order", about={"order": "o1"}), "order-o1.json")
    for words in (
        "Proven", "holds these 4 facts at their places, unchanged",
        f"It comes from the record {live.LOG.origin}, when it had 12 entries.",
        "signed this head with Ed25519", "with ML-DSA-44 is present; it is not checked in the browser",
        "asks for no witness",
        "About order o1 it shows the facts numbered 0 to 3; none is left out between them.",
        "Later facts about the order may exist, and withdrawals of those shown", "“not for credit granting”",
        "An order was paid", "Entry 6 · happened on 14 November 2023 at 22:13:20 UTC · stated by shop",
        "Fact number 2 about order o1.",
        "There is no person’s part.", "order-o1.json",
    ):
        assert words in said, words
    assert page.inner_text("[role=status]").startswith("Proven: The record holds")
    page.locator("summary", has_text="Word for word").first.click()
    page.locator("#facts dd", has_text="trade.order_paid").wait_for()
    assert "A person’s part is not shown" in give(page, log.proof(4))


@browser_test
def test_it_says_what_is_wrong(page):
    log = OwnLog(12)
    pack = log.pack_bytes([0, 3, 6, 9], kind="order", about={"order": "o1"})
    for raw, words in (
        (pack.replace(b"shop\\", b"shoq\\", 1), "at least one was changed"), (pack[:-5], "cut off"),
        (b"", "The file is empty"),
        (log.pack_bytes([0, 6, 9], kind="order", about={"order": "o1"}), "Fact number 1 about order o1 is left out"),
        (SmallLog(12).pack_bytes([0]), "It is another log’s: the file comes from shop.example/record"),
        (b"GIF89a", "neither a proof"),
    ):
        said = give(page, raw)
        assert "Not proven" in said
        assert words in said
        assert page.is_hidden("#shown")
        assert page.locator("#verdict .seal").count() == 0
    assert "Not proven: " in page.inner_text("[role=status]")


@browser_test
@pytest.mark.parametrize(("kind", "title", "beyond"), [
    ("credit", "The facts are proven; the score was not checked", "Nothing is computed here"),
    ("reviews", "The facts are proven; the counts were not checked", "Nothing is counted here"),
    ("receipt", "The facts are proven; the receipt was not checked", "not held against these facts here"),
])
def test_what_a_file_works_out_from_its_facts_is_not_called_proven(page, kind, title, beyond):
    said = give(page, OwnLog(12).pack_bytes([0, 3], kind=kind, about={}))
    assert title in said
    assert beyond in said
    assert page.locator("#verdict.doubt .seal").count() == 0
    assert page.inner_text("[role=status]").startswith(title)


@browser_test
def test_a_pasted_policy_counts_instead(page):
    log = SmallLog(4)
    give(page, log.proof(1))
    page.get_by_text("Check by another policy").click()
    page.get_by_label("Another policy").fill(log.policy().text)
    page.get_by_label("Another policy").blur()
    page.get_by_text("This policy can be read. It names: shop.example/record.").wait_for()
    page.locator("#verdict .seal").wait_for()
    assert "Trusted were the keys of the policy that you pasted." in page.inner_text("#verdict")
    page.get_by_label("Another policy").fill("log nonsense")
    page.get_by_label("Another policy").blur()
    page.get_by_text("The pasted policy cannot be used. Line 1:").wait_for()
    page.get_by_label("Another policy").fill("")
    page.get_by_label("Another policy").blur()
    page.locator("#verdict", has_text="It is another log’s").wait_for()


@browser_test
def test_a_file_is_dropped_and_chosen_by_keyboard(page):
    raw = OwnLog(3).proof(1)
    page.evaluate("""(text) => {
        const data = new DataTransfer();
        data.items.add(new File([text], "dropped.tlog-proof"));
        document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
    }""", raw.decode())
    page.locator("#verdict .seal").wait_for()
    assert "dropped.tlog-proof" in page.inner_text("#verdict")
    page.get_by_label("Choose a file").focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "again", "mimeType": "", "buffer": b"x"})
    page.locator("#verdict", has_text="neither a proof file").wait_for()


@browser_test
def test_what_a_file_says_is_shown_and_never_run(page):
    log = OwnLog(3)
    hostile = "<img src=x onerror=alert(1)>\u202e<script>alert(1)</script>"
    said = give(page, json.dumps(log.pack([1]) | {"note": hostile, "about": {hostile: "x"}}).encode(), hostile + ".json")
    assert "<img src=x onerror=alert(1)>\\u202e<script>" in said
    assert page.locator("main img, main script:not([type])").count() == 0
    give(page, b'{"' + hostile.encode() + b'":1,"' + hostile.encode() + b'":1}')
    assert page.locator("main img, main script:not([type])").count() == 0


@browser_test
def test_many_facts_are_listed_a_few_at_a_time(page):
    give(page, OwnLog(120).pack_bytes(range(120)))
    assert page.locator("#facts > li").count() == 50
    page.get_by_role("button", name="Show 50 more").click()
    page.get_by_role("button", name="Show 20 more").click()
    assert page.locator("#facts > li").count() == 120
    assert page.is_hidden("#more")


@browser_test
def test_it_works_offline_and_from_disk(page, tmp_path, live_server, browser):
    raw = OwnLog(3).proof(1)
    page.context.set_offline(True)
    assert "The record holds this fact" in give(page, raw)
    saved = page.evaluate("document.documentElement.outerHTML").replace('"/static/yinuo/', '"saved/')
    (tmp_path / "page.html").write_text("<!doctype html>" + saved)
    shutil.copytree(STATIC, tmp_path / "saved")
    other = browser.new_context(offline=True).new_page()
    other.goto(f"file://{tmp_path}/page.html")
    other.wait_for_selector("[data-ready]")
    assert "The record holds this fact" in give(other, raw)
    other.context.close()


@browser_test
def test_a_browser_without_ed25519_says_that_it_checked_no_signature(browser, live_server):
    page = browser.new_context(locale="en-GB").new_page()
    page.add_init_script("crypto.subtle.importKey = async () => { throw new Error('unknown') }")
    page.goto(live_server.url + "/verify/")
    said = give(page, OwnLog(3).proof(1))
    assert "Not checked to the end" in said
    assert "with Ed25519 is present; it is not checked in the browser" in said
    assert "a forged file could look the same" in said
    assert page.locator("#verdict .seal").count() == 0
    page.context.close()


@browser_test
def test_without_scripts_it_says_what_to_do(browser, live_server):
    page = browser.new_context(java_script_enabled=False, locale="en-GB").new_page()
    page.goto(live_server.url + "/verify/")
    assert page.get_by_text("your browser runs none here").is_visible()
    assert page.is_hidden("#zone")
    assert page.get_by_role("link", name="Download verify_record.py").is_visible()
    assert "log " + live.LOG.origin in page.inner_text("#policy")
    page.context.close()


@browser_test
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_phone_shows_it_whole(browser, live_server, scheme, locale):
    page = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme, locale=locale).new_page()
    page.goto(live_server.url + "/verify/")
    give(page, OwnLog(12).pack_bytes(range(12)))
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if locale == "zh-CN":
        assert not re.search(r"(?:[A-Za-z’']+ ){4,}[A-Za-z’']+", page.inner_text("#verdict") + page.inner_text("#shown"))
    page.context.close()


# What the server sends ---------------------------------------------------------------------------------------------------


def test_the_browser_is_told_to_let_nothing_out(client, db):
    policy = client.get("/verify/").headers["Content-Security-Policy"]
    assert "connect-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_the_page_carries_this_records_policy(client, db):
    html = client.get("/verify/").content.decode()
    block = re.search(r'<script id="own-policy" type="application/json">(.*?)</script>', html)[1]
    assert json.loads(block) == live.LOG.policy.text


def test_every_kind_and_subject_has_words():
    assert facts.kinds().keys() <= KINDS.keys()
    assert SUBJECTS.keys() == facts.SUBJECT_PREFIXES.keys()


def test_every_phrase_that_the_scripts_use_is_there(client, db):
    html = client.get("/verify/").content.decode()
    phrases = json.loads(re.search(r'<script id="phrases" type="application/json">(.*?)</script>', html)[1])
    rules, page = ((STATIC / name).read_text() for name in ("verify_record.js", "verify.js"))
    assert set(re.findall(r'NotProven\("(\w+)"', rules + page)) <= phrases["faults"].keys()
    assert set(re.findall(r'\bsay\("(\w+)"', page)) - {"unknown"} <= phrases["told"].keys()
    assert set(re.findall(r'what: "(\w+)"', rules)) <= phrases["parts"].keys()
    assert "%%" not in json.dumps(phrases)

"""Journeys through the pages in a real browser: in both languages, by mouse, by keyboard alone, and without scripts."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

import pytest
import standardwebhooks
from click.testing import CliRunner

from yinuo.cli import yinuo
from yinuo.cli._webhooks import send_all
from yinuo.credit import actions as credit
from yinuo.credit import queries as standings
from yinuo.decisions import actions as decisions
from yinuo.decisions.rules import GROUNDS, Objection
from yinuo.kit.actors import Actor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SUBJECT, NAME = "tea", "Qinglan Tea House"
PASSWORD = "seven green teapots"
ERASED = "The words were erased at the writer’s wish. The stars stay counted."
REVIEW = "The leaves are whole and the tin is lovely."
WORDS = "取件预约单显示，承运商在约定的那天没有来取件。 The booking shows that the carrier did not come on the day."
NOT_SHOWN = "Nothing was brought that shows a booking: please send it, if there is one."
OVERLOOKED = "The booking had been sent with the objection and was overlooked; it shows that the carrier did not come."


@pytest.fixture
def late(town):
    """Orders of the last days that the merchant sent late, after it was scored; and scored again since."""
    return slip(town)


def slip(town):
    """The merchant sends five orders late, and everybody is scored again: the names of the orders."""
    for_each = [town.order(f"A-{1001 + each}", SUBJECT, day=8 - each, late=True, buyer=f"late-{each}") for each in range(5)]
    town.state([raw for raws in for_each for raw in raws])
    town.score()
    return [f"A-{1001 + each}" for each in range(5)]


def verified(file: Path, policy: Path) -> str:
    """What `yinuo verify` says of a file; it must say that all is proven."""
    done = CliRunner().invoke(yinuo, ["verify", str(file), "--policy", str(policy), "--language", "en"])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def policy(town, tmp_path):
    """The policy of this record, as anybody gets it."""
    file = tmp_path / "yinuo.policy"
    file.write_text(town.ask("/api/log/policy"))
    return file


# A merchant ---------------------------------------------------------------------------------------------------------------


def test_a_merchant_sees_a_drop_objects_appeals_and_is_made_whole(town, late, person):
    first_secret, second_secret = town.staff("li.na", "steward"), town.staff("zhou.min", "steward")
    merchant = person()

    # Given a merchant who opens an account by the shop's link, and sees that the score fell
    merchant.joins(town.invitation(merchant=SUBJECT), "qinglan")
    merchant.follow("Console", inside="header")         # that of the one merchant they act for
    fallen = sees_the_drop(merchant)

    # When they find the order behind the points and say through whom it went wrong
    objects(merchant, late)

    # And a steward rejects it, after a second look
    steward = person()
    steward.signs_in("li.na", first_secret)
    rejects(steward, order=late[2])
    town.work()

    # Then the merchant reads why, and appeals
    appeals(merchant)

    # And whoever decided cannot answer the appeal
    steward.open("/console/steward/")
    steward.use(steward.page.locator("section[aria-labelledby=appeals] a").first)
    assert steward.say("Another person must answer this") in steward.reads()
    assert steward.page.locator("main textarea").count() == 0

    # But another steward does, in the merchant's favour
    second = person()
    second.signs_in("zhou.min", second_secret)
    reverses(second)
    town.work()

    # Then the statement says what was lost, and the next run gives exactly that back
    then, without, lost = reads_the_statement(merchant)
    assert (then, lost) == (fallen, without - then)
    assert lost > 0
    town.score()
    merchant.follow("Console", inside="header")
    assert merchant.number(".standing .score") == without

    # And the public sees both
    merchant.follow("The public page")
    assert merchant.number(".standing .score") == without
    merchant.follow("How we judge, in numbers", inside="footer")
    cells = merchant.page.locator("#rules ~ table tbody tr").filter(has_text=merchant.word("no_evidence", "ground"))
    assert [text.split()[-1] for text in cells.locator("td").all_inner_texts()][:3] == ["1", "1", "1"]


def sees_the_drop(merchant):
    """The score as the console shows it, a fall from the one before; what cost points is named below."""
    fallen = merchant.number(".standing .score")
    merchant.touch(merchant.page.locator("#course ~ details summary"))
    course = [int(cell) for cell in merchant.page.locator("#course ~ details tbody td:nth-child(2)").all_inner_texts()]
    assert course[0] == fallen
    assert course[1] - fallen >= 50                 # the odds of failure have doubled at least
    merchant.page.locator("#held").wait_for()
    return fallen


def objects(merchant, late):
    """Object to the cause of one of the late orders."""
    merchant.follow("All of them, and how to object")
    rows = merchant.page.locator("tbody tr")
    assert sorted(rows.locator("th").all_inner_texts()) == late
    merchant.tick(rows.filter(has_text=late[2]).get_by_role("checkbox"))
    merchant.choose("It was through", merchant.word("carrier", "cause"))
    merchant.write("How that shows: bookings, scans, messages", WORDS)
    merchant.press("Object")
    merchant.page.locator(".said").wait_for()
    assert merchant.word("open", "contest_state") in merchant.reads("section[aria-labelledby=contests]")


def rejects(steward, *, order):
    """Find the objection, read it, and reject it with reasons, shown whole before it is done."""
    steward.follow("Console", inside="header")
    steward.follow(NAME, inside="main")
    assert WORDS in steward.reads()
    assert order in steward.reads()
    steward.choose("Outcome", steward.say("Reject: it stays as it is"))
    steward.choose("Ground", steward.word("no_evidence", "ground"))
    steward.write("The reasons, for the merchant to read", NOT_SHOWN)
    steward.press("Look at it once more")
    assert NOT_SHOWN in steward.reads()
    steward.use(steward.page.locator("main .button"))
    assert steward.say("Their merchants read the reasons, and may appeal.") in steward.reads()


def appeals(merchant):
    """Read the reasons and the rule, and appeal."""
    merchant.use(merchant.page.locator("section[aria-labelledby=contests] a").first)
    assert NOT_SHOWN in merchant.reads()
    merchant.follow("The reasons, and how to appeal")
    assert merchant.say(GROUNDS["no_evidence"].rule) in merchant.reads()
    merchant.write("Why the decision should not stand", WORDS)
    merchant.press("Send the appeal")
    merchant.page.locator("#appeal").wait_for()


def reverses(steward):
    """Answer the appeal: the decision does not stand."""
    steward.open("/console/steward/")
    steward.use(steward.page.locator("section[aria-labelledby=appeals] a").first)
    steward.choose("Outcome", steward.say("The decision is reversed"))
    steward.choose("If reversed, it counts as through", steward.word("carrier", "cause"))
    steward.write("What this case turns on, in words of your own", OVERLOOKED)
    steward.press("Answer the appeal")
    steward.page.locator(".said").wait_for()


def reads_the_statement(merchant):
    """The newest line of the made-whole statement: the score then, without the order, and what was lost."""
    merchant.follow("Console", inside="header")
    merchant.follow("Objections and decisions")
    merchant.use(merchant.page.locator("section[aria-labelledby=contests] a").first)
    return [merchant.number(f"#whole ~ table tbody tr:first-child td:nth-child({cell})") for cell in (2, 3, 4)]


# A buyer ------------------------------------------------------------------------------------------------------------------


def test_a_buyer_takes_their_data_along_and_is_erased(town, person, policy, tmp_path):
    # Given a merchant who has its credit report, in which an order of the buyer's counts
    merchant = person()
    merchant.joins(town.invitation(merchant=SUBJECT), "qinglan")
    merchant.follow("Console", inside="header")
    before = merchant.downloads(lambda: merchant.touch(report_of(merchant)), tmp_path)
    assert "the score is the one" in verified(before, policy)

    # And a buyer, whose name and words stand on pages
    buyer = person()
    buyer.joins(town.invitation(buyer="ann"), "ann.l")
    buyer.follow("My level and my data")
    buyer.use(buyer.page.locator(".tabs a").nth(1))
    for told in ("Ann Lindqvist", REVIEW):
        assert told in buyer.page.content()

    # When they take it along
    package = buyer.downloads(
        lambda: buyer.touch(buyer.page.get_by_role("button", name=buyer.say("Download the package"))), tmp_path
    )
    with ZipFile(package) as opened:
        assert any(b"Ann Lindqvist" in opened.read(name) for name in opened.namelist())

    # And have themselves erased: another's name does nothing, their own does it
    buyer.use(buyer.page.locator(".tabs a").nth(2))
    for typed in ("somebody", "ann.l"):
        buyer.write("Type your sign-in name, %(handle)s, to go on", typed, handle="ann.l")
        buyer.press("Erase it")
        if typed == "somebody":
            assert buyer.say("That is not your sign-in name. Nothing was erased.") in buyer.reads()
    assert buyer.say("It is erased") in buyer.reads("h1")
    assert buyer.page.locator("#stays").is_visible()            # a law keeps the order for three years
    town.work()

    # Then they are signed out, and cannot sign in again
    assert buyer.page.request.get(buyer.url + "/me/", max_redirects=0).status == 302
    buyer.open("/account/sign-in/")
    buyer.write("Sign-in name", "ann.l")
    buyer.write("Password", PASSWORD)
    buyer.press("Sign in")
    assert buyer.page.url.endswith("/account/sign-in/")

    # And nothing of them is left on pages, whereas the merchant's reports, old and new, verify as before
    merchant.follow("The public page")
    assert merchant.page.locator(".reviews .erased").inner_text() == merchant.say(ERASED)
    for told in ("Ann Lindqvist", REVIEW, "ann.l"):
        assert told not in merchant.page.content()
    merchant.follow("Console", inside="header")
    after = merchant.downloads(lambda: merchant.touch(report_of(merchant)), tmp_path / "later")
    assert verified(before, policy) == verified(after, policy)


def report_of(hand):
    return hand.page.get_by_role("link", name=hand.say("Download the credit report"))


# A steward ----------------------------------------------------------------------------------------------------------------


def test_a_steward_corrects_what_intake_refused_and_a_standing_follows(town, person):
    secret = town.staff("li.na", "steward")
    merchant = person()
    town.score()
    merchant.open("/")
    merchant.follow(NAME, inside="main")
    score = merchant.number(".standing .score")

    # Given shops that state orders of the last week with an amount that is no whole number, and their late hand-overs
    raws = [raw for each in range(4) for raw in town.order(f"B-{each}", SUBJECT, day=6, late=True, buyer=f"new-{each}")]
    for raw in raws[::2]:
        raw["data"]["amount_minor"] = "200.00"
    answer = town.state(raws)
    assert (answer["accepted"], answer["refused_count"]) == (4, 4)
    town.score()
    merchant.page.reload()
    assert merchant.number(".standing .score") == score         # a hand-over of an unknown order costs nothing

    # When a steward sees them, corrects each and takes it in
    steward = person()
    steward.signs_in("li.na", secret)
    steward.follow("Console", inside="header")
    steward.use(steward.page.locator("section[aria-labelledby=intake] a"))
    rows = steward.page.locator("tbody tr")
    assert rows.count() == 4
    assert "data.amount_minor" in steward.reads("tbody")
    for place in range(4):
        steward.use(rows.first.get_by_role("link"))
        corrects(steward, is_first=place == 0)
    assert steward.say("Nothing waits") in steward.reads()
    town.work()

    # Then the orders count: the next run judges them
    town.score()
    merchant.page.reload()
    assert merchant.number(".standing .score") < score
    assert merchant.page.locator("tbody tr").filter(has_text=merchant.word("dispatch/late", "judged")).count() >= 1


def corrects(steward, *, is_first):
    """Write the right amount into the event, and take it in; as it came it is refused again."""
    label = "The event, to be corrected"
    field = steward.page.get_by_label(steward.say(label))
    wrong = field.input_value()
    if is_first:
        steward.press("Take it in")
        assert field.input_value() == wrong
    event = json.loads(wrong)
    event["data"]["amount_minor"] = 20_000
    steward.write(label, json.dumps(event, ensure_ascii=False))
    steward.press("Take it in")
    assert steward.say("The event was taken in.") in steward.reads(".said")


# An auditor ---------------------------------------------------------------------------------------------------------------


def test_an_auditor_checks_a_report_and_recomputes_a_run(town, late, person, policy, tmp_path):
    secret = town.staff("audit.one", "auditor")
    merchant = person()
    merchant.joins(town.invitation(merchant=SUBJECT), "qinglan")
    merchant.follow("Console", inside="header")
    score = merchant.number(".standing .score")
    report = merchant.downloads(lambda: merchant.touch(report_of(merchant)), tmp_path)
    forged = tmp_path / "forged.json"
    pack = json.loads(report.read_text())
    pack["facts"] = pack["facts"][1:]                           # one that speaks against the merchant is left out
    forged.write_text(json.dumps(pack))

    # Given an auditor who sees what waits, and may change nothing
    auditor = person()
    auditor.signs_in("audit.one", secret)
    auditor.follow("Console", inside="header")
    assert auditor.page.locator("main form").count() == 0

    # When they check the report that the merchant gave them, and a forged one
    auditor.follow("Check a proof", inside="footer")
    assert auditor.reads("#policy").strip() == policy.read_text().strip()
    if auditor.has_scripts:
        for file, heading in ((report, "The facts are proven; the score was not checked"), (forged, "Not proven")):
            auditor.page.locator("#file").set_input_files(file)
            auditor.page.locator("#verdict-title").filter(has_text=auditor.say(heading)).wait_for()
    else:
        # Without scripts the page says what to run instead, and hands the program over
        assert auditor.say("Without scripts") in auditor.reads()
        link = auditor.page.get_by_role("link", name=auditor.say("Download verify_record.py"))
        program = auditor.downloads(link.click, tmp_path)
        command = [sys.executable, str(program), str(report), "--policy", str(policy)]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0

    # Then `yinuo verify` recomputes the score to the point, and names what is wrong with the forged one
    assert str(score) in verified(report, policy)
    done = CliRunner().invoke(yinuo, ["verify", str(forged), "--policy", str(policy), "--language", "en"])
    assert done.exit_code == 1
    assert "NOT PROVEN" in done.output

    # And the newest run comes out the same when they have it computed anew
    recomputes_the_newest_run(town, auditor)

    # And the record as a whole is found sound, with every run's standings
    audit = CliRunner().invoke(yinuo, ["record", "audit"])
    assert audit.exit_code == 0, audit.output


def recomputes_the_newest_run(town, auditor):
    """Ask for it on the run's page, wait while the worker does it, and read that nothing differs."""
    auditor.follow("Console", inside="header")
    auditor.follow("What waits for a steward")
    auditor.follow("Runs", inside="main")
    auditor.use(auditor.page.locator("tbody a").first)
    auditor.press("Recompute this run")
    assert auditor.say("It waits for its turn") in auditor.reads()
    town.work()
    if not auditor.has_scripts:                                 # with scripts the page looks again by itself
        auditor.follow("Look again", inside="main")
    auditor.page.locator("#ended").wait_for()
    assert auditor.word("agrees", "job_outcome") in auditor.reads("#ended")
    same = "The climate and all %(many)s standings came out the same, to the point."
    assert auditor.say(same, many=6) in auditor.reads()         # each of the town's shops


# A shop -------------------------------------------------------------------------------------------------------------------


def test_a_shop_hears_everything_in_order_after_an_outage(town, receiver):
    # Given a webhook whose receiver is down while standings and decisions happen
    made = town.ask("/api/webhooks", {"url": receiver.url, "kinds": ["decisions.*", "credit.standing_changed"]})
    merchant = town.ask("/api/ids?type=merchant&id=" + SUBJECT)["id"]
    slip(town)
    rejected_and_reversed(town, merchant)
    town.score()
    send_all()
    waiting = town.ask(f"/api/webhooks/{made['id']}/deliveries")["deliveries"][::-1]
    assert {each["state"] for each in waiting} == {"waiting"}
    kinds = [each["kind"] for each in waiting]
    assert (kinds[0], kinds[1]) == ("credit.standing_changed", "decisions.contest_opened")
    assert sorted(kinds[1:]) == sorted(f"decisions.{what}" for what in (
        "contest_opened", "decision_taken", "contest_settled", "appeal_opened", "appeal_settled", "decision_reversed",
        "contest_settled",
    ))

    # When it comes up, and the shop asks to go on at once
    receiver.up()
    for step in ("pause", "resume"):
        town.ask(f"/api/webhooks/{made['id']}/{step}", method="POST")
    send_all()

    # Then every message arrives, in order, once, and an independent program verifies it
    assert [headers["webhook-id"] for headers, _ in receiver.came] == [each["id"] for each in waiting]
    told = [standardwebhooks.Webhook(made["secret"]).verify(body, headers) for headers, body in receiver.came]
    assert [message["type"] for message in told] == [each["kind"] for each in waiting]
    assert {message["data"].get("merchant") for message in told} == {SUBJECT}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(made["secret"]).verify(receiver.came[0][1] + b" ", receiver.came[0][0])
    after = town.ask(f"/api/webhooks/{made['id']}/deliveries")["deliveries"]
    assert {each["state"] for each in after} == {"delivered"}


def rejected_and_reversed(town, merchant):
    """One contest of the merchant's is rejected by a steward, and that is reversed by another on appeal."""
    owner = Actor("account:901", own={merchant: frozenset({"merchant_owner"})})
    one, another = (Actor(f"account:{number}", frozenset({"steward"})) for number in (902, 903))
    held = standings.held_against(viewer=owner, merchant=merchant, at=town.here["at"], limit=1)[0]
    objection = Objection(WORDS, town.here["at"] + timedelta(days=14))
    (opened,) = credit.contest_causes(
        actor=owner, merchant=merchant, orders=[held.order], aspect=held.aspect, claimed="carrier", objection=objection,
        **town.here,
    )
    (settled,) = decisions.settle_contests(
        actor=one, ids=[opened.pk], upheld=False, ground="no_evidence", words=NOT_SHOWN, cause=None, **town.here
    )
    town.work()
    appeal = decisions.open_appeal(actor=owner, decision_id=settled.decision.pk, objection=objection, **town.here)
    decisions.settle_appeal(
        actor=another, appeal_id=appeal.pk, upheld=True, words=OVERLOOKED, cause="carrier", **town.here
    )
    town.work()


class Receiver:
    """What a shop runs: down at first, so that nobody answers at its address."""

    def __init__(self):
        self.came = []
        self._server = None
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self._port = trial.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/hook"

    def up(self):
        came = self.came

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                came.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": .01}, daemon=True).start()

    def down(self):
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.down()

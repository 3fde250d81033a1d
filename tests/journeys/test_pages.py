"""Journeys through the pages in a real browser: in both languages, by mouse, by keyboard alone, and without scripts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import standardwebhooks
from click.testing import CliRunner

from yinuo.cli import yinuo
from yinuo.cli._webhooks import send_all
from yinuo.decisions import actions as decisions
from yinuo.decisions import queries as decided
from yinuo.decisions.rules import GROUNDS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SUBJECT, NAME = "tea", "Qinglan Tea House"
WORDS = "取件预约单显示，承运商在约定的那天没有来取件。 The booking shows that the carrier did not come on the day."
NOT_SHOWN = "Nothing was brought that shows a booking: please send it, if there is one."
OVERLOOKED = "The booking had been sent with the objection and was overlooked; it shows that the carrier did not come."


@pytest.fixture
def late(town):
    """Orders of the last days that the merchant sent late, after it was scored; and scored again since."""
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
    fallen = merchant.number(".standing .score")
    merchant.touch(merchant.page.locator("#course ~ details summary"))
    course = [int(cell) for cell in merchant.page.locator("#course ~ details tbody td:nth-child(2)").all_inner_texts()]
    assert course[0] == fallen
    assert course[1] - fallen >= 50                 # the chance of failure has doubled at least
    merchant.page.locator("#held").wait_for()

    # When they find the order behind the points and say through whom it went wrong
    merchant.follow("All of them, and how to object")
    rows = merchant.page.locator("tbody tr")
    assert sorted(rows.locator("th").all_inner_texts()) == late
    row = rows.filter(has_text=late[2])
    merchant.tick(row.get_by_role("checkbox"))
    merchant.choose("It was through", merchant.word("carrier", "cause"))
    merchant.write("How that shows: bookings, scans, messages", WORDS)
    merchant.press("Object")
    merchant.page.locator(".said").wait_for()
    assert merchant.say("answer due by the end of %(day)s", day="") [:6] in merchant.reads()

    # And a steward rejects it, after a second look
    steward = person()
    steward.signs_in("li.na", first_secret)
    steward.follow("Console", inside="header")
    steward.follow(NAME, inside="main")
    assert WORDS in steward.reads()
    assert late[2] in steward.reads()
    steward.choose("Outcome", steward.say("Reject: it stays as it is"))
    steward.choose("Ground", steward.word("no_evidence", "ground"))
    steward.write("The reasons, for the merchant to read", NOT_SHOWN)
    steward.press("Look at it once more")
    steward.use(steward.page.locator("main .button"))
    steward.page.locator(".said").wait_for()
    town.work()

    # Then the merchant reads why, and appeals
    merchant.use(merchant.page.locator("section[aria-labelledby=contests] a").first)
    assert NOT_SHOWN in merchant.reads()
    merchant.follow("The reasons, and how to appeal")
    assert merchant.say(GROUNDS["no_evidence"].rule) in merchant.reads()
    merchant.write("Why the decision should not stand", WORDS)
    merchant.press("Send the appeal")
    merchant.page.locator("#appeal").wait_for()

    # And whoever decided cannot answer the appeal
    steward.open("/console/steward/")
    steward.use(steward.page.locator("section[aria-labelledby=appeals] a").first)
    assert steward.say("Another person must answer this") in steward.reads()
    assert steward.page.locator("main textarea").count() == 0

    # But another steward does, in the merchant's favour
    second = person()
    second.signs_in("zhou.min", second_secret)
    second.open("/console/steward/")
    second.use(second.page.locator("section[aria-labelledby=appeals] a").first)
    second.choose("Outcome", second.say("The decision is reversed"))
    second.choose("If reversed, it counts as through", second.word("carrier", "cause"))
    second.write("What this case turns on, in words of your own", OVERLOOKED)
    second.press("Answer the appeal")
    second.page.locator(".said").wait_for()
    town.work()

    # Then the statement says what was lost, and the next run gives exactly that back
    merchant.follow("Console", inside="header")
    merchant.follow("Objections and decisions")
    merchant.use(merchant.page.locator("section[aria-labelledby=contests] a").first)
    then, without, lost = (merchant.number(f"#whole ~ table tbody tr:first-child td:nth-child({cell})") for cell in (2, 3, 4))
    assert (then, lost) == (fallen, without - then)
    assert lost > 0
    town.score()
    merchant.follow("Console", inside="header")
    assert merchant.number(".standing .score") == without
    merchant.follow("The public page")
    assert merchant.number(".standing .score") == without
    merchant.follow("How we judge, in numbers", inside="footer")
    cells = merchant.page.locator("#rules ~ table tbody tr").filter(has_text=merchant.word("no_evidence", "ground"))
    assert [text.split()[-1] for text in cells.locator("td").all_inner_texts()][:3] == ["1", "1", "1"]

"""The stewards' queues over the API: narrowed as on the pages, taken by one of them; refused events by the hundred; runs."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.config.test_acting import REASONS, WORDS, here, objected, settled  # noqa: F401 - `here` is a fixture
from yinuo.cli._here import now, realm
from yinuo.credit.actions import contest_causes
from yinuo.credit.models import Job, Mover, Run, RunProof
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import SYSTEM
from yinuo.people.queries import actor_of
from yinuo.record import actions as record
from yinuo.record.models import RefusedEvent

pytestmark = pytest.mark.django_db


def ids(found):
    return [one["id"] for one in found]


def test_objections_are_narrowed_and_taken(here):  # noqa: F811 - the fixture
    first, second = (
        contest_causes(
            actor=actor_of(here.owner.account, at=now()), merchant=here.merchant, orders=[order], aspect="dispatch",
            claimed="carrier", objection=Objection(WORDS, now() + timedelta(hours=hours)), realm=realm(), at=now(),
        )[0].pk
        for order, hours in zip(here.orders, (-1, 72), strict=True)
    )
    queue = here.auditor.get("/contests/queue")
    assert [(one["id"], one["late"], one["taken_by"]) for one in queue] == [(first, True, ""), (second, False, "")]
    for narrowed, expected in (
        ("clock=late", [first]), ("clock=week", [first, second]), ("aspect=delivery", []), ("claimed=carrier", [first, second]),
        (f"merchant={here.merchant}", [first, second]), ("merchant=mother", []), (f"after={first}", [second]),
        ("taken=me", []), ("taken=nobody", [first, second]), ("state=upheld", []), ("state=all", [second, first]),
        ("ground=evidence", []),
    ):
        assert ids(here.steward.get(f"/contests/queue?{narrowed}")) == expected, narrowed
    assert here.steward.post("/contests/take", {"ids": [second]}) == {"changed": 1}
    assert ids(here.steward.get("/contests/queue?taken=me")) == [second]
    assert ids(here.other.get("/contests/queue?taken=me")) == []
    assert [one["taken_by"] for one in here.other.get("/contests/queue")] == ["", "steward"]
    assert {one["taken_by"] for one in here.owner.get(f"/contests?merchant={here.merchant}")} == {""}
    assert here.other.post("/contests/take", {"ids": [second], "taken": False}) == {"changed": 0}
    assert here.steward.post("/contests/take", {"ids": [second], "taken": False}) == {"changed": 1}
    settled(here, [first])
    (one,) = here.steward.get("/contests/queue?state=rejected&ground=evidence")
    assert (one["id"], one["reasons"]) == (first, REASONS)
    assert here.steward("GET", "/contests/queue?after=tnothing").status_code == 404
    assert here.steward("GET", "/contests/queue?state=lost").status_code == 422


def test_appeals_are_narrowed_and_taken(here):  # noqa: F811
    (made,) = objected(here)
    (ended,) = settled(here, [made["id"]])
    appeal = here.owner.post(f"/decisions/{ended['decision']}/appeal", {"words": REASONS}, 201)["id"]
    for narrowed, expected in (
        ("", [appeal]), ("act=contest_rejected", [appeal]), ("act=warning", []), ("ground=evidence", [appeal]),
        ("clock=late", []), ("state=upheld", []), ("taken=nobody", [appeal]), (f"merchant={here.merchant}", [appeal]),
    ):
        assert ids(here.auditor.get(f"/appeals?{narrowed}")) == expected, narrowed
    assert here.other.post("/appeals/take", {"ids": [appeal]}) == {"changed": 1}
    assert [(one["taken_by"], one["had_part"]) for one in here.other.get("/appeals?taken=me")] == [("other", False)]
    assert here.auditor("POST", "/appeals/take", {"ids": [appeal]}).status_code == 403


def test_refused_events_are_taken_in_or_dropped_by_the_hundred(here, event):  # noqa: F811
    raws = [event("trade.order_paid", id=f"bad{n}", order="o0", amount_minor="lots") for n in range(3)]
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    first, *others = RefusedEvent.objects.order_by("pk").values_list("pk", flat=True)
    found = here.steward.get("/refused")
    assert ([one["number"] for one in found["refused"]], found["after"]) == ([first, *others], None)
    assert [one["number"] for one in here.steward.get(f"/refused?after={first}")["refused"]] == others
    past = urlencode({"before": (now() - timedelta(days=1)).isoformat()})
    assert here.steward.get(f"/refused?{past}")["refused"] == []
    for call in ("check", "replay"):
        answer = here.steward.post(f"/refused/{call}", {"numbers": [first, 987_654, first]})
        assert (answer["taken"], [one["number"] for one in answer["refused"]]) == (0, [first, 987_654])
        assert answer["refused"][1]["sentence"] == "There is no refused event 987654 waiting."
    assert here.steward("POST", "/refused/drop", {"numbers": [first, 987_654]}).status_code == 404
    assert RefusedEvent.objects.count() == 4
    assert here.steward.post("/refused/drop", {"numbers": others}) == {"dropped": 3}
    assert list(RefusedEvent.objects.values_list("pk", flat=True)) == [first]
    assert here.steward("POST", "/refused/drop", {"numbers": []}).status_code == 422


def test_runs_are_read_and_recomputed(here):  # noqa: F811
    for n, state in enumerate(("published", "waiting")):
        Run.objects.create(
            id=f"n{n}", size=3, as_of=20_000 + n, scorecard="standard-1", mode="shadow", state=state, climate="0" * 64,
            reason="Many would move." if state == "waiting" else "", standings="1" * 64, merchants=100, moved=n,
            completed=now() + timedelta(seconds=n),
        )
    RunProof.objects.create(run="n1", climate=b"", leaves=b"")
    Mover.objects.bulk_create(
        Mover(id=f"n1/{place}", run="n1", place=place, merchant=f"m{place}", score_before=600, score=500 + place,
              band_before="good", band="fair", causes=[{"feature": "dispatches", "half_life_days": 90, "points": -100}])
        for place in range(30)
    )
    found = here.auditor.get("/credit/runs")
    assert ([(one["run"], one["state"]) for one in found["runs"]], found["after"]) == (
        [("n1", "waiting"), ("n0", "published")], None,
    )
    assert [one["run"] for one in here.auditor.get("/credit/runs?state=published")["runs"]] == ["n0"]
    assert [one["run"] for one in here.auditor.get("/credit/runs?after=n1")["runs"]] == ["n0"]
    whole = here.steward.get("/credit/runs/n1")
    assert (whole["as_of"], whole["standings"], whole["can_recompute"], whole["jobs"]) == ("2024-10-05", "1" * 64, True, [])
    assert whole["gate"]["past"] == [{"run": "n0", "as_of": "2024-10-04", "merchants": 100, "moved": 0}]
    assert whole["gate"]["is_usual_known"] is False
    movers = here.steward.get("/credit/runs/n1/movers")
    assert ([one["place"] for one in movers["movers"]], movers["next"]) == (list(range(25)), 25)
    assert movers["movers"][0] == {
        "place": 0, "merchant": "m0", "score_before": 600, "band_before": "good", "score": 500, "band": "fair",
        "causes": [{"feature": "dispatches", "half_life_days": 90, "points": -100}],
    }
    rest = here.steward.get("/credit/runs/n1/movers?start=25")
    assert ([one["place"] for one in rest["movers"]], rest["next"]) == ([25, 26, 27, 28, 29], None)
    assert here.auditor("POST", "/credit/runs/n0/recompute").status_code == 404      # what it committed to is not kept
    job = here.auditor.post("/credit/runs/n1/recompute", None, 201)
    assert (job["kind"], job["run"], job["asked_by"], job["ended"], job["outcome"]) == ("recompute", "n1", "auditor", None, "")
    assert here.steward("POST", "/credit/runs/n1/recompute").status_code == 409
    assert here.steward.get(f"/credit/jobs/{job['job']}") == job
    assert here.steward.get("/credit/runs/n1")["jobs"] == [job]
    before = Job.objects.count()
    for who in (here.owner, here.officer, here.administrator):
        assert who("POST", "/credit/runs/n1/recompute").status_code == 403
        assert who("GET", f"/credit/jobs/{job['job']}").status_code == 403
        assert who("GET", "/credit/runs/n1/movers").status_code == 403
    assert Job.objects.count() == before

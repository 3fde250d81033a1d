"""People's programs over the API: a merchant objects, a steward settles, a buyer uses their rights; and who may call what."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from yinuo.cli._here import now, realm
from yinuo.credit.models import Dispatch, Run
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.kit.actors import SYSTEM
from yinuo.people import actions as people
from yinuo.people.models import Access, Account, Consent, Grant, Membership, Restriction
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record.models import RefusedEvent, Webhook
from yinuo.vault import actions as vault

pytestmark = pytest.mark.django_db

WORDS = "The carrier did not collect on the day that was booked."
REASONS = "The bookings show that the carrier missed the collection."
ORDER = {"merchant": "m1", "buyer": "b1", "amount_minor": 5000, "currency": "CNY", "carrier": "swift",
         "hand_over_by": "2026-05-03T00:00:00Z"}


class Caller:
    """A person's program: calls the API with their token."""

    def __init__(self, handle, *, roles=(), own=None):
        self.account = Account.objects.create(handle=handle, created=now())
        for role in roles:
            until = now() + timedelta(days=9) if role == "authority" else None
            Grant.objects.create(account=self.account, role=role, granted_by="system", granted=now(), until=until)
            Authenticator.objects.get_or_create(user=self.account, type="totp", defaults={"data": {"secret": "s"}})
        for subject, role in (own or {}).items():
            Membership.objects.create(account=self.account, subject=subject, role=role, granted_by="system", granted=now())
        made = people.make_token(
            account=self.account, name="a program", days=90, second_factor=bool(roles), realm=realm(), at=now()
        )
        self.client = Client(headers={"authorization": f"Bearer {made.token}"}, enforce_csrf_checks=True)

    def __call__(self, method, path, body=None):
        content = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/api{path}", content, "application/json")

    def get(self, path):
        answer = self("GET", path)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path, body=None, status=200):
        answer = self("POST", path, {} if body is None else body)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None


@pytest.fixture
def here(event):
    """Two late orders of a merchant, one refused event, and everybody who has to do with them."""
    cache.clear()
    vault.open_keys(realm=realm(), at=now())

    def follow():
        react(domains=settings.DOMAINS, realm=realm(), at=now())

    raws = [
        raw for n in range(2) for raw in (
            event("trade.order_placed", id=f"p{n}", time="2026-05-01T00:00:00Z", order=f"o{n}", **ORDER),
            event("delivery.shipment_handed_over", id=f"h{n}", time="2026-05-04T00:00:00Z", shipment=f"s{n}", order=f"o{n}"),
        )
    ]
    raws.append(event("trade.order_paid", id="paid", order="o0", amount_minor="lots"))
    raws.append(event("merchants.merchant_registered", id="m1/registered", merchant="m1", name="Green Hill"))
    raws.append(event("people.buyer_joined", id="b1/joined", buyer="b1"))
    raws.append(event("catalogue.listing_published", id="l1", listing="l1", merchant="m1", title="Green tea"))
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    follow()
    merchant, buyer = Dispatch.objects.values_list("merchant", "buyer").first()
    return SimpleNamespace(
        merchant=merchant, buyer=buyer, follow=follow, orders=sorted(Dispatch.objects.values_list("pk", flat=True)),
        owner=Caller("owner", own={merchant: "merchant_owner"}), reader=Caller("reader", own={merchant: "merchant_reader"}),
        stranger=Caller("stranger", own={"mother": "merchant_owner"}), myself=Caller("myself", own={buyer: "buyer"}),
        other_buyer=Caller("other.buyer", own={"bother": "buyer"}), steward=Caller("steward", roles=["steward"]),
        other=Caller("other", roles=["steward"]), auditor=Caller("auditor", roles=["auditor"]),
        administrator=Caller("administrator", roles=["administrator"]), finance=Caller("finance", roles=["finance"]),
        officer=Caller("officer", roles=["data_protection"]), authority=Caller("authority", roles=["authority"]),
    )


def objected(here, count=1):
    return here.owner.post(
        f"/credit/own/{here.merchant}/contests", {"dispatch": here.orders[:count], "claimed": "carrier", "words": WORDS}, 201
    )


def settled(here, ids, outcome="rejected", who=None, **more):
    return (who or here.steward).post("/contests/settle", {
        "ids": ids, "outcome": outcome, "ground": "evidence", "words": REASONS, **more,
    })


def test_a_merchant_objects_and_another_person_decides(here):
    held = here.owner.get(f"/credit/own/{here.merchant}/held")
    assert {(one["order_id"], one["aspect"], one["outcome"], one["contest"]) for one in held} == {
        ("o0", "dispatch", "late", ""), ("o1", "dispatch", "late", ""),
    }
    made = objected(here, 2)
    assert len(made) == 2
    assert {one["contest"] for one in here.owner.get(f"/credit/own/{here.merchant}/held")} == {"open"}
    queue = here.steward.get("/contests/queue")
    assert {one["objection"] for one in queue} == {WORDS}
    assert [one["due"] for one in queue] == sorted(one["due"] for one in queue)
    ended = settled(here, [one["id"] for one in made], "upheld", cause="carrier")
    assert {(one["state"], one["cause"]) for one in ended} == {("upheld", "carrier")}
    here.follow()
    assert set(Dispatch.objects.values_list("cause", flat=True)) == {"carrier"}
    assert here.owner.get(f"/credit/own/{here.merchant}/held") == []
    whole = here.owner.get(f"/contests/{made[0]['id']}/made-whole")
    assert whole == {"contest": made[0]["id"], "lost": [], "points_max": 0, "days_in_lower_band": 0}
    shown = here.reader.get(f"/contests/{made[0]['id']}")
    assert (shown["objection"], shown["reasons"], shown["order_id"] in {"o0", "o1"}) == (WORDS, REASONS, True)


def test_settling_is_looked_at_before(here):
    first, second = objected(here, 2)
    settled(here, [second["id"]])
    wanted = {"ids": [first["id"], second["id"], "tnothing"], "outcome": "upheld", "ground": "evidence", "words": REASONS,
              "cause": "carrier"}
    before = list(Contest.objects.order_by("pk").values())
    told = here.other.post("/contests/settle/preview", wanted)
    assert told["settled"] == [{"id": first["id"], "merchant": here.merchant, "points": None, "team": 2}]
    assert {one["id"]: one["sentence"] for one in told["refused"]} == {
        second["id"]: "This was rejected already.", "tnothing": "Not all of these contests exist."}
    few = here.other.post("/contests/settle/preview", wanted | {"words": "No."})
    assert few["settled"] == []
    assert {"id": first["id"], "sentence": "Say it in 20 to 5,000 characters of your own."} in few["refused"]
    for who, status in ((here.owner, 403), (here.auditor, 403), (here.administrator, 403)):
        assert who("POST", "/contests/settle/preview", wanted).status_code == status
    assert here.other("POST", "/contests/settle/preview", wanted | {"ids": []}).status_code == 422
    assert list(Contest.objects.order_by("pk").values()) == before
def test_the_cause_of_a_complaint_is_objected_to_like_that_of_an_order(here, event):
    about = {"complaint": "c1", "merchant": "m1"}
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[
        event("care.complaint_opened", id="c1/o", time="2026-05-06T00:00:00Z", order="o0", topic="unsafe", **about),
        event("care.complaint_closed", id="c1/c", time="2026-05-08T00:00:00Z", outcome="upheld", cause="merchant", **about),
    ])
    here.follow()
    path = f"/credit/own/{here.merchant}"
    (held,) = [one for one in here.owner.get(f"{path}/held") if one["aspect"] == "complaint"]
    assert (held["complaint_id"], held["order_id"], held["outcome"], held["weight"], held["contest"]) == (
        "c1", "o0", "unsafe", 16, "")
    wanted = {"complaint": [held["complaint"]], "claimed": "carrier", "words": WORDS}
    assert here.stranger("POST", "/credit/own/mother/contests", wanted).status_code == 404
    (made,) = here.owner.post(f"{path}/contests", wanted, 201)
    assert (made["complaint"], made["order"]) == (held["complaint"], None)
    assert here.owner("POST", f"{path}/contests", wanted).status_code == 409
    (order,) = objected(here)
    assert here.owner("GET", f"/contests/{order['id']}/complaint").status_code == 404
    (waiting,) = here.steward.get("/contests/queue?aspect=complaint")
    assert (waiting["id"], waiting["complaint_id"], waiting["order_id"], waiting["outcome"]) == (made["id"], "c1", "", "unsafe")
    told = here.auditor.get(f"/contests/{made['id']}/complaint")
    assert (told["topic"], told["order_id"], told["opened"], told["answered"], told["stands"]) == (
        "unsafe", "o0", "2026-05-06T00:00:00Z", None, True)
    for who in (here.stranger, here.myself, here.finance):
        assert who("GET", f"/contests/{made['id']}/complaint").status_code == 404
    assert here.steward("POST", "/contests/settle", {
        "ids": [made["id"]], "outcome": "upheld", "ground": "evidence", "words": REASONS}).status_code == 422
    settled(here, [made["id"]], "upheld", cause="platform")
    here.follow()
    assert "complaint" not in {one["aspect"] for one in here.owner.get(f"{path}/held")}


def test_a_rejection_is_appealed_and_another_steward_answers(here):
    (one,) = objected(here)
    (rejected,) = settled(here, [one["id"]])
    decided = here.owner.get(f"/decisions/{rejected['decision']}")
    assert (decided["act"], decided["adverse"], decided["reasons"], decided["facts"]) == ("contest_rejected", True, REASONS, 1)
    appeal = here.owner.post(f"/decisions/{decided['id']}/appeal", {"words": WORDS}, 201)
    assert (appeal["state"], appeal["objection"], appeal["reply"]) == ("open", WORDS, None)
    assert [(each["id"], each["had_part"]) for each in here.steward.get("/appeals")] == [(appeal["id"], True)]
    assert [(each["id"], each["had_part"]) for each in here.other.get("/appeals")] == [(appeal["id"], False)]
    answer = {"outcome": "upheld", "words": "The scan of the next day was the first; nobody came before.", "cause": "carrier"}
    refused = here.steward("POST", f"/appeals/{appeal['id']}/settle", answer)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    ended = here.other.post(f"/appeals/{appeal['id']}/settle", answer)
    assert (ended["state"], ended["reply"]) == ("upheld", answer["words"])
    assert here.owner.get(f"/decisions/{decided['id']}")["reversed"] is not None
    assert here.owner.get(f"/contests/{one['id']}")["state"] == "upheld"


def test_what_was_opened_can_be_taken_back(here):
    (one, two) = objected(here, 2)
    assert here.owner.post(f"/contests/{one['id']}/withdraw")["state"] == "withdrawn"
    (rejected,) = settled(here, [two["id"]])
    appeal = here.owner.post(f"/decisions/{rejected['decision']}/appeal", {"words": WORDS}, 201)
    assert here.owner.post(f"/appeals/{appeal['id']}/withdraw")["state"] == "withdrawn"


def test_the_same_again_does_no_harm(here):
    """Sent twice, nothing is done twice: it is told that it was done (409, 404), or given again."""
    body = {"dispatch": here.orders[:1], "claimed": "carrier", "words": WORDS}
    path = f"/credit/own/{here.merchant}/contests"
    (one,) = here.owner.post(path, body, 201)
    assert here.owner("POST", path, body).status_code == 409
    settle = {"ids": [one["id"]], "outcome": "rejected", "ground": "evidence", "words": REASONS}
    (ended,) = here.steward.post("/contests/settle", settle)
    assert here.steward("POST", "/contests/settle", settle).status_code == 409
    appeal = here.owner.post(f"/decisions/{ended['decision']}/appeal", {"words": WORDS}, 201)
    assert here.owner("POST", f"/decisions/{ended['decision']}/appeal", {"words": WORDS}).status_code == 409
    answer = {"outcome": "rejected", "words": "The bookings were looked at again, and show nothing new."}
    here.other.post(f"/appeals/{appeal['id']}/settle", answer)
    assert here.other("POST", f"/appeals/{appeal['id']}/settle", answer).status_code == 409
    assert (Contest.objects.count(), Decision.objects.count(), Appeal.objects.count()) == (1, 1, 1)


def test_a_steward_decides_with_reasons_once(here):
    facts = here.steward.get(f"/decisions/facts?merchant={here.merchant}")
    assert {"trade.order_placed"} <= {fact["kind"] for fact in facts}
    assert [fact["number"] for fact in facts] == sorted((fact["number"] for fact in facts), reverse=True)
    body = {"merchant": here.merchant, "act": "goods_unlawful", "ground": "counterfeit", "facts": [facts[0]["key"]],
            "words": "The maker has confirmed that the goods are not theirs."}
    made = here.steward.post("/decisions", body, 201)
    assert (made["act"], made["automated"], made["facts"], made["reasons"]) == ("goods_unlawful", "no", 1, body["words"])
    assert made["until"] is not None
    assert here.steward.post("/decisions", body, 200)["id"] == made["id"]
    assert Decision.objects.count() == 1
    assert here.other.post("/decisions", body, 201)["id"] != made["id"]      # another person's is another decision
    assert [one["id"] for one in here.owner.get(f"/decisions?merchant={here.merchant}")][-1] == made["id"]
    for wrong, path in (({"facts": []}, "facts"), ({"words": "Because."}, "words"), ({"facts": ["0" * 32]}, "facts"),
                        ({"ground": "terms"}, "ground"), ({"merchant": "mnobody"}, "merchant")):
        refused = here.steward("POST", "/decisions", {**body, **wrong})
        assert (refused.status_code, refused.json()["path"]) == (422, path), refused.content
    assert Decision.objects.count() == 2


def test_words_are_for_those_whom_they_concern(here):
    (one,) = objected(here)
    (ended,) = settled(here, [one["id"]])
    appeal = here.owner.post(f"/decisions/{ended['decision']}/appeal", {"words": WORDS}, 201)
    for path in (f"/contests/{one['id']}", f"/decisions/{ended['decision']}", f"/appeals/{appeal['id']}",
                 f"/contests/{one['id']}/made-whole"):
        for who in (here.owner, here.reader, here.steward, here.auditor):
            assert who("GET", path).status_code == 200
        for who in (here.stranger, here.myself, here.other_buyer, here.finance, here.administrator, here.officer):
            answer = who("GET", path)
            assert answer.status_code == 404, path
            assert WORDS not in answer.content.decode()
    for path in (f"/contests/{one['id']}/withdraw", f"/appeals/{appeal['id']}/withdraw"):
        assert here.stranger("POST", path).status_code == 404
        assert here.reader("POST", path).status_code in (403, 409)
    assert Appeal.objects.get().state == "open"


def test_staff_who_list_what_was_decided_about_a_buyer_are_written_down(here, event):
    said = {"act": "review_hidden", "ground": "insult", "automated": "no", "buyer": "b1", "review": "r1", "reasons": REASONS}
    raws = [event("decisions.decision_stated", id="hides", decision="d1", **said)]
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    react(domains=settings.DOMAINS, realm=realm(), at=now())
    for who in (here.steward, here.myself):
        (one,) = who.get(f"/decisions?buyer={here.buyer}")
        assert one["act"] == "review_hidden"
    looked = Access.objects.filter(person=here.buyer).values_list("actor", "why", "page")
    assert list(looked) == [(f"account:{here.steward.account.pk}", "decides", "decision")]


def test_refused_events_are_corrected_and_dropped(here, event):
    told = here.steward.get("/refused?source=shop")
    assert told["counts"] == {"shop": 1}
    (one,) = told["refused"]
    found = here.steward.get(f"/refused/{one['number']}")
    assert Access.objects.filter(why="corrects", page="refused", thing=str(one["number"])).count() == 1
    assert (found["path"], '"lots"' in found["event"]) == ("data.amount_minor", True)
    right = json.loads(found["event"])
    wrong = here.steward("POST", f"/refused/{one['number']}/replay", {"event": right})
    assert (wrong.status_code, wrong.json()["path"]) == (422, "data.amount_minor")
    del right["data"]["amount_minor"]
    assert here.steward("POST", f"/refused/{one['number']}/replay", {"event": right}).status_code == 204
    assert here.steward("POST", f"/refused/{one['number']}/replay", {"event": right}).status_code == 404
    assert Access.objects.filter(why="corrects", page="refused", thing=str(one["number"])).count() == 2
    assert here.steward.get("/refused") == {"counts": {}, "refused": [], "after": None}
    record.take_events(
        actor=SYSTEM, source="shop", raws=[event("trade.order_paid", id="x", order=7)], realm=realm(), at=now()
    )
    number = RefusedEvent.objects.get(replayed=None).pk
    assert here.steward("DELETE", f"/refused/{number}").status_code == 204
    assert here.steward("DELETE", f"/refused/{number}").status_code == 404


def test_an_owner_keeps_the_team(here):
    team = here.owner.get(f"/teams/{here.merchant}")
    members = [(one["name"], one["role"]) for one in team["members"]]
    assert members == [("owner", "merchant_owner"), ("reader", "merchant_reader")]
    made = here.owner.post(f"/teams/{here.merchant}/invitations", {"role": "merchant_operations"}, 201)
    assert "/join/" in made["link"]
    (open_,) = here.owner.get(f"/teams/{here.merchant}")["invitations"]
    assert here.stranger("DELETE", f"/teams/mother/invitations/{open_['id']}").status_code == 404
    assert here.owner("DELETE", f"/teams/{here.merchant}/invitations/{open_['id']}").status_code == 204
    assert Client().get(made["link"].removeprefix("http://testserver")).status_code == 410
    owner, reader = (one["id"] for one in team["members"])
    assert here.owner("DELETE", f"/teams/{here.merchant}/members/{owner}").json()["code"] == "last-of-kind"
    assert here.stranger("DELETE", f"/teams/mother/members/{reader}").status_code == 404
    assert here.stranger("DELETE", f"/account/roles/{reader}").status_code == 404
    assert here.owner("DELETE", f"/teams/{here.merchant}/members/{reader}").status_code == 204
    assert here.reader("GET", f"/teams/{here.merchant}").status_code == 403
    assert here.owner("DELETE", f"/account/roles/{owner}").json()["code"] == "last-of-kind"


def test_a_buyer_uses_their_rights(here):
    me = f"/me/{here.buyer}"
    data = here.myself.get(f"{me}/data")
    assert (data["person"], data["known_as"]) == (here.buyer, {"source": "shop", "id": "b1"})
    assert [token["name"] for account in data["accounts"] for token in account["access_tokens"]] == ["a program"]
    assert here.myself("PUT", f"{me}/name", {"name": " Ann "}).status_code == 204
    assert here.myself.get(f"{me}/data")["words"][f"{here.buyer}/name"] == "Ann"
    assert here.myself.get(f"{me}/consents")[0]["given"] is None
    for _ in range(2):
        assert here.myself("PUT", f"{me}/consents/publish_name").status_code == 204
    assert here.myself.get(f"{me}/consents")[0]["given"] is not None
    assert Consent.objects.count() == 1
    for _ in range(2):
        assert here.myself("DELETE", f"{me}/consents/publish_name").status_code == 204
    for _ in range(2):
        assert here.myself("PUT", f"{me}/restriction", {"ground": "objection"}).json()["ground"] == "objection"
    assert Restriction.objects.filter(lifted=None).count() == 1
    assert here.myself("PUT", f"{me}/restriction", {"ground": "erasure"}).status_code == 422
    assert here.myself("DELETE", f"{me}/restriction").status_code == 204
    assert here.myself.get(f"{me}/level")["level"] is None
    package = here.myself("GET", f"{me}/package")
    assert package["Content-Type"] == "application/zip"
    assert "about-you.json" in zipfile.ZipFile(io.BytesIO(package.content)).namelist()
    assert here.myself("GET", f"{me}/package?recipient=age1x").status_code == 422
    plan = here.myself.get(f"{me}/erasure")
    assert "profile" in plan["gone"]
    wrong = here.myself("POST", f"{me}/erasure", {"name": "owner"})
    assert (wrong.status_code, wrong.json()["path"]) == (422, "name")
    done = here.myself.post(f"{me}/erasure", {"name": "MySelf"})
    assert done["gone"] == plan["gone"]
    assert done["kept"] == plan["kept"]


def test_nobody_uses_the_rights_of_another(here):
    me = f"/me/{here.buyer}"
    calls = [
        ("GET", "/data", None), ("GET", "/package", None), ("GET", "/erasure", None), ("POST", "/erasure", {"name": "myself"}),
        ("PUT", "/name", {"name": "Eve"}), ("PUT", "/consents/publish_name", None), ("DELETE", "/consents/publish_name", None),
        ("GET", "/consents", None), ("PUT", "/restriction", {"ground": "objection"}), ("DELETE", "/restriction", None),
    ]
    before = here.myself.get(f"{me}/data")
    for who in (here.other_buyer, here.owner, here.steward, here.administrator, here.officer):
        for method, path, body in calls:
            assert who(method, me + path, body).status_code == 404, (who.account.handle, method, path)
        assert who("GET", f"{me}/level").status_code == 403
    after = here.myself.get(f"{me}/data")
    assert [after[name] for name in ("words", "consents", "restrictions")] == [
        before[name] for name in ("words", "consents", "restrictions")]
    assert {look["by"] for look in after["looked_at"]} == {"themselves"}


def test_an_administrator_keeps_everybodys_webhooks(here):
    made = here.administrator.post("/webhooks", {"url": "https://hooks.example/x", "source": "shop"}, 201)
    assert made["secret"].startswith("whsec_")
    everybody = here.administrator.post("/webhooks", {"url": "https://hooks.example/y"}, 201)
    key = record.make_key(actor=SYSTEM, source="shop", expires=None, realm=realm(), at=now())
    shop = Client(headers={"authorization": f"Bearer {key}"})
    assert [one["id"] for one in shop.get("/api/webhooks").json()] == [made["id"]]
    assert [one["source"] for one in here.administrator.get("/webhooks")] == ["shop", ""]
    hook = f"/webhooks/{made['id']}"
    assert here.administrator("POST", f"{hook}/pause").status_code == 204
    assert here.administrator.get("/webhooks")[0]["paused_ground"] == "asked"
    assert here.administrator("POST", f"{hook}/resume").status_code == 204
    assert here.administrator.post(f"{hook}/rotate")["secret"] != made["secret"]
    assert here.administrator.get(f"{hook}/deliveries") == {"deliveries": [], "before": None}
    assert shop.delete(f"/api/webhooks/{everybody['id']}").status_code == 404
    other = shop.post("/api/webhooks", {"url": "https://hooks.example/z", "source": "bazaar"}, "application/json")
    assert Webhook.objects.get(pk=other.json()["id"]).source == "shop"
    assert here.administrator("DELETE", hook).status_code == 204


def test_a_held_run_is_released_by_a_steward_alone(here, monkeypatch):
    held = Run.objects.create(
        id="nheld", size=3, as_of=20_000, scorecard="standard-1", mode="shadow", state="waiting", reason="Many would move.",
        climate="0" * 64, standings="0" * 64, merchants=2, moved=1, completed=now(),
    )
    (told,) = here.auditor.get("/credit/runs/waiting")
    assert (told["run"], told["reason"], told["as_of"]) == ("nheld", "Many would move.", "2024-10-04")
    words = {"words": "The carrier's strike ended; the week before is known."}
    for who in (here.auditor, here.owner, here.administrator):
        assert who("POST", "/credit/runs/nheld/release", words).status_code == 403
    held.refresh_from_db()
    assert held.state == "waiting"
    assert here.steward("POST", "/credit/runs/nnone/release", words).status_code == 404


def test_what_anybody_reads_of_a_listing_and_a_merchant(here):
    anybody = Client()
    (listed,) = anybody.get(f"/api/merchants/{here.merchant}/listings").json()["listings"]
    assert (listed["title"], listed["merchant"]) == ("Green tea", here.merchant)
    page = anybody.get(f"/api/listings/{listed['listing']}").json()
    assert (page["title"], page["reviews"]["received"], page["rate"]) == ("Green tea", 0, None)
    assert [proof["kind"] for proof in page["proofs"]] == ["catalogue.listing_published"]
    merchant = anybody.get(f"/api/merchants/{here.merchant}").json()
    assert (merchant["merchant"], merchant["name"], merchant["course"]) == (here.merchant, "Green Hill", [])
    assert anybody.get(f"/api/listings/{listed['listing']}/reviews").json() == {"reviews": [], "before": None}
    for nothing in ("/api/listings/l0", "/api/merchants/m0"):
        assert anybody.get(nothing).status_code == 404
    numbers = anybody.get("/api/transparency").json()
    assert numbers["clocks"] == {"contests": 0, "contests_late": 0, "appeals": 0, "appeals_late": 0}
    assert anybody.get("/api/log").json()["sealed"] >= 6


WHO = ("owner", "reader", "stranger", "myself", "other_buyer", "steward", "auditor", "administrator", "finance", "officer",
       "authority")
TEAM, STAFF = {"owner", "reader"}, {"steward", "auditor"}
MAY = {
    ("GET", "/decisions?merchant=MERCHANT"): TEAM | STAFF,
    ("GET", "/decisions?buyer=BUYER"): {"myself"} | STAFF,
    ("GET", "/decisions/facts?merchant=MERCHANT"): {"steward"},
    ("GET", "/decisions/DECISION"): TEAM | STAFF,
    ("POST", "/decisions"): {"steward"},
    ("POST", "/decisions/DECISION/appeal"): {"owner"},
    ("GET", "/appeals"): STAFF,
    ("GET", "/contests?merchant=MERCHANT"): TEAM | STAFF,
    ("GET", "/contests/queue"): STAFF,
    ("GET", "/contests/CONTEST"): TEAM | STAFF,
    ("POST", "/contests/settle"): {"steward"},
    ("POST", "/contests/CONTEST/withdraw"): {"owner"},
    ("POST", "/contests/take"): {"steward"},
    ("POST", "/appeals/take"): {"steward"},
    ("GET", "/credit/own/MERCHANT/today"): TEAM | STAFF,
    ("GET", "/credit/own/MERCHANT/foreseen"): TEAM | STAFF,
    ("GET", "/credit/own/MERCHANT/announced"): TEAM | STAFF,
    ("GET", "/credit/runs"): STAFF,
    ("GET", "/credit/own/MERCHANT/held"): TEAM | STAFF,
    ("POST", "/credit/own/MERCHANT/contests"): {"owner"},
    ("GET", "/credit/runs/waiting"): STAFF,
    ("GET", "/refused"): {"steward"},
    ("GET", "/refused/REFUSED"): {"steward"},
    ("POST", "/refused/REFUSED/replay"): {"steward"},
    ("POST", "/refused/check"): {"steward"},
    ("POST", "/refused/replay"): {"steward"},
    ("POST", "/refused/drop"): {"steward"},
    ("DELETE", "/refused/REFUSED"): {"steward"},
    ("GET", "/teams/MERCHANT"): TEAM,
    ("POST", "/teams/MERCHANT/invitations"): {"owner"},
    ("DELETE", "/teams/MERCHANT/members/READER"): TEAM,      # the reader leaves
    ("GET", "/staff"): {"administrator", "auditor"},
    ("GET", "/webhooks"): {"administrator"},
    ("POST", "/webhooks"): {"administrator"},
    ("GET", "/me/BUYER/data"): {"myself"},
    ("GET", "/me/BUYER/level"): {"myself"},
    ("PUT", "/me/BUYER/restriction"): {"myself"},
    ("GET", "/account"): set(WHO),
    ("GET", "/account/sessions"): set(WHO),
    ("GET", "/account/tokens"): set(WHO),
}


def test_who_may_call_what_and_a_denial_changes_nothing(here):
    rejected, open_ = objected(here, 2)
    (ended,) = settled(here, [rejected["id"]], who=here.other)
    (fact, *_) = here.steward.get(f"/decisions/facts?merchant={here.merchant}")
    known = {
        "MERCHANT": here.merchant, "BUYER": here.buyer, "DECISION": ended["decision"], "CONTEST": open_["id"],
        "REFUSED": str(RefusedEvent.objects.get().pk), "READER": str(Membership.objects.get(account=here.reader.account).pk),
    }
    event = json.loads(here.steward.get(f"/refused/{known['REFUSED']}")["event"])
    del event["data"]["amount_minor"]
    again = {"dispatch": [here.orders[1]], "claimed": "carrier", "words": WORDS}
    one = {"numbers": [int(known["REFUSED"])]}
    bodies = {
        "/decisions": {"merchant": here.merchant, "act": "warning", "ground": "terms", "facts": [fact["key"]], "words": WORDS},
        "/decisions/DECISION/appeal": {"words": WORDS},
        "/contests/settle": {"ids": [open_["id"]], "outcome": "rejected", "ground": "evidence", "words": REASONS},
        "/contests/take": {"ids": [open_["id"]]}, "/appeals/take": {"ids": ["anothing"]},
        "/refused/check": one, "/refused/replay": one, "/refused/drop": one,
        "/credit/own/MERCHANT/contests": again, "/refused/REFUSED/replay": {"event": event},
        "/teams/MERCHANT/invitations": {"role": "merchant_reader"}, "/webhooks": {"url": "https://hooks.example/"},
        "/me/BUYER/restriction": {"ground": "objection"},
    }
    counted = (Decision, Contest, Appeal, RefusedEvent, Membership, Webhook, Restriction)
    for (method, path), may in MAY.items():
        filled = path
        for name, value in known.items():
            filled = filled.replace(name, value)
        for who in WHO:
            before = [list(model.objects.order_by("pk").values()) for model in counted]
            with transaction.atomic():
                answer = getattr(here, who)(method, filled, bodies.get(path))
                after = [list(model.objects.order_by("pk").values()) for model in counted]
                transaction.set_rollback(True)
            if who in may:
                # The one that contests again what is contested is allowed, and told so.
                assert answer.status_code in (200, 201, 204, 409), (who, method, path, answer.content)
            else:
                assert answer.status_code in (403, 404), (who, method, path, answer.content)
                assert after == before, (who, method, path)

"""A buyer's own pages: level, decisions, everything kept; each right for the person themselves, and for nobody else."""

from __future__ import annotations

import io
import json
import zipfile
from types import SimpleNamespace

import pyrage
import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests.web.conftest import account, client_of
from yinuo.config.realm import now, realm
from yinuo.credit.models import BuyerLevel
from yinuo.kit.actors import SYSTEM, Actor
from yinuo.kit.evidence import check_fact_proof
from yinuo.people.models import Access, Account, Consent, Membership, Restriction
from yinuo.people.rules import PURPOSES, RESTRICTION_GROUNDS
from yinuo.pipelines import persons
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record import queries as recorded
from yinuo.vault import actions as vault
from yinuo.vault.models import Text
from yinuo.vault.queries import surrogate_of, words_of
from yinuo.vault.rules import REGISTER, RETENTIONS
from yinuo.web import wording
from yinuo.web.me.data import GROUNDS

pytestmark = pytest.mark.django_db
PASSWORD = "seven green teapots"
LAW = {"jurisdiction": "cn", "domains": settings.DOMAINS}


def also(who, subject, role):
    Membership.objects.create(account=who, subject=subject, role=role, granted_by="system", granted=now())


def follow():
    react(domains=settings.DOMAINS, realm=realm(), at=now())


@pytest.fixture
def here(event):
    """Two buyers of one merchant, one of whom ordered long ago; and everybody else who might look."""
    vault.open_keys(realm=realm(), at=now())
    raws = [
        raw for name, year in (("ann", now().year - 1), ("old", 2019)) for raw in (
            event("people.buyer_joined", id=f"j{name}", time="2018-01-01T00:00:00Z", buyer=name, name=f"Name of {name}"),
            event("trade.order_placed", id=f"o{name}", time=f"{year}-01-01T00:00:00Z", order=f"order-of-{name}", merchant="tea",
                  buyer=name, amount_minor=500, currency="CNY", payer=f"payer-{name}", address=f"address-{name}",
                  hand_over_by=f"{year}-01-03T00:00:00Z"),
            event("reviews.review_published", id=f"r{name}", time=f"{year}-02-01T00:00:00Z", review=f"r{name}", stars=4,
                  buyer=name, order=f"order-of-{name}", merchant="tea", words=f"Words of {name}"),
        )
    ]
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    follow()

    def find(kind, name):
        return surrogate_of(kind=kind, source="shop", source_id=name, key=realm().key)

    ann, old, merchant = find("buyer", "ann"), find("buyer", "old"), find("merchant", "tea")
    return SimpleNamespace(
        find=find, person=ann, long_ago=old, merchant=merchant, ann=account("ann-li", own={ann: "buyer"}),
        old=account("old-wu", own={old: "buyer"}), owner=account("owner", own={merchant: "merchant_owner"}),
        steward=account("steward", roles=["steward"]), auditor=account("auditor", roles=["auditor"]),
        officer=account("officer", roles=["data_protection"]),
    )


def everything():
    """What a denial must leave as it was."""
    names = ("people.Consent", "people.Restriction", "people.Access", "people.Membership", "vault.Text", "record.Entry",
             "record.PersonOpening", "people.Account", "timers.Timer")
    return {name: sorted(map(repr, apps.get_model(name).objects.values_list())) for name in names}


ACTS = [     # method, address, what is sent: everything that somebody can do on these pages
    ("get", "/me/", {}), ("get", "/me/data/", {}), ("get", "/me/erase/", {}), ("post", "/me/data/package/", {}),
    ("post", "/me/data/name/", {"name": "Anna"}), ("post", "/me/data/consent/", {"purpose": "publish_name"}),
    ("post", "/me/data/consent/", {"purpose": "publish_name", "withdraw": "yes"}),
    ("post", "/me/data/use/", {"ground": "objection"}), ("post", "/me/data/use/", {"lift": "yes"}),
    ("post", "/me/erase/", {"handle": "ann-li"}),
]


@pytest.mark.parametrize(("method", "address", "sent"), ACTS)
@pytest.mark.parametrize("name", ["old", "owner", "steward", "auditor", "officer", "nobody"])
def test_nobody_acts_for_another_here(here, method, address, sent, name):
    before = everything()
    who = getattr(here, name, None)
    handle = {"handle": who.handle} if who and "handle" in sent else {}      # even with the right name typed
    status = getattr(client_of(who), method)(address, {**sent, **handle, "who": here.person}).status_code
    assert status == (302 if who is None else 404)
    assert everything() == before


@pytest.mark.parametrize(("method", "address", "sent"), ACTS)
def test_a_buyer_may_do_all_of_it_for_themselves(here, method, address, sent):
    answer = getattr(client_of(here.ann), method)(address, sent)
    assert answer.status_code in (200, 302)
    assert answer.headers.get("Location", "/me/").startswith("/me/")
    assert answer.headers["Cache-Control"] == "private, no-store" or "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(("method", "address"), [("post", "/me/"), ("get", "/me/data/package/"), ("get", "/me/data/use/")])
def test_looking_does_not_change_and_changing_is_no_link(here, method, address):
    assert getattr(client_of(here.ann), method)(address).status_code == 405


def test_forms_ask_for_their_token(here):
    before = everything()
    client = Client(enforce_csrf_checks=True)
    client.force_login(here.ann)
    for method, address, sent in ACTS:
        if method == "post":
            assert client.post(address, sent).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_buyer_sees_their_level_what_it_is_from_and_what_it_is_never_for(here, language):
    page = client_of(here.ann, language).get("/me/").content.decode()
    assert ("You have no level yet." if language == "en" else "您还没有等级。") in page
    BuyerLevel.objects.create(buyer=here.person, level=2, orders=41, cancelled=1, complaints_rejected=0, as_of=20_500)
    page = client_of(here.ann, language).get("/me/").content.decode()
    assert '<span class="score">2</span>' in page
    assert ">41<" in page
    for said in ("Lending or credit of any kind.", "Only a person") if language == "en" else ("借贷", "只能由人"):
        assert said in page
    assert ">41<" not in client_of(here.old, language).get("/me/").content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everything_kept_is_on_the_page(here, language):
    about = persons.see(actor=SYSTEM, person=here.person, realm=realm(), at=now(), **LAW)
    page = client_of(here.ann, language).get("/me/data/").content.decode()
    assert about.keys() == {        # whoever keeps something else about people shows it on the page, too
        "format", "person", "made", "known_since", "known_as", "words", "facts", "hashes_kept", "kept", "purposes_by_consent",
        "given_to", "consents", "restrictions", "looked_at", "accounts", "level", "decisions", "appeals",
        "refused_events", "shown_to_authorities",
    }
    for shown in ("Name of ann", "Words of ann", here.person, "order-of-ann", "ann-li", "amount_minor=500"):
        assert shown in page
    kinds = {fact["fact"]["kind"] for fact in about["facts"]}
    assert page.count('<summary>') >= len(kinds)
    assert "Name of old" not in page
    for said in ("PIPL art. 47", "The operator, at the command line") if language == "en" else ("个人信息保护法", "命令行"):
        assert said in page
    assert len(page) < 100_000


@pytest.mark.parametrize(("language", "says"), [
    ("en", "1 event that a shop sent wrong"), ("zh-hans", "可能与您有关的事件有1条"),
])
def test_that_a_refused_event_may_be_about_them_is_told(here, event, language, says):
    assert says not in client_of(here.ann, language).get("/me/data/").content.decode()
    wrong = [event("people.buyer_joined", id="x", customer="ann", note="secret of another")]
    record.take_events(actor=SYSTEM, source="shop", raws=wrong, realm=realm(), at=now())
    page = client_of(here.ann, language).get("/me/data/").content.decode()
    assert (says in page, "secret of another" in page) == (True, False)


def test_ones_own_look_is_no_look_by_staff(here):
    client_of(here.ann).get("/me/data/")
    client_of(here.ann).post("/me/data/package/")
    assert list(Access.objects.order_by("pk").values_list("actor", "what")) == [("themselves", "seen"), ("themselves", "taken")]
    persons.see(actor=Actor("account:99", frozenset({"data_protection"})), person=here.person, realm=realm(), at=now(), **LAW)
    assert Access.objects.order_by("pk").last().actor == "account:99"
    assert "The data-protection officer" in client_of(here.ann).get("/me/data/").content.decode()


def test_consent_is_given_and_taken_back_with_one_press_each(here):
    client = client_of(here.ann)
    client.post("/me/data/consent/", {"purpose": "publish_name"})
    assert Consent.objects.get().withdrawn is None
    assert 'name="withdraw"' in client.get("/me/data/").content.decode()
    client.post("/me/data/consent/", {"purpose": "publish_name", "withdraw": "yes"})
    assert Consent.objects.get().withdrawn is not None
    client.post("/me/data/consent/", {"purpose": "lending"})
    assert "asks consent" in client.get("/me/data/").content.decode()
    assert Consent.objects.count() == 1


def test_use_is_restricted_and_allowed_again(here):
    client = client_of(here.ann)
    client.post("/me/data/use/", {"ground": "accuracy_contested"})
    assert Restriction.objects.get().lifted is None
    assert 'name="lift"' in client.get("/me/data/").content.decode()
    client.post("/me/data/use/", {"lift": "yes"})
    assert Restriction.objects.get().lifted is not None
    assert client.post("/me/data/use/", {"ground": "erasure"}).status_code == 403       # only an erasure brings that one
    client.post("/me/data/use/", {"ground": "whim"})
    assert Restriction.objects.count() == 1


def test_the_name_is_corrected_and_a_wrong_one_refused(here):
    client = client_of(here.ann)
    client.post("/me/data/name/", {"name": "安娜"})
    assert words_of(name="name", subjects=[here.person], realm=realm()) == {here.person: "安娜"}
    client.post("/me/data/name/", {"name": " "})
    assert words_of(name="name", subjects=[here.person], realm=realm()) == {here.person: "安娜"}
    assert "1 to 200 characters" in client.get("/me/data/").content.decode()


@pytest.mark.parametrize("locked", [False, True])
def test_the_package_is_taken_along_with_proofs(here, locked):
    identity = pyrage.x25519.Identity.generate()
    answer = client_of(here.ann).post("/me/data/package/", {"recipient": str(identity.to_public()) if locked else ""})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="about-you.zip{".age" if locked else ""}"'
    package = pyrage.decrypt(answer.content, [identity]) if locked else answer.content
    with zipfile.ZipFile(io.BytesIO(package)) as files:
        assert json.loads(files.read("about-you.json"))["person"] == here.person
        assert sum(name.startswith("proofs/") for name in files.namelist()) >= 3


def test_a_wrong_key_is_told_and_nothing_given(here):
    client = client_of(here.ann)
    assert client.post("/me/data/package/", {"recipient": "age1nonsense"}).status_code == 302
    assert not Access.objects.exists()
    assert "begin with age1" in client.get("/me/data/").content.decode()


def test_somebody_who_is_two_buyers_acts_for_the_chosen_one(here):
    also(here.ann, here.long_ago, "buyer")
    client = client_of(here.ann)
    assert "Name of old" in client.get(f"/me/data/?who={here.long_ago}").content.decode()
    client.post("/me/data/use/", {"ground": "objection", "who": here.long_ago})
    assert Restriction.objects.get().person == here.long_ago
    assert client.get("/me/data/?who=bsomebody").status_code == 404


def test_a_sign_in_name_mistyped_erases_nothing(here):
    before = everything()
    for typed in ("", "ann", "old-wu"):
        answer = client_of(here.ann).post("/me/erase/", {"handle": typed})
        assert "Nothing was erased." in answer.content.decode()
    assert client_of(here.ann).post("/me/erase/", {"handle": "ann-li\0"}).status_code == 400
    assert everything() == before


def test_what_a_law_keeps_is_told_before_and_after(here):
    client = client_of(here.ann)
    plan = persons.planned(actor=SYSTEM, person=here.person, at=now(), jurisdiction="cn")
    assert plan.gone == ("profile", "content")
    until = f"{plan.kept[0].until:%-d %B %Y}"
    before = client.get("/me/erase/").content.decode()
    page = client.post("/me/erase/", {"handle": "ANN-LI"}).content.decode()
    for said in (until, "E-Commerce Law art. 31", "erased at once"):
        assert said in before
        assert said in page
    assert "You are signed out." in page
    assert not Account.objects.filter(handle="ann-li").exists()
    assert Restriction.objects.get().ground == "erasure"


def test_an_account_with_another_role_stays_and_is_no_buyer_any_more(here):
    also(here.old, here.merchant, "merchant_reader")
    client = client_of(here.old)
    assert "stays, since it has another role" in client.post("/me/erase/", {"handle": "old-wu"}).content.decode()
    assert client.get("/me/").status_code == 404
    assert client.get(f"/console/merchants/{here.merchant}/").status_code == 200
    assert surrogate_of(kind="buyer", source="shop", source_id="old", key=realm().key) is None


def test_a_buyer_comes_from_their_account_and_the_console_to_their_page(here):
    assert f"/me/?who={here.person}" in client_of(here.ann).get("/account/").content.decode()
    assert client_of(here.ann).get("/console/").headers["Location"] == "/me/"


def test_every_text_of_the_register_has_chinese(words):
    known = words.translated()
    keepings = [keeping for each in REGISTER.values() for keeping in each]
    texts = {text for one in keepings for text in (one.purpose, one.then)}
    texts |= {text for one in keepings for ground in one.grounds for text in (ground.article, ground.says)}
    texts |= {text for purpose in PURPOSES.values() for text in (purpose.words, purpose.depends)}
    assert [text for text in sorted(texts) if not known.get((None, text))] == []
    assert wording.RETENTIONS_WORDS.keys() == set(RETENTIONS)
    assert wording.PURPOSES_WORDS.keys() == PURPOSES.keys()
    assert wording.RESTRICTIONS.keys() == RESTRICTION_GROUNDS.keys() == {*GROUNDS, "erasure"}


def written_down():
    """Every byte of the database, table by table."""
    with connection.cursor() as cursor:
        found = {}
        tables = connection.introspection.table_names(cursor)
        for table in [name for name in tables if not name.startswith("incoming_")]:     # these end with their transaction
            cursor.execute(f'SELECT * FROM "{table}"')
            cells = [cell for row in cursor for cell in row]
            found[table] = b"\n".join(
                bytes(cell) if isinstance(cell, memoryview | bytes) else str(cell).encode() for cell in cells
            )
        return found


def test_somebody_signs_in_has_themselves_erased_and_is_nowhere(here, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    here.old.set_password(PASSWORD)
    here.old.save()
    # given somebody who signed in, agreed, took their data along, and whose order another has proofs of
    client, elsewhere = Client(), Client()
    for each in (client, elsewhere):
        assert each.post("/account/sign-in/", {"login": "old-wu", "password": PASSWORD}).status_code == 302
    client.post("/me/data/consent/", {"purpose": "publish_name"})
    client.post("/me/data/package/")
    order = here.find("order", "order-of-old")
    numbers = recorded.mentions_of(subject=order, size=recorded.size())
    proofs = [str(recorded.tlog_proof(number=number)) for number in numbers]
    needles = ["Name of old", "Words of old", "old-wu", here.long_ago]
    before = written_down()
    assert any(needle.encode() in content for needle in needles for content in before.values())
    # when they have themselves erased
    page = client.post("/me/erase/", {"handle": "old-wu"}).content.decode()
    assert "What was erased" in page
    follow()
    # then nothing of them is left, nobody signs in as them, and the other's proofs stand
    after = written_down()
    assert [(table, each) for table, content in after.items() for each in needles if each.encode() in content] == []
    assert client.get("/me/").status_code == elsewhere.get("/me/").status_code == 302
    again = Client().post("/account/sign-in/", {"login": "old-wu", "password": PASSWORD})
    assert again.status_code == 200
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)
    later = [str(recorded.tlog_proof(number=number)) for number in numbers]
    policy = realm().log.policy
    assert len(proofs) >= 1
    assert [len(check_fact_proof(proof, policy).facts) for proof in [*proofs, *later]] == [1] * (2 * len(proofs))
    assert recorded.audit(log=realm().log).faults == []
    assert Text.objects.filter(owner=here.person).exclude(words=None).exists()      # of whoever did not ask, all is there

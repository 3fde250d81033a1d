"""The public pages: what they say, what they keep to themselves, and what they cost."""

from __future__ import annotations

import gzip
import re
from itertools import pairwise
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils.translation import override

from yinuo.credit.models import Standing
from yinuo.merchants.models import Merchant
from yinuo.web.formats import place

PAGES = (
    "/",
    "/?search=tea&sort=name",
    "/?search=zzz&band=good",
    "/merchants/mqinglan/",
    "/merchants/mnew/",
    "/merchants/mfake/",
    "/merchants/mslow/",
    "/merchants/mplain/",
    "/merchants/mhostile/",
    "/method/",
    "/verify/",
    "/record/",
    "/listings/lcake/",
    "/listings/lbare/",
    "/listings/lfake/",
    "/listings/lhostile/",
)
LANGUAGES = ("en", "zh-hans")


def text_of(response) -> str:
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_made_in_both_languages(market, client, page, language):
    response = client.get(page, headers={"accept-language": language})
    assert response.status_code == 200
    assert f'lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in response.content.decode()
    assert ("一诺千金" in text_of(response)) == (language == "zh-hans")


@pytest.mark.parametrize("page", PAGES)
def test_no_english_sentence_is_left_in_chinese(market, client, page):
    text = text_of(client.get(page, headers={"accept-language": "zh-hans"}))
    for known in (market.HOSTILE, "Accept", *(sentence for pair in market.SENTENCES for sentence in pair)):
        text = text.replace(known, "")
    runs = re.findall(r"(?:[A-Za-z’']+ ){4,}[A-Za-z’']+", text)
    assert [run for run in runs if "Thank you" not in run] == []


def test_a_standing_is_a_sentence_that_can_be_checked(market, client):
    text = text_of(client.get("/merchants/mqinglan/"))
    assert "Of 1,000 orders about 14 go wrong through this merchant’s fault. How far that holds was" in text
    assert "measured on 38,211 orders of the whole marketplace." in text
    assert "Most likely between 543 and 579" in text
    chinese = text_of(client.get("/merchants/mqinglan/", headers={"accept-language": "zh-hans"}))
    assert "每1,000笔订单中，约有14笔因该商家的责任出问题。这一比例的可靠程度，用全平台38,211笔订单测定。" in chinese


def test_no_probability_is_told_before_it_was_measured(market, client):
    text = text_of(client.get("/merchants/mplain/"))
    assert "Of 1,000 orders" not in text
    assert "has not yet been measured on this marketplace’s own orders" in text


def test_a_band_held_near_its_edge_says_so_and_its_pin_is_shown(market, client):
    page = "/merchants/mceladon/"
    assert "The number alone would be" not in client.get(page).content.decode()
    Standing.objects.filter(merchant="mceladon").update(score=533, low=507, high=559, band_before="expected")
    text = client.get(page).content.decode()
    assert "The number alone would be “Good”. The word stays “As expected”, as it was, until the number is 6 points" in text
    assert "Standing before" in text
    told = client.get("/api/standings/mceladon").json()
    assert (told["band"], told["band_before"], told["score"]) == ("expected", "expected", 533)


def test_too_little_history_looks_like_a_beginning(market, client):
    text = text_of(client.get("/merchants/mnew/"))
    assert "This says nothing against the merchant: everyone starts here." in text
    assert "too few to say" in text
    assert "Poor" not in text


def test_the_reasons_shown_add_up(market, client):
    html = client.get("/merchants/mqinglan/").content.decode()
    table = html[html.index('class="cards reasons"') :]
    table = table[: table.index("</table>")].replace("\u2212", "-")
    *points, score = [int(number) for number in re.findall(r'class="num key">([+-]?\d+)<', table)]
    assert points[0] == 500
    assert sum(points) == score == 561


def test_exact_sums_stay_with_the_merchant(market, client):
    for address in ("/merchants/mqinglan/", "/api/standings/mqinglan", "/"):
        body = client.get(address).content.decode()
        assert "4,812" not in body
        assert "4812" not in body
        assert "27.6" not in body


def test_an_override_says_what_why_since_when_and_what_can_be_done(market, client):
    text = text_of(client.get("/merchants/mfake/"))
    for part in (
        "Counterfeit goods were found on sale here.",
        "1 May 2026",
        "Until it is overturned",
        "it is overturned as a fact of its own",
        "The marketplace itself",
    ):
        assert part in text
    assert "523" not in text
    assert client.get("/api/standings/mfake").json()["score"] is None


def test_a_hidden_review_is_counted_and_says_its_ground_without_its_words(market, client):
    text = text_of(client.get("/merchants/mqinglan/"))
    assert "26 received, 24 shown, 2 hidden." in text
    assert "Hidden: it showed personal data" in text
    assert "Hidden: it was bought" in text
    assert "The words were erased at the writer’s wish." in text
    assert "wordless" in text


def test_older_reviews_follow_without_a_gap(market, client):
    seen, address = 0, "/merchants/mqinglan/"
    while address:
        html = client.get(address).content.decode()
        seen += len(re.findall(r'class="(?:rating|hidden)"', html))
        following = re.search(r'href="(\?reviews_before=\d+)', html)
        address = "/merchants/mqinglan/" + following[1] if following else ""
    assert seen == 26


@pytest.mark.parametrize("page", PAGES)
def test_hostile_names_and_words_are_shown_and_never_run(market, client, page):
    html = client.get(page).content.decode()
    assert "<script>alert" not in html
    assert "<b>x</b>" not in html
    hostile = client.get("/", {"search": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in hostile


def test_the_policy_lets_nothing_run_that_is_not_ours(market, client):
    for page in PAGES:
        response = client.get(page)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        html = response.content.decode()
        assert not re.search(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))|\son\w+=|\sstyle=|href=\"javascript:", html)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert "https://" not in client.get("/api/docs").content.decode()


@pytest.mark.parametrize("mode_name", ["preview", "shadow", "subjects"])
def test_nothing_is_shown_before_its_time(market, client, mode, mode_name):
    mode(mode_name)
    for page in ("/", "/merchants/mqinglan/", "/merchants/mfake/", "/?band=good&sort=evidence"):
        text = text_of(client.get(page))
        assert "Standings are not public yet" in text
        assert "561" not in text
        assert "Counterfeit" not in text
    answer = client.get("/api/standings/mqinglan")
    assert (answer.status_code, answer.json()["code"]) == (403, "standings-not-public")
    assert {row["score"] for row in client.get("/api/merchants").json()["merchants"]} == {None}
    assert client.get("/method/").status_code == 200


@pytest.mark.parametrize("address", ["/merchants/mnobody/", "/nowhere/", "/?after=mnobody"])
def test_what_is_not_there_has_a_page(market, client, address):
    response = client.get(address, headers={"accept-language": "zh-hans"})
    assert response.status_code == 404
    assert "这个地址下没有内容" in text_of(response)


def test_our_own_fault_has_a_page(market, monkeypatch):
    def fail(**_):
        raise RuntimeError

    monkeypatch.setattr("yinuo.credit.queries.directory", fail)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert "This page could not be made" in text_of(response)


def test_an_empty_marketplace_says_what_comes(client, db):
    assert "Merchants appear here as soon as" in text_of(client.get("/"))
    assert "No scorecard is in force yet" in text_of(client.get("/method/"))


def test_the_language_is_kept_and_so_is_the_page(market, client):
    answer = client.get("/language/", {"language": "zh-hans", "next": "/merchants/mqinglan/?reviews_before=1"})
    assert answer.headers["Location"] == "/merchants/mqinglan/?reviews_before=1"
    assert "一诺千金" in text_of(client.get("/", headers={"accept-language": "en"}))
    assert (
        client.get("/language/", {"language": "en", "next": "https://elsewhere.example/"}).headers["Location"] == "/"
    )


def test_the_directory_is_searched_filtered_sorted_and_paged(market, client):
    def ids(**query):
        html = client.get("/", query).content.decode()
        return re.findall(r'class="row" href="/merchants/(\w+)/"', html)

    assert ids()[:2] == ["mharbour", "mqinglan"]
    assert ids()[-1] == "mfake"
    assert ids(search="书屋") == ["mquiet"]
    assert ids(search="  qinglan ", band="good") == ["mqinglan"]
    assert ids(search="qinglan", band="poor") == []
    assert ids(sort="evidence")[0] == "mharbour"
    assert ids(sort="name")[0] == "mhostile"
    assert ids(band="no-such-band", sort="no-such-order") == ids()
    assert ids(after="mharbour") == ids()[1:]
    assert ids(search="100%") == []


def test_a_merchant_without_a_name_is_called_by_the_id_of_the_address(market, client):
    Merchant.objects.update(name=None)
    for page in ("/", "/merchants/mqinglan/"):
        assert "Merchant mqinglan" in text_of(client.get(page))
        assert "商家mqinglan" in text_of(client.get(page, headers={"accept-language": "zh-hans"}))
    assert "No merchant with a name yet" in text_of(client.get("/", {"sort": "name"}))


def test_a_merchant_of_whom_only_orders_told_has_a_page(market, client, mode):
    Merchant.objects.filter(pk="mqinglan").delete()
    assert "Merchant mqinglan" in text_of(client.get("/"))
    text = text_of(client.get("/merchants/mqinglan/"))
    assert "Merchant mqinglan" in text
    assert "561" in text
    mode("shadow")
    assert client.get("/merchants/mqinglan/").status_code == 404


def test_one_more_order_is_no_orders(market, client):
    Standing.objects.filter(merchant="mslow").update(way_back={"band": "caution", "orders": 1, "day": None, "feature": ""})
    assert "about 1 more order without" in text_of(client.get("/merchants/mslow/"))
    Standing.objects.filter(merchant="mslow").update(way_back={"band": "caution", "orders": 2, "day": None, "feature": ""})
    assert "about 2 more orders without" in text_of(client.get("/merchants/mslow/"))


def test_nothing_judged_is_said_in_words(market, client):
    Standing.objects.filter(merchant="mnew").update(outcomes=0)
    text = text_of(client.get("/"))
    assert "none orders" not in text
    assert "no order judged yet" in text


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [("CN-ZJ", "China · ZJ", "中国 · ZJ"), ("BR-ES", "Brazil · ES", "巴西 · ES"), ("ES", "ES", "ES"), ("SP", "SP", "SP"),
     ("east", "East", "东部"), ("Hub-7", "Hub-7", "Hub-7")],
)
def test_a_region_is_told_in_words_as_far_as_it_is_known(code, english, chinese):
    with override("en"):
        assert place(code) == english
    with override("zh-hans"):
        assert place(code) == chinese


def test_htmx_gets_the_list_alone(market, client):
    html = client.get("/", {"search": "tea"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in html
    assert "Qinglan" in html
    assert "HX-Request" in client.get("/").headers["Vary"]


@pytest.mark.parametrize(
    ("page", "queries"),
    [
        ("/", 4),
        ("/?search=a", 5),
        ("/?search=a&sort=name&band=good", 5),
        ("/?sort=evidence", 4),
        ("/merchants/mqinglan/", 15),
        ("/merchants/mnew/", 13),
        ("/merchants/mfake/", 15),
        ("/method/", 3),
        ("/api/standings/mqinglan", 1),
        ("/api/merchants", 3),
    ],
)
def test_a_page_costs_the_same_queries_whatever_it_shows(market, client, django_assert_max_num_queries, page, queries):
    with django_assert_max_num_queries(queries):
        assert client.get(page).status_code == 200


def test_pages_stay_light(market, client):
    style = Path(finders.find("yinuo/yinuo.css")).stat().st_size
    for page in PAGES:
        html = client.get(page).content
        scripts = re.findall(r'<script[^>]* src="/static/([^"]+)"', html.decode())
        weight = len(gzip.compress(html)) + style + sum(Path(finders.find(name)).stat().st_size for name in scripts)
        assert weight < 100_000, page


@pytest.mark.parametrize("page", PAGES)
def test_headings_descend_one_by_one_and_fields_have_labels(market, client, page):
    html = client.get(page).content.decode()
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", html)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    fields = set(re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', html))
    assert fields <= set(re.findall(r'<label for="([^"]+)"', html))
    named = re.findall(r'aria-labelledby="([^"]+)"', html)
    assert set(named) <= set(ids)


def test_the_api_says_what_the_page_says(market, client):
    found = client.get("/api/standings/mqinglan").json()
    assert (found["score"], found["band"], found["as_of"], found["outcomes"]) == (
        561,
        "good",
        "2026-06-01",
        {"low": 3000, "end": 10000},
    )
    assert 500 + sum(reason["points"] for reason in found["reasons"]) == 561
    features = client.get("/api/credit/features").json()
    assert all(feature["meaning"] for feature in features)
    assert client.get("/api/credit/method").json()["scorecard"] == "standard-1"
    assert client.get("/api/standings/mnobody").status_code == 404
    assert client.get("/api/merchants", {"band": "no-such-band"}).status_code == 422

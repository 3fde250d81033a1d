"""A listing's page: what it says, what it keeps to itself, what it says of what is missing, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from yinuo.catalogue.models import Finding, Listing
from yinuo.catalogue.rules import is_withdrawn
from yinuo.config.realm import realm as realm_here
from yinuo.credit.models import ListingRate
from yinuo.kit.actors import SYSTEM
from yinuo.kit.moments import MICROS_PER_DAY, to_micros
from yinuo.merchants.models import Merchant
from yinuo.pipelines.react import react
from yinuo.record import actions
from yinuo.reviews.models import Review


def text_of(response) -> str:
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def fresh(market):
    """Findings are told for a year: the market's is made one of yesterday."""
    def make(now):
        Finding.objects.filter(pk="gfake").update(upheld_at=to_micros(now) - MICROS_PER_DAY)
    return make


@pytest.fixture
def now_here(monkeypatch, now):
    """The pages' clock stands at the tests' moment."""
    monkeypatch.setattr("yinuo.config.realm.now", lambda: now)
    return now


def test_a_listing_says_what_it_is_and_who_sells_it(market, client):
    text = text_of(client.get("/listings/lcake/"))
    for part in (
        "High slope spring tea", "CN¥199.00", "tea/green", "Qinglan Tea House", "Good", "561",
        "Of 1,000 orders about 14 go wrong through this merchant’s fault.", "China · ZJ", "Company",
    ):
        assert part in text
    chinese = text_of(client.get("/listings/lcake/", headers={"accept-language": "zh-hans"}))
    assert "¥199.00" in chinese
    assert "每1,000笔订单中，约有12笔因商家责任引起投诉。" in chinese
    assert "由谁出售" in chinese


def test_the_complaint_rate_is_told_in_steps(market, client):
    page = client.get("/listings/lcake/")
    text = text_of(page)
    assert "Of 1,000 orders for it about 12 end in a complaint through the merchant’s fault." in text
    assert "Orders judged 300–999" in text
    assert "Complaints through the merchant’s fault 1–9" in text
    assert "412" not in page.content.decode()


def test_no_rate_is_told_from_too_few_orders(market, client):
    page = client.get("/listings/lbare/")
    text = text_of(page)
    assert "Too few orders to say how often it comes to a complaint: that takes 30." in text
    assert "Orders judged 10–29" in text
    assert "176" not in page.content.decode()       # 3 of 17, per thousand
    assert not re.search(r"\b17\b", text)
    ListingRate.objects.filter(listing="lbare").update(orders=30)
    assert "about 100 end in a complaint" in text_of(client.get("/listings/lbare/"))


def test_rates_of_nothing_and_of_hardly_anything_are_sentences(market, client):
    assert "No order for it ended in a complaint" in text_of(client.get("/listings/lrecall/"))
    ListingRate.objects.filter(listing="lrecall").update(orders=5_000, complaints=1)
    assert "less than one ends in a complaint" in text_of(client.get("/listings/lrecall/"))
    ListingRate.objects.filter(listing="lrecall").update(orders=5_000, complaints=5)
    assert "about 1 ends in a complaint" in text_of(client.get("/listings/lrecall/"))
    assert "No order for it has been judged yet." in text_of(client.get("/listings/loff/"))


@pytest.mark.parametrize(("language", "words"), [("en", "not stated by the merchant"), ("zh-hans", "商家未说明")])
def test_what_is_missing_is_said_to_be_missing(market, client, language, words):
    text = text_of(client.get("/listings/lbare/", headers={"accept-language": language}))
    assert text.count(words) == 3       # title, category, price
    Merchant.objects.filter(pk="mqinglan").update(name=None, form=None, region=None)
    assert text_of(client.get("/listings/lbare/", headers={"accept-language": language})).count(words) == 6
    assert text_of(client.get("/listings/lcake/", headers={"accept-language": language})).count(words) == 3


def test_a_price_without_currency_is_no_price(market, client):
    Listing.objects.filter(pk="lcake").update(currency=None)
    text = text_of(client.get("/listings/lcake/"))
    assert "199" not in text
    assert "Price and currency not stated by the merchant" in text


def test_what_is_off_sale_says_why(market, client):
    text = text_of(client.get("/listings/loff/"))
    assert "The merchant took it off sale." in text
    assert "What follows" not in text
    recalled = text_of(client.get("/listings/lrecall/"))
    for part in ("It was recalled.", "Since when 14 May 2026", "Until it is put up for sale again", "Do not use it for now"):
        assert part in recalled
    Listing.objects.filter(pk="lrecall").update(published_at=(market.AS_OF - 1) * MICROS_PER_DAY)
    assert "It was recalled." not in text_of(client.get("/listings/lrecall/"))


def test_a_finding_says_what_why_and_until_when(market, client, fresh, now_here):
    fresh(now_here)
    text = text_of(client.get("/listings/lfake/"))
    for part in (
        "These goods were found to be counterfeit.", "Since when 31 May 2026", "Until it is overturned", "The marketplace",
        "It was taken off sale because it was unlawful.", "Unlawful goods found",
    ):
        assert part in text
    assert "523" not in text        # no number makes up for it
    Finding.objects.update(overturned_at=to_micros(now_here))
    text = text_of(client.get("/listings/lfake/"))
    assert "A finding that did not stand" in text
    assert "It counts no longer, from the day it was made." in text


def test_a_finding_of_more_than_a_year_ago_is_not_told(market, client, now_here):
    Finding.objects.update(upheld_at=to_micros(now_here) - 366 * MICROS_PER_DAY)
    assert "found to be counterfeit" not in text_of(client.get("/listings/lfake/"))


def test_its_own_reviews_are_listed_with_the_grounds_of_the_hidden(market, client):
    Review.objects.filter(merchant="mqinglan").update(listing="lcake")
    text = text_of(client.get("/listings/lcake/"))
    assert "26 received, 24 shown, 2 hidden." in text
    assert re.search(r"Hidden on the grounds: it (was bought|showed personal data) 1 · it", text)
    assert "Hidden: it was bought" in text
    Review.objects.filter(merchant="mqinglan").exclude(pk="rmqinglan0").update(listing="lother")
    assert "1 received, 1 shown, 0 hidden." in text_of(client.get("/listings/lcake/"))
    assert "No review yet." in text_of(client.get("/listings/loff/"))


def test_older_reviews_follow_on_its_own_page(market, client):
    Review.objects.filter(merchant="mqinglan").update(listing="lcake")
    seen, address = 0, "/listings/lcake/"
    while address:
        html = client.get(address).content.decode()
        seen += len(re.findall(r'class="(?:rating|hidden)"', html))
        following = re.search(r'href="(\?reviews_before=\d+)', html)
        address = "/listings/lcake/" + following[1] if following else ""
    assert seen == 26
    assert 'href="/listings/lcake/#reviews"' in html


@pytest.mark.parametrize("mode_name", ["preview", "shadow", "subjects"])
def test_nothing_computed_is_shown_before_its_time(market, client, mode, fresh, now_here, mode_name):
    fresh(now_here)
    mode(mode_name)
    for listing in ("lcake", "lfake"):
        response = client.get(f"/listings/{listing}/")
        text = text_of(response)
        assert response.status_code == 200
        assert "Standings of merchants are not public yet." in text
        for hidden in ("561", "counterfeit", "in a complaint", "Orders judged", "Unlawful goods found"):
            assert hidden not in text
    assert "High slope spring tea" in text_of(client.get("/listings/lcake/"))


@pytest.mark.parametrize(
    "address",
    ["/listings/lnobody/", "/listings/" + "l" * 300 + "/", "/listings/l%00x/", "/listings/../", "/listings/l'--/",
     "/listings//", "/merchants/mqinglan/?listings_after=lnobody", "/merchants/mqinglan/?listings_after=lfake"],
)
def test_odd_ids_have_the_page_of_what_is_not_there(market, client, address):
    response = client.get(address, headers={"accept-language": "zh-hans"})
    assert response.status_code == 404
    assert "这个地址下没有内容" in text_of(response)


def test_a_listing_of_which_only_its_end_is_known_has_a_page(market, client):
    Listing.objects.create(id="lstub", withdrawn_at=market.AS_OF * MICROS_PER_DAY)
    text = text_of(client.get("/listings/lstub/"))
    assert "Listing lstub" in text
    assert "No fact says who sells it." in text
    assert "It is off sale; the ground is not recorded." in text


def test_a_seller_of_whom_nothing_is_known_is_not_linked(market, client):
    Listing.objects.create(id="lalone", merchant="mnobody", published_at=market.AS_OF * MICROS_PER_DAY)
    html = client.get("/listings/lalone/").content.decode()
    assert "Merchant mnobody" in html
    assert "/merchants/mnobody/" not in html


def test_a_merchants_page_lists_twelve_and_then_the_rest(market, client):
    def listed(query=""):
        html = client.get(f"/merchants/mceladon/{query}").content.decode()
        following = re.search(r'href="(\?listings_after=\w+)#listings"', html)
        return re.findall(r'href="/listings/(\w+)/"', html), following and following[1]

    first, following = listed()
    rest, end = listed(following)
    assert (len(first), len(rest), end) == (12, 2, None)
    assert sorted(first + rest) == sorted(f"lmany{number}" for number in range(14))
    assert "/listings/" not in client.get("/merchants/mplain/").content.decode()
    newest_first = client.get("/merchants/mqinglan/").content.decode()
    assert re.findall(r'href="/listings/(\w+)/"', newest_first) == ["lcake", "lbare", "loff"]


@pytest.mark.parametrize(("address", "queries"), [("/listings/lcake/", 15), ("/listings/lbare/", 15), ("/listings/lfake/", 15)])
def test_it_costs_the_same_queries_whatever_it_shows(market, client, django_assert_max_num_queries, address, queries):
    with django_assert_max_num_queries(queries):
        assert client.get(address).status_code == 200


@pytest.fixture
def told(db, now, event):
    """States a listing as a shop does, long after it was put up, and follows the record."""

    def telling(*events, at):
        actions.take_events(actor=SYSTEM, source="shop", raws=events, realm=realm_here(), at=at)
        react(domains=("vault", "record", "people", "merchants", "catalogue"), realm=realm_here(), at=at)

    return telling


def test_what_is_proved_says_since_when(client, told, event, now, django_assert_max_num_queries):
    published = event("catalogue.listing_published", id="l1", time="2026-01-05T00:00:00Z", listing="L1", merchant="M1",
                      category="tea", price_minor=1_990, currency="CNY", title="Spring tea")
    told(published, at=now)
    pk = Listing.objects.get().pk
    text = text_of(client.get(f"/listings/{pk}/"))
    assert "Spring tea" in text
    assert "Put up for sale, with title, category and price 5 January 2026 1 June 2026, 12:00:00 UTC" in text
    assert "told afterwards: of the time before, nothing is proved" in text
    withdrawn = event("catalogue.listing_withdrawn", id="l2", time="2026-06-02T09:00:00Z", listing="L1", ground="merchant")
    told(withdrawn, at=now + timedelta(days=1))
    with django_assert_max_num_queries(17):
        text = text_of(client.get(f"/listings/{pk}/"))
    assert "Taken off sale, with the ground 2 June 2026 2 June 2026, 12:00:00 UTC" in text
    assert text.count("told afterwards") == 1
    assert "The merchant took it off sale." in text


def test_a_listing_that_no_fact_tells_of_any_more_proves_nothing(market, client):
    html = client.get("/listings/lcake/").content.decode()
    assert "No fact about this listing stands in the record." in html
    assert 'class="seal"' not in html


@pytest.mark.parametrize(
    ("published_at", "withdrawn_at", "restored_at", "off"),
    [(1, None, None, False), (1, 2, None, True), (2, 2, None, True), (3, 2, None, False), (None, 2, None, True),
     (1, 2, 3, False), (1, 3, 2, True), (1, 2, 2, False), (None, 2, 3, False)],
)
def test_what_is_put_up_again_or_restored_is_on_sale(published_at, withdrawn_at, restored_at, off):
    assert is_withdrawn(published_at=published_at, withdrawn_at=withdrawn_at, restored_at=restored_at) is off

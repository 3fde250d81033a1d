"""A standing in somebody else's page: what it shows, who may frame it, how long it is kept, and that it fails open."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders

from yinuo.credit.models import Standing

CARD = "/embed/merchants/mqinglan/"


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_card_tells_number_word_interval_and_the_sentence(market, client):
    response = client.get(CARD)
    text = text_of(response)
    for part in ("561", "Good", "Most likely between 543 and 579", "Of 1,000 orders about 14 go wrong", "Qinglan"):
        assert part in text
    html = response.content.decode()
    assert 'href="/merchants/mqinglan/" target="_blank" rel="noopener"' in html
    assert html.count('<svg class="shape"') == html.count('<svg class="interval"') == 1


def test_an_override_and_a_beginning_have_no_number(market, client):
    text = text_of(client.get("/embed/merchants/mfake/"))
    assert "Counterfeit goods were found on sale here." in text
    assert "523" not in text
    text = text_of(client.get("/embed/merchants/mnew/"))
    assert "Just beginning" in text
    assert "A number appears once enough orders have come to their end." in text
    assert "Of 1,000 orders" not in text_of(client.get("/embed/merchants/mplain/"))


def test_its_language_and_scheme_are_the_pages_or_the_readers(market, client):
    assert "良好" in text_of(client.get(CARD, headers={"accept-language": "zh-hans"}))
    assert "良好" in text_of(client.get(CARD + "?lang=zh-hans", headers={"accept-language": "en"}))
    english = client.get(CARD + "?lang=en&scheme=light", headers={"accept-language": "zh-hans"})
    assert "Good" in text_of(english)
    assert '<html lang="en" class="framed light">' in english.content.decode()
    assert client.get(CARD + "?lang=xx&scheme=%3Cb%3E").status_code == 200


def test_only_the_card_may_stand_in_a_frame(market, client):
    for address in (CARD, "/embed/merchants/mnobody/"):
        response = client.get(address)
        assert "frame-ancestors *" in response["Content-Security-Policy"]
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert "X-Frame-Options" not in response
    for address in ("/", "/merchants/mqinglan/", "/method/", "/verify/", "/api/docs", "/api/standings/mqinglan"):
        response = client.get(address)
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
        assert response["X-Frame-Options"] == "DENY"


def test_it_is_kept_and_asked_for_by_its_fingerprint(market, client):
    first = client.get(CARD)
    assert first["Cache-Control"] == "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
    assert "Accept-Language" in first["Vary"]
    again = client.get(CARD, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Content-Security-Policy"] == first["Content-Security-Policy"]
    assert "X-Frame-Options" not in again
    Standing.objects.filter(merchant="mqinglan").update(score=560)
    changed = client.get(CARD, headers={"if-none-match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)
    assert not first.cookies


@pytest.mark.parametrize("mode_name", ["preview", "shadow", "subjects"])
@pytest.mark.parametrize("merchant", ["mqinglan", "mfake", "mnobody"])
def test_nothing_is_shown_before_its_time(market, client, mode, mode_name, merchant):
    mode(mode_name)
    response = client.get(f"/embed/merchants/{merchant}/")
    assert response.status_code == 403
    text = text_of(response)
    assert "Standings are not public yet" in text
    assert not re.search(r"561|Counterfeit|Qinglan", text)
    assert "<script" not in response.content.decode()       # so that a page around it keeps its link
    assert response["Cache-Control"] == "public, max-age=60"


def test_who_is_not_there_is_said_without_a_script(market, client):
    response = client.get("/embed/merchants/mnobody/", headers={"accept-language": "zh-hans"})
    assert response.status_code == 404
    assert "没有可显示的信用" in text_of(response)
    assert "<script" not in response.content.decode()


def test_hostile_names_are_shown_and_never_run(market, client):
    html = client.get("/embed/merchants/mhostile/").content.decode()
    assert "<script>alert" not in html
    assert not re.search(r"\son\w+=|\sstyle=", html)


def test_it_costs_one_page_of_questions_and_few_bytes(market, client, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        page = client.get(CARD).content
    assert len(page) < 5_000
    for script in ("yinuo/embed.js", "yinuo/framed.js"):
        with open(finders.find(script), "rb") as file:
            assert len(file.read()) < 4_000


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInAShop:
    """With a shop's page in a real browser."""

    @pytest.fixture
    def shop(self, browser, serving, live_server):
        """Opens a shop's page that asks for these merchants: the page, and what the browser complained about."""

        def opening(*merchants, site=None, **options):
            site = site or live_server.url
            links = "".join(
                f'<p><a data-yinuo-merchant="{one}" data-yinuo-lang="en" href="{site}/merchants/{one}/">{one}</a></p>'
                for one in merchants
            )
            html = f'<!doctype html><title>Shop</title>{links}<script src="{site}/static/yinuo/embed.js" async></script>'
            policy = f"default-src 'none'; script-src {site}; frame-src {site}; style-src 'none'"
            url = serving(lambda *_: (
                f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Security-Policy: {policy}\r\n"
                f"Content-Length: {len(html)}\r\n\r\n{html}".encode()
            ))
            page = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 800}, **options).new_page()
            complaints = []
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(url)
            return page, complaints

        return opening

    def test_the_card_takes_the_links_place(self, market, shop, live_server):
        page, complaints = shop("mqinglan")
        page.locator("a[data-yinuo-placed=shown]").wait_for(state="attached")
        frame = page.frame_locator("iframe")
        assert frame.get_by_text("561").is_visible()
        assert not page.get_by_role("link", name="mqinglan").is_visible()
        high = page.locator("iframe").bounding_box()["height"]
        assert high == pytest.approx(frame.locator(".badge").bounding_box()["height"], abs=1)
        with page.expect_popup() as opened:
            frame.locator(".badge").click()
        opened.value.get_by_role("heading", level=1).wait_for()
        assert opened.value.url == f"{live_server.url}/merchants/mqinglan/"
        assert complaints == []

    def test_where_there_is_nothing_to_show_the_link_stays(self, market, shop):
        page, _ = shop("mnobody", "mqinglan", "../../x")
        page.locator("a[data-yinuo-placed=shown]").wait_for(state="attached")
        for name in ("mnobody", "../../x"):
            assert page.get_by_role("link", name=name).is_visible()
        hidden = page.locator("iframe").first
        assert hidden.evaluate("frame => getComputedStyle(frame).visibility") == "hidden"
        assert hidden.bounding_box()["height"] == 1

    def test_where_the_site_does_not_answer_the_page_is_as_it_was(self, market, shop):
        page, _ = shop("mqinglan", site="http://127.0.0.1:1")
        assert page.get_by_role("link", name="mqinglan").is_visible()
        assert page.locator("iframe").count() == 0

    def test_without_scripts_the_link_stays(self, market, shop):
        page, _ = shop("mqinglan", java_script_enabled=False)
        assert page.get_by_role("link", name="mqinglan").is_visible()

    def test_nobody_else_can_have_the_link_hidden(self, market, shop):
        page, _ = shop("mnobody")
        page.locator("iframe").wait_for(state="attached")
        page.evaluate("postMessage({ yinuo: 'height', height: 200 }, '*')")
        page.evaluate("new Promise((done) => setTimeout(done))")
        assert page.get_by_role("link", name="mnobody").is_visible()

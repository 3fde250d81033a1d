"""Olist's data set under our unit rules, on a tiny fixture of our own making."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from yinuo.kit.refusals import Malformed, NotFound
from yinuo.pipelines.importing import olist

TINY = {
    "olist_customers_dataset.csv": """customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state
k1,ana,01000,x,SP
k2,ana,20000,x,RJ
k3,bia,30000,x,MG
k4,caio,30000,x,BA
""",
    "olist_sellers_dataset.csv": "seller_id,seller_zip_code_prefix,seller_city,seller_state\ns1,1,x,SP\ns2,1,x,PR\n",
    "olist_products_dataset.csv": "product_id,product_category_name\np1,beleza_saude\np2,pc_gamer\np3,\n",
    "product_category_name_translation.csv":
        "\ufeffproduct_category_name,product_category_name_english\nbeleza_saude,health_beauty\n",
    "olist_order_items_dataset.csv": """order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
o1,1,p1,s1,2017-10-05 10:00:00,58.90,13.29
o1,2,p1,s1,2017-10-06 10:00:00,58.90,13.29
o2,1,p1,s1,2017-09-05 10:00:00,50.00,1.00
o2,2,p2,s2,2017-09-05 11:00:00,9.99,0.01
o4,1,p3,s1,2017-11-05 10:00:00,10.00,0.00
o5,1,p3,s1,2017-12-05 10:00:00,10.00,0.00
o5,2,p3,s1,2017-12-05 10:00:00,-1.00,0.00
""",
    "olist_orders_dataset.csv": """order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,\
order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date
o1,k1,delivered,2017-10-02 10:56:33,2017-10-02 11:07:15,2017-10-04 19:55:00,2017-10-10 21:25:13,2017-10-18 00:00:00
o2,k2,delivered,2017-09-02 10:00:00,2017-09-02 10:00:00,2017-09-04 00:00:00,2017-09-10 00:00:00,2017-09-18 00:00:00
o3,k3,unavailable,2017-09-02 10:00:00,,,,2017-09-18 00:00:00
o4,k3,canceled,2017-11-01 00:00:00,,2017-11-02 00:00:00,,2017-11-18 00:00:00
o5,k4,unavailable,2017-12-01 00:00:00,,,,2017-12-18 00:00:00
""",
    "olist_order_reviews_dataset.csv": '''review_id,order_id,review_score,review_comment_title,review_comment_message,\
review_creation_date,review_answer_timestamp
r1,o1,5,Bom,"Chegou
antes, ""ótimo""",2017-10-11 00:00:00,2017-10-12 03:43:48
r1,o2,1,,,2017-09-11 00:00:00,
r2,o3,2,,,2017-09-30 00:00:00,2017-10-01 00:00:00
r3,o4,2,,,,
''',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TINY.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def events(folder):
    made = list(olist.items(olist.open_folder(folder)))
    found = [msgspec.json.decode(item.raw) for item in made if not item.sentence]
    return {(event["type"].partition(".")[2], event["id"].partition(":")[2]): event for event in found}


def test_an_order_is_one_merchants_part(events):
    assert {about for kind, about in events if kind == "order_placed"} == {"o1/s1", "o2/s1", "o2/s2", "o4/s1", "o5/s1"}
    assert events["order_placed", "o1/s1"]["time"] == "2017-10-02T10:56:33Z"
    assert events["order_placed", "o1/s1"]["data"] == {
        "order": "o1/s1", "merchant": "s1", "buyer": "ana", "listing": "p1/s1", "basket": "o1", "items": 2,
        "amount_minor": 14438, "currency": "BRL", "hand_over_by": "2017-10-06T10:00:00Z",
        "deliver_by": "2017-10-18T00:00:00Z", "origin": "SP", "destination": "SP",
    }
    assert events["order_placed", "o2/s2"]["data"]["amount_minor"] == 1000


def test_what_followed_an_order(events):
    assert events["order_paid", "o1/s1"]["time"] == "2017-10-02T11:07:15Z"
    assert events["shipment_handed_over", "o2/s2"]["data"] == {"shipment": "o2/s2", "order": "o2/s2"}
    assert events["shipment_delivered", "o1/s1"]["time"] == "2017-10-10T21:25:13Z"
    assert ("order_paid", "o4/s1") not in events


def test_a_cancellation_counts_from_twenty_days_after_the_purchase(events):
    cancelled = events["order_cancelled", "o4/s1"]
    assert datetime.fromisoformat(cancelled["time"]) == datetime(2017, 11, 21, tzinfo=UTC)
    assert cancelled["data"] == {"order": "o4/s1", "by": "merchant", "ground": "cancelled", "derived": "time"}
    assert events["order_cancelled", "o5/s1"]["data"]["ground"] == "out_of_stock"
    assert ("shipment_handed_over", "o4/s1") in events      # both are kept


def test_a_review_of_several_merchants_counts_for_none(events):
    assert events["review_published", "r1/o1"]["data"] == {
        "review": "r1/o1", "stars": 5, "buyer": "ana", "order": "o1/s1", "merchant": "s1", "listing": "p1/s1",
        "title": "Bom", "words": 'Chegou\nantes, "ótimo"',
    }
    assert events["review_published", "r1/o2"]["data"] == {"review": "r1/o2", "stars": 1, "buyer": "ana"}
    assert events["review_published", "r1/o2"]["time"] == "2017-09-11T00:00:00Z"      # never answered: its creation
    assert events["review_published", "r2/o3"]["data"] == {"review": "r2/o3", "stars": 2, "buyer": "bia"}


def test_who_is_met_first(events):
    assert events["buyer_joined", "ana"]["time"] == "2017-09-02T10:00:00Z"
    assert events["buyer_joined", "ana"]["data"] == {"buyer": "ana", "region": "RJ"}
    assert events["merchant_registered", "s1"]["time"] == "2017-09-02T10:00:00Z"
    listed = events["listing_published", "p1/s1"]
    assert listed["data"] == {
        "listing": "p1/s1", "merchant": "s1", "category": "health_beauty", "price_minor": 5000, "currency": "BRL"}
    assert events["listing_published", "p2/s2"]["data"]["category"] == "pc_gamer"       # Olist has no translation
    assert "category" not in events["listing_published", "p3/s1"]["data"]


def test_what_is_wrong_is_refused_alone(folder):
    refused = [item for item in olist.items(olist.open_folder(folder)) if item.sentence]
    assert [(item.where, item.path) for item in refused] == [
        ("olist_order_items_dataset.csv:8", "price"), ("olist_order_reviews_dataset.csv:6", "time")]


def test_a_folder_that_lacks_something(folder):
    (folder / "olist_sellers_dataset.csv").write_text("seller_id\ns1\n")
    with pytest.raises(Malformed, match="no column 'seller_state'"):
        olist.open_folder(folder)
    (folder / "olist_sellers_dataset.csv").unlink()
    with pytest.raises(NotFound, match="has no olist_sellers_dataset"):
        olist.open_folder(folder)

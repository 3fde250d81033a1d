"""Reports: whoever was scored computes it again from the report alone, to the point; whatever was changed is named."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from yinuo.credit.models import Run, Standing
from yinuo.credit.proofs import Differs, check_report, check_reviews
from yinuo.credit.queries import credit_report, review_report
from yinuo.credit.rules.told import ReviewCounts, ToldReview, count_reviews
from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.canonical import canonical_json, read_json
from yinuo.kit.log import log_of
from yinuo.kit.merkle import Unproven
from yinuo.kit.notes import Unsigned
from yinuo.kit.refusals import NotAllowed, NotFound, Refusal
from yinuo.record import queries
from yinuo.record.models import Mention
from yinuo.record.proofs import check_order_pack
from yinuo.record.rules import Altered
from yinuo.reviews.models import Review
from yinuo.trade.models import Order

pytestmark = pytest.mark.django_db


def test_every_merchants_score_is_recomputed_to_the_point(market):
    replaced, bands, hidden = 0, set(), 0
    for merchant in market.merchants_of(market.second):
        standing = Standing.objects.get(merchant=merchant, run=market.second.id)
        checked = check_report(market.report(merchant), market.policy)
        result = checked.result
        assert (result.score, result.low, result.high, result.band, result.odds_ppm, result.override) == (
            standing.score, standing.low, standing.high, standing.band, standing.odds_ppm, standing.override
        )
        assert (result.reasons, result.facets, result.way_back) == (standing.reasons, standing.facets, standing.way_back)
        assert checked.facts == standing.facts
        replaced, hidden = replaced + checked.replaced, hidden + standing.reviews_hidden
        bands.add(standing.band)
    assert replaced > 50
    assert hidden > 5
    assert {"unlawful", "new"} < bands
    assert Standing.objects.filter(run=market.second.id, odds_ppm__isnull=False).exists()


def test_the_band_before_is_one_of_the_pins(market):
    assert Standing.objects.filter(run=market.second.id).exclude(band_before="").exists()


def test_the_api_tells_counts_of_reviews_and_a_step_of_facts(market, client):
    standing = Standing.objects.filter(run=market.second.id, reviews_hidden__gt=0)[0]
    told = client.get(f"/api/standings/{standing.merchant}").json()
    assert told["facts"]["low"] <= standing.facts < told["facts"]["end"]
    assert told["reviews"] == {
        "received": standing.reviews_received, "shown": standing.reviews_shown, "hidden": standing.reviews_hidden,
    }


def test_leaves_cannot_be_guessed_without_their_salt(market):
    report = market.some_report()
    other = market.report(next(m for m in market.merchants_of(market.second) if m != report["about"]["merchant"]))
    salts = {made["run"]["standing"]["salt"] for made in (report, other)}
    assert len(salts) == 2
    assert all(len(bytes.fromhex(salt)) == 16 for salt in salts)


def test_a_report_is_for_the_operator_to_give_out(market):
    merchant = market.merchants_of(market.second)[0]
    for ask in (credit_report, review_report):
        with pytest.raises(NotAllowed):
            ask(viewer=PUBLIC, merchant=merchant, realm=market.realm, policy=market.policy)
        with pytest.raises(NotFound):
            ask(viewer=SYSTEM, merchant="mnobody", realm=market.realm, policy=market.policy)


def changed(report, *path, value):
    made = copy.deepcopy(report)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value(at[path[-1]]) if callable(value) else value
    return made


def flipped(text, place=-3):
    letters = list(text)
    letters[place] = "A" if letters[place] != "A" else "B"
    return "".join(letters)


def first_opened(report):
    return next(place for place, fact in enumerate(report["facts"]) if "commitment" in fact["person"])


@pytest.mark.parametrize(("path", "value", "named"), [
    (("facts", 2, "main", "salt"), lambda salt: flipped(salt, 5), "Fact .* was changed"),
    (("facts", 2, "main", "content"), lambda text: text.replace('"at":1', '"at":2'), "Fact .* was changed"),
    (("facts", 2, "main", "numbers", "merchant"), 7_777, "Fact .* was changed"),
    (("facts", 2, "person", "commitment"), lambda text: flipped(text, 5), "Fact .* was changed"),
    (("facts", 2, "index"), lambda index: index + 1, "Fact|order of their index|hash"),
    (("marks", 2), lambda mark: flipped(mark, 2), "does not fit its mark"),
    (("note",), lambda note: note + " ", "marking"),
    (("kind",), "reviews", "another kind"),
    (("format",), "yinuo-pack-v2", "form"),
    (("size",), lambda size: size + 1, "speaks of"),
    (("about", "merchant"), flipped, "standing is that of"),
    (("checkpoint",), lambda note: note.replace("\n", "\n1", 1), "signature|signed"),
    (("policy",), lambda policy: flipped(policy, 30), "key|policy"),
    (("run", "standing", "score"), 999, "root over all standings"),
    (("run", "standing", "before"), "good!", "root over all standings"),
    (("run", "standing", "facts"), 5, "root over all standings"),
    (("run", "standing", "reviews_hidden"), 0, "root over all standings"),
    (("run", "standing", "salt"), flipped, "root over all standings"),
    (("run", "place"), lambda place: place + 1, "root over all standings"),
    (("run", "path", 0), lambda text: flipped(text, 5), "root over all standings"),
    (("run", "path"), lambda path: path[1:], "root over all standings"),
    (("run", "fact"), 0, "not among the facts|completed run"),
    (("scorecard", "start"), lambda start: start + 1, "scorecard"),
    (("scorecard", "features", 0, "points", 3), 60, "scorecard"),
    (("climate", "rates", 0, 2), 4_000, "climate"),
    (("climate", "storms"), [["dispatches", 2_800, "any/any/any"]], "climate"),
    (("reasons", 0, "points"), 50, "'reasons'"),
    (("facets", "dispatch", "score"), 900, "'facets'"),
    (("way_back",), {"band": "good", "orders": 1}, "'way_back'"),
], ids=lambda value: "/".join(map(str, value)) if isinstance(value, tuple) else "")
def test_what_was_changed_is_named(market, path, value, named):
    report = market.some_report()
    made = changed(report, *path, value=value)
    assert made != report
    with pytest.raises(Refusal, match=named):
        check_report(made)
    with pytest.raises(Refusal):
        check_report(made, market.policy)


def values_in(value, path=()):
    """The place of every value that has no parts."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from values_in(part, (*path, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from values_in(part, (*path, place))
    else:
        yield path


@pytest.fixture(scope="module")
def kept(market):
    """One report and one count of reviews, with the places of all their values."""
    report = market.some_report()
    reviews = market.reviews(report["about"]["merchant"])
    return [(made, check, list(values_in(made))) for made, check in ((report, check_report), (reviews, check_reviews))]


@given(st.data())
@trying(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_change_of_a_bit_goes_unseen(kept, market, data):
    report, check, places = kept[data.draw(st.integers(0, 1))]
    path = places[data.draw(st.integers(0, len(places) - 1))]
    where = report
    for step in path:
        where = where[step]
    if isinstance(where, str) and where:
        raw = bytearray(where.encode())
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        other = raw.decode("utf-8", "replace")
    elif isinstance(where, bool) or where is None or isinstance(where, str):
        other = data.draw(st.sampled_from([1, "x", [], {}]))
    else:
        other = where ^ (1 << data.draw(st.integers(0, 40)))
    made = changed(report, *path, value=other)
    with pytest.raises(Refusal):
        check(made, data.draw(st.sampled_from([None, market.policy])))


@given(st.data())
@trying(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_stands_in_a_reports_place_is_refused_in_a_sentence(kept, data):
    report, check, places = kept[data.draw(st.integers(0, 1))]
    path = places[data.draw(st.integers(0, len(places) - 1))]
    path = path[: data.draw(st.integers(1, len(path)))]
    junk = data.draw(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda some: st.lists(some, max_size=3)
                                  | st.dictionaries(st.text(max_size=5), some, max_size=3), max_leaves=5))
    made = changed(report, *path, value=junk)
    if made != report:
        with pytest.raises(Refusal) as refused:
            check(made)
        assert refused.value.sentence


def without(report, market, gone):
    """The report as a cheat would make it: facts left out, and proofs that fit what is left."""
    made = copy.deepcopy(report)
    keep = [place for place, fact in enumerate(report["facts"]) if not gone(place, fact)]
    made["facts"] = [report["facts"][place] for place in keep]
    made["marks"] = [report["marks"][place] for place in keep]
    return with_nodes(made)


def with_nodes(made):
    shown = queries.nodes(numbers=[fact["index"] for fact in made["facts"]], size=made["size"])
    from base64 import b64encode  # noqa: PLC0415

    made["nodes"] = {name: b64encode(each).decode() for name, each in shown.items()}
    return made


def with_facts(report, facts):
    """The report with other facts beside its own, and proofs that fit."""
    made = copy.deepcopy(report)
    pairs = {fact["index"]: (fact, mark) for fact, mark in zip(report["facts"], report["marks"], strict=True)}
    pairs |= facts
    made["facts"], made["marks"] = [pairs[index][0] for index in sorted(pairs)], [pairs[index][1] for index in sorted(pairs)]
    return with_nodes(made)


def about(fact):
    return json.loads(fact["main"]["content"])["fact"]


def test_a_fact_left_out_shows_also_at_the_tail(market):
    report = market.some_report()
    merchant = report["about"]["merchant"]
    own = [place for place, fact in enumerate(report["facts"]) if about(fact).get("merchant") == merchant]
    with pytest.raises(Differs, match="left out"):
        check_report(without(report, market, lambda place, fact: place == own[3]))
    with pytest.raises(Differs, match="shows"):
        check_report(without(report, market, lambda place, fact: place == own[-1]))
    hidings = [place for place, fact in enumerate(report["facts"]) if about(fact)["kind"] == "reviews.review_hidden"]
    with pytest.raises(Differs, match="review"):
        check_report(without(report, market, lambda place, fact: place == hidings[0]))


def test_a_withdrawal_left_out_shows_in_the_reckoning(market):
    seen = 0
    for merchant in market.merchants_of(market.second):
        report = market.report(merchant)
        withdrawals = [place for place, fact in enumerate(report["facts"]) if about(fact)["kind"] == "record.fact_withdrawn"]
        if withdrawals:
            cheat = without(report, market, lambda place, fact, gone=withdrawals: place in gone)
            try:
                check_report(cheat)
            except Differs:
                seen += 1
    assert seen > 3


def test_another_merchants_facts_do_not_belong(market):
    one, other = (market.report(merchant) for merchant in market.merchants_of(market.second)[1:3])
    strange = {fact["index"]: (fact, mark) for fact, mark in zip(other["facts"], other["marks"], strict=True)}
    with pytest.raises(Differs, match="does not belong"):
        check_report(with_facts(one, {index: strange[index] for index in list(strange)[:3]}))
    with pytest.raises(Differs, match="standing is that of"):
        check_report(one | {"run": other["run"]})


def test_another_run_does_not_fit(market):
    merchant = next(m for m in market.merchants_of(market.second) if Standing.objects.get(merchant=m).facts > 50)
    both = market.reviews(merchant)
    report = market.report(merchant)
    first = both["runs"][0]
    index = first["fact"]
    (fact,) = [(fact, mark) for fact, mark in zip(both["facts"], both["marks"], strict=True) if fact["index"] == index]
    with pytest.raises(Refusal):
        check_report(report | {"run": first})
    made = without(report, market, lambda place, shown: shown["index"] == report["run"]["fact"])
    made = with_facts(made, {index: fact}) | {"run": first}
    with pytest.raises(Differs, match=r"climate|came after the run|scorecard"):
        check_report(made)


def test_another_logs_report_is_refused(market, tmp_path):
    stranger = log_of(origin="example.com/market", ed25519=b"x" * 32, ml_dsa=b"y" * 32, last=tmp_path / "last")
    elsewhere = log_of(origin="example.com/other", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    report = market.some_report()
    for log in (stranger, elsewhere):
        with pytest.raises(Unsigned):
            check_report(report, log.policy)


def test_counts_of_reviews_are_proven_between_two_runs(market):
    hidden = back = 0
    for merchant in market.merchants_of(market.second):
        standing = Standing.objects.get(merchant=merchant, run=market.second.id)
        if merchant not in market.scored_first:
            with pytest.raises(NotFound, match="did not score"):
                market.reviews(merchant)
            continue
        checked = check_reviews(market.reviews(merchant), market.policy)
        assert (checked.first.fact.run, checked.second.fact.run) == (market.first.id, market.second.id)
        counts = checked.second.leaf.reviews
        assert counts == (standing.reviews_received, standing.reviews_shown, standing.reviews_hidden)
        rows = Review.objects.filter(merchant=merchant, stars__isnull=False)
        assert counts.shown + counts.hidden == rows.count()
        assert counts.received >= checked.first.leaf.reviews_received
        hidden, back = hidden + counts.hidden, back + counts.received - counts.shown - counts.hidden
    assert hidden > 5
    assert back >= 4


def test_a_review_that_vanished_shows(market):
    merchant = Standing.objects.filter(run=market.second.id, reviews_hidden__gt=0).values_list("merchant", flat=True)[0]
    pack = market.reviews(merchant)
    reviews = [about(fact)["review"] for fact in pack["facts"] if about(fact)["kind"] == "reviews.review_published"]
    cheat = without(pack, market, lambda place, fact: about(fact).get("review") == reviews[0])
    with pytest.raises(Differs, match="received, shown, hidden"):
        check_reviews(cheat)
    with pytest.raises(Differs, match="follow each other"):
        check_reviews(pack | {"runs": pack["runs"][::-1]})
    assert market.reviews(merchant, first=market.first.id, second=market.second.id) == pack


def test_a_report_of_a_run_kept_beside_is_not_given(market):
    merchant = market.merchants_of(market.second)[0]
    kept = Run.objects.create(
        id="nbeside", size=5, as_of=5, scorecard="told", mode="public", state="kept", climate="", standings="", merchants=1,
        moved=0, completed=market.second.completed - timedelta(days=400),
    )
    with pytest.raises(NotFound, match="beside"):
        market.reviews(merchant, first=kept.id, second=market.second.id)


@pytest.fixture
def cut_off(market):
    """The merchant of some report, whose last facts were taken away as only the database's owner could, leaving no gap."""
    with transaction.atomic():
        merchant = market.some_report()["about"]["merchant"]
        seqs = queries.mentions_of(subject=merchant, size=market.second.size)[-5:]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("ALTER TABLE record_mention DISABLE TRIGGER USER")
            else:
                cursor.execute("DROP TRIGGER record_mention_no_delete")
        Mention.objects.filter(subject=merchant, seq__gte=seqs[0]).delete()
        yield merchant
        transaction.set_rollback(True)


def test_a_merchant_whose_facts_were_taken_away_is_given_no_report(market, cut_off):
    with pytest.raises(Altered, match=rf"Run {market.second.id} saw .* facts about {cut_off}, and .* are kept"):
        market.report(cut_off)
    with pytest.raises(Altered, match=r"some were taken away"):
        market.reviews(cut_off)


def test_nobody_is_scored_where_facts_were_taken_away(market, cut_off):
    before = list(Standing.objects.order_by("pk").values_list()), Run.objects.count()
    with pytest.raises(Altered, match=rf"saw .* facts about {cut_off}, and .* Nobody is scored"):
        market.score()
    assert (list(Standing.objects.order_by("pk").values_list()), Run.objects.count()) == before


def test_after_persons_are_forgotten_the_merchants_report_still_recomputes(market):
    with transaction.atomic():
        report = market.some_report()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM record_personopening")
        assert market.report(report["about"]["merchant"]) == report
        assert check_report(report, market.policy).result.score is not None
        transaction.set_rollback(True)


def test_evidence_about_an_order_is_whole(market):
    replaced = 0
    for order in Order.objects.order_by("pk").values_list("pk", flat=True)[:200]:
        pack = queries.order_pack(viewer=SYSTEM, order=order, policy=market.policy)
        proven = check_order_pack(read_json(canonical_json(pack), "pack"), market.policy)
        assert all(fact.person is None for fact in proven.facts)
        replaced += any("fact_withdrawn" in json.dumps(about(fact)) for fact in pack["facts"])
        own = queries.order_pack(viewer=SYSTEM, order=order, policy=market.policy, with_person=True)
        assert any("content" in fact["person"] for fact in own["facts"])
        assert [fact.leaf for fact in check_order_pack(own).facts] == [fact.leaf for fact in proven.facts]
    assert replaced
    with pytest.raises(Unproven, match="left out"):
        check_order_pack(without(pack, market, lambda place, fact: place == 0))
    with pytest.raises(NotAllowed):
        queries.order_pack(viewer=PUBLIC, order=order, policy=market.policy)
    with pytest.raises(NotFound):
        queries.order_pack(viewer=SYSTEM, order="onothing", policy=market.policy)


told = st.lists(st.builds(
    ToldReview, st.sampled_from(["reviews.review_published", "reviews.review_hidden", "reviews.review_restored"]),
    st.sampled_from(["r1", "r2", "r3"]), st.sampled_from([None, "m1", "m2"]), st.integers(1, 4), st.booleans(),
), max_size=12)


@given(told)
def test_what_was_received_stays_received(facts):
    counts = count_reviews(facts, merchant="m1")
    assert counts.received >= counts.shown + counts.hidden >= 0
    assert counts.received == len({fact.review for fact in facts if fact.kind.endswith("published") and fact.merchant == "m1"})
    for cut in range(len(facts)):
        assert count_reviews(facts[:cut], merchant="m1").received <= counts.received


def test_nothing_told_counts_nothing():
    assert count_reviews([], merchant="m1") == ReviewCounts(0, 0, 0)

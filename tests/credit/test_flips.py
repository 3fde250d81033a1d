"""One flipped bit, in a file that was given out or in what is kept: it is found, and the sentence says where."""

from __future__ import annotations

import copy
import random
import re
import zlib

import msgspec
import pytest
from django.db import transaction

from yinuo.cli._verify import Teller
from yinuo.cli.verify import told
from yinuo.credit import actions as credit
from yinuo.credit.models import Run, RunProof, Scorecard, Standing
from yinuo.credit.proofs import Differs, check_report
from yinuo.credit.queries import audit
from yinuo.credit.rules.kept import Altered, body_of
from yinuo.kit.canonical import canonical_json
from yinuo.kit.refusals import Refusal

pytestmark = pytest.mark.django_db

NAMED = {       # what a sentence may say of a changed part of a report, in English and in Chinese
    "about": ("about", "报告"), "checkpoint": ("signature|checkpoint", "签名|检查点"), "climate": ("climate", "大盘"),
    "facets": ("facets", "各方面|facets"), "facts": (r"facts\[\d+]|Fact \d+", r"facts\[\d+]|第 \d+ 号事实"),
    "format": ("form", "格式"), "kind": ("kind", "类"), "marks": (r"mark|Fact \d+", r"标记|marks|第 \d+ 号事实"),
    "nodes": ("hash|nodes", "散列值|nodes"), "note": (r"note", "note"), "policy": ("policy|key", "信任策略|密钥|policy"),
    "reasons": ("reasons", "理由|reasons"), "run": (r"\brun\b", "评分|run"), "runs": (r"\brun", "评分|run"),
    "scorecard": ("scorecard", "评分卡|scorecard"), "size": ("size|entries", "size|条"),
    "way_back": ("way_back", "回升之路|way_back"),
}
NEW_NAME = re.compile(r"lacks a part, or holds one that does not belong in it: '(.+)'\.|'(.+)' is missing or of another form")


def flipped(raw: bytes, place: int, bit: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :]


def spans(pack):
    """Where each part of a file stands, its name with it."""
    at = 1
    for name in sorted(pack):
        length = len(canonical_json({name: pack[name]})) - 1
        yield name, at, at + length
        at += length


def refused(raw, policy, language):
    teller = Teller(language)
    try:
        told(raw, policy, teller)
    except (Refusal, RecursionError) as fault:
        return teller.not_proven(fault)
    return ""


def near_names(name, names):
    """The part and its neighbours: where the mark between two is broken, either may be named."""
    place = names.index(name)
    return names[max(0, place - 1) : place + 1]


@pytest.mark.parametrize("kind", ["credit", "reviews"])
def test_every_part_of_a_report_is_named_where_a_bit_of_it_is_flipped(market, kind):
    report = market.some_report()
    report = report if kind == "credit" else market.reviews(report["about"]["merchant"])
    raw, names, luck = canonical_json(report), sorted(report), random.Random(kind)
    assert not refused(raw, market.policy, "en")
    assert {raw[start:stop].split(b'"')[1].decode() for _, start, stop in spans(report)} == set(names)
    for name, start, stop in spans(report):
        some = luck.sample(range(start, stop - 1), min(8, stop - start - 1))
        places = [*range(start, start + len(name) + 4), *some, stop - 2]
        for place in places:
            made = flipped(raw, place, luck.randrange(8))
            english, chinese = refused(made, market.policy, "en"), refused(made, market.policy, "zh-hans")
            assert english.startswith("NOT PROVEN: "), (name, place)
            assert chinese.startswith("未证实："), (name, place)
            near = near_names(name, names) if place < start + len(name) + 4 or place >= stop - 2 else [name]
            if place < start + len(name) + 3 and (NEW_NAME.search(english) or name == names[0]):
                continue        # a name that was changed is given as it now reads, or as it is missed; the first names the file
            assert re.search("|".join([*near, *(NAMED[each][0] for each in near)]), english), (name, place, english)
            assert re.search("|".join([*near, *(NAMED[each][1] for each in near)]), chinese), (name, place, chinese)


@pytest.mark.parametrize("part", ["scorecard", "climate"])
def test_no_bit_of_scorecard_or_climate_can_be_flipped_in_a_report(market, part):
    report = market.some_report()
    raw, luck = canonical_json(report), random.Random(part)
    start, stop = next((start, stop) for name, start, stop in spans(report) if name == part)
    for place in sorted(luck.sample(range(start + len(part) + 4, stop - 1), 60)):
        english = refused(flipped(raw, place, luck.randrange(8)), market.policy, "en")
        assert re.match(rf"NOT PROVEN: (The {part} is not the one that run|{part}\S*: The pack is not JSON)", english), english


@pytest.fixture
def undone(market):
    """What a test changes in the database is put back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def other(value, luck):
    """The value with one bit flipped."""
    if value is None or value == "":
        return 1 if value is None else "!"
    if isinstance(value, int):
        return value ^ 1 << luck.randrange(7)
    raw = value.encode() if isinstance(value, str) else bytes(value)
    made = flipped(raw, luck.randrange(len(raw)), luck.randrange(5))
    return made.decode() if isinstance(value, str) else made


def leaves_of(value, path=()):
    """The place of every value in a JSON value."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves_of(part, (*path, name))
    else:
        yield path


def faults(market):
    return audit(key=market.realm.key)


def test_what_is_kept_agrees(market):
    assert faults(market) == []


def test_every_changed_value_of_a_kept_scorecard_is_named(market, undone):
    row, luck = Scorecard.objects.get(pk="told"), random.Random(1)
    places = list(leaves_of(row.body))
    for path in luck.sample(places, 100):
        body = copy.deepcopy(row.body)
        at = body
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = other(at[path[-1]], luck)
        Scorecard.objects.filter(pk="told").update(body=body)
        assert "scorecard 'told'" in faults(market)[0], path


@pytest.mark.parametrize("change", [
    {"body": lambda body: {**body, "start": body["start"] ^ 1}}, {"digest": lambda digest: other(digest, random.Random(3))},
], ids=["body", "digest"])
def test_nobody_is_scored_or_given_a_report_by_a_scorecard_that_was_changed(market, undone, change):
    row = Scorecard.objects.get(pk="told")
    Scorecard.objects.filter(pk="told").update(**{name: value(getattr(row, name)) for name, value in change.items()})
    runs = Run.objects.count()
    for ask in (market.score, market.some_report, lambda: credit.card_named("told")):
        with pytest.raises(Altered, match="scorecard 'told' does not fit its digest"):
            ask()
    assert Run.objects.count() == runs


def test_a_scorecard_changed_together_with_its_digest_is_named_by_the_record(market, undone):
    card = msgspec.structs.replace(credit.card_named("told"), start=499)
    Scorecard.objects.filter(pk="told").update(body=body_of(card), digest=card.digest())
    assert f"The scorecard 'told' is not the one that run {market.second.id} used" in " ".join(faults(market))
    report = market.some_report()
    with pytest.raises(Differs, match="scorecard is not the one that run"):
        check_report(report, market.policy)


@pytest.mark.parametrize("field", ["climate", "leaves"])
def test_every_flipped_bit_of_what_a_run_committed_to_is_named_or_changes_nothing(market, undone, field):
    run, luck = market.second, random.Random(field)
    before = bytes(getattr(RunProof.objects.get(pk=run.id), field))
    content, merchant = zlib.decompress(before), market.some_report()["about"]["merchant"]
    for place in [*range(8), *luck.sample(range(len(before)), 30), *range(len(before) - 8, len(before))]:
        made = flipped(before, place, luck.randrange(8))
        RunProof.objects.filter(pk=run.id).update(**{field: made})
        found = faults(market)
        if not found:       # bits between the end of the packed content and its checksum hold nothing
            assert zlib.decompress(made) == content
            assert place == len(before) - 5
            continue
        assert found[0].startswith(f"The {field} kept of run {run.id}")
        with pytest.raises(Altered, match=f"The {field} kept of run {run.id}"):
            market.report(merchant)


TOLD = ("reason", "completed")      # of a run: why it waited, and when it was done; no score follows from them


@pytest.mark.parametrize("field", [field.name for field in Run._meta.concrete_fields if field.name not in TOLD])
def test_every_changed_field_of_a_run_is_named(market, undone, field):
    for bit in range(4):
        with transaction.atomic():
            run = Run.objects.get(pk=market.second.id)
            Run.objects.filter(pk=run.id).update(**{field: other(getattr(run, field), random.Random(bit))})
            found = " ".join(faults(market))
            assert (run.id if field != "id" else "No fact in the record states the run") in found
            assert field in found
            transaction.set_rollback(True)


EXPLAINED = ("facets", "reasons", "way_back")       # computed again from the facts by whoever holds a report


@pytest.mark.parametrize("field", [field.name for field in Standing._meta.concrete_fields if field.name not in EXPLAINED])
def test_every_changed_field_of_a_standing_is_named(market, undone, field):
    luck = random.Random(field)
    for standing in Standing.objects.filter(run=market.second.id).order_by("pk")[:4]:
        with transaction.atomic():
            value = other(getattr(standing, field), luck)
            Standing.objects.filter(pk=standing.pk).update(**{field: value})
            found = faults(market)
            assert any(standing.merchant in fault or repr(value) in fault for fault in found)
            assert any(field in fault or repr(value) in fault for fault in found)
            transaction.set_rollback(True)


@pytest.mark.parametrize("field", EXPLAINED)
def test_a_changed_explanation_of_a_standing_is_named_by_its_report(market, undone, field):
    merchant = market.some_report()["about"]["merchant"]
    Standing.objects.filter(merchant=merchant).update(**{field: {"band": "good"}})
    with pytest.raises(Differs, match=f"'{field}'"):
        check_report(market.report(merchant), market.policy)


def test_a_standing_or_a_proof_that_is_gone_is_named(market, undone):
    standing = Standing.objects.filter(run=market.second.id)[0]
    standing.delete()
    assert faults(market) == [f"No standing is kept of {standing.merchant}, whom run {market.second.id} scored."]
    RunProof.objects.filter(pk=market.first.id).delete()
    assert f"What run {market.first.id} committed to is not kept any more" in faults(market)[0]
